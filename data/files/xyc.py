"""Files of cell centres, as ALL-IDB1 has them: x and y on each line."""

from __future__ import annotations

import re
from pathlib import Path

from ..decoding.images import read_bytes
from ..errors import DataError
from ..printable import printable
from .cell_marks import CellMark

SUFFIX = ".xyc"


def read_xyc(path: Path, label: str) -> tuple[CellMark, ...]:
    """Return the centres in a ``.xyc`` file: x and y on each line, in pixels.

    Raises
    ------
    DataError
        If a line holds something else.
    """
    marks = []
    for number, line in enumerate(_text(path).splitlines(), start=1):
        fields = line.split()
        if not fields:
            continue
        if len(fields) != 2:
            raise DataError(
                f"{printable(str(path))}, row {number}: {line.strip()[:40]!r}, expected x and y",
                "give the centre of one cell on each line",
            )
        col, row = (pixels(field, path, number) for field in fields)
        marks.append(CellMark(row, col, 0.0, 0.0, label))
    return tuple(marks)


def _text(path: Path) -> str:
    if path.stat().st_size == 0:
        return ""  # an image without a cell of its class
    return read_bytes(path).decode("utf-8-sig", "replace")


def pixels(text: str, path: Path, row: int) -> float:
    """Return a number of pixels that is written in a row of a file.

    Raises
    ------
    DataError
        If it is something else.
    """
    if not re.fullmatch(r"-?\d+([.,]\d*)?", text):
        raise DataError(
            f"{printable(str(path))}, row {row}: {text[:40]!r} is not a number of pixels",
            "write it with digits and a point",
        )
    return float(text.replace(",", "."))
