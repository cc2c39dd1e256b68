"""The shortcut audit: the same kind of model on what should not suffice to tell the classes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from models.estimators import Estimator
    from models.evaluation import Figure
    from models.table import TrainingSet

    from .judging import Protocol


def audit(
    data: TrainingSet,
    table: pd.DataFrame,
    kind: Estimator,
    dictionary: Mapping[str, Mapping[str, Any]],
    protocol: Protocol,
    model: Sequence[Figure],
    tell: Callable[[str], None],
) -> list[dict[str, Any]]:
    """Cross-validate the same kind of model on each shortcut, once, on the same first folds.

    Parameters
    ----------
    data : TrainingSet
    table : DataFrame
        What `data` was taken from, for the columns that are kept out of training.
    kind : Estimator
    dictionary : mapping
        Column dictionary.
    protocol : Protocol
    model : sequence of Figure
        What the model itself reaches.
    tell : callable
        Told of each step.

    Returns
    -------
    list of mapping
        See `judging.Judged`.
    """
    from models.shortcuts import nearness, shortcuts

    reached = {one.name: one for one in model}
    whole = reached["balanced accuracy"]
    rows = []
    for one in shortcuts(table.iloc[data.rows], data.features, data.columns, dictionary):
        tell(f"shortcut: {one.name}")
        found = _figures(data, one.features, kind, protocol)
        rows.append(
            {
                "name": one.name,
                "suspicious": one.suspicious,
                "columns": one.features.shape[1],
                "figures": found,
                "near": nearness(found["balanced accuracy"], whole.mean, whole.baseline),
            }
        )
    return rows


def _figures(
    data: TrainingSet, features: NDArray[np.float64], kind: Estimator, protocol: Protocol
) -> dict[str, float]:
    """Cross-validate once and return each figure."""
    from models.crossvalidation import cross_validate, pooled
    from models.evaluation import repeated_figures

    done = cross_validate(
        kind,
        features,
        data.target,
        data.groups,
        classes=data.classes,
        folds=protocol.folds,
        repeats=1,
        seed=protocol.seed,
        jobs=protocol.jobs,
        unit="subjects" if data.group_names else "cells",
        positive=data.positive,
        sensitivity=protocol.sensitivity,
    )
    probabilities = pooled(done, len(data.target))
    return {
        one.name: one.mean for one in repeated_figures(data.target, probabilities, data.positive)
    }
