"""Train: a feature table in, a judged and stored model out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from .feature_table import read_sidecar, read_table

if TYPE_CHECKING:
    from models.evaluation import Evaluation
    from models.table import TrainingSet

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
    progress : callable, optional
        Told in a few words of each step that is done.

    Raises
    ------
    ModelError
        If the table, the sidecar, the options or the output folder do not serve.
    """
    from models.bundle import Bundle, check_target, save_bundle
    from models.crossvalidation import calibrated_within_groups, cross_validate, fit_calibrated
    from models.estimators import ESTIMATORS
    from models.evaluation import evaluate
    from models.importance import MEASURES, importances
    from models.plots import importance_picture
    from models.records import as_json
    from models.table import training_set

    started = time.monotonic()
    tell = progress or _silently
    check_target(out)
    dictionary = read_sidecar(table)["columns"]
    data = training_set(
        read_table(table, texts=(label, group)),
        dictionary,
        label=label,
        group=None if no_groups else group,
        positive=positive,
    )
    kind = ESTIMATORS[estimator]
    done = cross_validate(
        kind,
        data.features,
        data.target,
        data.groups,
        classes=data.classes,
        folds=folds,
        repeats=repeats,
        seed=seed,
        jobs=jobs,
        unit="cells" if no_groups else "subjects",
        progress=tell,
    )
    evaluation = evaluate(done, data.target, data.groups, data.classes, data.positive)
    tell("importances")
    measured = importances(
        done, data.features, data.target, data.columns, dictionary, MEASURES[estimator], seed
    )
    tell("the model on all cells")
    model = fit_calibrated(kind, data.features, data.target, data.groups, seed)
    notes = list(data.notes)
    if no_groups:
        notes.append("split cell by cell: cells of one subject lie on both sides")
    if any(calibrated_within_groups(data.target[f.train], data.groups[f.train]) for f in done):
        notes.append("a class has too few subjects to calibrate on unseen ones")
    positive_name = None if data.positive is None else data.classes[data.positive]
    summary = _summary(data, label, None if no_groups else group, folds, repeats, seed)
    bundle = Bundle(
        pipeline=model.pipeline,
        estimator=estimator,
        calibration=model.calibration,
        columns=data.columns,
        feature_versions={name: int(dictionary[name]["version"]) for name in data.columns},
        classes=data.classes,
        positive=positive_name,
        threshold=0.5,
        metadata=summary,
    )
    title = f"{kind.name}: {len(data.target)} cells, {folds} folds, mean and spread over folds"
    save_bundle(
        bundle,
        out,
        {
            "evaluation.json": as_json({**asdict(evaluation), "training": summary, "notes": notes}),
            "importances.csv": measured.to_csv(index=False).encode(),
            "importances.png": importance_picture(measured, title=title),
        },
    )
    measure = next(iter(MEASURES[estimator]))
    return TrainingReport(
        out=out,
        estimator=kind.name,
        cells=len(data.target),
        columns=len(data.columns),
        groups=int(data.groups.max()) + 1,
        class_counts=summary["class_counts"],
        positive=positive_name,
        evaluation=evaluation,
        leading=[
            {
                "feature": row["feature"],
                "plain": row["plain"],
                "measure": measure,
                "mean": row[f"{measure}_mean"],
                "sd": row[f"{measure}_sd"],
            }
            for row in measured.head(10).to_dict("records")
        ],
        notes=notes,
        seconds=time.monotonic() - started,
    )


def _silently(_step: str) -> None:
    """Take a progress line and say nothing."""


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
