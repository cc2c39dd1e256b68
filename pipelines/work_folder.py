"""The folder of a run's part files: one run at a time, kept so that the next run goes on."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from data.errors import DataError


@contextmanager
def work_folder(out: Path, *, overwrite: bool) -> Iterator[Path]:
    """Give the folder of part files beside an output, locked for this process.

    Parameters
    ----------
    out : Path
        The output that the parts are for.
    overwrite : bool
        Throw away what an earlier run left.

    Raises
    ------
    DataError
        If the output's folder cannot be written to, or another run has the lock.
    """
    folder = out.with_name(f".{out.name}.parts")
    lock = out.with_name(f".{out.name}.lock")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(lock, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise DataError(
            f"{out.parent} cannot be written to ({error.strerror})",
            "give a folder that can, with -o",
        ) from error
    try:
        if not _lock(handle):
            raise DataError(
                f"another run is writing {out}", "wait until it is done, or give another -o"
            )
        if overwrite:
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(exist_ok=True)
        yield folder
        lock.unlink(missing_ok=True)
    finally:
        os.close(handle)


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> bool:
        """Lock the first byte of a file until it is closed; False where it is locked."""
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(handle: int) -> bool:
        """Lock a file until it is closed; False where another process has locked it."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
