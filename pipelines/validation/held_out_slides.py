"""Hold out pairs of slides: all features, and each family by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from models.dataset.training_set import TrainingSet
    from models.learning.estimators import Estimator

    from .protocol import Protocol

SLIDE, CAMERA = "Metadata_Slide", "Metadata_Camera"
# What the families are judged with: dozens of fits each.
FAMILY_ESTIMATOR = "logistic"


def slide_pairs_record(
    data: TrainingSet,
    table: pd.DataFrame,
    kind: Estimator,
    dictionary: Mapping[str, Mapping[str, Any]],
    protocol: Protocol,
    tell: Callable[[str], None],
) -> dict[str, Any] | None:
    """Judge features on pairs of slides of which the model has seen neither.

    Parameters
    ----------
    data : TrainingSet
    table : DataFrame
        What `data` was taken from.
    kind : Estimator
        The model's, for all features together.
    dictionary : mapping
        Column dictionary.
    protocol : Protocol
        For its seed and its jobs.
    tell : callable
        Told of the step.

    Returns
    -------
    dict or None
        ``existing`` and ``tried`` pairs; ``limits`` (pairs of each kind, cells of a slide, cells
        learnt from); ``estimators`` in words; ``pairs``, each with its slides, ``kind`` and
        ``auroc`` for all features; ``features``, one record each for all of them and for every
        family: ``name``, ``columns`` and ``figures`` by kind of pair. None without slides, with
        more than two classes, and where a slide has cells of both.
    """
    import numpy as np

    from models.evaluation.slide_pairs import (
        MOST_LEARNT,
        MOST_OF_A_SLIDE,
        MOST_PAIRS,
        chosen_pairs,
        figures_by_kind,
        pair_aurocs,
        slide_pairs,
        split_of,
    )
    from models.learning.estimators import ESTIMATORS

    if SLIDE not in table.columns or len(data.classes) != 2 or data.positive is None:
        return None
    rows = table.iloc[data.rows]
    slides, positive = _text_values(rows, SLIDE), data.target == data.positive
    existing = slide_pairs(slides, _text_values(rows, CAMERA), positive)
    if not existing:
        return None
    tell("pairs of slides held out")
    pairs = chosen_pairs(existing)
    splits = [split_of(pair, slides, data.groups, protocol.seed) for pair in pairs]
    families = np.array([str(dictionary[name].get("family") or "") for name in data.columns])
    sets = [("all features", kind, np.arange(len(families)))]
    sets += [
        (name, ESTIMATORS[FAMILY_ESTIMATOR], np.flatnonzero(families == name))
        for name in sorted(set(families.tolist()))
    ]
    found, areas = [], []
    for name, estimator, columns in sets:
        areas.append(
            pair_aurocs(
                estimator,
                data.features,
                positive,
                splits,
                columns=columns,
                seed=protocol.seed,
                jobs=protocol.jobs,
            )
        )
        figures = figures_by_kind(pairs, areas[-1])
        found.append(
            {
                "name": name,
                "columns": len(columns),
                "figures": {each: asdict(one) for each, one in figures.items()},
            }
        )
    return {
        "existing": len(existing),
        "tried": len(pairs),
        "limits": [MOST_PAIRS, MOST_OF_A_SLIDE, MOST_LEARNT],
        "estimators": {"all features": kind.name, "families": ESTIMATORS[FAMILY_ESTIMATOR].name},
        "pairs": [
            {**asdict(pair), "auroc": float(area)}
            for pair, area in zip(pairs, areas[0], strict=True)
        ],
        "features": found,
    }


def _text_values(rows: pd.DataFrame, column: str) -> NDArray[np.str_]:
    """Values of a column as text, empty where there is none."""
    import numpy as np

    if column not in rows.columns:
        return np.full(len(rows), "")
    values = rows[column]
    return values.where(values.notna(), "").astype(str).str.strip().to_numpy(dtype=str)
