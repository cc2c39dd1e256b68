"""Images of a table, found again: by their names, or by file name and checksum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ..measurement.measure_image import RefusedImage, read_entry, stage

if TYPE_CHECKING:
    from data.files.entries import Entry

# Files of one name that are read to find the one with the right checksum.
_MOST_READ = 20


@dataclass(frozen=True)
class PresentImages:
    """The images that are there now.

    Parameters
    ----------
    entries : sequence of Entry
    max_bytes : int
        Larger files are not read.
    """

    entries: Sequence[Entry]
    max_bytes: int

    @cached_property
    def _by_name(self) -> dict[str, Entry]:
        return {entry.name: entry for entry in self.entries}

    @cached_property
    def _by_file(self) -> dict[str, list[Entry]]:
        found: dict[str, list[Entry]] = {}
        for entry in self.entries:
            found.setdefault(PurePosixPath(entry.name).name, []).append(entry)
        return found

    def find(self, name: str, sha256: str) -> Entry | None:
        """Return the image of a name; else one of the same file name and checksum, or None.

        The name of an image changes if it is given from another folder or in another manifest.
        """
        if name in self._by_name:
            return self._by_name[name]
        wanted = PurePosixPath(name)
        candidates = sorted(
            self._by_file.get(wanted.name, ()),
            key=lambda entry: -_equal_parts(wanted, PurePosixPath(entry.name)),
        )
        return next((one for one in candidates[:_MOST_READ] if self._is(one, sha256)), None)

    def _is(self, entry: Entry, wanted: str) -> bool:
        from data.fingerprints.perceptual_hash import sha256

        try:
            with stage("read"):
                content, _ = read_entry(entry, self.max_bytes)
        except RefusedImage:
            return False
        return sha256(content) == wanted


def _equal_parts(one: PurePosixPath, other: PurePosixPath) -> int:
    """Return how many last parts of two paths are equal."""
    parts = zip(reversed(one.parts), reversed(other.parts), strict=False)
    return next((place for place, (a, b) in enumerate(parts) if a != b), len(one.parts))
