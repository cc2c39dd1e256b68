"""The form of a CSV file: encoding, delimiter and decimal mark, as spreadsheets write them."""

from __future__ import annotations

import codecs
import csv
import re
from dataclasses import dataclass
from pathlib import Path

from ..errors import DataError
from ..printable import printable

_DELIMITERS = (",", ";", "\t", "|")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Rows in which a decimal comma is looked for.
_SAMPLE = 1000
_LONGEST_FIELD = 10_000_000
_DECIMAL_COMMA = re.compile(r"\s*[-+]?\d*,\d+(?:[eE][-+]?\d+)?\s*")


@dataclass(frozen=True)
class CsvForm:
    """How a CSV file is written.

    Parameters
    ----------
    encoding : str
        Python's name; UTF-8 with or without a byte order mark, or UTF-16 with one.
    delimiter : str
        Comma, semicolon, tab or vertical bar.
    decimal : str
        Comma or point.
    skipped : int
        Lines before the header: 1 if the first says ``sep=;``.
    header : tuple of str
        Column names as written.
    """

    encoding: str
    delimiter: str
    decimal: str
    skipped: int
    header: tuple[str, ...]


def encoding_of(start: bytes) -> str:
    """Return the encoding that the first bytes of a file declare; UTF-8 without a mark."""
    return "utf-16" if start.startswith(_UTF16) else "utf-8-sig"


def split_first_line(lines: list[str]) -> tuple[int, str, tuple[str, ...]]:
    """Return the number of lines before the header, the delimiter and the column names.

    The delimiter is the one that a first line ``sep=;`` names, or the one that splits the header
    into most fields.
    """
    first = lines[0].strip("\r\n ") if lines else ""
    named = re.fullmatch(r'"?sep=(.)"?', first, re.IGNORECASE)
    skipped = 1 if named and len(lines) > 1 else 0
    header = lines[skipped] if lines else ""
    split = {one: next(csv.reader([header], delimiter=one), []) for one in _DELIMITERS}
    chosen = (
        named[1]
        if skipped and named and named[1] in split
        else max(split, key=lambda one: len(split[one]))
    )
    return skipped, chosen, tuple(split[chosen])


def csv_form(path: Path, texts: str = "Metadata_") -> CsvForm:
    """Find out how a CSV file is written, and check that every row has all fields.

    The decimal mark is a comma if the first 1,000 rows have such a number in a column of numbers.

    Parameters
    ----------
    path : Path
    texts : str
        Columns that begin so may hold text; in them a comma is no decimal mark.

    Raises
    ------
    DataError
        For another encoding, a repeated column, or a row with another number of fields.
    OSError
        If the file cannot be read.
    """
    shown = printable(str(path))
    with path.open("rb") as file:
        encoding = encoding_of(file.read(4))
    before = csv.field_size_limit(_LONGEST_FIELD)
    try:
        with path.open(encoding=encoding, newline="") as file:
            first = [file.readline() for _ in range(2)]
        skipped, delimiter, header = split_first_line(first)
        _check_header(shown, header)
        decimal = _check_rows(path, CsvForm(encoding, delimiter, ".", skipped, header), texts)
    except UnicodeError as error:
        raise DataError(f"{shown} is not UTF-8 ({error})", "save it as 'CSV UTF-8'") from error
    except csv.Error as error:
        raise DataError(f"{shown} is not a CSV table: {error}", "check its quotes") from error
    finally:
        csv.field_size_limit(before)
    return CsvForm(encoding, delimiter, decimal, skipped, header)


def _check_header(shown: str, header: tuple[str, ...]) -> None:
    seen: set[str] = set()
    for name in header:
        if name and name in seen:
            raise DataError(f"{shown} has the column {name!r} twice", "keep one of them")
        seen.add(name)


def _check_rows(path: Path, form: CsvForm, texts: str) -> str:
    """Return the decimal mark; refuse a row with another number of fields than the header."""
    numeric = [at for at, name in enumerate(form.header) if name and not name.startswith(texts)]
    decimal = "."
    with path.open(encoding=form.encoding, newline="") as file:
        for _ in range(form.skipped):
            file.readline()
        reader = csv.reader(file, delimiter=form.delimiter, strict=True)
        next(reader, None)
        for number, row in enumerate(reader, start=1):
            if row and len(row) != len(form.header):
                raise DataError(
                    f"{printable(str(path))}, row {number}: {len(row)} fields, expected "
                    f"{len(form.header)} separated by {form.delimiter!r}",
                    "put fields that hold the separator (such as a decimal comma) in quotes, or "
                    "export the table again if it was cut off",
                )
            if row and number <= _SAMPLE and decimal == ".":
                found = any(_DECIMAL_COMMA.fullmatch(row[at]) for at in numeric if "," in row[at])
                decimal = "," if found else "."
    return decimal
