"""The feature table, the errors table and the sidecar, each written whole or not at all."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from data.errors import DataError

from ..measurement.image_extras import FILE_COLUMNS
from ..measurement.image_record import ImageRecord
from .arrow_columns import column, number_column
from .atomic import whole_file
from .thumbnails import Keep, thumbnail_file

if TYPE_CHECKING:
    import pyarrow as pa

    from data.files.entries import Entry
    from features.core.catalogue import ColumnRecord

    from ..workers.run_all import Failure

SIDECAR_FORMAT = 1
SUFFIXES = (".parquet", ".csv", "")
# Rows a row group: fixed, so that the bytes of the file do not depend on how work was dealt out.
GROUP = 1024

# What a spreadsheet takes for the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")

_TEXT = "text"
_NUMBER = "number"
_WHOLE = "whole"
_FLAG = "flag"

_IDENTITY = {
    "Metadata_Image": _TEXT,
    "Metadata_Cell": _WHOLE,
    "Metadata_Label": _TEXT,
    "Metadata_OriginalLabel": _TEXT,
    "Metadata_Subject": _TEXT,
    "Metadata_Slide": _TEXT,
    "Metadata_Camera": _TEXT,
    "Metadata_SHA256": _TEXT,
    "Metadata_PHash": _TEXT,
    "Metadata_Source": _TEXT,
    "Metadata_CentroidRow": _NUMBER,
    "Metadata_CentroidCol": _NUMBER,
}


@dataclass(frozen=True)
class TableLayout:
    """The columns of a feature table.

    Parameters
    ----------
    flags : tuple of str
        Names of the quality flags, as fields.
    extra : tuple of str
        Names of what the manifest or the data set brought along.
    numbers : tuple of str
        Names of the columns of numbers: those of the background, then the features.
    """

    flags: tuple[str, ...]
    extra: tuple[str, ...]
    numbers: tuple[str, ...]

    @property
    def metadata(self) -> dict[str, str]:
        """Kind of each metadata column, in order."""
        files = {name: column.kind for name, column in FILE_COLUMNS.items()}
        flags = {f"Metadata_Quality_{name.title().replace('_', '')}": _FLAG for name in self.flags}
        return _IDENTITY | files | flags | {f"Metadata_{name}": _TEXT for name in self.extra}

    def schema(self) -> pa.Schema:
        """Types of all columns, fixed before the first row is known."""
        import pyarrow as pa

        types = {_TEXT: pa.string(), _NUMBER: pa.float64(), _WHOLE: pa.int64(), _FLAG: pa.bool_()}
        fields = [(name, types[kind]) for name, kind in self.metadata.items()]
        return pa.schema(fields + [(name, pa.float64()) for name in self.numbers])

    def rows(self, entry: Entry, part: ImageRecord) -> Iterator[Row]:
        """Yield the metadata and the numbers of each cell of an image, measured with `beside`."""
        extras = part.extras
        if extras is None:
            raise ValueError(f"{entry.name} was measured without what a table holds")
        for index in range(part.cells):
            row, col = part.centroids[index]
            yield (
                [
                    entry.name,
                    index + 1,
                    entry.label,
                    entry.original_label,
                    entry.subject,
                    entry.slide,
                    entry.camera,
                    part.sha256,
                    part.phash,
                    part.source,
                    row,
                    col,
                    *extras.file,
                    *(part.quality[index][name] for name in self.flags),
                    *(entry.extra.get(name) for name in self.extra),
                ],
                np.concatenate((extras.background, part.values[index])),
            )


def write_table(
    path: Path, layout: TableLayout, cells: Iterable[tuple[Entry, ImageRecord]], pictures: Path
) -> int:
    """Write the feature table, Parquet or CSV by its suffix, and return the number of rows.

    The same rows give the same bytes, however they were computed.

    Parameters
    ----------
    path : Path
    layout : TableLayout
    cells : iterable of (Entry, ImageRecord)
    pictures : Path
        Where the thumbnails go.
    """
    with (
        thumbnail_file(pictures) as keep,
        whole_file(path) as temporary,
    ):
        rows = (row for entry, part in _kept(cells, keep) for row in layout.rows(entry, part))
        writer = _csv_writer if path.suffix == ".csv" else _parquet_writer
        count = 0
        with writer(temporary, layout) as write:
            while written := write(islice(rows, GROUP)):
                count += written
        return count


def _kept(
    cells: Iterable[tuple[Entry, ImageRecord]], keep: Keep
) -> Iterator[tuple[Entry, ImageRecord]]:
    for entry, part in cells:
        keep(entry, part)
        yield entry, part


Row = tuple[list[Any], NDArray[np.float64]]
Write = Callable[[Iterator[Row]], int]


@contextmanager
def _parquet_writer(path: Path, layout: TableLayout) -> Iterator[Write]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = layout.schema()
    width = len(layout.metadata)
    # Measured values hardly repeat: a dictionary of them costs time and room and saves nothing.
    about_cells = list(layout.metadata)

    with pq.ParquetWriter(
        path, schema, use_dictionary=about_cells, write_statistics=about_cells
    ) as writer:

        def write(rows: Iterator[Row]) -> int:
            about = []
            # A little wider, or the values of a row would push each other out of the cache.
            block = np.empty((len(layout.numbers), GROUP + 8))
            for place, (metadata, numbers) in enumerate(rows):
                about.append(metadata)
                block[:, place] = numbers
            if about:
                columns = [
                    column([one[index] for one in about], schema.field(index).type)
                    for index in range(width)
                ]
                columns += [number_column(values) for values in block[:, : len(about)]]
                writer.write_table(pa.table(columns, schema=schema), row_group_size=GROUP)
                pa.default_memory_pool().release_unused()
            return len(about)

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
    """Return a value as text that a spreadsheet does not take for a formula; NaN is empty.

    `feature_table.read_table` takes back the apostrophe that says so.
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
    """Write the errors table: an image that gave no cells a row."""
    write_csv(
        path,
        ("image", "stage", "reason", "remedy"),
        ((name, failed.stage, failed.reason, failed.remedy) for name, failed in failures),
    )


