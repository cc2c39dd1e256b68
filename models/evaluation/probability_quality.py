"""Calibration of probabilities, and performance at an operating threshold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..metrics.bootstrap import DRAWS, Agreed, cluster_bootstrap, share_intervals
from ..metrics.operating_points import (
    PREVALENCES,
    NetBenefit,
    PredictiveValues,
    decision_curve,
    predictive_values,
)
from ..metrics.probability import (
    BINS,
    Bin,
    Curve,
    calibration_error,
    calibration_error_if_perfect,
    ratio,
    reliability,
    threshold_curve,
)

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Truth = NDArray[np.bool_]

POINTS = 200
# Cells of a calibration bin, at least; fewer say nothing about a share.
LEAST_IN_BIN = 5


@dataclass(frozen=True)
class CalibrationQuality:
    """Calibration of the positive class, or of the most probable class where none is positive.

    Parameters
    ----------
    error : float
        Mean over repeats of the calibration error in 10 bins of equal count, or in fewer, so that
        each has at least 5 cells.
    if_perfect : float
        What a perfectly calibrated model would show with as many cells (first repeat).
    bins : list of Bin
        First repeat.
    """

    error: float
    if_perfect: float
    bins: list[Bin]


def calibration_quality(
    target: Codes, probabilities: Floats, positive: int | None
) -> CalibrationQuality:
    """Compare out-of-fold probabilities, (repeats, n, classes), with what happened."""
    if positive is None:
        claimed = probabilities.max(axis=2)
        truths = probabilities.argmax(axis=2) == target
    else:
        claimed = probabilities[..., positive]
        truths = np.broadcast_to(target == positive, claimed.shape)
    pairs = list(zip(truths, claimed, strict=True))
    bins = max(1, min(BINS, len(target) // LEAST_IN_BIN))
    return CalibrationQuality(
        float(np.mean([calibration_error(truth, chance, bins) for truth, chance in pairs])),
        calibration_error_if_perfect(claimed[0], bins),
        reliability(truths[0], claimed[0], bins),
    )


@dataclass(frozen=True)
class OperatingPoint:
    """Thresholds chosen inside the training parts, tried on the cells left out.

    Parameters
    ----------
    stated : float
        Sensitivity that they were chosen for.
    threshold : float
        Their mean.
    sensitivity, specificity : (float, float, float)
        Reached on unseen cells, mean over repeats, with the 95 % interval of a bootstrap of whole
        subjects; Wilson's, for the number of subjects, where all draws agree.
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
    truth: Truth,
    probability: Floats,
    thresholds: Floats,
    stated: float,
    groups: Codes,
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> OperatingPoint:
    """Evaluate (repeats, n) probabilities of the positive class at (repeats, n) thresholds.

    Parameters
    ----------
    truth : (n,) bool
    probability, thresholds : (repeats, n) float64
    stated : float
        Sensitivity that the thresholds were chosen for.
    groups : (n,) int64
        Subjects, which the bootstrap draws whole.
    draws, seed : int
        Of the bootstrap.
    """
    called = (probability >= thresholds).mean(axis=0)

    def rates(weights: Floats) -> dict[str, Floats]:
        positives, negatives = weights * truth, weights * ~truth
        found = ratio(positives @ called, positives.sum(axis=-1))
        specificity = ratio(negatives @ (1 - called), negatives.sum(axis=-1))
        predictive = {
            f"{name} {share}": values
            for share in PREVALENCES
            for name, values in zip(
                ("PPV", "NPV"), predictive_values(found, specificity, share), strict=True
            )
        }
        return {"sensitivity": found, "specificity": specificity, **predictive}

    whole = {name: float(one[0]) for name, one in rates(np.ones((1, len(truth)))).items()}
    agreed = _agreed_rates(truth, groups, whole["sensitivity"], whole["specificity"])
    within = cluster_bootstrap(groups, rates, draws=draws, seed=seed, agreed=agreed)
    curve = threshold_curve(truth, probability[0])
    return OperatingPoint(
        stated,
        float(thresholds.mean()),
        (whole["sensitivity"], *within["sensitivity"]),
        (whole["specificity"], *within["specificity"]),
        [
            PredictiveValues(
                share,
                whole[f"PPV {share}"],
                whole[f"NPV {share}"],
                within[f"PPV {share}"],
                within[f"NPV {share}"],
            )
            for share in PREVALENCES
        ],
        [(0.0, 0.0), *_points(curve.false_positive_rate, curve.sensitivity, curve)],
        _points(curve.sensitivity, curve.precision, curve),
        decision_curve(truth, probability[0]),
    )


def _agreed_rates(truth: Truth, groups: Codes, sensitivity: float, specificity: float) -> Agreed:
    """Return the interval of a rate whose draws agree; a predictive value's is from both rates."""
    behind = {
        "sensitivity": len(np.unique(groups[truth])),
        "specificity": len(np.unique(groups[~truth])),
    }
    of_rate = share_intervals(behind)
    ends = zip(
        of_rate("sensitivity", sensitivity), of_rate("specificity", specificity), strict=True
    )
    predictive = [
        {
            f"{name} {share}": float(value)
            for share in PREVALENCES
            for name, value in zip(
                ("PPV", "NPV"),
                predictive_values(np.array(found), np.array(spared), share),
                strict=True,
            )
        }
        for found, spared in ends
    ]

    def interval(name: str, value: float) -> tuple[float, float]:
        if name in behind:
            return of_rate(name, value)
        return predictive[0][name], predictive[1][name]

    return interval


def _points(x: Floats, y: Floats, curve: Curve) -> list[tuple[float, float]]:
    """At most 200 of a curve's points, the ends among them."""
    count = len(curve.threshold)
    kept = np.unique(np.linspace(0, count - 1, min(count, POINTS)).round().astype(int))
    return [(float(x[i]), float(y[i])) for i in kept]
