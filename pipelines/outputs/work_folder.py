"""The folder of a run's journals: one run at a time, kept so that the next run goes on."""

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

_BESIDE = (".errors.csv", ".json", ".thumbnails.parquet")


@contextmanager
def work_folder(
    out: Path, *, overwrite: bool, check: Callable[[], None] | None = None
) -> Iterator[Path]:
    """Give the folder of journals beside an output, locked for this process.

    Outputs that differ in their ending only share the files beside them, and so the lock.

    Parameters
    ----------
    out : Path
        The output that the parts are for.
    overwrite : bool
        Throw away what an earlier run left.
    check : callable, optional
        Called when the lock is held and nothing has been changed: whatever it raises leaves all
        as it was.

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
            if overwrite:
                shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(exist_ok=True)
            _remove_half_written(out)  # by a killed run: nobody writes it now
        try:
            yield folder
        except BaseException:
            _remove_half_written(out)  # by a worker that was stopped
            raise


def refuse_to_replace_input(given: Path | str, outputs: Iterable[Path]) -> None:
    """Refuse to write over what is read.

    Parameters
    ----------
    given : Path or str
        The images, a manifest say; where they lie at a URL nothing is written.
    outputs : iterable of Path

    Raises
    ------
    DataError
        If an output is the input.
    """
    for path in outputs:
        if isinstance(given, Path) and _is_one(given, path):
            raise DataError(
                f"{path} is the input, and would be replaced", "give another name with -o"
            )


def _is_one(first: Path, second: Path) -> bool:
    try:
        return first.samefile(second)
    except OSError:  # one of them is not there
        return False


def _shared_name(out: Path) -> str:
    """Return what the names of all that lies beside an output begin with."""
    return out.stem if out.suffix in SUFFIXES else out.name


def _remove_half_written(out: Path) -> None:
    for name in (out.name, *(f"{_shared_name(out)}{ending}" for ending in _BESIDE)):
        # The number of a process only: x.v2.csv is another output than x.
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
            "give a folder that can, with -o",
        ) from error


@contextmanager
def _locked(out: Path) -> Iterator[None]:
    """Hold the lock file beside an output, and leave none behind."""
    lock = out.with_name(f".{_shared_name(out)}.lock")
    with _writable(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(lock, os.O_RDWR | os.O_CREAT)
    try:
        with _writable(out):
            # A run that ends removes its file: a lock on one that is no longer there is none.
            ours = _lock(handle) and _is_same(handle, lock)
        if not ours:
            raise DataError(
                f"another run is writing {out}, or a table whose name differs in its ending only",
                "wait until it is done, or give another -o",
            )
        try:
            yield
        finally:
            _unlink_open(lock)
    finally:
        os.close(handle)


def _is_same(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> bool:
        """Lock the first byte of a file until it is closed; False where it is locked."""
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlink_open(_lock: Path) -> None:
        """Leave the file: Windows does not remove an open one, and an empty one does no harm."""

else:
    import fcntl

    def _lock(handle: int) -> bool:
        """Lock a file until it is closed; False where another process has locked it."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlink_open(lock: Path) -> None:
        """Remove the file while it is locked, so that no other run can hold it."""
        lock.unlink(missing_ok=True)
