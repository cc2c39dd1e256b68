"""Write the feature table and the errors table, each whole or not at all."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .arrow_columns import column, number_column
from .atomic import whole_file
from .thumbnails import WriteThumbnails, thumbnail_file

if TYPE_CHECKING:
    from data.files.entries import Entry

    from ..measurement.image_record import ImageRecord
    from ..workers.run_all import Failure
    from .table_layout import Row, TableLayout

# Endings of a feature table; none for a folder of Parquet files.
SUFFIXES = (".parquet", ".csv", "")
# Rows of a row group. It is fixed, so that the bytes do not depend on how the work was divided.
GROUP = 1024

# A spreadsheet reads a text that begins with one of these as a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_table(
    path: Path,
    layout: TableLayout,
    images: Iterable[tuple[Entry, ImageRecord]],
    thumbnails: Path,
) -> int:
    """Write the feature table, Parquet or CSV by its suffix, and return the number of rows.

    The same rows give the same bytes.

    Parameters
    ----------
    path : Path
    layout : TableLayout
    images : iterable of (Entry, ImageRecord)
    thumbnails : Path
        File for the thumbnails of the cells.
    """
    with (
        thumbnail_file(thumbnails) as write_thumbnails,
        whole_file(path) as temporary,
    ):
        rows = _rows(images, layout, write_thumbnails)
        writer = _csv_writer if path.suffix == ".csv" else _parquet_writer
        count = 0
        with writer(temporary, layout) as write:
            while written := write(islice(rows, GROUP)):
                count += written
        return count


def _rows(
    images: Iterable[tuple[Entry, ImageRecord]],
    layout: TableLayout,
    write_thumbnails: WriteThumbnails,
) -> Iterator[Row]:
    """Yield the rows of all images, and write the thumbnails of each image once."""
    for entry, record in images:
        write_thumbnails(entry, record)
        yield from layout.rows(entry, record)


# Writes rows and returns their number.
Write = Callable[[Iterator["Row"]], int]


@contextmanager
def _parquet_writer(path: Path, layout: TableLayout) -> Iterator[Write]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = layout.schema()
    width = len(layout.metadata)
    # Measured values hardly repeat: a dictionary of them would cost time and space.
    metadata_names = list(layout.metadata)

    with pq.ParquetWriter(
        path, schema, use_dictionary=metadata_names, write_statistics=metadata_names
    ) as writer:

        def write(rows: Iterator[Row]) -> int:
            metadata = []
            # Wider by 8, so that the values of a row do not share one set of the cache.
            block = np.empty((len(layout.numbers), GROUP + 8))
            for index, (values, numbers) in enumerate(rows):
                metadata.append(values)
                block[:, index] = numbers
            if metadata:
                columns = [
                    column([values[index] for values in metadata], schema.field(index).type)
                    for index in range(width)
                ]
                columns += [number_column(values) for values in block[:, : len(metadata)]]
                writer.write_table(pa.table(columns, schema=schema), row_group_size=GROUP)
                pa.default_memory_pool().release_unused()
            return len(metadata)

        yield write


@contextmanager
def _csv_writer(path: Path, layout: TableLayout) -> Iterator[Write]:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*layout.metadata, *layout.numbers])

        def write(rows: Iterator[Row]) -> int:
            count = 0
            for metadata, values in rows:
                numbers = ["" if np.isnan(value) else repr(float(value)) for value in values]
                writer.writerow([*(plain_text(value) for value in metadata), *numbers])
                count += 1
            return count

        yield write


def plain_text(value: Any) -> str:  # noqa: ANN401
    """Return a value as text that a spreadsheet does not read as a formula; NaN is empty.

    An apostrophe marks such a text. `read_table.read_table` removes it.
    """
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    text = str(value)
    if isinstance(value, str) and text.lstrip("'").startswith(FORMULA):
        return f"'{text}"
    return text


def write_csv(path: Path, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a small table of texts and numbers as CSV."""
    with whole_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        writer.writerows([plain_text(value) for value in row] for row in rows)


def write_errors(path: Path, failures: Iterable[tuple[str, Failure]]) -> None:
    """Write the errors table: one row for each image that failed."""
    write_csv(
        path,
        ("image", "stage", "reason", "remedy"),
        ((name, failed.stage, failed.reason, failed.remedy) for name, failed in failures),
    )
