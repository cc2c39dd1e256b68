"""Figures of probabilities, one class against the rest: ranking, sharpness and calibration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Truth = NDArray[np.bool_]

BINS = 10
SIMULATIONS = 200


@dataclass(frozen=True, eq=False)
class Curve:
    """True and false positives at each distinct score, highest score first.

    Parameters
    ----------
    threshold : (t,) float64
    true_positives, false_positives : (..., t) float64
        One row for each set of weights.
    """

    threshold: Floats
    true_positives: Floats
    false_positives: Floats

    @property
    def sensitivity(self) -> Floats:
        """(..., t) share of the positives called; NaN without any."""
        return ratio(self.true_positives, self.true_positives[..., -1:])

    @property
    def false_positive_rate(self) -> Floats:
        """(..., t) share of the negatives called; NaN without any."""
        return ratio(self.false_positives, self.false_positives[..., -1:])

    @property
    def precision(self) -> Floats:
        """(..., t) share of positives among those called; NaN where none is called."""
        return ratio(self.true_positives, self.true_positives + self.false_positives)


def ratio(part: NDArray[Any], whole: NDArray[Any]) -> Floats:
    """Part by whole, broadcast; NaN where the whole is 0."""
    part, whole = np.broadcast_arrays(part, whole)
    quotient: Floats = np.full(whole.shape, np.nan)
    np.divide(part, whole, out=quotient, where=whole > 0)
    return quotient


def threshold_curve(truth: Truth, score: Floats, weights: Floats | None = None) -> Curve:
    """Weigh true and false positives at every threshold that changes a decision.

    Parameters
    ----------
    truth : (n,) bool
    score : (n,) float64
    weights : (..., n) float64, optional
        How often each cell counts.
    """
    order = np.argsort(-score, kind="stable")
    ordered = score[order]
    last = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1)
    weighted = (np.ones(len(truth)) if weights is None else weights)[..., order]
    found = np.cumsum(weighted * truth[order], axis=-1)[..., last]
    called = np.cumsum(weighted, axis=-1)[..., last]
    return Curve(ordered[last], found, called - found)


def area(curve: Curve) -> Floats:
    """Area under the ROC curve (...): chance that a positive scores above a negative, ties half.

    NaN without positives or negatives.
    """
    found = np.diff(curve.sensitivity, axis=-1, prepend=0.0)
    rate = curve.false_positive_rate
    before = np.concatenate([np.zeros_like(rate[..., :1]), rate[..., :-1]], axis=-1)
    under: Floats = (found * (1 - (before + rate) / 2)).sum(axis=-1)
    return under


def mean_precision(curve: Curve) -> Floats:
    """Average precision (...): mean over the positives, as a step function; NaN without any."""
    found = np.diff(curve.sensitivity, axis=-1, prepend=0.0)
    mean: Floats = np.where(found == 0, 0.0, found * curve.precision).sum(axis=-1)
    return mean


def specificity_at_sensitivity(curve: Curve, sensitivity: float = 0.95) -> Floats:
    """Best specificity (...) at a threshold with at least that sensitivity; NaN with one class."""
    reached = curve.sensitivity >= sensitivity - 1e-9
    rate = np.where(reached, curve.false_positive_rate, np.inf).min(axis=-1)
    specificity: Floats = np.where(np.isinf(rate), np.nan, 1 - rate)
    return specificity


def auroc(truth: Truth, score: Floats) -> float:
    """Area under the ROC curve of cells that count once each."""
    return float(area(threshold_curve(truth, score)))


def brier(truth: Truth, probability: Floats) -> Floats:
    """Squared gap between probability and truth, (n,): its mean is the Brier score."""
    gap: Floats = (probability - truth) ** 2
    return gap


@dataclass(frozen=True)
class Bin:
    """A calibration bin: number of cells, mean probability, and share of positives."""

    cells: int
    probability: float
    share: float


def reliability(truth: Truth, probability: Floats, bins: int = BINS) -> list[Bin]:
    """Compare probabilities with observed shares in bins of equal count (ties stay together)."""
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
    """Expected calibration error if these probabilities were perfectly calibrated.

    It is above 0, as samples are finite: the mean over simulated labels.
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
