"""Permutation scores without recomputing the whole score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC

from ..learning.cross_validation import CalibratedModel
from ..learning.estimators import class_pairs, smallest_margins
from ..learning.feature_selection import kept_columns

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

# (columns, orders) -> scores (orders, n, classes)
Rescore = Callable[[Codes, Codes], Floats]


def rescorer(model: CalibratedModel, features: Floats) -> Rescore:
    """Give a function that scores `features` again with some columns shuffled together.

    Parameters
    ----------
    model : CalibratedModel
    features : (n, p) float64

    Returns
    -------
    callable
        ``rescore(columns, orders)``: (m, n, classes) float64 scores for the (m, n) orders in
        which the rows of these columns are taken. For machines with an RBF kernel only their part
        of each distance is worked out again, which for one column is hundreds of times quicker.
    """
    if isinstance(model.pipeline["model"], SVC) or "kernel" in model.pipeline.named_steps:
        return _rbf_rescorer(model.pipeline, features)

    def rescore(columns: Codes, orders: Codes) -> Floats:
        stacked = np.tile(features, (len(orders), 1))
        stacked[:, columns] = features[np.ix_(orders.ravel(), columns)]
        scores = model.estimator.scores(model.pipeline, stacked)
        return scores.reshape(len(orders), len(features), -1)

    return rescore


@dataclass(frozen=True, eq=False)
class _Machine:
    """An RBF machine: ``finish(kernel @ weights + intercept)`` with kernel against `centres`."""

    gamma: float
    centres: Floats
    weights: Floats
    intercept: Floats
    finish: Callable[[Floats], Floats]


def _rbf_rescorer(pipeline: Pipeline, features: Floats) -> Rescore:
    first = "kernel" if "kernel" in pipeline.named_steps else "model"
    before = pipeline[: list(pipeline.named_steps).index(first)]
    kept = np.zeros(features.shape[1], dtype=bool)
    kept[kept_columns(before)] = True
    position = np.cumsum(kept) - 1
    placed: Floats = before.transform(features)  # every step works column by column
    machine = _nystroem(pipeline) if first == "kernel" else _support_vectors(pipeline["model"])
    distance: Floats = euclidean_distances(placed, machine.centres, squared=True)

    def scores(similarities: Floats) -> Floats:
        return machine.finish(similarities @ machine.weights + machine.intercept)

    def rescore(columns: Codes, orders: Codes) -> Floats:
        inside = position[columns[kept[columns]]]
        old = _squared(placed[:, inside], machine.centres[:, inside])
        # One exponential of the new distance: a product of two may be infinity times nothing.
        return np.stack(
            [scores(np.exp(machine.gamma * (old - old[order] - distance))) for order in orders]
        )

    return rescore


def _squared(points: Floats, centres: Floats) -> Floats:
    """Squared distances (points, centres) of rows to rows; 0 without columns."""
    own = (points**2).sum(axis=1)[:, None] + (centres**2).sum(axis=1)
    distances: Floats = own - 2 * points @ centres.T
    return distances


def _two_columns(margin: Floats) -> Floats:
    return np.concatenate([np.zeros_like(margin), margin], axis=1)


def _same(margin: Floats) -> Floats:
    return margin


def _nystroem(pipeline: Pipeline) -> _Machine:
    kernel, linear = pipeline["kernel"], pipeline["model"]
    centres: Floats = kernel.components_
    return _Machine(
        gamma=kernel.gamma,
        centres=centres,
        weights=kernel.normalization_.T @ linear.coef_.T,
        intercept=linear.intercept_,
        finish=_two_columns if len(linear.classes_) == 2 else _same,
    )


def _support_vectors(model: SVC) -> _Machine:
    classes = len(model.classes_)
    owner = np.repeat(np.arange(classes), model.n_support_)
    finish: Callable[[Floats], Floats] = _two_columns
    if classes == 2:
        weights = model.dual_coef_.T
    else:
        # row j-1 of dual_coef_ holds the weights of class i's vectors against class j > i
        weights = np.stack(
            [
                np.where(owner == i, model.dual_coef_[j - 1], 0.0)
                + np.where(owner == j, model.dual_coef_[i], 0.0)
                for i, j in class_pairs(classes)
            ],
            axis=1,
        )
        finish = partial(smallest_margins, classes=classes)
    return _Machine(float(model._gamma), model.support_vectors_, weights, model.intercept_, finish)
