"""Values that Python hands to a template: a table, the name of a feature, a picture."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class FeatureName:
    """How a page names a feature.

    Parameters
    ----------
    title : str
        The standard name.
    gloss : str
        What it measures, in everyday words; shown small below the title.
    column : str
        The column of the feature table; empty where there is none.
    """

    title: str
    gloss: str
    column: str = ""


@dataclass(frozen=True)
class Table:
    """A table of plain values.

    Parameters
    ----------
    caption : str
    head : sequence of str
        One name for each column.
    rows : iterable of sequence
        Texts, numbers, pairs of numbers for intervals, None for an unknown value, or
        `FeatureName`.
    numbers : collection of int
        Columns of texts that are set right as numbers are.
    """

    caption: str
    head: Sequence[str]
    rows: Iterable[Sequence[Any]]
    numbers: Sequence[int] = ()
    right: tuple[bool, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Keep the rows, and find the columns that hold numbers only."""
        rows = [list(row) for row in self.rows]
        object.__setattr__(self, "rows", rows)
        right = (
            at in self.numbers
            or (bool(rows) and all(isinstance(row[at], int | float | tuple | None) for row in rows))
            for at in range(len(self.head))
        )
        object.__setattr__(self, "right", tuple(right))


@dataclass(frozen=True)
class Picture:
    """A picture that is stored in the page itself.

    Parameters
    ----------
    content : bytes
    kind : str
        Its media type, as ``image/jpeg``.
    alt : str
        What it shows, for those who cannot see it.
    """

    content: bytes
    kind: str
    alt: str

    @property
    def source(self) -> str:
        """The picture as a data address."""
        return f"data:{self.kind};base64,{base64.b64encode(self.content).decode('ascii')}"


def svg(text: str, alt: str) -> Picture:
    """Return an SVG text as a picture."""
    return Picture(text.encode(), "image/svg+xml", alt)


def jpeg(content: bytes, alt: str) -> Picture:
    """Return a JPEG as a picture."""
    return Picture(content, "image/jpeg", alt)