LIBRARIES = (
    "blastometry",
    "mahotas",
    "numba",
    "numpy",
    "opencv-python-headless",
    "pandas",
    "pyarrow",
    "scikit-image",
    "scikit-learn",
    "scipy",
)


def check_sidecar(path: Path, table: Path, configuration: Mapping[str, Any], images: str) -> None:
    """Refuse to replace the sidecar of another table, of which it would then say wrong things.

    Tables that differ in their ending only have one sidecar.

    Raises
    ------
    DataError
        If another table lies there that was measured in other images or with other options.
    """
    try:
        record = json.loads(path.read_bytes())
        other, before = record["table"]["name"], record["configuration"]
        there = record["input"]["images"]
    except (OSError, ValueError, KeyError, TypeError):
        return  # no sidecar of ours
    same = before == json.loads(json.dumps(configuration)) and there == images
    if other != table.name and not same and (table.parent / other).exists():
        raise DataError(
            f"{path} belongs to {other}, which was measured otherwise",
            f"give {table.name} another name, or remove {other}",
        )


def write_sidecar(
    path: Path, record: Mapping[str, Any], table: Path, columns: Mapping[str, ColumnRecord]
) -> None:
    """Write the JSON beside a table: versions, configuration, counts, meaning of every column."""
    whole = {
        "format": SIDECAR_FORMAT,
        "versions": {name: version(name) for name in LIBRARIES},
        **record,
        "table": {"name": table.name, "sha256": table_digest(table)},
        "columns": columns,
    }
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", "utf-8")


def table_digest(table: Path) -> str:
    """Return the SHA-256 of a file; of a folder, that of its files' digests in sorted order."""
    if table.is_dir():
        digests = [table_digest(path) for path in sorted(table.glob("*.parquet"))]
        return hashlib.sha256("".join(digests).encode()).hexdigest()
    with table.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
