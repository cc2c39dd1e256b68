"""The folder of a run's journals: locked for one run, kept so that the next run can resume."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path

from data.errors import DataError

from .atomic import TEMPORARY
from .write_tables import SUFFIXES

# Endings of the files that are written together with a table.
_COMPANIONS = (".errors.csv", ".json", ".thumbnails.parquet")


@contextmanager
def work_folder(
    out: Path, *, resume: bool, check: Callable[[], None] | None = None
) -> Iterator[Path]:
    """Yield the folder of journals of an output, locked for this process.

    Outputs whose names differ in the ending only share companion files, and so the lock.

    Parameters
    ----------
    out : Path
        The output of the run.
    resume : bool
        Keep the journals of an earlier run; else delete them.
    check : callable, optional
        Called under the lock, before anything is changed. It may raise an error.

    Raises
    ------
    DataError
        If the output's folder cannot be written to, or another run has the lock.
    """
    folder = out.absolute().with_name(f".{out.name}.parts")
    with _locked(out):
        if check is not None:
            check()
        with _writable(out):
            if not resume:
                shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(exist_ok=True)
            _remove_temporary_files(out)  # of a killed run
        try:
            yield folder
        except BaseException:
            _remove_temporary_files(out)  # of a worker that was stopped
            raise


def refuse_to_replace_input(images: Path | str, outputs: Iterable[Path]) -> None:
    """Refuse to write an output over the input.

    Parameters
    ----------
    images : Path or str
        The input, a manifest for example. A URL is never written to.
    outputs : iterable of Path

    Raises
    ------
    DataError
        If an output is the input.
    """
    for path in outputs:
        if isinstance(images, Path) and _is_same_file(images, path):
            raise DataError(
                f"{path} is the input and would be replaced", "give another name with -o"
            )


def _is_same_file(first: Path, second: Path) -> bool:
    try:
        return first.samefile(second)
    except OSError:  # one of them does not exist
        return False


def _shared_name(out: Path) -> str:
    """Return the beginning that the names of an output and its companions share."""
    return out.stem if out.suffix in SUFFIXES else out.name


def _remove_temporary_files(out: Path) -> None:
    for name in (out.name, *(f"{_shared_name(out)}{ending}" for ending in _COMPANIONS)):
        # Match a process number only: x.v2.csv is another output than x.
        own = re.compile(rf"\.{re.escape(name)}\.\d+{re.escape(TEMPORARY)}")
        for left in out.parent.glob(f".{escape(name)}.*{TEMPORARY}"):
            if own.fullmatch(left.name):
                left.unlink(missing_ok=True)


@contextmanager
def _writable(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DataError(
            f"{out.parent} cannot be written to ({error.strerror or error})",
            "give another folder with -o",
        ) from error


@contextmanager
def _locked(out: Path) -> Iterator[None]:
    """Hold the lock file of an output, and remove it at the end."""
    lock = out.with_name(f".{_shared_name(out)}.lock")
    with _writable(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(lock, os.O_RDWR | os.O_CREAT)
    try:
        with _writable(out):
            # A run that ends removes its file, and a lock on a removed file protects nothing.
            ours = _lock(handle) and _is_open_file(handle, lock)
        if not ours:
            raise DataError(
                f"another run is writing {out}, or a table whose name differs in the ending only",
                "wait until it has finished, or give another name with -o",
            )
        try:
            yield
        finally:
            _unlink_open(lock)
    finally:
        os.close(handle)


def _is_open_file(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> bool:
        """Lock the first byte of a file until it is closed; False if it is locked already."""
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlink_open(_lock: Path) -> None:
        """Leave the empty file: Windows cannot remove an open file."""

else:
    import fcntl

    def _lock(handle: int) -> bool:
        """Lock a file until it is closed; False if another process has locked it."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlink_open(lock: Path) -> None:
        """Remove the file while it is locked, so that no other run can lock it."""
        lock.unlink(missing_ok=True)
