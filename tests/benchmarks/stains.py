"""ALL-IDB2 under each stain setting: random and grouped folds, unseen slides, colour jitter."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from models.dataset.training_set import TrainingSet, training_set
from models.evaluation.slide_pairs import SAME, figures_by_kind, pair_aurocs, slide_pairs, split_of
from models.learning.cross_validation import Fold
from models.learning.estimators import ESTIMATORS
from pipelines.outputs.read_table import read_table
from pipelines.outputs.sidecar import read_sidecar
from pipelines.training.near_copies import near_copies
from pipelines.training.training_table import TrainingTable
from pipelines.validation.cross_validate import cross_validate_once
from pipelines.validation.held_out_slides import evaluate_slide_pairs, plan_slide_pairs
from pipelines.validation.protocol import Protocol
from pipelines.validation.remeasure import PixelAuditSettings, remeasure
from pipelines.workers.settings import RunSettings

G08 = 0.85
FOLDS = 10


def training_data(table: Path) -> tuple[TrainingSet, pd.DataFrame]:
    """Return the training data of an ALL-IDB2 table, grouped by parent field, and its rows."""
    cells = read_table(table)
    copies, _ = near_copies(cells)
    data = training_set(
        cells, read_sidecar(table)["columns"], group="Metadata_Parent", copies=copies
    )
    return data, cells.iloc[data.rows]


def print_pairs(table: Path, estimator: str, jobs: int) -> None:
    """Print the AUROC of every family on held-out pairs of slides, by kind of pair."""
    frame, sidecar = read_table(table), read_sidecar(table)
    data = training_set(frame, sidecar["columns"], group="Metadata_Parent")
    cells = TrainingTable(sidecar, frame, data, ESTIMATORS[estimator])
    plan = plan_slide_pairs(cells)
    if plan is None:
        raise SystemExit("expected the slides of ALL-IDB2 in the table; found no pair of slides")
    record = evaluate_slide_pairs(plan, cells, Protocol(FOLDS, 1, 0, jobs))
    print(f"  pairs of slides held out; {record['estimators']}")
    for one in record["features"]:
        figures = "  ".join(
            f"{kind}: {reached['pairs']} pairs, mean AUROC {reached['mean']:.3f}, lowest "
            f"{reached['least']:.3f}"
            for kind, reached in one["figures"].items()
        )
        print(f"    {one['name']:24}{one['columns']:5} columns  {figures}")


def same_camera(data: TrainingSet, rows: pd.DataFrame, estimator: str, jobs: int) -> str:
    """Return the AUROC of the blasts of slide group g08 against normal slides of the same camera.

    g08 has the only blasts from the camera of the normal cells. So this is the only test in
    ALL-IDB2 in which the camera does not help a model.
    """
    slides = rows["Metadata_Slide"].to_numpy(dtype=str)
    cameras = rows["Metadata_Camera"].to_numpy(dtype=str)
    positive = data.target == data.positive
    pairs = [one for one in slide_pairs(slides, cameras, positive) if one.kind == SAME]
    areas = pair_aurocs(
        ESTIMATORS[estimator],
        data.features,
        positive,
        [split_of(pair, slides, data.groups) for pair in pairs],
        jobs=jobs,
    )
    each = " ".join(f"{pair.negative} {area:.3f}" for pair, area in zip(pairs, areas, strict=True))
    return f"{figures_by_kind(pairs, areas)[SAME].mean:.3f} ({each})"


def print_unseen_slides(table: Path, jobs: int) -> None:
    """Print the same-camera AUROC of every estimator."""
    data, rows = training_data(table)
    for name in ESTIMATORS:
        print(
            f"  {name:8} g08 against the Canon's normal slides, mean AUROC "
            f"{same_camera(data, rows, name, jobs)} (target {G08})",
            flush=True,
        )


def print_stain(table: Path, stain: str, estimator: str, jobs: int) -> None:
    """Print one line with the figures of a stain setting."""
    data, rows = training_data(table)
    kind, protocol = ESTIMATORS[estimator], Protocol(FOLDS, 1, 0, jobs)
    again = remeasure(
        PixelAuditSettings(read_sidecar(table), None, len(rows)),
        rows,
        data.columns,
        RunSettings(jobs=jobs),
    )
    if again.missed:
        raise SystemExit(f"expected every cell to be remeasured; missed {again.missed}")
    cells = np.arange(len(data.target))
    at_random, by_parent = (
        cross_validate_once(kind, data.features, data, groups, protocol)
        for groups in (cells, data.groups)
    )
    figures = [
        accuracy(data, at_random, data.features),
        accuracy(data, by_parent, data.features),
        accuracy(data, by_parent, again.features["jittered"]),
    ]
    print(
        f"  {stain:11}" + "".join(f"{figure:<12.3f}" for figure in figures),
        same_camera(data, rows, estimator, jobs),
        flush=True,
    )


def accuracy(data: TrainingSet, done: list[Fold], features: np.ndarray) -> float:
    """Return the accuracy of the folds' models on their test cells, from these features."""
    decided = np.empty_like(data.target)
    for fold in done:
        decided[fold.test] = fold.model.probabilities(features[fold.test]).argmax(axis=1)
    return float((decided == data.target).mean())
