"""Contributions of feature groups to the predicted log odds of one cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline
from xgboost import DMatrix

from ..dataset.training_set import feature_matrix
from ..learning.estimators import ESTIMATORS
from ..storage.bundle import Bundle

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

ADDED = "exact SHAP values of the trees: with the base they add up to the log odds"
WEIGHED = "coefficient times standardised value: with the intercept they add up to the log odds"
REPLACED = (
    "change of the log odds when these features are set to the training median, all others "
    "unchanged: a local measure, which does not add up"
)


@dataclass(frozen=True, eq=False)
class Contributions:
    """Contributions to the calibrated log odds of one class against another, for one cell.

    Parameters
    ----------
    of, against : int
        Codes of the classes: the positive class and the other; of more than two (or without a
        positive class) the most probable and the next.
    log_odds : float
        Logarithm of the ratio of their probabilities.
    base : float
        Log odds before any contribution; NaN where contributions do not add up.
    columns : (p,) float64
        Of each column of the model; NaN where only whole sets are measured.
    sets : (m,) float64
        Of each set of columns.
    measure : str
        What they are, in words.
    """

    of: int
    against: int
    log_odds: float
    base: float
    columns: Floats
    sets: Floats
    measure: str


# (pipeline, features of a cell (1, p), of, against) -> contributions (p,) and base, uncalibrated
_Additive = Callable[[Pipeline, Floats, int, int], tuple[Floats, float]]


def explain(
    bundle: Bundle,
    table: pd.DataFrame,
    sets: Sequence[Codes],
    medians: Floats,
) -> list[Contributions]:
    """Explain every row of a table.

    Parameters
    ----------
    bundle : Bundle
    table : DataFrame
        With the columns of the model, in any order.
    sets : sequence of (k,) int64
        Columns, in the bundle's order, whose contribution is measured together.
    medians : (p,) float64
        Of the training cells; read where contributions cannot be added up.
    """
    features = feature_matrix(table, bundle.columns)
    scores = ESTIMATORS[bundle.estimator].scores(bundle.pipeline, features)
    logits = bundle.calibration.scale * scores + np.array(bundle.calibration.offsets)
    positive = None if bundle.positive is None else bundle.classes.index(bundle.positive)
    found = []
    for row, logit in zip(features, logits, strict=True):
        of, against = _compared_classes(logit, positive)
        odds = float(logit[of] - logit[against])
        add = ADDITIVE.get(bundle.estimator)
        if add is None:
            each = _replaced(bundle, row, sets, medians, (of, against))
            nothing = np.full(len(row), np.nan)
            found.append(Contributions(of, against, odds, np.nan, nothing, each, REPLACED))
            continue
        measure, added = add
        values, start = added(bundle.pipeline, row[None], of, against)
        scale, offsets = bundle.calibration.scale, bundle.calibration.offsets
        values, start = scale * values, scale * start + offsets[of] - offsets[against]
        summed = np.array([values[columns].sum() for columns in sets])
        found.append(Contributions(of, against, odds, start, values, summed, measure))
    return found


def _compared_classes(logit: Floats, positive: int | None) -> tuple[int, int]:
    """The two classes whose log odds are explained."""
    order = np.argsort(-logit, kind="stable")
    if positive is None:
        return int(order[0]), int(order[1])
    return positive, int(next(code for code in order if code != positive))


def _trees(pipeline: Pipeline, features: Floats, of: int, against: int) -> tuple[Floats, float]:
    """Exact SHAP values (Lundberg et al. 2020, doi:10.1038/s42256-019-0138-9)."""
    shown, kept = _shown(pipeline, features)
    booster = pipeline["model"].get_booster()
    values = booster.predict(DMatrix(shown), pred_contribs=True).astype(np.float64)
    by_class = values.reshape(-1, shown.shape[1] + 1)
    if len(by_class) == 1:  # two classes: the trees score the second against the first
        by_class = np.concatenate([np.zeros_like(by_class), by_class])
    difference = by_class[of] - by_class[against]
    return _spread(difference[:-1], kept, features.shape[1]), float(difference[-1])


def _linear(pipeline: Pipeline, features: Floats, of: int, against: int) -> tuple[Floats, float]:
    """Coefficient times what the model is shown, which has mean 0 over the training cells."""
    shown, kept = _shown(pipeline, features)
    model = pipeline["model"]
    weights, constant = model.coef_, model.intercept_
    if len(weights) == 1:
        weights = np.concatenate([np.zeros_like(weights), weights])
        constant = np.concatenate([[0.0], constant])
    values = (weights[of] - weights[against]) * shown[0]
    return _spread(values, kept, features.shape[1]), float(constant[of] - constant[against])


# For every other estimator the change of the log odds on replacement is measured.
ADDITIVE: Mapping[str, tuple[str, _Additive]] = {
    "xgboost": (ADDED, _trees),
    "logistic": (WEIGHED, _linear),
}


def _shown(pipeline: Pipeline, features: Floats) -> tuple[Floats, Codes]:
    """Return the input of the last step, and the columns that it consists of."""
    kept = np.arange(features.shape[1])
    for _, step in pipeline.steps[:-1]:
        features = step.transform(features)
        if hasattr(step, "get_support"):
            kept = kept[step.get_support()]
    return features, kept


def _spread(values: Floats, kept: Codes, columns: int) -> Floats:
    """Put values in the places of their columns; 0 for columns that the model left out."""
    spread = np.zeros(columns)
    spread[kept] = values
    return spread


def _replaced(
    bundle: Bundle, row: Floats, sets: Sequence[Codes], medians: Floats, compared: tuple[int, int]
) -> Floats:
    """Fall of the log odds when a set of columns is set to the training medians."""
    changed = np.tile(row, (len(sets) + 1, 1))
    for copy, columns in zip(changed[1:], sets, strict=True):
        copy[columns] = medians[columns]
    scores = ESTIMATORS[bundle.estimator].scores(bundle.pipeline, changed)
    of, against = compared
    # Offsets cancel in the difference.
    odds = bundle.calibration.scale * (scores[:, of] - scores[:, against])
    fallen: Floats = odds[0] - odds[1:]
    return fallen
