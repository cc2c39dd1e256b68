"""Figures of probabilities, one class against the rest: ranking, sharpness and calibration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Floats = NDArray[np.float64]
Truth = NDArray[np.bool_]

BINS = 10
SIMULATIONS = 200


def auroc(truth: Truth, score: Floats) -> float:
    """Chance that a positive scores above a negative, ties half (Mann-Whitney); NaN with one."""
    positives = int(truth.sum())
    negatives = len(truth) - positives
    if not positives or not negatives:
        return float("nan")
    ranks = rankdata(score)[truth].sum()
    return float((ranks - positives * (positives + 1) / 2) / (positives * negatives))


@dataclass(frozen=True, eq=False)
class Curve:
    """Counts of what is called positive from each distinct score on, highest score first.

    Parameters
    ----------
    threshold : (m,) float64
    true_positives, false_positives : (m,) int64
    positives, negatives : int
    """

    threshold: Floats
    true_positives: NDArray[np.int64]
    false_positives: NDArray[np.int64]
    positives: int
    negatives: int

    @property
    def sensitivity(self) -> Floats:
        """(m,) share of the positives called."""
        return self.true_positives / max(self.positives, 1)

    @property
    def false_positive_rate(self) -> Floats:
        """(m,) share of the negatives called."""
        return self.false_positives / max(self.negatives, 1)

    @property
    def precision(self) -> Floats:
        """(m,) share of positives among those called."""
        return self.true_positives / (self.true_positives + self.false_positives)


def threshold_curve(truth: Truth, score: Floats) -> Curve:
    """Count true and false positives at every threshold that changes a decision.

    Parameters
    ----------
    truth : (n,) bool
    score : (n,) float64
    """
    order = np.argsort(-score, kind="stable")
    ordered = score[order]
    last = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1)
    found = np.cumsum(truth[order])[last].astype(np.int64)
    return Curve(
        ordered[last], found, (last + 1 - found).astype(np.int64),
        int(truth.sum()), int((~truth).sum()),
    )  # fmt: skip


def average_precision(truth: Truth, score: Floats) -> float:
    """Mean precision over the positives, highest score first (step function); NaN with none."""
    if not truth.any():
        return float("nan")
    curve = threshold_curve(truth, score)
    gained = np.diff(curve.true_positives, prepend=0)
    return float((gained * curve.precision).sum() / curve.positives)


def specificity_at_sensitivity(truth: Truth, score: Floats, sensitivity: float = 0.95) -> float:
    """Best specificity at a threshold with at least that sensitivity; NaN with one class."""
    if truth.all() or not truth.any():
        return float("nan")
    curve = threshold_curve(truth, score)
    reached = curve.sensitivity >= sensitivity
    return float(1 - curve.false_positive_rate[reached].min())


def brier(truth: Truth, probability: Floats) -> float:
    """Mean squared gap between probability and truth: 0 is best."""
    return float(np.mean((probability - truth) ** 2))


@dataclass(frozen=True)
class Bin:
    """Cells of like probability: how many, their mean probability, and the share of positives."""

    cells: int
    probability: float
    share: float


def reliability(truth: Truth, probability: Floats, bins: int = BINS) -> list[Bin]:
    """Compare probabilities with what happened, in bins of equal count (ties stay together)."""
    place = _bins(probability, bins)
    return [
        Bin(int(here.sum()), float(probability[here].mean()), float(truth[here].mean()))
        for here in (place == number for number in range(int(place.max()) + 1))
        if here.any()
    ]


def calibration_error(truth: Truth, probability: Floats, bins: int = BINS) -> float:
    """Mean gap between probability and share of positives over the bins, weighted by cells."""
    place = _bins(probability, bins)
    return float(_gaps(place, (probability - truth)[None])[0])


def calibration_error_if_perfect(
    probability: Floats, bins: int = BINS, *, simulations: int = SIMULATIONS, seed: int = 0
) -> float:
    """Calibration error that these probabilities would show if they were true.

    Finite samples scatter, so even a perfect model does not show 0; the mean over simulated truths.
    """
    rng = np.random.default_rng(seed)
    place = _bins(probability, bins)
    gaps = [
        _gaps(place, (probability - (rng.random(len(probability)) < probability))[None])[0]
        for _ in range(simulations)
    ]
    return float(np.mean(gaps))


def _bins(probability: Floats, bins: int) -> NDArray[np.int64]:
    edges = np.unique(np.quantile(probability, np.linspace(0, 1, bins + 1)[1:-1]))
    return np.searchsorted(edges, probability, side="right").astype(np.int64)


def _gaps(place: NDArray[np.int64], difference: Floats) -> Floats:
    sums = [np.bincount(place, weights=row) for row in difference]
    gaps: Floats = np.abs(np.array(sums)).sum(axis=1) / len(place)
    return gaps
