"""Train: a feature table in, a judged and stored model out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from models.errors import ModelError

from .feature_table import read_sidecar, read_table

if TYPE_CHECKING:
    import pandas as pd

    from models.evaluation import Evaluation, Figure
    from models.table import TrainingSet

# Sensitivity of the operating point where none is stated, and the most pictures compared in pairs.
STATED = 0.95
MOST_COMPARED = 30_000

EstimatorName = Literal["svm", "xgboost", "logistic"]


@dataclass(frozen=True)
class TrainingReport:
    """What the command prints.

    Parameters
    ----------
    out : Path
        The bundle's folder.
    estimator : str
        In words.
    cells, columns, groups : int
        What was learnt from.
    class_counts : mapping of str to int
        Cells of each class.
    positive : str or None
        The class that sensitivity refers to.
    evaluation : Evaluation
        Figures with their spread over repeats and trivial baselines, classes, confusion, folds.
    random : list of Figure or None
        The same model under one random split: its lead over `evaluation` is the optimism of
        splitting cell by cell. None where the split was so.
    leading : list of mapping
        The ten leading features: ``feature``, ``plain``, ``measure``, ``mean``, ``sd``.
    notes : list of str
        What was left out, merged, or should make the reader careful.
    seconds : float
    """

    out: Path
    estimator: str
    cells: int
    columns: int
    groups: int
    class_counts: Mapping[str, int]
    positive: str | None
    evaluation: Evaluation
    random: list[Figure] | None
    leading: list[dict[str, Any]]
    notes: list[str]
    seconds: float


def train(
    table: Path,
    out: Path,
    *,
    estimator: EstimatorName = "xgboost",
    label: str = "Metadata_Label",
    group: str = "Metadata_Subject",
    no_groups: bool = False,
    positive: str | None = None,
    folds: int = 5,
    repeats: int = 3,
    seed: int = 0,
    jobs: int = 1,
    sensitivity: float | None = None,
    progress: Callable[[str], None] | None = None,
) -> TrainingReport:
    """Cross-validate by subject, fit on everything, measure importances, store the bundle.

    Parameters
    ----------
    table : Path
        Feature table with its sidecar beside it.
    out : Path
        The bundle's folder; a model there is replaced, anything else refused.
    estimator : {"svm", "xgboost", "logistic"}
    label, group : str
        Columns of class and subject.
    no_groups : bool
        Split cell by cell (copies of a picture still stay together).
    positive : str, optional
        The class that sensitivity refers to; ``blast`` where there is one.
    folds, repeats, seed, jobs : int
    sensitivity : float, optional
        Call cells positive from the threshold on that reaches this sensitivity inside the training
        data; without it from 0.5 on (two classes).
    progress : callable, optional
        Told in a few words of each step that is done.

    Raises
    ------
    ModelError
        If the table, the sidecar, the options or the output folder do not serve.
    """
    from models.bundle import Bundle, check_target, save_bundle
    from models.crossvalidation import fit_calibrated
    from models.estimators import ESTIMATORS, approximations
    from models.importance import MEASURES
    from models.plots import importance_picture
    from models.records import as_json
    from models.table import training_set

    from .judging import Protocol, judge
    from .provenance import provenance
    from .report import report as write_report
    from .training_cells import training_cells

    started = time.monotonic()
    tell = progress or _silently
    check_target(out)
    if sensitivity is not None and not 0 < sensitivity < 1:
        raise ModelError(f"sensitivity {sensitivity} asked for", "ask for a value between 0 and 1")
    stated = sensitivity or STATED
    sidecar = read_sidecar(table)
    dictionary = sidecar["columns"]
    frame = read_table(table, texts=(label, group))
    copies, unsearched = near_copies(frame)
    data = training_set(
        frame,
        dictionary,
        label=label,
        group=None if no_groups else group,
        positive=positive,
        copies=copies,
    )
    kind = ESTIMATORS[estimator]

    measures = MEASURES[estimator]
    protocol = Protocol(folds, repeats, seed, jobs, stated)
    judged = judge(data, frame, kind, measures, dictionary, protocol, tell)
    tell("the model on all cells")
    model = fit_calibrated(
        kind,
        data.features,
        data.target,
        data.groups,
        seed=seed,
        positive=data.positive,
        sensitivity=stated,
    )
    told = sidecar.get("input", {}).get("notes", [])
    notes = [*told, *data.notes, *unsearched, *approximations(model.pipeline)]
    if no_groups:
        notes.append("split cell by cell: cells of one subject lie on both sides")
    if judged.within_groups:
        notes.append("a class has too few subjects to calibrate on unseen ones")
    positive_name = None if data.positive is None else data.classes[data.positive]
    summary = _summary(data, label, None if no_groups else group, folds, repeats, seed)
    operating = None if positive_name is None else {"stated": stated, "threshold": model.threshold}
    bundle = Bundle(
        pipeline=model.pipeline,
        estimator=estimator,
        calibration=model.calibration,
        columns=data.columns,
        feature_versions={name: int(dictionary[name]["version"]) for name in data.columns},
        classes=data.classes,
        positive=positive_name,
        threshold=0.5 if sensitivity is None or positive_name is None else model.threshold,
        metadata={
            **summary,
            "operating": operating,
            "stain": sidecar.get("configuration", {}).get("stain", "none"),
            **_network(sidecar, data.columns),
        },
    )
    title = f"{kind.name}: {len(data.target)} cells, {folds} folds, mean and spread over folds"
    files, worst = training_cells(table, frame, data, group, judged.worst, seed)
    record = {
        **judged.record(),
        "training": summary,
        "notes": notes,
        "data": provenance(table, sidecar, frame, data),
        "worst_cells": worst,
    }
    save_bundle(
        bundle,
        out,
        {
            "evaluation.json": as_json(record),
            "importances.csv": judged.importances.to_csv(index=False).encode(),
            "importance_groups.csv": judged.groups.to_csv(index=False).encode(),
            "importances.png": importance_picture(judged.importances, title=title),
            **files,
        },
    )
    write_report(out)
    leading = next(iter(measures))
    return TrainingReport(
        out=out,
        estimator=kind.name,
        cells=len(data.target),
        columns=len(data.columns),
        groups=int(data.groups.max()) + 1,
        class_counts=summary["class_counts"],
        positive=positive_name,
        evaluation=judged.evaluation,
        random=judged.random,
        leading=[
            {
                "feature": row["feature"],
                "plain": row["plain"],
                "measure": leading,
                "mean": row[f"{leading}_mean"],
                "sd": row[f"{leading}_sd"],
            }
            for row in judged.importances.head(10).to_dict("records")
        ],
        notes=notes,
        seconds=time.monotonic() - started,
    )


def _silently(_step: str) -> None:
    """Take a progress line and say nothing."""


def _network(sidecar: Mapping[str, Any], columns: Sequence[str]) -> dict[str, Any]:
    """Give what identifies the network behind the columns, where there is one."""
    if not any(sidecar["columns"][name].get("family") == "Embedding" for name in columns):
        return {}
    if "embedding" not in sidecar:
        raise ModelError(
            "the sidecar does not say which network the embedding is of",
            "extract the table again with this installation",
        )
    return {"embedding": sidecar["embedding"]}


def near_copies(table: pd.DataFrame) -> tuple[list[tuple[int, int]], list[str]]:
    """Rows of pictures whose perceptual hashes nearly agree, and a note if that was too much."""
    from data.fingerprints import near_duplicates

    if "Metadata_PHash" not in table.columns:
        return [], []
    hashes = table["Metadata_PHash"].dropna().astype(str)
    first = hashes[hashes != ""].drop_duplicates()
    if len(first) > MOST_COMPARED:
        return [], [f"{len(first)} pictures are too many to look for near copies: only exact ones"]
    rows = [int(row) for row in table.index.get_indexer(first.index)]
    try:
        pairs = near_duplicates(list(first))
    except ValueError as error:
        raise ModelError(
            f"Metadata_PHash holds hashes of another kind, such as {first.iloc[0]!r}",
            "extract the table again with this installation",
        ) from error
    return [(rows[i], rows[j]) for i, j in pairs], []


def _summary(
    data: TrainingSet, label: str, group: str | None, folds: int, repeats: int, seed: int
) -> dict[str, Any]:
    """Give the facts of a training that the bundle keeps."""
    return {
        "cells": len(data.target),
        "groups": int(data.groups.max()) + 1,
        "class_counts": {
            name: int((data.target == code).sum()) for code, name in enumerate(data.classes)
        },
        "label": label,
        "group": group,
        "folds": folds,
        "repeats": repeats,
        "seed": seed,
    }
