"""The figures of a cross-validation: over repeats, and beside a trivial baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .crossvalidation import Fold, pooled
from .figures import (
    class_f1,
    class_sensitivity,
    class_specificity,
    confusion,
    decide,
    figures,
)

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Figure:
    """One figure: mean and standard deviation over repeats, and the trivial baseline.

    The baseline is what the shares of the classes give for every cell, without looking at it.
    """

    name: str
    mean: float
    spread: float
    baseline: float


@dataclass(frozen=True)
class Evaluation:
    """What a cross-validation found.

    Parameters
    ----------
    figures : list of Figure
    classes : list of mapping
        Cells, sensitivity, specificity and F1 of each class, over all repeats.
    confusion : list of list of float
        Mean counts over repeats: true class in rows, decided class in columns.
    splits : list of mapping
        For each fold: cells and groups tested and learnt from, the groups on both sides (0, as
        asserted), and the tested cells of each class.
    """

    figures: list[Figure]
    classes: list[dict[str, Any]]
    confusion: list[list[float]]
    splits: list[dict[str, Any]]


def evaluate(
    done: Sequence[Fold],
    target: Codes,
    groups: Codes,
    classes: Sequence[str],
    positive: int | None,
) -> Evaluation:
    """Judge the folds of a cross-validation.

    Parameters
    ----------
    done : sequence of Fold
    target, groups : (n,) int64
    classes : sequence of str
    positive : int or None
    """
    probabilities = pooled(done, len(target))
    counts = confusion_counts(target, probabilities, positive)
    return Evaluation(
        figures=repeated_figures(target, probabilities, positive),
        classes=class_table(counts, classes),
        confusion=[[float(value) for value in row] for row in counts],
        splits=[_split(fold, target, groups, classes) for fold in done],
    )


def _split(fold: Fold, target: Codes, groups: Codes, classes: Sequence[str]) -> dict[str, Any]:
    train, test = set(groups[fold.train].tolist()), set(groups[fold.test].tolist())
    tested = np.bincount(target[fold.test], minlength=len(classes))
    return {
        "repeat": fold.repeat,
        "fold": fold.number,
        "train_cells": len(fold.train),
        "test_cells": len(fold.test),
        "train_groups": len(train),
        "test_groups": len(test),
        "groups_on_both_sides": len(train & test),
        "test_classes": {name: int(count) for name, count in zip(classes, tested, strict=True)},
    }


def repeated_figures(
    target: Codes,
    probabilities: Floats,
    positive: int | None,
    threshold: float | Floats = 0.5,
) -> list[Figure]:
    """Figures on the pooled out-of-fold predictions of each repeat.

    Parameters
    ----------
    target : (n,) int64
    probabilities : (repeats, n, classes) float64
        Out-of-fold.
    positive : int or None
    threshold : float or (repeats, n) float64

    Returns
    -------
    list of Figure
        The spread is the sample standard deviation over repeats, NaN with one repeat.
    """
    repeats, cells, classes = probabilities.shape
    thresholds = np.broadcast_to(threshold, (repeats, cells))
    each = [
        figures(target, probabilities[repeat], positive, thresholds[repeat])
        for repeat in range(repeats)
    ]
    priors = np.bincount(target, minlength=classes) / cells
    trivial = figures(target, np.tile(priors, (cells, 1)), positive)
    return [
        Figure(
            name,
            float(np.mean([one[name] for one in each])),
            float(np.std([one[name] for one in each], ddof=1)) if repeats > 1 else float("nan"),
            trivial[name],
        )
        for name in trivial
    ]


def confusion_counts(
    target: Codes, probabilities: Floats, positive: int | None, threshold: float | Floats = 0.5
) -> Floats:
    """Mean counts over repeats, (classes, classes): true class in rows, decided in columns."""
    repeats, cells, classes = probabilities.shape
    thresholds = np.broadcast_to(threshold, (repeats, cells))
    counts = [
        confusion(target, decide(one, positive, limit), classes)
        for one, limit in zip(probabilities, thresholds, strict=True)
    ]
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
