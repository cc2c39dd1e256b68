"""Write a file whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..measurement.journals import explain_write_errors

TEMPORARY = ".tmp"


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path that is renamed to `path` at the end, or removed on an error.

    Raises
    ------
    DataError
        As `journals.explain_write_errors` does.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}{TEMPORARY}")
    with explain_write_errors(path):
        written = False
        try:
            yield temporary
            temporary.replace(path)
            written = True
        finally:
            if not written:
                temporary.unlink(missing_ok=True)
