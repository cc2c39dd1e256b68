"""From cells to subjects: which are read wrongly, and how well whole subjects are told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from .figures import class_sensitivity, class_specificity, confusion, decide
from .intervals import wilson
from .probability_figures import auroc

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

CLOSEST = 1e-6


@dataclass(frozen=True)
class SubjectResult:
    """One subject's cells: right ones (mean over repeats) with Wilson's interval, and calls.

    Parameters
    ----------
    name : str
    cells : int
    classes : tuple of str
        Its true classes.
    accuracy, low, high : float
    positive_share : float
        Share of its cells called positive; NaN without a positive class.
    mean_logit : float
        Mean log odds of the positive class; NaN without one.
    """

    name: str
    cells: int
    classes: tuple[str, ...]
    accuracy: float
    low: float
    high: float
    positive_share: float
    mean_logit: float


def subject_results(
    target: Codes,
    probabilities: Floats,
    groups: Codes,
    names: Sequence[str],
    classes: Sequence[str],
    positive: int | None,
    threshold: float = 0.5,
) -> list[SubjectResult]:
    """Judge each subject by its cells, worst first.

    Parameters
    ----------
    target, groups : (n,) int64
    probabilities : (repeats, n, classes) float64
        Out-of-fold.
    names : sequence of str
        Name of each group.
    classes : sequence of str
    positive : int or None
    threshold : float
        From which on a cell is called positive (two classes).
    """
    decided = np.stack([decide(one, positive, threshold) for one in probabilities])
    right = (decided == target).mean(axis=0)
    if positive is None:
        called = logits = np.full(len(target), np.nan)
    else:
        called = (decided == positive).mean(axis=0)
        chance = np.clip(probabilities[..., positive], CLOSEST, 1 - CLOSEST)
        logits = logit(chance).mean(axis=0)
    results = []
    for group, name in enumerate(names):
        here = groups == group
        cells = int(here.sum())
        low, high = wilson(float(right[here].sum()), cells)
        own = sorted(set(target[here].tolist()))
        results.append(
            SubjectResult(
                name,
                cells,
                tuple(classes[code] for code in own),
                float(right[here].mean()),
                low,
                high,
                float(called[here].mean()),
                float(logits[here].mean()),
            )
        )
    return sorted(results, key=lambda one: (one.accuracy, -one.cells, one.name))


@dataclass(frozen=True)
class SubjectFigures:
    """Subjects of one class each, decided by the mean logit of their cells.

    Parameters
    ----------
    positives, negatives : int
        Subjects of the positive class, and of others.
    mixed : int
        Subjects with cells of several classes, left out.
    sensitivity, specificity : (float, float, float)
        Share, and Wilson's interval.
    auroc_logit, auroc_share : float
        Of the mean logit, and of the share of cells called positive.
    """

    positives: int
    negatives: int
    mixed: int
    sensitivity: tuple[float, float, float]
    specificity: tuple[float, float, float]
    auroc_logit: float
    auroc_share: float


def subject_figures(
    results: Sequence[SubjectResult], positive: str, threshold: float = 0.5
) -> SubjectFigures | None:
    """Figures over subjects; None where none or all of the pure ones are positive.

    A subject is called positive where the mean log odds of its cells are those of `threshold`.
    """
    pure = [one for one in results if len(one.classes) == 1]
    truth = np.array([one.classes == (positive,) for one in pure], dtype=bool)
    if truth.all() or not truth.any():
        return None
    scores = np.array([one.mean_logit for one in pure])
    counts = confusion(truth.astype(np.int64), (scores >= logit(threshold)).astype(np.int64), 2)
    positives, negatives = int(truth.sum()), int((~truth).sum())
    return SubjectFigures(
        positives,
        negatives,
        len(results) - len(pure),
        (float(class_sensitivity(counts)[1]), *wilson(int(counts[1, 1]), positives)),
        (float(class_specificity(counts)[1]), *wilson(int(counts[0, 0]), negatives)),
        auroc(truth, scores),
        auroc(truth, np.array([one.positive_share for one in pure])),
    )
