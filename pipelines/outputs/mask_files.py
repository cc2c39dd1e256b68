"""Mask files: distinguish those that segment wrote from those that a user has edited."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import DataError
from data.fingerprints.perceptual_hash import sha256

from ..measurement.journals import find_records, read_record

if TYPE_CHECKING:
    from ..measurement.image_record import RecordStore


@dataclass(frozen=True)
class MaskRecord:
    """What segment drew of an image.

    Parameters
    ----------
    cells : int
        Number of cells.
    digests : tuple of str
        SHA-256 of each file that was written.
    field : bool
        Whether the image is a field.
    objects : tuple of int
        See `pipelines.measurement.image_record.ImageRecord`.
    red_cell : float or None
        See there.
    """

    cells: int
    digests: tuple[str, ...]
    field: bool
    objects: tuple[int, ...]
    red_cell: float | None

    @classmethod
    def from_bytes(cls, content: bytes) -> MaskRecord:
        """Read a record from the bytes that `to_bytes` returned."""
        record = json.loads(content)
        return cls(
            record["cells"],
            tuple(record["digests"]),
            record["field"],
            tuple(record["objects"]),
            record["red_cell"],
        )

    def to_bytes(self) -> bytes:
        """Return this record as bytes."""
        return json.dumps(asdict(self)).encode()


def sort_files(
    files: Sequence[Path], record: MaskRecord, records: RecordStore, *, overwrite: bool
) -> tuple[list[Path], list[Path]]:
    """Return the files that must be written, and those that a user has edited.

    Parameters
    ----------
    files : sequence of Path
    record : MaskRecord
        Digests of the bytes that the files should hold.
    records : RecordStore
        Records of all files that were ever written.
    overwrite : bool
        Whether edited files must be written too.

    Returns
    -------
    to_write, edited : list of Path
    """
    to_write: list[Path] = []
    edited: list[Path] = []
    for file, wanted in zip(files, record.digests, strict=True):
        found = _digest(file)
        if found == wanted:
            continue
        ours = found is None or overwrite or found in _written(records.folder, records.run)
        (to_write if ours else edited).append(file)
    return to_write, edited


def _digest(file: Path) -> str | None:
    """Return the SHA-256 of a file, None if it does not exist, empty if it cannot be read."""
    try:
        return sha256(file.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return ""


@lru_cache(maxsize=1)
def _written(folder: Path, _run: str) -> frozenset[str]:
    """Return the SHA-256 of every file in the records of a folder."""
    digests: set[str] = set()
    for position in find_records(folder).values():
        try:
            digests.update(MaskRecord.from_bytes(read_record(position)).digests)
        except (DataError, ValueError, KeyError, TypeError):
            continue  # damaged, or written by a version that kept no digests
    return frozenset(digests)
