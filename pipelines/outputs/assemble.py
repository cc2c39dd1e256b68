"""Write large feature tables in a separate process, from the records that workers stored.

pyarrow keeps 1.5 kB for each column and row group until a file is closed. A process that imports
little and starts after the workers have ended needs less memory than they did. For this reason no
module that measures is imported here.
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
from .write_tables import GROUP, write_table

if TYPE_CHECKING:
    from data.files.entries import Entry

    from .table_layout import TableLayout


@dataclass(frozen=True, slots=True)
class MeasuredImage:
    """An image and the position of its record.

    Parameters
    ----------
    entry : Entry
        With its complete metadata.
    position : RecordPosition
    """

    entry: Entry
    position: RecordPosition

    def read(self) -> tuple[Entry, ImageRecord]:
        """Read the record."""
        return self.entry, ImageRecord.from_bytes(read_record(self.position))


# A table, its file of thumbnails, and the images in it.
Task: TypeAlias = tuple[Path, Path, Sequence[MeasuredImage]]


@dataclass(frozen=True)
class TableWriter:
    """The work of a worker: call it with a task to write a table.

    Parameters
    ----------
    layout : TableLayout
    """

    layout: TableLayout

    def __call__(self, task: Task) -> int:
        """Write a table and its thumbnails; return the number of rows."""
        path, thumbnails, images = task
        return write_table(path, self.layout, (image.read() for image in images), thumbnails)


def total_rows(out: Path, answers: Iterable[tuple[int, int | LostTask]]) -> int:
    """Wait until all files of a table are written; return the number of rows.

    Raises
    ------
    DataError
        If one of them could not be written. The error names `out`.
    """
    rows = 0
    for _, answer in answers:
        if isinstance(answer, LostTask):
            raise DataError(
                f"{out} cannot be written: {answer.reason}",
                "free memory and run the same command again: finished images are kept",
            )
        rows += answer
    return rows


def write_single_file(out: Path, layout: TableLayout, images: Sequence[MeasuredImage]) -> int:
    """Write a table as one file, without a time limit; return the number of rows.

    A separate process writes a table of several row groups.

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
    """Import nothing in advance."""
