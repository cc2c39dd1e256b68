"""Tuning: a small random search over an estimator's settings on inner folds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import ParameterSampler

from ..errors import ModelError
from .calibration import fit_calibration
from .estimators import Estimator
from .inner_scores import inner_scores, splits_groups_to_calibrate

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Candidate:
    """One configuration and its result on the inner folds.

    Parameters
    ----------
    estimator : Estimator
        With its settings.
    scores : (n, classes) float64
        Of every cell, by a model that has not seen its group.
    loss : float
        Log loss (nats) of the calibrated scores.
    """

    estimator: Estimator
    scores: Floats
    loss: float


def search(
    estimator: Estimator,
    features: Floats,
    target: Codes,
    groups: Codes,
    *,
    candidates: int = 0,
    seed: int = 0,
    pictures: Codes | None = None,
) -> list[Candidate]:
    """Try the default configuration and `candidates` drawn ones on the same inner folds.

    They are compared by the log loss of their calibrated scores: the model's output is a
    probability, each cell counts by its error, and unlike balanced accuracy the log loss has no
    ties in a fold of thirty cells. scikit-learn draws the candidates; its RandomizedSearchCV
    neither calibrates the scores first nor returns them, so that calibration and threshold would
    need every inner fit again.

    Parameters
    ----------
    estimator : Estimator
    features : (n, p) float64
    target, groups : (n,) int64
        Of the training cells only.
    candidates : int
        Configurations to draw in addition to the default.
    seed : int
    pictures : (n,) int64, optional
        See `inner_scores`.

    Returns
    -------
    list of Candidate
        The default first.

    Raises
    ------
    ModelError
        If candidates are asked for and a class has one group only, so that no inner fold could
        keep groups whole.

    References
    ----------
    Bergstra & Bengio 2012, Random search for hyper-parameter optimization, JMLR 13:281.
    """
    if candidates and splits_groups_to_calibrate(target, groups):
        raise ModelError(
            "a training part holds one subject of a class: no inner folds can tune on whole ones",
            "ask for more folds (--folds), or train without --tune",
        )
    return [
        _tried(one, features, target, groups, seed, pictures)
        for one in (estimator, *_drawn(estimator, features, candidates, seed))
    ]


def best(tried: Sequence[Candidate]) -> Candidate:
    """Return the candidate with the lowest loss; of equal ones the first, which is the default."""
    return min(tried, key=lambda one: one.loss)


def log_loss(probabilities: Floats, target: Codes) -> float:
    """Mean of minus the logarithm (nats) of the true class's probability.

    Parameters
    ----------
    probabilities : (n, classes) float64
    target : (n,) int64
    """
    likely = np.clip(probabilities[np.arange(len(target)), target], 1e-15, None)
    return -float(np.log(likely).mean())


def _tried(
    estimator: Estimator,
    features: Floats,
    target: Codes,
    groups: Codes,
    seed: int,
    pictures: Codes | None,
) -> Candidate:
    scores = inner_scores(estimator, features, target, groups, seed, pictures)
    calibration = fit_calibration(scores, target)
    return Candidate(estimator, scores, log_loss(calibration.probabilities(scores), target))


def _drawn(estimator: Estimator, features: Floats, candidates: int, seed: int) -> list[Estimator]:
    if not candidates:
        return []
    rows, columns = features.shape
    space = estimator.space(estimator.build(rows, columns, seed))
    sampler = ParameterSampler(space, candidates, random_state=seed)
    return [replace(estimator, settings=_plain(drawn)) for drawn in sampler]


def _plain(settings: Mapping[str, Any]) -> dict[str, float]:
    """Python numbers in place of numpy's, as JSON and a stored Pipeline want them."""
    return {name: np.asarray(value).item() for name, value in settings.items()}
