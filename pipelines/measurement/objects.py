"""Objects of each kind: how many were found and left out, in how many images, for the user."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .settings import KINDS

if TYPE_CHECKING:
    from features.segmentation.segment import Segmentation

_PLURALS = {
    "white cell": "white cells",
    "broken cell": "broken cells",
    "platelet": "platelets",
    "cut cell": "cut cells",
}


def count_objects(found: Segmentation) -> tuple[int, ...]:
    """Count the objects of an image, of each kind of `KINDS`."""
    kinds: list[str] = [one.kind for one in found.cells]
    return tuple(kinds.count(kind) for kind in KINDS.values())


@dataclass(frozen=True)
class ObjectCounts:
    """The objects of all images that could be used.

    Parameters
    ----------
    found : tuple of int
        Of each kind of `KINDS`.
    kept : frozenset of str
        Kinds that are kept.
    empty : int
        Images without an object that is kept.
    """

    found: tuple[int, ...]
    kept: frozenset[str]
    empty: int

    @classmethod
    def of(cls, images: Iterable[Sequence[int]], kept: frozenset[str]) -> ObjectCounts:
        """Add up the counts of images, each as `count_objects` returns them."""
        total, empty = [0] * len(KINDS), 0
        for counts in images:
            total = [one + own for one, own in zip(total, counts, strict=True)]
            shown = zip(counts, KINDS.values(), strict=True)
            empty += not any(count for count, kind in shown if kind in kept)
        return cls(tuple(total), kept, empty)

    def record(self) -> dict[str, int]:
        """Return the number of found objects of each kind."""
        return dict(zip(KINDS.values(), self.found, strict=True))

    def lines(self) -> list[str]:
        """Return what the user must know; nothing if every image shows white cells only."""
        words = [
            (kind, f"{count} {_PLURALS[kind] if count != 1 else kind}")
            for kind, count in self.record().items()
            if count
        ]
        kept = [text for kind, text in words if kind in self.kept]
        left = [text for kind, text in words if kind not in self.kept]
        lines = []
        if left or len(kept) > 1:
            out = f"; left out: {', '.join(left)} (--keep keeps them)" if left else ""
            lines.append(f"found and kept: {', '.join(kept) or 'no white cell'}{out}")
        if self.empty:
            what = "a white cell" if len(self.kept) == 1 else "an object that is kept"
            lines.append(f"{self.empty} image{'s' * (self.empty > 1)} without {what}")
        return lines
