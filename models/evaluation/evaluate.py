"""Evaluate a cross-validation: figures with spread, interval and trivial baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..learning.cross_validation import Fold, pooled, pooled_thresholds
from ..metrics.bootstrap import DRAWS, cluster_bootstrap, share_intervals
from ..metrics.classification import (
    class_f1,
    class_sensitivity,
    class_specificity,
    confusion,
    decide,
    figures,
    groups_behind_figures,
)
from ..metrics.operating_points import Abstention, abstentions
from .probability_quality import (
    CalibrationQuality,
    OperatingPoint,
    calibration_quality,
    operating_point,
)
from .subjects import SubjectFigures, SubjectResult, subject_figures, subject_results

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Figure:
    """One figure of the out-of-fold predictions.

    Parameters
    ----------
    name : str
    mean, spread : float
        Mean and sample standard deviation over repeats (NaN with one repeat).
    baseline : float
        The figure of a model that predicts the class frequencies for every cell.
    low, high : float
        95 % interval of the mean by a bootstrap of whole subjects; Wilson's, for the number of
        subjects, where all draws agree.
    """

    name: str
    mean: float
    spread: float
    baseline: float
    low: float
    high: float


@dataclass(frozen=True)
class Evaluation:
    """All results of a cross-validation.

    Parameters
    ----------
    figures : list of Figure
    classes : list of mapping
        Cells, sensitivity, specificity and F1 of each class, over all repeats.
    confusion : list of list of float
        Mean counts over repeats: true class in rows, decided class in columns.
    splits : list of mapping
        For each fold: numbers of training and test cells and groups, groups on both sides
        (asserted to be 0), test cells of each class, and the fold's figures.
    calibrated : CalibrationQuality
        Calibration error, that of a perfectly calibrated model, and the bins.
    operating : OperatingPoint or None
        At the threshold chosen inside each training part for the stated sensitivity.
    abstentions : list of Abstention
        First repeat.
    subjects : list of SubjectResult
        Worst first; empty where the split was cell by cell.
    subject_figures : SubjectFigures or None
    """

    figures: list[Figure]
    classes: list[dict[str, Any]]
    confusion: list[list[float]]
    splits: list[dict[str, Any]]
    calibrated: CalibrationQuality
    operating: OperatingPoint | None
    abstentions: list[Abstention]
    subjects: list[SubjectResult]
    subject_figures: SubjectFigures | None


def evaluate(
    done: Sequence[Fold],
    target: Codes,
    groups: Codes,
    names: Sequence[str],
    classes: Sequence[str],
    positive: int | None,
    *,
    sensitivity: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
) -> Evaluation:
    """Evaluate the folds of a cross-validation.

    Parameters
    ----------
    done : sequence of Fold
    target, groups : (n,) int64
    names : sequence of str
        Name of each group; empty if groups are not subjects.
    classes : sequence of str
    positive : int or None
    sensitivity : float
        For which the operating thresholds were chosen.
    draws, seed : int
        Of the bootstrap.
    """
    probabilities = pooled(done, len(target))
    counts = confusion_counts(target, probabilities, positive)
    subjects = subject_results(target, probabilities, groups, names, classes, positive)
    named = None if positive is None else classes[positive]
    return Evaluation(
        figures=repeated_figures(target, probabilities, positive, groups, draws=draws, seed=seed),
        classes=class_table(counts, classes),
        confusion=[[float(value) for value in row] for row in counts],
        splits=[_split(fold, target, groups, classes, positive) for fold in done],
        calibrated=calibration_quality(target, probabilities, positive),
        operating=None
        if positive is None
        else operating_point(
            target == positive,
            probabilities[..., positive],
            pooled_thresholds(done, len(target)),
            sensitivity,
            groups,
            draws=draws,
            seed=seed,
        ),
        abstentions=abstentions(target, probabilities[0]),
        subjects=subjects,
        subject_figures=subject_figures(subjects, named) if subjects and named else None,
    )


def repeated_figures(
    target: Codes,
    probabilities: Floats,
    positive: int | None,
    groups: Codes | None = None,
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> list[Figure]:
    """Figures on the pooled out-of-fold predictions of each repeat.

    Parameters
    ----------
    target : (n,) int64
    probabilities : (repeats, n, classes) float64
        Out-of-fold.
    positive : int or None
    groups : (n,) int64, optional
        Subjects to draw whole; without them no interval is given.
    draws, seed : int
        Of the bootstrap.
    """
    repeats, cells, classes = probabilities.shape
    each = [figures(target, one, positive) for one in probabilities]
    priors = np.bincount(target, minlength=classes) / cells
    trivial = figures(target, np.tile(priors, (cells, 1)), positive)

    def mean_of(weights: Floats) -> dict[str, Floats]:
        drawn = [figures(target, one, positive, weights) for one in probabilities]
        return {name: np.mean([one[name] for one in drawn], axis=0) for name in trivial}

    intervals = dict.fromkeys(trivial, (float("nan"), float("nan")))
    if groups is not None:
        agreed = share_intervals(groups_behind_figures(target, groups, positive))
        intervals = cluster_bootstrap(groups, mean_of, draws=draws, seed=seed, agreed=agreed)
    return [
        Figure(
            name,
            float(np.mean([one[name] for one in each])),
            float(np.std([one[name] for one in each], ddof=1)) if repeats > 1 else float("nan"),
            float(trivial[name]),
            *intervals[name],
        )
        for name in trivial
    ]


def confusion_counts(target: Codes, probabilities: Floats, positive: int | None) -> Floats:
    """Mean counts over repeats, (classes, classes): true class in rows, decided in columns."""
    classes = probabilities.shape[2]
    counts = [confusion(target, decide(one, positive), classes) for one in probabilities]
    mean: Floats = np.mean(counts, axis=0)
    return mean


def class_table(counts: Floats, classes: Sequence[str]) -> list[dict[str, Any]]:
    """One row for each class: its cells, sensitivity, specificity and F1."""
    rows = zip(
        classes,
        counts.sum(axis=1),
        class_sensitivity(counts),
        class_specificity(counts),
        class_f1(counts),
        strict=True,
    )
    return [
        {
            "class": name,
            "cells": round(float(cells)),
            "sensitivity": float(sensitivity),
            "specificity": float(specificity),
            "F1": float(f1),
        }
        for name, cells, sensitivity, specificity, f1 in rows
    ]


def _split(
    fold: Fold, target: Codes, groups: Codes, classes: Sequence[str], positive: int | None
) -> dict[str, Any]:
    train, test = set(groups[fold.train].tolist()), set(groups[fold.test].tolist())
    tested = np.bincount(target[fold.test], minlength=len(classes))
    found = figures(target[fold.test], fold.probabilities, positive)
    return {
        "repeat": fold.repeat,
        "fold": fold.number,
        "train_cells": len(fold.train),
        "test_cells": len(fold.test),
        "train_groups": len(train),
        "test_groups": len(test),
        "groups_on_both_sides": len(train & test),
        "test_classes": {name: int(count) for name, count in zip(classes, tested, strict=True)},
        "figures": {
            name: float(found[name]) for name in ("accuracy", "balanced accuracy", "AUROC")
        },
    }
