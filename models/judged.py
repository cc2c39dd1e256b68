"""Whether probabilities are true, and what an operating threshold gives on unseen cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .intervals import wilson
from .operating import NetBenefit, PredictiveValues, decision_curve, predictive_values
from .probability_figures import (
    Bin,
    Curve,
    calibration_error,
    calibration_error_if_perfect,
    reliability,
    threshold_curve,
)

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Truth = NDArray[np.bool_]

POINTS = 200


@dataclass(frozen=True)
class Calibrated:
    """Calibration of the positive class, or of the likeliest class where none is positive.

    Parameters
    ----------
    error : float
        Mean over repeats of the calibration error in 10 bins of equal count.
    if_perfect : float
        What a perfectly calibrated model would show with as many cells (first repeat).
    bins : list of Bin
        First repeat.
    """

    error: float
    if_perfect: float
    bins: list[Bin]


def calibrated(target: Codes, probabilities: Floats, positive: int | None) -> Calibrated:
    """Compare out-of-fold probabilities, (repeats, n, classes), with what happened."""
    if positive is None:
        claimed = probabilities.max(axis=2)
        truths = probabilities.argmax(axis=2) == target
    else:
        claimed = probabilities[..., positive]
        truths = np.broadcast_to(target == positive, claimed.shape)
    pairs = list(zip(truths, claimed, strict=True))
    return Calibrated(
        float(np.mean([calibration_error(truth, chance) for truth, chance in pairs])),
        calibration_error_if_perfect(claimed[0]),
        reliability(truths[0], claimed[0]),
    )


@dataclass(frozen=True)
class Operating:
    """Thresholds chosen inside the training parts, tried on the cells left out.

    Parameters
    ----------
    stated : float
        Sensitivity that they were chosen for.
    threshold : float
        Their mean.
    sensitivity, specificity : (float, float, float)
        Reached on unseen cells, mean over repeats, with Wilson's interval.
    predictive_values : list of PredictiveValues
    roc, precision_recall : list of (float, float)
        First repeat: false positive rate and sensitivity; sensitivity and precision.
    decision_curve : list of NetBenefit
        First repeat.
    """

    stated: float
    threshold: float
    sensitivity: tuple[float, float, float]
    specificity: tuple[float, float, float]
    predictive_values: list[PredictiveValues]
    roc: list[tuple[float, float]]
    precision_recall: list[tuple[float, float]]
    decision_curve: list[NetBenefit]


def operating_point(
    truth: Truth, probability: Floats, thresholds: Floats, stated: float
) -> Operating:
    """Judge (repeats, n) probabilities of the positive class at (repeats, n) thresholds."""
    called = probability >= thresholds
    positives, negatives = int(truth.sum()), int((~truth).sum())
    found = float(called[:, truth].mean()) if positives else float("nan")
    spared = float((~called[:, ~truth]).mean()) if negatives else float("nan")
    curve = threshold_curve(truth, probability[0])
    return Operating(
        stated,
        float(thresholds.mean()),
        (found, *wilson(found * positives, positives)),
        (spared, *wilson(spared * negatives, negatives)),
        predictive_values(found, spared),
        [(0.0, 0.0), *_points(curve.false_positive_rate, curve.sensitivity, curve)],
        _points(curve.sensitivity, curve.precision, curve),
        decision_curve(truth, probability[0]),
    )


def _points(x: Floats, y: Floats, curve: Curve) -> list[tuple[float, float]]:
    """At most 200 of a curve's points, the ends among them."""
    count = len(curve.threshold)
    kept = np.unique(np.linspace(0, count - 1, min(count, POINTS)).round().astype(int))
    return [(float(x[i]), float(y[i])) for i in kept]
