"""What a classifier is worth, in the field's figures; each a closed form on plain arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .probability_figures import auroc, average_precision, brier, specificity_at_sensitivity

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Counts = NDArray[np.int64] | NDArray[np.float64]


def decide(probabilities: Floats, positive: int | None, threshold: float | Floats = 0.5) -> Codes:
    """Decide on classes: the positive one from its threshold on (two classes), else the likeliest.

    Parameters
    ----------
    probabilities : (n, classes) float64
    positive : int or None
    threshold : float or (n,) float64
        Heeded with two classes only.

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


def confusion(target: Codes, decided: Codes, classes: int) -> Codes:
    """Counts (classes, classes) int64: true class in rows, decided class in columns."""
    counts = np.bincount(target * classes + decided, minlength=classes * classes)
    return counts.reshape(classes, classes).astype(np.int64)


def _ratio(part: NDArray[Any], whole: NDArray[Any]) -> Floats:
    """Part by whole; NaN where the whole is 0."""
    ratio: Floats = np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=whole > 0)
    return ratio


def accuracy(counts: Counts) -> float:
    """Share of cells decided rightly."""
    return float(np.trace(counts) / counts.sum())


def class_sensitivity(counts: Counts) -> Floats:
    """Share of the cells of each class that are found: (classes,); NaN for an absent class."""
    return _ratio(np.diag(counts), counts.sum(axis=1))


def class_specificity(counts: Counts) -> Floats:
    """Share of the cells of all other classes that are not called so: (classes,)."""
    others = counts.sum() - counts.sum(axis=1)
    wrongly = counts.sum(axis=0) - np.diag(counts)
    return _ratio(others - wrongly, others)


def class_f1(counts: Counts) -> Floats:
    """2 TP / (2 TP + FP + FN) of each class; 0 for one never called, NaN for one absent."""
    return _ratio(2 * np.diag(counts), counts.sum(axis=0) + counts.sum(axis=1))


def macro_f1(counts: Counts) -> float:
    """Mean F1 over the classes that occur or are called."""
    return float(np.nanmean(class_f1(counts)))


def weighted_f1(counts: Counts) -> float:
    """Mean F1 over the classes, weighted by their cells."""
    weights = counts.sum(axis=1)
    present = weights > 0
    return float(np.average(class_f1(counts)[present], weights=weights[present]))


def figures(
    target: Codes,
    probabilities: Floats,
    positive: int | None,
    threshold: float | Floats = 0.5,
) -> dict[str, float]:
    """All figures of one set of predictions.

    Sensitivity, specificity and the figures of probabilities are those of the positive class;
    without one, the means over all classes, each against the rest.

    Parameters
    ----------
    target : (n,) int64
    probabilities : (n, classes) float64
    positive : int or None
    threshold : float or (n,) float64

    Returns
    -------
    dict of str to float
        NaN where a class that a figure needs is absent.
    """
    classes = probabilities.shape[1]
    counts = confusion(target, decide(probabilities, positive, threshold), classes)
    of = list(range(classes)) if positive is None else [positive]
    return {
        "accuracy": accuracy(counts),
        "balanced accuracy": float(np.nanmean(class_sensitivity(counts))),
        "macro F1": macro_f1(counts),
        "weighted F1": weighted_f1(counts),
        "sensitivity": _mean(class_sensitivity(counts)[of]),
        "specificity": _mean(class_specificity(counts)[of]),
        **{
            name: _mean([figure(target == code, probabilities[:, code]) for code in of])
            for name, figure in OF_PROBABILITIES.items()
        },
    }


OF_PROBABILITIES: Mapping[str, Callable[[NDArray[np.bool_], Floats], float]] = {
    "AUROC": auroc,
    "average precision": average_precision,
    "specificity at 95 % sensitivity": specificity_at_sensitivity,
    "Brier score": brier,
}


def _mean(values: Floats | list[float]) -> float:
    return float(np.mean(values))
