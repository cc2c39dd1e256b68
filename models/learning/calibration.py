"""Calibration: from scores to probabilities by a scale and one offset per class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

SMALLEST_SCALE = 1e-3


@dataclass(frozen=True)
class Calibration:
    """Probabilities are ``softmax(scale * scores + offsets)``.

    For two classes (scores 0 and s) this is Platt's sigmoid.

    Parameters
    ----------
    scale : float
        Above 0, so that the order of cells is never reversed.
    offsets : tuple of float
        One for each class; they sum to 0.
    """

    scale: float
    offsets: tuple[float, ...]

    def probabilities(self, scores: Floats) -> Floats:
        """(n, classes) scores to (n, classes) probabilities."""
        calibrated: Floats = softmax(self.scale * scores + np.array(self.offsets), axis=1)
        return calibrated


def fit_calibration(scores: Floats, target: Codes) -> Calibration:
    """Fit scale and offsets to out-of-fold scores.

    Parameters
    ----------
    scores : (n, classes) float64
        Out-of-fold scores.
    target : (n,) int64
        True classes.

    Returns
    -------
    Calibration
        Least cross-entropy to Platt's softened targets, (N + 1) / (N + 2) for a true class of N
        cells, which keep the scale finite where the classes are separated perfectly.

    References
    ----------
    Platt 1999, Probabilistic outputs for support vector machines; Guo et al. 2017.
    """
    count, classes = scores.shape
    spread = float(scores.std()) or 1.0
    scaled = scores / spread
    soft = _softened(target, classes)

    def loss(parameters: Floats) -> tuple[float, Floats]:
        logits = parameters[0] * scaled + parameters[1:]
        log_p = log_softmax(logits, axis=1)
        gap = (np.exp(log_p) - soft) / count
        gradient = np.concatenate([[float((gap * scaled).sum())], gap.sum(axis=0)])
        return -float((soft * log_p).sum()) / count, gradient

    start = np.concatenate([[1.0], np.log(np.bincount(target, minlength=classes) / count)])
    bounds = [(SMALLEST_SCALE, None)] + [(None, None)] * classes
    found = minimize(
        loss, start, jac=True, bounds=bounds, method="L-BFGS-B", options={"gtol": 1e-8}
    )
    offsets = found.x[1:] - found.x[1:].mean()
    return Calibration(float(found.x[0]) / spread, tuple(float(value) for value in offsets))


def _softened(target: Codes, classes: int) -> Floats:
    counts = np.bincount(target, minlength=classes).astype(np.float64)
    own = (counts + 1) / (counts + 2)
    soft = np.repeat(((1 - own) / (classes - 1))[target][:, None], classes, axis=1)
    soft[np.arange(len(target)), target] = own[target]
    return soft
