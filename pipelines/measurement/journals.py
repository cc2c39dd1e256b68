"""Journals: files of records that survive a killed run, one file for each worker.

One file for each image would add more than a tenth to the time of measuring, and a folder of
100,000 files is slow to copy and to delete. A journal has a single writer, so only its last record
can be incomplete.
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
    """Where a record is stored. It is small, as a run keeps one for every image.

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
        return _position, (self.file, self.start)


def _position(file: str, start: int) -> RecordPosition:
    """Unpickle a position so that all positions of a journal share one string."""
    return RecordPosition(sys.intern(file), start)


def append_record(folder: Path, key: str, content: bytes) -> RecordPosition:
    """Append a record to this thread's own journal.

    Parameters
    ----------
    folder : Path
        Of the journals.
    key : str
        By which `find_records` finds it.
    content : bytes

    Raises
    ------
    DataError
        If the disk is full, or the folder read-only or gone.
    """
    path = _journal_path(folder, os.getpid(), threading.get_ident())
    line = {"key": key, "size": len(content), "digest": hashlib.sha256(content).hexdigest()}
    with explain_write_errors(path):
        try:
            # Close after each record, so that other machines see it in a shared folder.
            with path.open("ab") as file:
                start = file.tell()
                file.write(json.dumps(line).encode() + b"\n" + content)
        except BaseException:
            _journal_path.cache_clear()  # no record may follow an incomplete one
            raise
    return RecordPosition(str(path), start)


@cache
def _journal_path(folder: Path, _process: int, _thread: int) -> Path:
    """Return the path of a new journal, the same for every call from one thread."""
    return folder / f"{uuid4().hex}{SUFFIX}"


def read_record(position: RecordPosition) -> bytes:
    """Return the content of a record.

    Raises
    ------
    DataError
        If its content is not what `append_record` wrote.
    """
    path = Path(position.file)
    if not path.exists():
        raise DataError(
            f"{path} is missing",
            "workers on other machines must see the output's folder under the same path",
        )
    try:
        with path.open("rb") as file:
            file.seek(position.start)
            line = json.loads(file.readline())
            content = file.read(line["size"])
        if line["digest"] != hashlib.sha256(content).hexdigest():
            raise ValueError("another checksum")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path} is damaged at byte {position.start}",
            "run the same command again: its images are measured again",
        ) from error
    return content


def find_records(folder: Path) -> dict[str, RecordPosition]:
    """Return the positions of the records in all journals of a folder, by key.

    Of two records with one key, the one in the journal that was written last: the other may be
    damaged.
    """
    found: dict[str, RecordPosition] = {}
    for path in sorted(folder.glob(f"*{SUFFIX}"), key=lambda path: path.stat().st_mtime_ns):
        found.update(_records(path))
    return found


def _records(path: Path) -> Iterator[tuple[str, RecordPosition]]:
    """Yield key and position of each record of a journal, up to the first that is damaged."""
    name = str(path)
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            start = 0
            while start < size:
                line = json.loads(file.readline())
                if not 0 <= line["size"] <= size - file.tell():
                    return
                position = RecordPosition(name, start)
                start = file.seek(line["size"], os.SEEK_CUR)
                yield line["key"], position
    except (OSError, ValueError, KeyError, TypeError):
        return


@contextmanager
def explain_write_errors(path: Path) -> Iterator[None]:
    """Turn an error of writing a file into one line; make its folder where it is missing.

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
            "correct that and run the same command again: finished images are kept",
        ) from error
