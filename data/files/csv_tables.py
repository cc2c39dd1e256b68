"""Strict reading of CSV tables of users and data sets."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from ..decoding.images import read_bytes
from ..errors import DataError
from ..printable import printable
from .csv_form import encoding_of, split_first_line


def has_columns(path: Path, *columns: str) -> bool:
    """Whether the first line of a file contains all these column names."""
    try:
        with path.open("rb") as file:
            start = file.readline(65_536)
            first = start.decode(encoding_of(start), "replace").lower()
    except OSError:
        return False  # reading the file as an image reports the error
    return all(column.lower() in first for column in columns)


def read_table(path: Path, required: str) -> list[dict[str, str]]:
    """Return the rows of a CSV table: column name in lower case to stripped text.

    The encoding is UTF-8, or UTF-16 with a byte order mark. The delimiter is the comma, semicolon,
    tab or vertical bar that splits the header into most fields, or that a first line ``sep=;``
    names.

    Raises
    ------
    DataError
        For another encoding, a header without `required` or with a repeated name, a row with
        another number of fields, or a table without rows.
    """
    shown = printable(str(path))
    content = read_bytes(path)
    try:
        text = content.decode(encoding_of(content))
    except UnicodeDecodeError as error:
        raise DataError(
            f"{shown} is not UTF-8 (byte {error.start})", "save it as 'CSV UTF-8'"
        ) from error
    # Line ends may be LF, CR LF, or CR (Excel for Mac).
    lines = io.StringIO(text, newline=None)
    first = [lines.readline() for _ in range(2)]
    skipped, delimiter, names = split_first_line(first)
    header = [name.strip().lower() for name in names]
    if required not in header:
        raise DataError(
            f"{shown} has no column '{required}': its header is {first[skipped].strip()[:80]!r}",
            f"name a column '{required}' in the first line",
        )
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise DataError(f"{shown} has the column '{twice[0]}' twice", "rename one of them")
    try:
        rows_read = list(
            csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        )
    except csv.Error as error:
        raise DataError(f"{shown} is not a CSV table: {error}", "check its quotes") from error
    rows: list[dict[str, str]] = []
    for number, cells in enumerate(rows_read[skipped + 1 :], start=skipped + 2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            raise DataError(
                f"{shown}, row {number}: {len(cells)} fields, expected {len(header)}",
                "put fields that hold the delimiter in quotes",
            )
        rows.append({name: cell.strip() for name, cell in zip(header, cells, strict=True) if name})
    if not rows:
        raise DataError(f"{shown} has no rows", "add one row for each image")
    return rows
