"""Operating points: thresholds, predictive values, abstention and decision curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from .probability import ratio

Floats = NDArray[np.float64]
Truth = NDArray[np.bool_]

PREVALENCES = (0.01, 0.05, 0.1, 0.25, 0.5)
CONFIDENCES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


def threshold_for_sensitivity(truth: Truth, probability: Floats, sensitivity: float) -> float:
    """Return the highest threshold at which the sensitivity is at least the one asked for.

    Parameters
    ----------
    truth : (n,) bool
    probability : (n,) float64
        Of cells that the model has not seen.
    sensitivity : float
        In (0, 1].
    """
    positives = np.sort(probability[truth])[::-1]
    wanted = max(1, ceil(sensitivity * len(positives) - 1e-9))
    return float(positives[wanted - 1])


@dataclass(frozen=True)
class PredictiveValues:
    """Positive and negative predictive value at a prevalence; NaN where nothing is predicted.

    Parameters
    ----------
    prevalence, ppv, npv : float
    ppv_interval, npv_interval : (float, float)
        As the sensitivity's and specificity's.
    """

    prevalence: float
    ppv: float
    npv: float
    ppv_interval: tuple[float, float]
    npv_interval: tuple[float, float]


def predictive_values(
    sensitivity: Floats, specificity: Floats, prevalence: float
) -> tuple[Floats, Floats]:
    """Bayes' rule at a prevalence: PPV and NPV, in the shape of the given shares."""
    right, wrong = sensitivity * prevalence, (1 - specificity) * (1 - prevalence)
    clear, missed = specificity * (1 - prevalence), (1 - sensitivity) * prevalence
    return ratio(right, right + wrong), ratio(clear, clear + missed)


@dataclass(frozen=True)
class Abstention:
    """Abstention below a confidence: share of cells still classified, and their error rate."""

    confidence: float
    coverage: float
    error: float


def abstentions(
    target: NDArray[np.int64],
    probabilities: Floats,
    confidences: Sequence[float] = CONFIDENCES,
) -> list[Abstention]:
    """Coverage and error when cells whose most probable class is less probable stay undecided.

    Parameters
    ----------
    target : (n,) int64
    probabilities : (n, classes) float64
    confidences : sequence of float
    """
    top, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == target
    rows = []
    for confidence in confidences:
        decided = top >= confidence
        error = float(1 - right[decided].mean()) if decided.any() else float("nan")
        rows.append(Abstention(confidence, float(decided.mean()), error))
    return rows


@dataclass(frozen=True)
class NetBenefit:
    """Net benefit at a threshold probability: of the model, and of calling every cell positive."""

    threshold: float
    model: float
    all: float


def decision_curve(truth: Truth, probability: Floats, steps: int = 50) -> list[NetBenefit]:
    """Net benefit TP/n - FP/n * t/(1-t) over threshold probabilities (calling none gives 0).

    References
    ----------
    Vickers & Elkin 2006, doi:10.1177/0272989X06295361.
    """
    prevalence = float(truth.mean())
    rows = []
    for threshold in np.linspace(0, 1, steps, endpoint=False)[1:]:
        called = probability >= threshold
        odds = threshold / (1 - threshold)
        benefit = float((called & truth).mean() - odds * (called & ~truth).mean())
        rows.append(
            NetBenefit(float(threshold), benefit, float(prevalence - odds * (1 - prevalence)))
        )
    return rows
