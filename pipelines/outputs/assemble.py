"""Large feature tables are put together by a process of its own, from what workers have measured.

pyarrow keeps 1.5 kB a column and row group until a file is closed. In a process that loads no more
than it needs, and comes when those that measured have ended, this takes less than they held. Hence
nothing here imports what measures.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from data.errors import DataError

from ..measurement.image_record import ImageRecord
from ..measurement.journals import RecordPosition, read_record
from ..workers.pool import LostTask, run
from ..workers.processes import start_interpreter, stop_server
from .thumbnails import thumbnails_path
from .write_tables import GROUP, TableLayout, write_table

if TYPE_CHECKING:
    from data.files.entries import Entry


@dataclass(frozen=True, slots=True)
class MeasuredImage:
    """An image and where its cells lie.

    Parameters
    ----------
    entry : Entry
        With all that is known of it.
    position : RecordPosition
        Where its part lies.
    """

    entry: Entry
    position: RecordPosition

    def cells(self) -> tuple[Entry, ImageRecord]:
        """Read the cells."""
        return self.entry, ImageRecord.from_bytes(read_record(self.position))


# A table, the file of its thumbnails, and the images with its cells.
Task: TypeAlias = tuple[Path, Path, Sequence[MeasuredImage]]


@dataclass(frozen=True)
class TableWriter:
    """The work of a worker: call it with a task to write the table; it returns the rows' number.

    Parameters
    ----------
    layout : TableLayout
        Of the table.
    """

    layout: TableLayout

    def __call__(self, task: Task) -> int:
        """Write a table and its thumbnails, and return the number of its rows."""
        path, pictures, images = task
        return write_table(path, self.layout, (one.cells() for one in images), pictures)


def total_rows(out: Path, answers: Iterable[tuple[int, int | LostTask]]) -> int:
    """Return the number of rows of all files of a table.

    Raises
    ------
    DataError
        If one of them could not be written; it names `out`.
    """
    rows = 0
    for _, answer in answers:
        if isinstance(answer, LostTask):
            raise DataError(
                f"{out} cannot be written: {answer.reason}",
                "run the same command again when there is memory: what was measured is kept",
            )
        rows += answer
    return rows


def write_single_file(out: Path, layout: TableLayout, images: Sequence[MeasuredImage]) -> int:
    """Write a table of one file, however long that takes, and return the number of rows.

    One of several row groups is left to a process of its own.

    Raises
    ------
    DataError
        If it cannot be written.
    """
    out = out.absolute()
    work, task = TableWriter(layout), (out, thumbnails_path(out), images)
    if len(images) <= GROUP:
        return work(task)
    stop_server()
    return total_rows(
        out, run(work, [task], jobs=1, prepare=_nothing, time_limit=inf, start=start_interpreter)
    )


def _nothing() -> None:
    """Load nothing beforehand."""
