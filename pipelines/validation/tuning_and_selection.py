"""What was chosen inside the folds, and whether choosing paid: settings and features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from models.dataset.training_set import TrainingSet
    from models.learning.cross_validation import Fold


def tuning_record(
    done: Sequence[Fold], data: TrainingSet, candidates: int, seed: int
) -> dict[str, Any] | None:
    """Set the tuned model against the default one on the same folds; None if nothing was tuned.

    Returns
    -------
    mapping
        ``candidates`` beside the default, ``default`` and ``difference`` (tuned less default):
        figures with ``value, low, high``; and of each fold the ``settings`` chosen, none for the
        default.
    """
    from models.evaluation.comparison import compare
    from models.learning.cross_validation import pooled, pooled_default_settings

    cells = len(data.target)
    usual = pooled_default_settings(done, cells)
    if usual is None:
        return None
    found = compare(
        data.target,
        {"tuned": pooled(done, cells), "default": usual},
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
            for fold in done
        ],
    }


def selection_record(
    done: Sequence[Fold], columns: Sequence[str], dictionary: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Tell how alike the folds' choices of features are, and how often each was chosen.

    Returns
    -------
    mapping
        ``stability`` (Nogueira's), ``counts`` of each fold, and of each feature that was ever
        chosen ``feature, title, plain`` and ``share`` of the folds, most frequent first.
    """
    import numpy as np

    from models.learning.feature_selection import kept_columns, stability

    chosen = np.zeros((len(done), len(columns)), dtype=bool)
    for row, fold in zip(chosen, done, strict=True):
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
