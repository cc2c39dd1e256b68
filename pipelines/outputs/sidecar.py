"""The sidecar: the JSON file of a feature table, with versions, configuration and columns."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.errors import DataError
from models.errors import ModelError

from ..program_version import program_version
from .atomic import whole_file
from .write_tables import SUFFIXES

if TYPE_CHECKING:
    from features.core.catalogue import ColumnRecord

SIDECAR_FORMAT = 1
_LIBRARIES = (
    "mahotas",
    "numba",
    "numpy",
    "opencv-python-headless",
    "pandas",
    "pillow",
    "pyarrow",
    "scikit-image",
    "scikit-learn",
    "scipy",
    "tifffile",
)
_GIVE_TABLE = "give the table that extract wrote"


def sidecar_path(table: Path) -> Path:
    """Return the path of a table's sidecar."""
    return table.with_suffix(".json")


def check_sidecar(table: Path, configuration: Mapping[str, Any], images: str) -> None:
    """Refuse to replace the sidecar of another table, which would then be wrong.

    Tables whose names differ in the ending only share one sidecar.

    Raises
    ------
    DataError
        If the sidecar describes another table, of other images or with another configuration.
    """
    path = sidecar_path(table)
    try:
        record = json.loads(path.read_bytes())
        other, before = record["table"]["name"], record["configuration"]
        known_images = record["input"]["images"]
    except (OSError, ValueError, KeyError, TypeError):
        return  # not a sidecar of this program
    same = before == json.loads(json.dumps(configuration)) and known_images == images
    if other != table.name and not same and (table.parent / other).exists():
        raise DataError(
            f"{path} belongs to {other}, which was extracted from other images or with other"
            " options",
            f"give {table.name} another name, or remove {other}",
        )


def write_sidecar(
    table: Path, record: Mapping[str, Any], columns: Mapping[str, ColumnRecord]
) -> None:
    """Write the sidecar of a table.

    Parameters
    ----------
    table : Path
        The table, already written.
    record : mapping
        Configuration, input and counts.
    columns : mapping
        Meaning of every feature column.
    """
    whole = {
        "format": SIDECAR_FORMAT,
        "versions": {
            "blastometry": program_version(),
            **{name: version(name) for name in _LIBRARIES},
        },
        **record,
        "table": {"name": table.name, "sha256": table_digest(table)},
        "columns": columns,
    }
    with whole_file(sidecar_path(table)) as temporary:
        temporary.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", "utf-8")


def table_digest(table: Path) -> str:
    """Return the SHA-256 of a file; of a folder, that of its files' digests in sorted order."""
    if table.is_dir():
        digests = [table_digest(path) for path in sorted(table.glob("*.parquet"))]
        return hashlib.sha256("".join(digests).encode()).hexdigest()
    with table.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_sidecar(table: Path) -> dict[str, Any]:
    """Read the sidecar of a feature table: versions, configuration, column dictionary.

    Raises
    ------
    ModelError
        If it is missing, damaged or of another format.
    """
    if table.suffix not in SUFFIXES:
        raise ModelError(f"{table} ends in {table.suffix!r}", _GIVE_TABLE)
    if table.is_dir() and not any(table.glob("*.parquet")):
        raise ModelError(f"{table} holds no Parquet file", _GIVE_TABLE)
    path = sidecar_path(table)
    remedy = "keep the JSON file that extract wrote in the same folder as the table"
    try:
        sidecar = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        if not table.exists():
            raise ModelError(f"{table} does not exist", _GIVE_TABLE) from error
        raise ModelError(f"{path} is missing", remedy) from error
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read: {error}", remedy) from error
    found = sidecar.get("format") if isinstance(sidecar, dict) else None
    if found != SIDECAR_FORMAT:
        raise ModelError(f"{path} has format {found!r}, expected {SIDECAR_FORMAT}", remedy)
    if not isinstance(sidecar.get("columns"), dict):
        raise ModelError(f"{path} has no column dictionary", remedy)
    if not table.exists():
        raise ModelError(f"{table} does not exist", _GIVE_TABLE)
    return _compared(table, sidecar)


def changed_table_notes(sidecar: Mapping[str, Any]) -> list[str]:
    """Return a note if a table is not the one that its sidecar, as read, describes."""
    own = sidecar["table"]
    if own["unchanged"]:
        return []
    if own["described_sha256"] is None:
        described = "a table without a SHA-256"
    else:
        cells = own["described_cells"]
        rows = "" if cells is None else f" of {cells} cells"
        described = f"{own['described']}{rows} with SHA-256 {own['described_sha256'][:12]}…"
    return [
        f"{own['name']} (SHA-256 {own['sha256'][:12]}…) is not the table that was written with its"
        f" JSON file, which describes {described}. The rows are used as they are; how many images"
        " were found or failed is not known"
    ]


def _compared(table: Path, sidecar: Mapping[str, Any]) -> dict[str, Any]:
    """Compare a table with its sidecar, and leave out the counts of another table.

    The record of the table has the name and SHA-256 of the file that was read, and `unchanged`:
    whether the sidecar states this SHA-256.
    """
    recorded = sidecar.get("table") or {}
    seen = table_digest(table)
    own = {"name": table.name, "sha256": seen, "unchanged": recorded.get("sha256") == seen}
    if own["unchanged"]:
        return {**sidecar, "table": own}
    described = {
        "described": recorded.get("name"),
        "described_sha256": recorded.get("sha256"),
        "described_cells": sidecar.get("counts", {}).get("cells"),
    }
    source = dict(sidecar.get("input", {}))
    notes = [f"from the extraction: {text}" for text in source.get("notes", [])]
    return {
        **sidecar,
        "table": own | described,
        "input": source | {"notes": notes, "skipped": []},
        "counts": {},
    }
