"""Compare: named features, a network's embedding, and both; performance and cost."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.errors import ModelError

from .comparison.comparison_settings import ComparisonSettings
from .comparison.contender_shortcuts import (
    audit_contenders,
    contender_shortcut_fits,
    plan_contender_shortcuts,
)
from .comparison.contenders import compare_contenders, plan_comparison
from .outputs.atomic import whole_file
from .outputs.sidecar import changed_table_notes, read_sidecar
from .progress import SILENCE, Progress
from .training.one_spelling import with_found_columns
from .training.training_table import read_training_set
from .validation.fit_progress import FitProgress

if TYPE_CHECKING:
    import pandas as pd

    from models.dataset.training_set import TrainingSet

    from .comparison.costs import CellCost

# Largest number of images that are measured again to find the cost of a cell.
MAX_TIMED_IMAGES = 20
_OTHER_FOLDER = "name another folder, with -o"


@dataclass(frozen=True)
class ComparisonResult:
    """Result of a comparison, and where it was written.

    Parameters
    ----------
    out : Path
        Folder with ``comparison.html``, ``comparison.json`` and ``comparison.png``.
    record : mapping
        What ``comparison.json`` holds.
    """

    out: Path
    record: Mapping[str, Any]


def compare(
    table: Path,
    out: Path,
    settings: ComparisonSettings,
    progress: Progress = SILENCE,
) -> ComparisonResult:
    """Compare named features, an embedding, and both on identical folds; and each family alone.

    Parameters
    ----------
    table : Path
        Feature table that was extracted with an embedding, with its sidecar.
    out : Path
        Folder to write.
    settings : ComparisonSettings
    progress : Progress

    Raises
    ------
    ModelError
        If the table, its sidecar, the settings or the folder cannot be used.
    """
    if settings.images is not None and not settings.images.is_dir():
        raise ModelError(
            f"{settings.images} is no folder", "name the folder of the images with --images"
        )
    _check_target(out)
    progress.begin("read the table")
    settings = with_found_columns(table, settings)
    sidecar = read_sidecar(table)
    frame, data, notes = read_training_set(table, sidecar, settings)
    plan = plan_comparison(data, frame, sidecar["columns"], settings)
    shortcuts = plan_contender_shortcuts(plan)
    total = plan.fits + contender_shortcut_fits(shortcuts, plan)
    fit_progress = FitProgress(progress, "compare", total)
    compared = compare_contenders(plan, fit_progress)
    audit = audit_contenders(shortcuts, plan, compared["contenders"], fit_progress)
    progress.begin("measure the cost of a cell")
    cost = _measure_cost(sidecar, frame, settings.images)
    progress.finish()
    record = {
        **_setting(table, sidecar, data, settings),
        **compared,
        "shortcuts": audit,
        "cost": None if cost is None else asdict(cost),
        "notes": [*changed_table_notes(sidecar), *data.notes, *notes],
    }
    _write(record, out)
    return ComparisonResult(out, record)


def _check_target(out: Path) -> None:
    """Refuse an output that cannot be a folder, before the work and without making it."""
    places = (out.absolute(), *out.absolute().parents)
    nearest = next(place for place in places if place.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        raise ModelError(f"{out} cannot be written to", _OTHER_FOLDER)


def _setting(
    table: Path, sidecar: Mapping[str, Any], data: TrainingSet, settings: ComparisonSettings
) -> dict[str, Any]:
    """Return what was compared on: table, network, cells, and how they were split."""
    return {
        "table": table.name,
        "embedding": sidecar.get("embedding"),
        "cells": len(data.target),
        "groups": int(data.groups.max()) + 1,
        "grouped_by": settings.group_column,
        "classes": {
            name: int((data.target == code).sum()) for code, name in enumerate(data.classes)
        },
        "positive": None if data.positive is None else data.classes[data.positive],
        "folds": settings.folds,
        "repeats": settings.repeats,
        "seed": settings.seed,
        "jobs": settings.jobs,
    }


def _write(record: Mapping[str, Any], out: Path) -> None:
    """Write the page, its picture, and the record."""
    from models.plots.comparison_plot import comparison_picture
    from models.to_json import to_json

    from .comparison.page import comparison_page

    picture = comparison_picture(record)
    files = {
        "comparison.json": to_json(record),
        "comparison.png": picture,
        "comparison.html": comparison_page(record, picture).encode(),
    }
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            with whole_file(out / name) as temporary:
                temporary.write_bytes(content)
    except OSError as error:
        raise ModelError(f"{out} cannot be written to ({error.strerror})", _OTHER_FOLDER) from error


def _measure_cost(
    sidecar: Mapping[str, Any], frame: pd.DataFrame, images: Path | None
) -> CellCost | None:
    """Measure the cost of a cell; None if the images or the embedding are not available."""
    from .comparison.costs import measure_cost
    from .measurement.network import stored_network
    from .measurement.settings import ReadingSettings

    options = sidecar.get("configuration", {})
    root = images or Path(sidecar.get("input", {}).get("root", ""))
    if "Metadata_Image" not in frame:
        return None
    named = (root / str(name) for name in frame["Metadata_Image"].drop_duplicates())
    paths = [path for path in named if path.is_file()]
    if not paths or "embedding" not in sidecar:
        return None
    columns = tuple(
        name
        for name, entry in sidecar["columns"].items()
        if entry["family"] != "Embedding" and not name.startswith("Background_")
    )
    step = max(1, len(paths) // MAX_TIMED_IMAGES)
    return measure_cost(
        paths[::step][:MAX_TIMED_IMAGES],
        columns,
        stored_network(sidecar["embedding"], options.get("embedding")),
        ReadingSettings.from_sidecar(sidecar),
    )
