"""Figures of merit of a classifier; each a closed form on arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .probability import (
    area,
    brier,
    mean_precision,
    ratio,
    specificity_at_sensitivity,
    threshold_curve,
)

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


def decide(probabilities: Floats, positive: int | None, threshold: float | Floats = 0.5) -> Codes:
    """Predict classes: of two, the positive from its threshold; else the most probable class.

    Parameters
    ----------
    probabilities : (n, classes) float64
    positive : int or None
    threshold : float or (n,) float64
        Used with two classes only.

    Returns
    -------
    (n,) int64
    """
    if probabilities.shape[1] == 2 and positive is not None:
        called = probabilities[:, positive] >= threshold
        decided: Codes = np.where(called, positive, 1 - positive).astype(np.int64)
    else:
        decided = probabilities.argmax(axis=1).astype(np.int64)
    return decided


def confusion(
    target: Codes, decided: Codes, classes: int, weights: Floats | None = None
) -> NDArray[Any]:
    """Counts (..., classes, classes): true class in rows, decided class in columns.

    Parameters
    ----------
    target, decided : (n,) int64
    classes : int
    weights : (..., n) float64, optional
        How often each cell counts; without them the counts are whole numbers.
    """
    places = target * classes + decided
    if weights is None:
        counts = np.bincount(places, minlength=classes * classes)
    else:
        counts = weights @ (places[:, None] == np.arange(classes * classes))
    return counts.reshape(*counts.shape[:-1], classes, classes)


def _right(counts: NDArray[Any]) -> NDArray[Any]:
    return np.diagonal(counts, axis1=-2, axis2=-1)


def accuracy(counts: NDArray[Any]) -> Floats:
    """Share of cells that are classified correctly, (...)."""
    return ratio(_right(counts).sum(axis=-1), counts.sum(axis=(-2, -1)))


def class_sensitivity(counts: NDArray[Any]) -> Floats:
    """Share of the cells of each class that are found: (..., classes); NaN for an absent one."""
    return ratio(_right(counts), counts.sum(axis=-1))


def class_specificity(counts: NDArray[Any]) -> Floats:
    """Share of the cells of other classes that are not assigned to it: (..., classes)."""
    others = counts.sum(axis=(-2, -1))[..., None] - counts.sum(axis=-1)
    wrongly = counts.sum(axis=-2) - _right(counts)
    return ratio(others - wrongly, others)


def class_f1(counts: NDArray[Any]) -> Floats:
    """F1 = 2 TP / (2 TP + FP + FN): (..., classes); 0 if never predicted, NaN if absent."""
    return ratio(2 * _right(counts), counts.sum(axis=-2) + counts.sum(axis=-1))


def macro_f1(counts: NDArray[Any]) -> Floats:
    """Mean F1 over the classes that occur or are predicted, (...)."""
    mean: Floats = np.nanmean(class_f1(counts), axis=-1)
    return mean


def weighted_f1(counts: NDArray[Any]) -> Floats:
    """Mean F1 over the classes, weighted by their cells, (...)."""
    weights = counts.sum(axis=-1)
    found = np.where(weights > 0, class_f1(counts), 0.0)
    return ratio((found * weights).sum(axis=-1), weights.sum(axis=-1))


def figures(
    target: Codes,
    probabilities: Floats,
    positive: int | None,
    weights: Floats | None = None,
) -> dict[str, Floats]:
    """All figures of one set of predictions.

    Sensitivity, specificity and the figures of probabilities are those of the positive class;
    without one, the means over the classes that occur, each against the rest.

    Parameters
    ----------
    target : (n,) int64
    probabilities : (n, classes) float64
    positive : int or None
    weights : (m, n) float64, optional
        How often each cell counts, in m versions.

    Returns
    -------
    dict of str to () or (m,) float64
        NaN where a class that a figure needs is absent: of the means over classes, one that
        occurs among the cells and counts nothing in a version.
    """
    classes = probabilities.shape[1]
    counts = confusion(target, decide(probabilities, positive), classes, weights)
    occurring = np.unique(target).tolist()
    of = occurring if positive is None else [positive]
    whole = np.where((counts.sum(axis=-1)[..., occurring] > 0).all(axis=-1), 1.0, np.nan)
    ranked = [of_probabilities(target == code, probabilities[:, code], weights) for code in of]
    return {
        "accuracy": accuracy(counts),
        "balanced accuracy": class_sensitivity(counts)[..., occurring].mean(axis=-1),
        "macro F1": macro_f1(counts) * whole,
        "weighted F1": weighted_f1(counts) * whole,
        "sensitivity": class_sensitivity(counts)[..., of].mean(axis=-1),
        "specificity": class_specificity(counts)[..., of].mean(axis=-1),
        **{name: np.mean([one[name] for one in ranked], axis=0) for name in ranked[0]},
    }


def groups_behind_figures(target: Codes, groups: Codes, positive: int | None) -> dict[str, int]:
    """Count the groups (subjects) that each of `figures` depends on.

    A figure of several classes depends on as many as the class with the fewest.

    Parameters
    ----------
    target, groups : (n,) int64
    positive : int or None
    """
    classes, counts = np.unique(
        np.unique(np.stack([target, groups]), axis=1)[0], return_counts=True
    )
    every, rarest = len(np.unique(groups)), int(counts.min())
    found = others = ranked = rarest
    if positive is not None:
        found = int(counts[classes == positive].sum())
        others = len(np.unique(groups[target != positive]))
        ranked = min(found, others)
    return {
        "accuracy": every,
        "balanced accuracy": rarest,
        "macro F1": rarest,
        "weighted F1": every,
        "sensitivity": found,
        "specificity": others,
        "AUROC": ranked,
        "average precision": ranked,
        "specificity at 95 % sensitivity": ranked,
        "Brier score": every,
    }


def of_probabilities(
    truth: NDArray[np.bool_], probability: Floats, weights: Floats | None = None
) -> dict[str, Floats]:
    """Figures of the probabilities of one class against the rest, each () or (m,)."""
    curve = threshold_curve(truth, probability, weights)
    gaps = brier(truth, probability)
    ranked = area(curve)
    return {
        "AUROC": ranked,
        # of positives only, it is 1 whatever the probabilities
        "average precision": np.where(np.isnan(ranked), np.nan, mean_precision(curve)),
        "specificity at 95 % sensitivity": specificity_at_sensitivity(curve),
        "Brier score": gaps.mean() if weights is None else weights @ gaps / weights.sum(axis=-1),
    }
