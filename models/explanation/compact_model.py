"""The compact model: logistic regression on at most twelve features, with a printed formula."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from ..learning.cross_validation import Fold

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

MOST_FEATURES = 12
# The search ends when no column explains this share of the residual.
LEAST_EXPLAINED = 0.01


@dataclass(frozen=True, eq=False)
class CompactModel:
    """Logistic regression on a few columns in units of their standard deviation.

    Parameters
    ----------
    columns : (m,) int64
        In the order in which they were chosen.
    centre, scale : (m,) float64
        Mean and standard deviation of each column; a missing value counts as the mean.
    weights : (classes, m) float64
        Rows sum to 0 over classes.
    intercepts : (classes,) float64
    """

    columns: Codes
    centre: Floats
    scale: Floats
    weights: Floats
    intercepts: Floats

    def probabilities(self, features: Floats) -> Floats:
        """(n, p) features to (n, classes) probabilities."""
        values = (features[:, self.columns] - self.centre) / self.scale
        values = np.where(np.isnan(values), 0.0, values)
        chances: Floats = softmax(values @ self.weights.T + self.intercepts, axis=1)
        return chances


def fit_compact_model(features: Floats, target: Codes, most: int = MOST_FEATURES) -> CompactModel:
    """Select columns one at a time by the residual that they explain, and fit them.

    Orthogonal matching pursuit on the classes' indicators (centred, each of unit length so that
    rare classes count), then logistic regression.

    Parameters
    ----------
    features : (n, p) float64
    target : (n,) int64
    most : int

    References
    ----------
    Pati, Rezaiifar & Krishnaprasad 1993, doi:10.1109/ACSSC.1993.342465.
    """
    centre, scale = _moments(features)
    values = (features - centre) / scale
    values = np.where(np.isnan(values), 0.0, values)
    chosen = _pursuit(values, target, most)
    model = LogisticRegression(C=1.0, max_iter=5_000).fit(values[:, chosen], target)
    weights, intercepts = model.coef_, model.intercept_
    if len(weights) == 1:  # two classes: log odds of the second
        weights = np.concatenate([-weights, weights]) / 2
        intercepts = np.concatenate([-intercepts, intercepts]) / 2
    return CompactModel(chosen, centre[chosen], scale[chosen], weights, intercepts)


def compact_model_probabilities(folds: Sequence[Fold], features: Floats, target: Codes) -> Floats:
    """Out-of-fold probabilities, (repeats, n, classes), on the same folds as the model."""
    repeats = max(fold.repeat for fold in folds) + 1
    found = np.full((repeats, len(target), folds[0].probabilities.shape[1]), np.nan)
    for fold in folds:
        box = fit_compact_model(features[fold.train], target[fold.train])
        found[fold.repeat, fold.test] = box.probabilities(features[fold.test])
    return found


def formula(
    box: CompactModel,
    columns: Sequence[str],
    dictionary: Mapping[str, Mapping[str, Any]],
    classes: Sequence[str],
    positive: int | None,
) -> list[dict[str, Any]]:
    """Return the formula as terms: one sum for the positive class, or one for each class.

    Returns
    -------
    list of mapping
        ``of`` (what the sum is), ``intercept`` and ``terms``: ``feature, title, plain, weight,
        centre, scale, unit``. The sum is intercept + weight * (feature - centre) / scale over the
        terms.
    """
    if len(classes) == 2:
        code = 1 if positive is None else positive
        sums = [(f"log odds of {classes[code]}", 2.0, code)]
    else:
        sums = [(f"score of {name}", 1.0, code) for code, name in enumerate(classes)]
    return [
        {
            "of": of,
            "intercept": float(factor * box.intercepts[code]),
            "terms": [
                {
                    "feature": columns[column],
                    "title": str(dictionary[columns[column]].get("title") or columns[column]),
                    "plain": str(dictionary[columns[column]].get("plain") or columns[column]),
                    "unit": str(dictionary[columns[column]].get("unit") or ""),
                    "weight": float(factor * box.weights[code, term]),
                    "centre": float(box.centre[term]),
                    "scale": float(box.scale[term]),
                }
                for term, column in enumerate(box.columns)
            ],
        }
        for of, factor, code in sums
    ]


def _moments(features: Floats) -> tuple[Floats, Floats]:
    known = ~np.isnan(features).all(axis=0)
    centre, scale = np.zeros(features.shape[1]), np.ones(features.shape[1])
    centre[known] = np.nanmean(features[:, known], axis=0)
    spread = np.nanstd(features[:, known], axis=0)
    scale[known] = np.where(spread > 0, spread, 1.0)
    return centre, scale


def _pursuit(values: Floats, target: Codes, most: int) -> Codes:
    indicators = np.eye(int(target.max()) + 1)[target]
    indicators -= indicators.mean(axis=0)
    residual = indicators / np.sqrt((indicators**2).sum(axis=0))
    lengths = np.sqrt((values**2).sum(axis=0))
    directions = values / np.where(lengths > 0, lengths, 1.0)
    basis: list[Floats] = []
    chosen: list[int] = []
    while len(chosen) < min(most, len(target) // 2):
        explained = ((directions.T @ residual) ** 2).sum(axis=1)
        explained[chosen] = -1.0
        best = int(explained.argmax())
        if explained[best] < LEAST_EXPLAINED * (residual**2).sum() and chosen:
            break
        direction = directions[:, best].copy()
        for one in basis:
            direction -= one * (one @ direction)
        length = float(np.sqrt(direction @ direction))
        if length < 1e-6:  # a copy of what was chosen
            break
        direction /= length
        basis.append(direction)
        chosen.append(best)
        residual = residual - np.outer(direction, direction @ residual)
    return np.array(chosen, dtype=np.int64)
