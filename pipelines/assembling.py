"""Large feature tables are put together by workers, from what other workers have measured.

pyarrow keeps 1.5 kB a column and row group until a file is closed. In a worker that comes when
those that measured have ended, it takes the memory that they held, and none of the parent's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from data.errors import DataError

from .accounts import Workers
from .pool import Lost
from .tables import GROUP, Layout, write_table
from .thumbnails import thumbnails_path

if TYPE_CHECKING:
    from .gathering import Measured

# A table, the file of its thumbnails, and the images with its cells.
Task: TypeAlias = "tuple[Path, Path, Sequence[Measured]]"


@dataclass(frozen=True)
class Assembling:
    """The work of a worker: call it with a task to write the table; it returns the rows' number.

    Parameters
    ----------
    layout : Layout
        Of the table.
    """

    layout: Layout

    def __call__(self, task: Task) -> int:
        """Write a table and its thumbnails, and return the number of its rows."""
        path, pictures, images = task
        return write_table(path, self.layout, (one.cells() for one in images), pictures)


def assemble(out: Path, layout: Layout, tasks: Sequence[Task], workers: Workers) -> int:
    """Write the files of a table and return the number of rows.

    Raises
    ------
    DataError
        If one of them cannot be written; it names `out`.
    """
    rows = 0
    for _, answer in workers.answers(Assembling(layout), tasks):
        if isinstance(answer, Lost):
            raise DataError(
                f"{out} cannot be written: {answer.reason}",
                "run the same command again when there is memory: what was measured is kept",
            )
        rows += answer
    return rows


def write_file(out: Path, layout: Layout, images: Sequence[Measured]) -> int:
    """Write a table of one file, however long that takes, and return the number of rows.

    A worker does it where it takes more than one row group.

    Raises
    ------
    DataError
        If it cannot be written.
    """
    out = out.absolute()
    task = (out, thumbnails_path(out), images)
    if len(images) <= GROUP:
        return Assembling(layout)(task)
    return assemble(out, layout, [task], Workers(time_limit=inf))
