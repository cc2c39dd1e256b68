"""Thumbnails: small pictures of the cells with their outlines, in a separate file.

Only the report needs them, to show the hardest cells. The file may be moved or deleted.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from models.errors import ModelError

from .arrow_columns import column
from .atomic import whole_file

if TYPE_CHECKING:
    from data.files.entries import Entry

    from ..measurement.image_record import ImageRecord


# Rows of a row group. It is fixed, so that the bytes do not depend on how the work was divided.
_GROUP = 1024
_COLUMNS = ("Metadata_Image", "Metadata_Cell", "JPEG")

# Writes the thumbnails of an image.
WriteThumbnails = Callable[["Entry", "ImageRecord"], None]


def thumbnails_path(table: Path) -> Path:
    """Return the path of a table's thumbnails: a file, or a folder of files."""
    return table.with_suffix(".thumbnails.parquet")


@contextmanager
def thumbnail_file(path: Path) -> Iterator[WriteThumbnails]:
    """Yield a function that adds the thumbnails of an image to a file, written whole at the end.

    Raises
    ------
    DataError
        If it cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema(zip(_COLUMNS, (pa.string(), pa.int64(), pa.binary()), strict=True))
    rows: list[tuple[str, int, bytes]] = []
    if path.is_dir():  # left by a table that was a folder
        shutil.rmtree(path, ignore_errors=True)

    with (
        whole_file(path) as temporary,
        # A JPEG is compressed already.
        pq.ParquetWriter(temporary, schema, compression="none", use_dictionary=False) as writer,
    ):

        def write(group: list[tuple[str, int, bytes]]) -> None:
            columns = [
                column(values, field.type)
                for values, field in zip(zip(*group, strict=True), schema, strict=True)
            ]
            writer.write_table(pa.table(columns, schema=schema), row_group_size=_GROUP)

        def add(entry: Entry, record: ImageRecord) -> None:
            pictures = () if record.extras is None else record.extras.thumbnails
            rows.extend((entry.name, number, one) for number, one in enumerate(pictures, start=1))
            while len(rows) >= _GROUP:
                write(rows[:_GROUP])
                del rows[:_GROUP]

        yield add
        if rows:
            write(rows)


def read_thumbnails(
    table: Path, wanted: Collection[tuple[str, int]] | None = None
) -> dict[tuple[str, int], bytes]:
    """Read the thumbnails of a table: image and cell number to the bytes of a JPEG.

    Parameters
    ----------
    table : Path
        The feature table, or the folder of its files.
    wanted : collection of (str, int), optional
        Only these cells: all thumbnails of a large table may not fit in memory.

    Returns
    -------
    dict
        Empty if the file does not exist.

    Raises
    ------
    ModelError
        If the file is damaged or was not written by `extract`.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = thumbnails_path(table)
    files = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    if not path.exists():
        return {}
    chosen = None if wanted is None else frozenset(wanted)
    found: dict[tuple[str, int], bytes] = {}
    try:
        for file in files:
            with pq.ParquetFile(file) as whole:
                for batch in whole.iter_batches(columns=list(_COLUMNS)):
                    names, numbers, pictures = (batch.column(name) for name in _COLUMNS)
                    for index, key in enumerate(
                        zip(names.to_pylist(), numbers.to_pylist(), strict=True)
                    ):
                        if chosen is None or key in chosen:
                            found[key] = pictures[index].as_py()
    except (OSError, KeyError, pa.ArrowException) as error:
        raise ModelError(
            f"{path} does not hold the thumbnails that extract wrote",
            "delete it (the report does not require it), or extract the table again",
        ) from error
    return found
