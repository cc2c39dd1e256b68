"""Small pictures of the cells with their outlines, in a file beside the feature table.

The report shows the worst cells by them. Nothing else needs the file: it may be moved or deleted.
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


# Rows a row group: fixed, so that the bytes of the file do not depend on how work was dealt out.
_GROUP = 1024
_COLUMNS = ("Metadata_Image", "Metadata_Cell", "JPEG")

Keep = Callable[["Entry", "ImageRecord"], None]


def thumbnails_path(table: Path) -> Path:
    """Return where the pictures of a table's cells lie: a file, or a folder of files."""
    return table.with_suffix(".thumbnails.parquet")


@contextmanager
def thumbnail_file(path: Path) -> Iterator[Keep]:
    """Write a file of pictures, whole or not at all: call what is given with image after image.

    Raises
    ------
    DataError
        If it cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema(zip(_COLUMNS, (pa.string(), pa.int64(), pa.binary()), strict=True))
    rows: list[tuple[str, int, bytes]] = []
    if path.is_dir():  # of a table that was a folder
        shutil.rmtree(path, ignore_errors=True)

    with (
        whole_file(path) as temporary,
        # a JPEG is compressed already
        pq.ParquetWriter(temporary, schema, compression="none", use_dictionary=False) as writer,
    ):

        def write(group: list[tuple[str, int, bytes]]) -> None:
            columns = [
                column(values, field.type)
                for values, field in zip(zip(*group, strict=True), schema, strict=True)
            ]
            writer.write_table(pa.table(columns, schema=schema), row_group_size=_GROUP)

        def keep(entry: Entry, part: ImageRecord) -> None:
            pictures = () if part.extras is None else part.extras.thumbnails
            rows.extend((entry.name, number, one) for number, one in enumerate(pictures, start=1))
            while len(rows) >= _GROUP:
                write(rows[:_GROUP])
                del rows[:_GROUP]

        yield keep
        if rows:
            write(rows)


def read_thumbnails(
    table: Path, wanted: Collection[tuple[str, int]] | None = None
) -> dict[tuple[str, int], bytes]:
    """Read the pictures of a table's cells: image and number of the cell to the bytes of a JPEG.

    Parameters
    ----------
    table : Path
        The feature table, or the folder of its files.
    wanted : collection of (str, int), optional
        These cells only; of a large table, all pictures may not fit the memory.

    Returns
    -------
    dict
        Empty where the file is not there.

    Raises
    ------
    ModelError
        If the file is damaged or another one.
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
                    for place, key in enumerate(
                        zip(names.to_pylist(), numbers.to_pylist(), strict=True)
                    ):
                        if chosen is None or key in chosen:
                            found[key] = pictures[place].as_py()
    except (OSError, KeyError, pa.ArrowException) as error:
        raise ModelError(
            f"{path} does not hold the pictures that extract wrote",
            "delete it: the report does without; or extract the table again",
        ) from error
    return found
