"""Figures over subjects: results of each subject, and how well subjects are classified."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from ..metrics.bootstrap import cluster_bootstrap, share_intervals
from ..metrics.classification import class_sensitivity, class_specificity, confusion, decide
from ..metrics.probability import area, mean_precision, threshold_curve
from ..metrics.wilson import wilson

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Truth = NDArray[np.bool_]
# A figure with its interval, low and high.
Estimate = tuple[float, float, float]

CLOSEST = 1e-6


@dataclass(frozen=True)
class SubjectResult:
    """Results of one subject: accuracy over its cells (mean over repeats) and share of positives.

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
    positive_low, positive_high : float
        Wilson's interval of `positive_share`; NaN without a positive class.
    """

    name: str
    cells: int
    classes: tuple[str, ...]
    accuracy: float
    low: float
    high: float
    positive_share: float
    mean_logit: float
    positive_low: float
    positive_high: float


def subject_results(
    target: Codes,
    probabilities: Floats,
    groups: Codes,
    names: Sequence[str],
    classes: Sequence[str],
    positive: int | None,
) -> list[SubjectResult]:
    """Evaluate each subject by its cells; the lowest accuracy first.

    Parameters
    ----------
    target, groups : (n,) int64
    probabilities : (repeats, n, classes) float64
        Out-of-fold.
    names : sequence of str
        Name of each group.
    classes : sequence of str
    positive : int or None
    """
    decided = np.stack([decide(one, positive) for one in probabilities])
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
        share = (
            (float("nan"), float("nan"))
            if positive is None
            else wilson(float(called[here].sum()), cells)
        )
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
                *share,
            )
        )
    return sorted(results, key=lambda one: (one.accuracy, -one.cells, one.name))


@dataclass(frozen=True)
class SubjectFigures:
    """Figures over subjects with one true class, classified by the mean log odds of their cells.

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
    auroc_logit_interval, auroc_share_interval : (float, float)
        By a bootstrap of subjects.
    balanced_accuracy, average_precision : (float, float, float)
        Of the mean logit, with an interval by a bootstrap of subjects.
    """

    positives: int
    negatives: int
    mixed: int
    sensitivity: Estimate
    specificity: Estimate
    auroc_logit: float
    auroc_share: float
    auroc_logit_interval: tuple[float, float]
    auroc_share_interval: tuple[float, float]
    balanced_accuracy: Estimate
    average_precision: Estimate


def subject_figures(results: Sequence[SubjectResult], positive: str) -> SubjectFigures | None:
    """Compute figures over subjects; None if subjects of one class only are left.

    A subject is classified as positive if the mean log odds of its cells are at least 0 (p = 0.5).
    """
    pure = [one for one in results if len(one.classes) == 1]
    truth = np.array([one.classes == (positive,) for one in pure], dtype=bool)
    if truth.all() or not truth.any():
        return None
    scores = np.array([one.mean_logit for one in pure])
    shares = np.array([one.positive_share for one in pure])
    called = scores >= 0
    counts = confusion(truth.astype(np.int64), called.astype(np.int64), 2)
    positives, negatives = int(truth.sum()), int((~truth).sum())

    def weighed(weights: Floats) -> dict[str, Floats]:
        return _weighed_figures(truth, called, scores, shares, weights)

    found = {name: float(value) for name, value in weighed(np.ones(len(pure))).items()}
    fewest = dict.fromkeys(found, min(positives, negatives))
    drawn = cluster_bootstrap(np.arange(len(pure)), weighed, agreed=share_intervals(fewest))
    return SubjectFigures(
        positives,
        negatives,
        len(results) - len(pure),
        (float(class_sensitivity(counts)[1]), *wilson(int(counts[1, 1]), positives)),
        (float(class_specificity(counts)[1]), *wilson(int(counts[0, 0]), negatives)),
        found["auroc_logit"],
        found["auroc_share"],
        drawn["auroc_logit"],
        drawn["auroc_share"],
        (found["balanced_accuracy"], *drawn["balanced_accuracy"]),
        (found["average_precision"], *drawn["average_precision"]),
    )


def _weighed_figures(
    truth: Truth, called: Truth, scores: Floats, shares: Floats, weights: Floats
) -> dict[str, Floats]:
    """Figures (...) of subjects that count `weights` (..., n) times; NaN without both classes."""
    counts = confusion(truth.astype(np.int64), called.astype(np.int64), 2, weights)
    curve = threshold_curve(truth, scores, weights)
    ranked = area(curve)
    return {
        "auroc_logit": ranked,
        "auroc_share": area(threshold_curve(truth, shares, weights)),
        "balanced_accuracy": class_sensitivity(counts).mean(axis=-1),
        "average_precision": np.where(np.isnan(ranked), np.nan, mean_precision(curve)),
    }
