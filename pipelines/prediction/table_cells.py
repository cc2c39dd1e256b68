"""The cells of a feature table, for a model that was trained on the same columns."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.errors import DataError
from models.errors import ModelError

from ..measurement.settings import ReadingSettings
from ..outputs.prediction_tables import CellFacts
from ..outputs.read_table import read_table
from ..outputs.sidecar import changed_table_notes, read_sidecar, sidecar_path
from ..outputs.write_tables import GROUP
from .pixel_size import compare_pixel_sizes
from .predicted_cells import CellBatch

if TYPE_CHECKING:
    import pandas as pd

    from models.storage.bundle import Bundle

    from .opened_model import OpenedModel

_IMAGE = "Metadata_Image"
_EXTRACT = "extract the images again, with the options of the training table"


def is_feature_table(source: Path | str) -> bool:
    """Whether an input is a feature table and not images or a manifest of images."""
    if not isinstance(source, Path):
        return False
    if source.is_dir():
        return sidecar_path(source).is_file() and any(source.glob("*.parquet"))
    if source.suffix == ".parquet":
        return True
    if source.suffix != ".csv" or not source.is_file():
        return False
    try:
        with source.open(encoding="utf-8-sig", newline="") as file:
            head = next(csv.reader(file), [])
    except (OSError, ValueError, csv.Error):
        return False  # the reader of manifests says what is wrong
    return any(_IMAGE in name.split(";") for name in head)


def refuse_reading_options(source: Path, given: ReadingSettings, *, rescale: bool) -> None:
    """Refuse options of reading images, which have no effect on a table.

    Raises
    ------
    DataError
        If one of them is not at its default.
    """
    default = ReadingSettings()
    names = [
        one.name
        for one in fields(ReadingSettings)
        if getattr(given, one.name) != getattr(default, one.name) and one.name != "pixel_size"
    ]
    names += ["rescale"] * rescale
    if names:
        option = f"--{names[0].replace('_', '-')}"
        raise DataError(
            f"{source} is a feature table, on which {option} has no effect",
            f"leave out {option}, or give the images",
        )


def read_table_cells(
    source: Path, opened: OpenedModel, pixel_size: float | None
) -> tuple[pd.DataFrame, list[str]]:
    """Read a table whose columns were measured as those of the model; also return notes.

    Parameters
    ----------
    source : Path
    opened : OpenedModel
    pixel_size : float or None
        Micrometres per pixel as the user states them; None for those that the table records.

    Raises
    ------
    ModelError
        If the table or its sidecar cannot be read, or a column is missing or of another version.
    DataError
        If the images had another size of a pixel than those of the training.
    """
    sidecar = read_sidecar(source)
    _check_measured_alike(source, sidecar, opened)
    recorded = ReadingSettings.from_sidecar(sidecar)
    notes = compare_pixel_sizes(
        pixel_size or recorded.measured_pixel_size,
        opened.pixel_size,
        f"extract the table again with --rescale-to {opened.pixel_size}",
    )
    known = opened.bundle.metadata
    texts = tuple(str(known[name]) for name in ("label", "group") if known.get(name))
    return read_table(source, texts=texts), [*changed_table_notes(sidecar), *notes]


def _check_measured_alike(source: Path, sidecar: Mapping[str, Any], opened: OpenedModel) -> None:
    bundle, dictionary = opened.bundle, sidecar["columns"]
    for name, version in bundle.feature_versions.items():
        seen = dictionary.get(name)
        if seen is None:
            raise ModelError(f"{source} lacks column {name} of the model", _EXTRACT)
        if seen.get("version") != version:
            raise ModelError(
                f"{source} holds version {seen.get('version')} of column {name}, the model needs"
                f" version {version}",
                _EXTRACT,
            )
    stain = sidecar.get("configuration", {}).get("stain", "none")
    if stain != opened.stain:
        raise ModelError(
            f"{source} was extracted with --stain {stain}, the training table with {opened.stain}",
            _EXTRACT,
        )
    network = bundle.metadata.get("embedding")
    if network is not None and sidecar.get("embedding") != network:
        raise ModelError(f"{source} holds the embedding of another network", _EXTRACT)


def table_batches(table: pd.DataFrame, bundle: Bundle) -> Iterator[CellBatch]:
    """Yield the cells of a table in its order.

    Parameters
    ----------
    table : DataFrame
        As `read_table_cells` returns it.
    bundle : Bundle
        Names the columns of label and subject that the model was trained with.
    """
    names = [
        _present(table, str(bundle.metadata.get(kind) or ""), usual)
        for kind, usual in (("label", "Metadata_Label"), ("group", "Metadata_Subject"))
    ]
    for start in range(0, len(table), GROUP):
        part = table.iloc[start : start + GROUP]
        sources = [one or "" for one in _texts(part, "Metadata_Source")]
        yield CellBatch(_facts(part, start, *names), part, part, sources)


def _present(table: pd.DataFrame, name: str, usual: str) -> str:
    return name if name in table.columns else usual


def _facts(part: pd.DataFrame, start: int, label: str, subject: str) -> Sequence[CellFacts]:
    import pandas as pd

    rows = range(start, start + len(part))
    flags = [name for name in part.columns if name.startswith("Metadata_Quality_")]
    raised = part[flags].eq(True).to_numpy()
    numbers = pd.to_numeric(part.get("Metadata_Cell", pd.Series(1, part.index)), errors="coerce")
    centroids = [_numbers(part, f"Metadata_Centroid{axis}") for axis in ("Row", "Col")]
    return [
        CellFacts(
            f"row {row}" if image is None else image,
            int(number),
            own,
            whole,
            person,
            (float(at_row), float(at_col)),
            " ".join(_flag(name) for name, up in zip(flags, ups, strict=True) if up),
            kind,
        )
        for row, image, number, own, whole, person, at_row, at_col, ups, kind in zip(
            rows,
            _texts(part, _IMAGE),
            numbers.fillna(1),
            _texts(part, label),
            _texts(part, "Metadata_ImageLabel"),
            _texts(part, subject),
            *centroids,
            raised,
            _texts(part, "Metadata_Object"),
            strict=True,
        )
    ]


def _texts(part: pd.DataFrame, name: str) -> list[str | None]:
    """Return a column as texts; None where a value or the column is missing."""
    import pandas as pd

    if name not in part.columns:
        return [None] * len(part)
    return [None if pd.isna(value) else str(value) for value in part[name]]


def _numbers(part: pd.DataFrame, name: str) -> list[float]:
    """Return a column as numbers; NaN where a value or the column is missing."""
    import pandas as pd

    if name not in part.columns:
        return [float("nan")] * len(part)
    return [float(value) for value in pd.to_numeric(part[name], errors="coerce")]


def _flag(column: str) -> str:
    """Return the name of a flag as `predict` writes it for images.

    Examples
    --------
    >>> _flag("Metadata_Quality_OutOfFocus")
    'out_of_focus'
    """
    words = column.removeprefix("Metadata_Quality_")
    return "".join(f"_{one.lower()}" if one.isupper() else one for one in words).lstrip("_")
