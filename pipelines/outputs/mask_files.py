"""The files of a folder of masks: which of them segment wrote, and which somebody has changed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import DataError
from data.fingerprints import sha256

from ..measurement.journals import find_records, read_record

if TYPE_CHECKING:
    from ..measurement.image_record import RecordStore


@dataclass(frozen=True)
class MaskRecord:
    """What was found in an image.

    Parameters
    ----------
    cells : int
        How many.
    digests : tuple of str
        SHA-256 of each file that shows them.
    """

    cells: int
    digests: tuple[str, ...]

    @classmethod
    def from_bytes(cls, content: bytes) -> MaskRecord:
        """Return the record that `content` made."""
        record = json.loads(content)
        return cls(record["cells"], tuple(record["digests"]))

    def to_bytes(self) -> bytes:
        """Return this record as a journal keeps it."""
        return json.dumps(asdict(self)).encode()


def sort_files(
    files: Sequence[Path], record: MaskRecord, records: RecordStore, *, overwrite: bool
) -> tuple[list[Path], list[Path]]:
    """Tell the files that have to be written from those that somebody has changed.

    Parameters
    ----------
    files : sequence of Path
    record : MaskRecord
        The bytes that are wanted in them.
    records : RecordStore
        Where a record lies of all that was ever written.
    overwrite : bool
        Whether what somebody has changed has to be written too.

    Returns
    -------
    to_write, edited : list of Path
    """
    to_write: list[Path] = []
    edited: list[Path] = []
    for file, wanted in zip(files, record.digests, strict=True):
        there = _digest(file)
        if there == wanted:
            continue
        ours = there is None or overwrite or there in _written(records.folder, records.run)
        (to_write if ours else edited).append(file)
    return to_write, edited


def _digest(file: Path) -> str | None:
    """Return the SHA-256 of a file, None if there is none; what cannot be read has another's."""
    try:
        return sha256(file.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return ""


@lru_cache(maxsize=1)
def _written(folder: Path, _run: str) -> frozenset[str]:
    """Return the SHA-256 of every file that the records of a folder tell of."""
    digests: set[str] = set()
    for place in find_records(folder).values():
        try:
            digests.update(MaskRecord.from_bytes(read_record(place)).digests)
        except (DataError, ValueError, KeyError, TypeError):
            continue  # damaged, or of a revision that kept no digests
    return frozenset(digests)
