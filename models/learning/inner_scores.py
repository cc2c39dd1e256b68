"""Scores of the training cells by inner cross-validation on grouped folds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelError
from .estimators import Estimator
from .splitting import assert_disjoint, grouped_folds, groups_by_class

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

INNER_FOLDS = 3


def inner_scores(
    estimator: Estimator,
    features: Floats,
    target: Codes,
    groups: Codes,
    seed: int,
    pictures: Codes | None = None,
) -> Floats:
    """Score every cell by a model that has not seen its group: (n, classes) float64.

    If a class has one group only, by a model that has not seen its picture; if it has one picture
    only, by a model that has not seen the cell.

    Parameters
    ----------
    features : (n, p) float64
    target, groups : (n,) int64
    seed : int
    pictures : (n,) int64, optional
        Equal for copies of a picture; by default each cell has its own.

    Raises
    ------
    ModelError
        If a class has one cell only.
    AssertionError
        If an inner fold splits a group.
    """
    if splits_groups_to_calibrate(target, groups):
        groups = _finer(target, pictures)
    rarest = int(groups_by_class(target, groups).min())
    if rarest < 2:
        raise ModelError(
            f"a training part has {rarest} cell of a class: too few for calibration",
            "add cells of the rarest class: at least three, in different folds",
        )
    folds = min(INNER_FOLDS, rarest)
    names = [str(code) for code in range(int(target.max()) + 1)]
    fold = grouped_folds(target, groups, folds=folds, seed=seed, classes=names, unit="groups")
    assert_disjoint(groups, fold)
    scores: Floats = np.empty((len(target), len(names)))
    for number in range(folds):
        test = fold == number
        pipeline = estimator.fit(features[~test], target[~test], seed)
        scores[test] = estimator.scores(pipeline, features[test])
    return scores


def splits_groups_to_calibrate(target: Codes, groups: Codes) -> bool:
    """Whether a class has one group only, so that calibration cannot keep groups whole."""
    return bool(groups_by_class(target, groups).min() < 2)


def _finer(target: Codes, pictures: Codes | None) -> Codes:
    """Return the pictures as groups, or each cell if a class has one picture only."""
    if pictures is None or splits_groups_to_calibrate(target, pictures):
        return np.arange(len(target))
    return pictures
