"""Compare: what named features, a network's embedding, and both together are worth, and cost."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.errors import ModelError

from .comparison.contenders import compare_feature_sets
from .outputs.atomic import whole_file
from .outputs.read_table import read_table
from .outputs.sidecar import read_sidecar
from .validation.protocol import Protocol

if TYPE_CHECKING:
    import pandas as pd

    from .comparison.costs import CellCost

MAX_TIMED_IMAGES = 20
_OTHER_FOLDER = "name a folder that can, with -o"


@dataclass(frozen=True)
class ComparisonResult:
    """What was compared, as plain values, and where it was written.

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
    *,
    estimators: Sequence[str] = ("svm", "xgboost"),
    label: str = "Metadata_Label",
    group: str = "Metadata_Subject",
    no_groups: bool = False,
    positive: str | None = None,
    folds: int = 5,
    repeats: int = 3,
    seed: int = 0,
    jobs: int = 1,
    images: Path | None = None,
    progress: Callable[[str], None] | None = None,
) -> ComparisonResult:
    """Judge named features, an embedding, and both on identical folds; and each family alone.

    Parameters
    ----------
    table : Path
        Feature table that was extracted with an embedding, its sidecar beside it.
    out : Path
        Folder to write.
    estimators : sequence of str
        Of `models.learning.estimators.ESTIMATORS`; families alone are judged with the first.
    label, group, no_groups, positive, folds, repeats, seed, jobs
        As for `train`.
    images : Path, optional
        Where the images lie now, to measure what a cell costs; by default where they lay.
    progress : callable, optional
        Told in a few words of each step.

    Raises
    ------
    ModelError
        If the table, its sidecar or the options do not serve.
    """
    from models.dataset.training_set import training_set
    from models.plots.comparison_plot import comparison_picture
    from models.to_json import to_json

    from .comparison.page import comparison_page
    from .training.training_table import near_duplicate_rows

    tell = progress or _silently
    if images is not None and not images.is_dir():
        raise ModelError(f"{images} is no folder", "name the folder of the images with --images")
    sidecar = read_sidecar(table)
    frame = read_table(table, texts=(label, group))
    copies, notes = near_duplicate_rows(frame)
    data = training_set(
        frame,
        sidecar["columns"],
        label=label,
        group=None if no_groups else group,
        positive=positive,
        copies=copies,
    )
    protocol = Protocol(folds, repeats, seed, jobs)
    _check_target(out)
    compared = compare_feature_sets(data, frame, sidecar["columns"], estimators, protocol, tell)
    tell("what a cell costs")
    cost = _measure_cost(sidecar, frame, images)
    record = {
        "table": table.name,
        "embedding": sidecar.get("embedding"),
        "cells": len(data.target),
        "groups": int(data.groups.max()) + 1,
        "grouped_by": None if no_groups else group,
        "classes": {
            name: int((data.target == code).sum()) for code, name in enumerate(data.classes)
        },
        "positive": None if data.positive is None else data.classes[data.positive],
        "folds": folds,
        "repeats": repeats,
        "seed": seed,
        "jobs": jobs,
        "cost": None if cost is None else asdict(cost),
        **compared,
        "notes": [*data.notes, *notes],
    }
    picture = comparison_picture(record)
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, content in {
            "comparison.json": to_json(record),
            "comparison.png": picture,
            "comparison.html": comparison_page(record, picture).encode(),
        }.items():
            with whole_file(out / name) as temporary:
                temporary.write_bytes(content)
    except OSError as error:
        raise ModelError(f"{out} cannot be written to ({error.strerror})", _OTHER_FOLDER) from error
    return ComparisonResult(out, record)


def _check_target(out: Path) -> None:
    """Refuse an output that cannot be a folder, before the work and without making it."""
    places = (out.absolute(), *out.absolute().parents)
    nearest = next(place for place in places if place.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        raise ModelError(f"{out} cannot be written to", _OTHER_FOLDER)


def _measure_cost(
    sidecar: Mapping[str, Any], frame: pd.DataFrame, images: Path | None
) -> CellCost | None:
    """Measure what a cell costs, where the images and the network still lie."""
    from .comparison.costs import measure_cost
    from .measurement.network import stored_network

    settings = sidecar.get("configuration", {})
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
        stored_network(sidecar["embedding"], settings.get("embedding")),
        source=settings.get("source", "auto"),
        pixel_size=settings.get("pixel_size"),
    )


def _silently(_step: str) -> None:
    """Take a progress line and say nothing."""
