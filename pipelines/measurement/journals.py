"""Journals: records that a worker appends to a file of its own, and that outlive a killed run.

A file an image costs more than a tenth of the time that measuring the image takes, and a folder of
100,000 of them is slow to copy and to delete. A journal has one writer only, so that a record that
was cut short is its last one; what stands before it is whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from uuid import uuid4

from data.errors import DataError

SUFFIX = ".journal"


@dataclass(frozen=True, slots=True)
class RecordPosition:
    """Where a record lies; there is one for every image of a run, so that it is small.

    Parameters
    ----------
    file : str
        The journal.
    start : int
        The byte at which the record begins.
    """

    file: str
    start: int

    def __reduce__(self) -> tuple[Callable[[str, int], RecordPosition], tuple[str, int]]:
        return _place, (self.file, self.start)


def _place(file: str, start: int) -> RecordPosition:
    """Return a place; all places of a journal share its name, from other processes too."""
    return RecordPosition(sys.intern(file), start)


def append_record(folder: Path, key: str, content: bytes) -> RecordPosition:
    """Append a record to this thread's own journal.

    Parameters
    ----------
    folder : Path
        Of the journals.
    key : str
        By which `kept` finds it.
    content : bytes

    Raises
    ------
    DataError
        If the disk is full, or the folder read-only or gone.
    """
    path = _own(folder, os.getpid(), threading.get_ident())
    line = {"key": key, "size": len(content), "digest": hashlib.sha256(content).hexdigest()}
    with explain_write_errors(path):
        try:
            # Closed after each record, so that a shared folder shows it to other machines.
            with path.open("ab") as file:
                start = file.tell()
                file.write(json.dumps(line).encode() + b"\n" + content)
        except BaseException:
            _own.cache_clear()  # nothing may follow half a record, of a broken-off run neither
            raise
    return RecordPosition(str(path), start)


@cache
def _own(folder: Path, _process: int, _thread: int) -> Path:
    """Return a journal that nobody else writes, and that no killed run had begun."""
    return folder / f"{uuid4().hex}{SUFFIX}"


def read_record(place: RecordPosition) -> bytes:
    """Return what a record holds.

    Raises
    ------
    DataError
        If it is not what `append` wrote.
    """
    path = Path(place.file)
    if not path.exists():
        raise DataError(
            f"{path} is missing",
            "workers on other machines must see the output's folder under the same path",
        )
    try:
        with path.open("rb") as file:
            file.seek(place.start)
            line = json.loads(file.readline())
            content = file.read(line["size"])
        if line["digest"] != hashlib.sha256(content).hexdigest():
            raise ValueError("another checksum")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path} is damaged at byte {place.start}",
            "run the same command again: what it held is measured anew",
        ) from error
    return content


def find_records(folder: Path) -> dict[str, RecordPosition]:
    """Return where the records of all journals of a folder lie, by their keys.

    Of two under one key, that of the journal that was written to last: the other may be damaged.
    """
    found: dict[str, RecordPosition] = {}
    for path in sorted(folder.glob(f"*{SUFFIX}"), key=lambda path: path.stat().st_mtime_ns):
        found.update(_records(path))
    return found


def _records(path: Path) -> Iterator[tuple[str, RecordPosition]]:
    """Yield key and place of the records of a journal, up to what is damaged or cannot be read."""
    name = str(path)
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            start = 0
            while start < size:
                line = json.loads(file.readline())
                if not 0 <= line["size"] <= size - file.tell():
                    return
                place, start = RecordPosition(name, start), file.seek(line["size"], os.SEEK_CUR)
                yield line["key"], place
    except (OSError, ValueError, KeyError, TypeError):
        return


@contextmanager
def explain_write_errors(path: Path) -> Iterator[None]:
    """Say in a line why a file cannot be written; its folder is made if need be.

    Raises
    ------
    DataError
        If the disk is full, or the folder read-only or gone.
    """
    try:
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise DataError(
            f"{path} cannot be written ({reason})",
            "see to its folder and run the same command again: what was done is kept",
        ) from error
