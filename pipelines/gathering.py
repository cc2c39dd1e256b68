"""From what became of every image to the columns and the cells of one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from .journals import Place, read
from .measuring import Done
from .parts import Part
from .tables import Layout

if TYPE_CHECKING:
    from data.entries import Entry


@dataclass(frozen=True, slots=True)
class Measured:
    """An image and where its cells lie.

    Parameters
    ----------
    entry : Entry
        With all that is known of it.
    part : Place
        Where its part lies.
    """

    entry: Entry
    part: Place

    def cells(self) -> tuple[Entry, Part]:
        """Read the cells."""
        return self.entry, Part.of(read(self.part))


def gather(
    entries: Sequence[Entry], results: Sequence[object], features: tuple[str, ...]
) -> tuple[Layout, list[Measured]]:
    """Return the table's columns and the images with cells, in the entries' order."""
    from features.quality import Quality

    images = [
        Measured(entry if result.facts is None else entry.completed(result.facts), result.part)
        for entry, result in zip(entries, results, strict=True)
        if isinstance(result, Done)
    ]
    extra = {name for entry in entries for name in entry.extra}
    extra |= {name for image in images for name in image.entry.extra}
    flags = tuple(one.name for one in fields(Quality))
    return Layout(flags, tuple(sorted(extra)), features), images
