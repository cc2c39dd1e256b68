"""Read back what extract wrote: the feature table and the sidecar beside it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.errors import ModelError

from .write_tables import FORMULA

if TYPE_CHECKING:
    import pandas as pd

SIDECAR_FORMAT = 1
_SUFFIXES = (".parquet", ".csv", "")
_GIVE = "give the table that extract wrote"
# What `plain_text` made no formula of.
_MARKED = rf"'+[{''.join(map(re.escape, FORMULA))}]"
# How other programs that wrote to a table leave out a number.
_NO_NUMBER = ["", "nan", "NaN", "NA", "N/A", "null"]
# Text whatever it looks like: a subject "007" or a hash "1e10" is not a number.
TEXTS = ("Label", "OriginalLabel", "Subject", "Slide", "Camera", "SHA256", "PHash", "Image")


def read_table(path: Path, *, texts: tuple[str, ...] = ()) -> pd.DataFrame:
    """Read a feature table: Parquet or CSV by its suffix, or a folder of Parquet files.

    Parameters
    ----------
    path : Path
    texts : tuple of str
        Further columns of a CSV to read as text.

    Raises
    ------
    ModelError
        If the file is missing, empty or not what its suffix says.
    """
    import pandas as pd

    if path.suffix not in _SUFFIXES:
        raise ModelError(f"{path} ends in {path.suffix!r}", _GIVE)
    if not path.exists():
        raise ModelError(f"{path} does not exist", _GIVE)
    try:
        if path.suffix == ".parquet" or path.is_dir():
            table = pd.read_parquet(path)
        else:
            table = _read_csv(path, {*(f"Metadata_{name}" for name in TEXTS), *texts})
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read: {_first_line(error)}", _GIVE) from error
    if table.empty:
        raise ModelError(f"{path} has no rows", _GIVE)
    return table


def _read_csv(path: Path, texts: set[str]) -> pd.DataFrame:
    """Read a CSV as `write_table` wrote it: a class may be called NA, None or +."""
    import pandas as pd

    names = pd.read_csv(path, nrows=0).columns
    missing = {name: [""] if name.startswith("Metadata_") else _NO_NUMBER for name in names}
    table = pd.read_csv(
        path, dtype=dict.fromkeys(texts, "str"), keep_default_na=False, na_values=missing
    )
    for name, values in table.items():
        if pd.api.types.infer_dtype(values, skipna=True) == "string":
            marked = values.str.match(_MARKED, na=False).astype(bool)
            table[name] = values.where(~marked, values.str.slice(1))
    return table


def read_sidecar(table: Path) -> dict[str, Any]:
    """Read the JSON file beside a feature table: versions, configuration, column dictionary.

    Raises
    ------
    ModelError
        If it is missing, damaged or of another format.
    """
    if table.suffix not in _SUFFIXES:
        raise ModelError(f"{table} ends in {table.suffix!r}", _GIVE)
    if table.is_dir() and not any(table.glob("*.parquet")):
        raise ModelError(f"{table} holds no Parquet file", _GIVE)
    path = table.with_suffix(".json")
    remedy = "keep beside the table the JSON file that extract wrote with it"
    try:
        sidecar = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        if not table.exists():
            raise ModelError(f"{table} does not exist", _GIVE) from error
        raise ModelError(f"{path} is missing", remedy) from error
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read: {_first_line(error)}", remedy) from error
    found = sidecar.get("format") if isinstance(sidecar, dict) else None
    if found != SIDECAR_FORMAT:
        raise ModelError(f"{path} has format {found!r}, wanted {SIDECAR_FORMAT}", remedy)
    if not isinstance(sidecar.get("columns"), dict):
        raise ModelError(f"{path} has no column dictionary", remedy)
    return dict(sidecar)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
