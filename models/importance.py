"""How much each feature matters to a model: several measures, each with its spread over folds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .crossvalidation import Fold
from .permutation import rescorer

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

SHUFFLES = 3
MOST_CELLS = 500

# (fold, features, target, seed) -> (p,) importances of this fold's model
Measure = Callable[[Fold, Floats, Codes, int], Floats]


def gain(fold: Fold, _features: Floats, _target: Codes, _seed: int) -> Floats:
    """Share of a boosted model's whole loss reduction at the splits on each column; sum 1."""
    share: Floats = fold.model.pipeline["model"].feature_importances_.astype(np.float64)
    return share


def coefficient(fold: Fold, _features: Floats, _target: Codes, _seed: int) -> Floats:
    """Mean absolute coefficient over classes, for columns scaled to unit variance."""
    kept = fold.model.pipeline["vary"].get_support()
    weights = np.zeros(len(kept))
    weights[kept] = np.abs(fold.model.pipeline["model"].coef_).mean(axis=0)
    return weights


def permutation(fold: Fold, features: Floats, target: Codes, seed: int) -> Floats:
    """Rise of the log loss (nats) on cells left out when a column's values are shuffled.

    At most 500 cells of a fold, 3 shuffles. A column that a tree model does not use has 0.
    """
    rng = np.random.default_rng([seed, fold.repeat, fold.number])
    cells = fold.test
    if len(cells) > MOST_CELLS:
        cells = rng.choice(cells, MOST_CELLS, replace=False)
    orders = np.stack([rng.permutation(len(cells)) for _ in range(SHUFFLES)])
    part, truth = features[cells], target[cells]
    rescore = rescorer(fold.model, part)
    calibration = fold.model.calibration
    before = _log_loss(fold.model.probabilities(part), truth)
    rises = np.zeros(features.shape[1])
    for column in _used(fold):
        after = [
            _log_loss(calibration.probabilities(scores), truth)
            for scores in rescore(int(column), orders)
        ]
        rises[column] = float(np.mean(after)) - before
    return rises


def _used(fold: Fold) -> Codes:
    model = fold.model.pipeline["model"]
    if hasattr(model, "get_booster"):
        used: Codes = np.flatnonzero(model.feature_importances_ > 0)
        return used
    return np.arange(fold.model.pipeline.n_features_in_)


def _log_loss(probabilities: Floats, target: Codes) -> float:
    likely = np.clip(probabilities[np.arange(len(target)), target], 1e-15, None)
    return -float(np.log(likely).mean())


MEASURES: Mapping[str, Mapping[str, Measure]] = {
    "xgboost": {"permutation": permutation, "gain": gain},
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
        Column dictionary: compartment, family, channel, unit and plain name of each column.
    measures : mapping
        One of `MEASURES`, the one to sort by first.
    seed : int

    Returns
    -------
    DataFrame
        One row per column: ``feature, plain, compartment, family, channel, unit``, then
        ``<measure>_mean`` and ``<measure>_sd`` (over folds), largest first.
    """
    first = [fold for fold in folds if fold.repeat == 0]
    known = [dictionary[name] for name in columns]
    table = pd.DataFrame(
        {
            "feature": list(columns),
            "plain": [
                str(entry.get("plain") or name) for name, entry in zip(columns, known, strict=True)
            ],
            **{
                key: [str(entry.get(key) or "") for entry in known]
                for key in ("compartment", "family", "channel", "unit")
            },
        }
    )
    for name, measure in measures.items():
        each = np.stack([measure(fold, features, target, seed) for fold in first])
        table[f"{name}_mean"] = each.mean(axis=0)
        table[f"{name}_sd"] = each.std(axis=0, ddof=1)
    leading = f"{next(iter(measures))}_mean"
    return table.sort_values([leading, "feature"], ascending=[False, True], ignore_index=True)
