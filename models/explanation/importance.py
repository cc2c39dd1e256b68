"""Feature importance: gain, coefficient, SHAP and permutation, with the spread over folds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from xgboost import DMatrix

from ..learning.cross_validation import Fold
from ..learning.feature_selection import kept_columns
from ..learning.tuning import log_loss
from .permutation import rescorer

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

SHUFFLES = 3
MANY_SETS = 300
MOST_CELLS = 300

# (fold, features, target, sets of columns, seed) -> importance of each set to this fold's model
Measure = Callable[[Fold, Floats, Codes, Sequence[Codes], int], Floats]


def gain(
    fold: Fold, _features: Floats, _target: Codes, sets: Sequence[Codes], _seed: int
) -> Floats:
    """Share of a boosted model's whole loss reduction at splits on the columns; all sum to 1."""
    share = _widened(fold, fold.model.pipeline["model"].feature_importances_)
    return np.array([share[columns].sum() for columns in sets])


def coefficient(
    fold: Fold, _features: Floats, _target: Codes, sets: Sequence[Codes], _seed: int
) -> Floats:
    """Sum over the columns (of unit variance) of the mean absolute coefficient over classes."""
    weights = _widened(fold, np.abs(fold.model.pipeline["model"].coef_).mean(axis=0))
    return np.array([weights[columns].sum() for columns in sets])


def shap(fold: Fold, features: Floats, _target: Codes, sets: Sequence[Codes], seed: int) -> Floats:
    """Mean over cells left out (and classes) of the absolute sum of the columns' SHAP values.

    Exact values of the trees on the scale of log odds, which add up to a cell's score.

    References
    ----------
    Lundberg et al. 2020, doi:10.1038/s42256-019-0138-9.
    """
    contributions = tree_shap_values(fold, features[_cells(fold, seed)])
    sums = [np.abs(contributions[..., columns].sum(axis=-1)).mean() for columns in sets]
    return np.array(sums, dtype=np.float64)


def tree_shap_values(fold: Fold, features: Floats) -> Floats:
    """SHAP values (n, classes, p) of a boosted model; one class's where there are two."""
    kept = kept_columns(fold.model.pipeline)
    booster = fold.model.pipeline["model"].get_booster()
    values = booster.predict(DMatrix(features[:, kept]), pred_contribs=True)
    values = values.reshape(len(features), -1, len(kept) + 1)[..., :-1]
    by_class: Floats = np.zeros((*values.shape[:2], features.shape[1]), dtype=values.dtype)
    by_class[..., kept] = values
    return by_class


def permutation(
    fold: Fold, features: Floats, target: Codes, sets: Sequence[Codes], seed: int
) -> Floats:
    """Rise of the log loss (nats) on cells left out when the columns' rows are shuffled together.

    At most 300 cells of a fold; 3 shuffles, or 1 of more than 300 sets. Columns that a tree model
    does not use have 0.
    """
    rng = np.random.default_rng([seed, fold.repeat, fold.number])
    cells = _cells(fold, seed)
    times = SHUFFLES if len(sets) <= MANY_SETS else 1
    orders = np.stack([rng.permutation(len(cells)) for _ in range(times)])
    part, truth = features[cells], target[cells]
    rescore = rescorer(fold.model, part)
    calibration = fold.model.calibration
    before = log_loss(fold.model.probabilities(part), truth)
    used = _used(fold)
    rises = np.zeros(len(sets))
    for number, columns in enumerate(sets):
        if used[columns].any():
            after = [
                log_loss(calibration.probabilities(scores), truth)
                for scores in rescore(columns, orders)
            ]
            rises[number] = float(np.mean(after)) - before
    return rises


MEASURES: Mapping[str, Mapping[str, Measure]] = {
    "xgboost": {"shap": shap, "permutation": permutation, "gain": gain},
    "svm": {"permutation": permutation},
    "logistic": {"coefficient": coefficient},
}


def importances(
    folds: Sequence[Fold],
    features: Floats,
    target: Codes,
    columns: Sequence[str],
    dictionary: Mapping[str, Mapping[str, Any]],
    measures: Mapping[str, Measure],
    seed: int = 0,
) -> pd.DataFrame:
    """Measure every column on every fold of the first repeat.

    Parameters
    ----------
    folds : sequence of Fold
    features : (n, p) float64
    target : (n,) int64
    columns : sequence of p str
    dictionary : mapping
        Column dictionary: title, plain name, compartment, family, channel and unit of each column.
    measures : mapping
        One of `MEASURES`, the one to sort by first.
    seed : int

    Returns
    -------
    DataFrame
        One row per column: ``feature, title, plain, compartment, family, channel, unit``, then
        ``<measure>_mean`` and ``<measure>_sd`` (over folds), largest first.
    """
    known = [dictionary[name] for name in columns]
    table = pd.DataFrame(
        {
            "feature": list(columns),
            **{
                key: [
                    str(entry.get(key) or name) for name, entry in zip(columns, known, strict=True)
                ]
                for key in ("title", "plain")
            },
            **{
                key: [str(entry.get(key) or "") for entry in known]
                for key in ("compartment", "family", "channel", "unit")
            },
        }
    )
    sets = [np.array([column]) for column in range(len(columns))]
    return measured(table, folds, features, target, sets, measures, seed)


def measured(
    table: pd.DataFrame,
    folds: Sequence[Fold],
    features: Floats,
    target: Codes,
    sets: Sequence[Codes],
    measures: Mapping[str, Measure],
    seed: int = 0,
) -> pd.DataFrame:
    """Add to a table of sets of columns what each measure finds, and sort by the first."""
    first = [fold for fold in folds if fold.repeat == 0]
    for name, measure in measures.items():
        each = np.stack([measure(fold, features, target, sets, seed) for fold in first])
        table[f"{name}_mean"] = each.mean(axis=0)
        table[f"{name}_sd"] = each.std(axis=0, ddof=1)
    leading = f"{next(iter(measures))}_mean"
    return table.sort_values([leading, table.columns[0]], ascending=[False, True]).reset_index(
        drop=True
    )


def _cells(fold: Fold, seed: int) -> Codes:
    """At most 300 of the cells left out."""
    if len(fold.test) <= MOST_CELLS:
        return fold.test
    rng = np.random.default_rng([seed, fold.number])
    return np.sort(rng.choice(fold.test, MOST_CELLS, replace=False))


def _used(fold: Fold) -> NDArray[np.bool_]:
    model = fold.model.pipeline["model"]
    if hasattr(model, "get_booster"):
        used = model.feature_importances_ > 0
    else:
        used = np.ones(len(kept_columns(fold.model.pipeline)), dtype=bool)
    return _widened(fold, used).astype(bool)


def _widened(fold: Fold, values: NDArray[Any]) -> Floats:
    """Values of the columns that a model's selection kept as values of all columns, else 0."""
    pipeline = fold.model.pipeline
    wide = np.zeros(pipeline.n_features_in_)
    wide[kept_columns(pipeline)] = values
    return wide
