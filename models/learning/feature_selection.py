"""Feature selection inside each fold: relevant columns that are not redundant."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted, validate_data

from .estimators import Estimator

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Truth = NDArray[np.bool_]

# A column whose rank correlation with a better one is at least this, in either direction, repeats
# it.
REDUNDANT = 0.8
MOST_CELLS = 5_000
STEP = "select"


class Representatives(SelectorMixin, BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """Keep at most `most` columns: the best at separating classes, one of each correlated set.

    Columns are walked through from the most to the least relevant; one that a kept column repeats
    is passed over. Relevance is the share of the variance of a column's ranks that is between
    classes (Kruskal and Wallis' H divided by n - 1), so that long tails have no influence.

    Parameters
    ----------
    most : int
    redundant : float
        Absolute rank correlation in [0, 1] from which on a column repeats another.

    References
    ----------
    Yu & Liu 2004, Efficient feature selection via analysis of relevance and redundancy, JMLR 5:1205
    (the walk); Kruskal & Wallis 1952, doi:10.1080/01621459.1952.10483441.
    """

    def __init__(self, most: int = 50, redundant: float = REDUNDANT) -> None:
        self.most = most
        self.redundant = redundant

    def fit(self, X: Floats, y: Codes) -> Representatives:  # noqa: N803  # sklearn's names
        """Choose among the columns of (n, p) float64 for (n,) int64 classes; NaN is the median."""
        values = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan")
        if len(values) > MOST_CELLS:
            rows = np.random.default_rng(0).choice(len(values), MOST_CELLS, replace=False)
            values, y = values[rows], y[rows]
        units = _unit_ranks(values)
        relevance = between_classes(units, y)
        self.chosen_ = np.zeros(values.shape[1], dtype=bool)
        passed = relevance <= 0  # constant columns
        for column in np.argsort(-relevance, kind="stable"):
            if self.chosen_.sum() == self.most:
                break
            if not passed[column]:
                self.chosen_[column] = True
                passed |= np.abs(units[:, column] @ units) >= self.redundant
        if not self.chosen_.any():
            self.chosen_[0] = True  # no column varies: a Pipeline still needs one
        return self

    def _get_support_mask(self) -> Truth:
        check_is_fitted(self)
        mask: Truth = self.chosen_
        return mask

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def with_selection(estimator: Estimator, most: int | None) -> Estimator:
    """Return an estimator whose Pipeline first chooses at most `most` columns.

    The selection is part of every fit, so that no test cell influences it. With None the
    estimator is returned unchanged.
    """
    if most is None:
        return estimator

    def build(rows: int, columns: int, seed: int) -> Pipeline:
        inner = estimator.build(rows, min(most, columns), seed)
        return Pipeline([(STEP, Representatives(most)), *inner.steps])

    return replace(estimator, build=build)


def kept_columns(pipeline: Pipeline) -> Codes:
    """Columns of the input that reach the rest of a fitted Pipeline, (m,) int64."""
    if STEP in pipeline.named_steps:
        return np.flatnonzero(pipeline[STEP].get_support())
    return np.arange(pipeline.n_features_in_)


def without_selection(pipeline: Pipeline) -> Pipeline:
    """Return the steps of a fitted Pipeline after the selection."""
    return pipeline[1:] if STEP in pipeline.named_steps else pipeline


def between_classes(units: Floats, target: Codes) -> Floats:
    """Share of each column's variance between classes, (p,); 0 for a constant column.

    Parameters
    ----------
    units : (n, p) float64
        Columns with mean 0 and length 1, or all 0.
    target : (n,) int64
    """
    counts = np.bincount(target)
    indicators = np.eye(len(counts))[target][:, counts > 0]
    sums = indicators.T @ units
    shares: Floats = (sums**2 / counts[counts > 0, None]).sum(axis=0)
    return shares


def stability(chosen: Truth) -> float:
    """Stability of the selections of several folds: 1 if equal, about 0 if random.

    NaN with one fold only, or if nothing or everything is selected in all.

    Parameters
    ----------
    chosen : (folds, p) bool

    References
    ----------
    Nogueira, Sechidis & Brown 2018, On the stability of feature selection algorithms, JMLR 18:174.

    Examples
    --------
    >>> stability(np.array([[True, False, True, False]] * 3))
    1.0
    """
    folds, columns = chosen.shape
    share = chosen.mean() if columns else 0.0
    if folds < 2 or not 0 < share < 1:
        return float("nan")
    often = chosen.mean(axis=0)
    variance = (folds / (folds - 1) * often * (1 - often)).mean()
    return float(1 - variance / (share * (1 - share)))


def _unit_ranks(values: Floats) -> Floats:
    """Ranks of each column with mean 0 and length 1; all 0 where it is constant."""
    known = ~np.isnan(values).all(axis=0)
    medians = np.zeros(values.shape[1])
    medians[known] = np.nanmedian(values[:, known], axis=0)
    ranks: Floats = rankdata(np.where(np.isnan(values), medians, values), axis=0)
    ranks -= ranks.mean(axis=0)
    lengths = np.sqrt((ranks**2).sum(axis=0))
    return ranks / np.where(lengths > 0, lengths, 1.0)
