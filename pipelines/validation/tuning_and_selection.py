"""Settings and features that the folds chose, and the gain from tuning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from models.dataset.training_set import TrainingSet
    from models.learning.cross_validation import Fold


def tuning_record(
    folds: Sequence[Fold], data: TrainingSet, candidates: int, seed: int
) -> dict[str, Any] | None:
    """Compare the tuned model with the default one on the same folds.

    Parameters
    ----------
    folds : sequence of Fold
    data : TrainingSet
    candidates : int
        Configurations that each fold tried in addition to the default one.
    seed : int
        Of the intervals.

    Returns
    -------
    dict or None
        ``candidates``; ``default`` and ``difference`` (tuned minus default), figures with
        ``value, low, high``; ``folds``, the ``settings`` that each chose (none for the default).
        None if nothing was tuned.
    """
    from models.evaluation.comparison import compare
    from models.learning.cross_validation import pooled, pooled_default_settings

    cells = len(data.target)
    default = pooled_default_settings(folds, cells)
    if default is None:
        return None
    found = compare(
        data.target,
        {"tuned": pooled(folds, cells), "default": default},
        data.groups,
        data.positive,
        [("tuned", "default")],
        seed=seed,
    )
    return {
        "candidates": candidates,
        "default": {name: asdict(one) for name, one in found.figures["default"].items()},
        "difference": {
            name: asdict(one) for name, one in found.differences["tuned", "default"].items()
        },
        "folds": [
            {
                "repeat": fold.repeat,
                "fold": fold.number,
                "settings": dict(fold.model.estimator.settings),
            }
            for fold in folds
        ],
    }


def selection_record(
    folds: Sequence[Fold], columns: Sequence[str], dictionary: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Describe the features that the folds selected, and the stability of the selection.

    Parameters
    ----------
    folds : sequence of Fold
    columns : sequence of str
        All features.
    dictionary : mapping
        Column dictionary.

    Returns
    -------
    dict
        ``stability`` (see `models.learning.feature_selection.stability`); ``counts``, the number
        of features of each fold; ``features``, those selected at least once: ``feature, title,
        plain`` and ``share`` of the folds, most frequent first.
    """
    import numpy as np

    from models.learning.feature_selection import kept_columns, stability

    chosen = np.zeros((len(folds), len(columns)), dtype=bool)
    for row, fold in zip(chosen, folds, strict=True):
        row[kept_columns(fold.model.pipeline)] = True
    share = chosen.mean(axis=0)
    return {
        "stability": stability(chosen),
        "counts": [int(row.sum()) for row in chosen],
        "features": [
            {
                "feature": columns[column],
                "title": str(dictionary[columns[column]].get("title") or columns[column]),
                "plain": str(dictionary[columns[column]].get("plain") or columns[column]),
                "share": float(share[column]),
            }
            for column in np.argsort(-share, kind="stable")
            if share[column] > 0
        ],
    }
