"""Small pictures of the cells with their outlines, in a file beside the feature table.

The report shows the worst cells by them. Nothing else needs the file: it may be moved or deleted.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.errors import ModelError

from .arrow import column
from .parts import whole_file

if TYPE_CHECKING:
    from data.entries import Entry
    from features.cell import Cell

    from .parts import Part

# Raised whenever the same cell is drawn otherwise.
THUMBNAIL_VERSION = 1

SIDE = 96
_MARGIN = 0.15
_QUALITY = 80
_NUCLEUS = (255, 255, 0)
_CELL = (0, 220, 255)
# Rows a row group: fixed, so that the bytes of the file do not depend on how work was dealt out.
_GROUP = 1024
_COLUMNS = ("Metadata_Image", "Metadata_Cell", "JPEG")

Keep = Callable[["Entry", "Part"], None]


def thumbnail(rgb: Any, cell: Cell) -> bytes:  # noqa: ANN401
    """Draw a cell and a margin around it as a JPEG, its nucleus outlined in cyan, itself in yellow.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8
        The whole picture.
    cell : Cell
        Its place is `cell.origin`.

    Returns
    -------
    bytes
        Of a picture whose longer side has `SIDE` pixels.
    """
    import cv2
    import numpy as np

    rows, cols = cell.cell.shape
    margin = 1 + round(_MARGIN * max(rows, cols))
    top, left = (max(place - margin, 0) for place in cell.origin)
    low = min(cell.origin[0] + rows + margin, rgb.shape[0])
    right = min(cell.origin[1] + cols + margin, rgb.shape[1])
    longest = max(low - top, right - left)
    size = tuple(max(1, round(n * SIDE / longest)) for n in (right - left, low - top))
    pixels = rgb[top:low, left:right]
    times = min(longest // SIDE, *pixels.shape[:2])
    if times > 1:  # means of whole squares, then between them: a fifth of the time of areas
        fewer = (pixels.shape[1] // times, pixels.shape[0] // times)
        pixels = pixels[: fewer[1] * times, : fewer[0] * times]
        pixels = cv2.resize(pixels, fewer, interpolation=cv2.INTER_AREA)
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR)
    picture = cv2.cvtColor(small, cv2.COLOR_RGB2BGR)
    compartments = np.zeros((low - top, right - left), dtype=np.uint8)
    down, across = cell.origin[0] - top, cell.origin[1] - left
    compartments[down : down + rows, across : across + cols] = cell.parts
    shown = cv2.resize(compartments, size, interpolation=cv2.INTER_NEAREST)
    for level, colour in ((1, _CELL), (2, _NUCLEUS)):
        mask = np.asarray(shown >= level, dtype=np.uint8)
        outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(picture, outlines, -1, colour, 1)
    _, encoded = cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, _QUALITY))
    return encoded.tobytes()


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

        def keep(entry: Entry, part: Part) -> None:
            pictures = () if part.beside is None else part.beside.thumbnails
            rows.extend((entry.name, number, one) for number, one in enumerate(pictures, start=1))
            while len(rows) >= _GROUP:
                write(rows[:_GROUP])
                del rows[:_GROUP]

        yield keep
        if rows:
            write(rows)


def thumbnails(
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
