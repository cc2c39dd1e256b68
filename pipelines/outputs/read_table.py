"""Read the feature table that extract wrote."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import DataError
from models.errors import ModelError

from .write_tables import FORMULA, SUFFIXES

if TYPE_CHECKING:
    import pandas as pd

_GIVE_TABLE = "give the table that extract wrote"
# A text that `plain_text` marked with an apostrophe.
_MARKED = rf"'+[{''.join(map(re.escape, FORMULA))}]"
# Columns that pandas and pyarrow make of an index.
_UNNAMED = re.compile(r"|Unnamed: \d+")
_ROW_NUMBERS = re.compile(r"index|level_\d+|__index_level_\d+__")
# How other programs write a missing number.
_NO_NUMBER = ["", "nan", "NaN", "NA", "N/A", "null"]
# Read as text always: a subject "007" or a hash "1e10" is not a number.
TEXTS = (
    "Label",
    "OriginalLabel",
    "ImageLabel",
    "Subject",
    "Slide",
    "Camera",
    "SHA256",
    "PHash",
    "Signature",
    "Image",
)


def read_table(path: Path, *, texts: tuple[str, ...] = ()) -> pd.DataFrame:
    """Read a feature table: Parquet or CSV by its suffix, or a folder of Parquet files.

    Parameters
    ----------
    path : Path
    texts : tuple of str
        Further columns of a CSV to read as text.

    A CSV may be saved by a spreadsheet: separated by semicolons, tabs or vertical bars, with
    decimal commas, in UTF-8 or UTF-16.

    Raises
    ------
    ModelError
        If the file is missing, empty or not what its suffix says, or a row of a CSV has too few or
        too many fields.
    """
    import pandas as pd

    if path.suffix not in SUFFIXES:
        raise ModelError(
            f"{path} ends in {path.suffix!r}, expected .parquet, .csv or a folder",
            f"{_GIVE_TABLE}, or save yours as 'CSV UTF-8'",
        )
    if not path.exists():
        raise ModelError(f"{path} does not exist", _GIVE_TABLE)
    try:
        if path.suffix == ".parquet" or path.is_dir():
            table = pd.read_parquet(path)
        else:
            table = _read_csv(path, {*(f"Metadata_{name}" for name in TEXTS), *texts})
    except DataError as error:
        raise ModelError(error.reason, error.remedy) from error
    except (OSError, ValueError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ModelError(f"{path} cannot be read: {reason}", _GIVE_TABLE) from error
    if table.empty:
        raise ModelError(f"{path} has no rows", _GIVE_TABLE)
    return _with_plain_index(table)


def column_names(path: Path) -> tuple[str, ...]:
    """Return the names of a table's columns; none if it cannot be read, which reading reports."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from data.files.csv_form import csv_form

    file = min(path.glob("*.parquet"), default=path) if path.is_dir() else path
    if not file.is_file() or path.suffix not in SUFFIXES:
        return ()
    try:
        if file.suffix == ".parquet":
            return tuple(pq.read_schema(file).names)
        return tuple(csv_form(file).header)
    except (OSError, DataError, pa.ArrowInvalid):
        return ()


def _with_plain_index(table: pd.DataFrame) -> pd.DataFrame:
    """Number the rows from 0; a named index becomes a column, an index without a name is removed.

    pandas stores its index: repeated numbers after `concat`, and a column after `to_csv`.
    """
    import pandas as pd

    names = [name for name in table.index.names if name is not None and name not in table.columns]
    others = [at for at, name in enumerate(table.index.names) if name not in names]
    table = table.reset_index(level=others, drop=True) if names else table.reset_index(drop=True)
    table = table.reset_index() if names else table
    stored = [
        name
        for name in table.columns
        if _UNNAMED.fullmatch(str(name))
        or (_ROW_NUMBERS.fullmatch(str(name)) and pd.api.types.is_integer_dtype(table[name]))
    ]
    return table.drop(columns=stored)


def _read_csv(path: Path, texts: set[str]) -> pd.DataFrame:
    """Read a CSV that `write_table` wrote; a class may be called NA, None or +."""
    import pandas as pd

    from data.files.csv_form import csv_form

    form = csv_form(path)
    missing = {name: [""] if name.startswith("Metadata_") else _NO_NUMBER for name in form.header}
    table = pd.read_csv(
        path,
        sep=form.delimiter,
        decimal=form.decimal,
        encoding=form.encoding,
        skiprows=form.skipped,
        index_col=False,
        dtype=dict.fromkeys(texts, "str"),
        keep_default_na=False,
        na_values=missing,
        low_memory=False,
    ).dropna(how="all", ignore_index=True)
    for name, values in table.items():
        if pd.api.types.infer_dtype(values, skipna=True) == "string":
            marked = values.str.match(_MARKED, na=False).astype(bool)
            table[name] = values.where(~marked, values.str.slice(1))
    return table
