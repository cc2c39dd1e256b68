"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..measurement.journals import explain_write_errors

TEMPORARY = ".tmp"


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a name to write to, which becomes `path` at the end; on an error nothing is left.

    Raises
    ------
    DataError
        As `journals.explain_write_errors` does.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}{TEMPORARY}")
    with explain_write_errors(path):
        there = False
        try:
            yield temporary
            temporary.replace(path)
            there = True
        finally:
            if not there:
                temporary.unlink(missing_ok=True)
