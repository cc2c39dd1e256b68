"""Performance on pairs of slides that the model has not seen: all features, and each family."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from models.evaluation.slide_pairs import SlidePair
    from models.learning.estimators import Estimator

    from ..training.training_table import TrainingTable
    from .cross_validate import Fitted
    from .protocol import Protocol

SLIDE, CAMERA = "Metadata_Slide", "Metadata_Camera"
# Estimator of the single families, which need dozens of fits each.
FAMILY_ESTIMATOR = "logistic"


@dataclass(frozen=True, eq=False)
class FeatureSubset:
    """Features that are evaluated together.

    Parameters
    ----------
    name : str
        A family, or ``all features``.
    estimator : Estimator
    columns : (m,) int64
        Positions of the features.
    """

    name: str
    estimator: Estimator
    columns: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class SlidePairPlan:
    """Pairs of slides to hold out, and the features to evaluate on them.

    Parameters
    ----------
    existing : int
        Number of pairs that the table has.
    pairs : sequence of SlidePair
        Those that are held out.
    subsets : sequence of FeatureSubset
        All features first.
    """

    existing: int
    pairs: Sequence[SlidePair]
    subsets: Sequence[FeatureSubset]

    @property
    def fits(self) -> int:
        """Number of models to fit."""
        return len(self.pairs) * len(self.subsets)


def plan_slide_pairs(cells: TrainingTable) -> SlidePairPlan | None:
    """Choose the pairs of slides to hold out.

    Returns
    -------
    SlidePairPlan or None
        None without slides, with more than two classes, if a slide has cells of both classes, or
        if a class has fewer than two slides.
    """
    import numpy as np

    from models.evaluation.slide_pairs import chosen_pairs, slide_pairs
    from models.learning.estimators import ESTIMATORS

    data = cells.in_memory
    if SLIDE not in cells.frame.columns or len(data.classes) != 2 or data.positive is None:
        return None
    rows = cells.frame.iloc[data.rows]
    existing = slide_pairs(
        _text_values(rows, SLIDE), _text_values(rows, CAMERA), data.target == data.positive
    )
    if not existing:
        return None
    families = np.array([str(cells.columns[name].get("family") or "") for name in data.columns])
    by_family = [
        FeatureSubset(name, ESTIMATORS[FAMILY_ESTIMATOR], np.flatnonzero(families == name))
        for name in sorted(set(families.tolist()))
    ]
    every = FeatureSubset("all features", cells.estimator, np.arange(len(families)))
    return SlidePairPlan(len(existing), chosen_pairs(existing), [every, *by_family])


def evaluate_slide_pairs(
    plan: SlidePairPlan, cells: TrainingTable, protocol: Protocol, fitted: Fitted | None = None
) -> dict[str, Any]:
    """Evaluate features on pairs of slides; the model has seen neither slide of a pair.

    Parameters
    ----------
    plan : SlidePairPlan
    cells : TrainingTable
    protocol : Protocol
        Seed and jobs are used.
    fitted : callable, optional
        Called after each subset of features with its number of fits.

    Returns
    -------
    dict
        ``existing`` and ``tried`` pairs; ``limits`` (pairs of each kind, cells of a slide, training
        cells); names of the ``estimators``; ``pairs``, each with its slides, ``kind`` and ``auroc``
        for all features; ``features``, a record for each subset: ``name``, number of ``columns``,
        ``figures`` by kind of pair.
    """
    from models.evaluation.slide_pairs import (
        MAX_TRAINING_CELLS,
        MOST_OF_A_SLIDE,
        MOST_PAIRS,
        pair_aurocs,
        split_of,
    )
    from models.learning.estimators import ESTIMATORS

    data = cells.in_memory
    slides = _text_values(cells.frame.iloc[data.rows], SLIDE)
    splits = [split_of(pair, slides, data.groups, protocol.seed) for pair in plan.pairs]
    aurocs = []
    for subset in plan.subsets:
        aurocs.append(
            pair_aurocs(
                subset.estimator,
                data.features,
                data.target == data.positive,
                splits,
                columns=subset.columns,
                seed=protocol.seed,
                jobs=protocol.jobs,
            )
        )
        if fitted is not None:
            fitted(len(plan.pairs))
    return {
        "existing": plan.existing,
        "tried": len(plan.pairs),
        "limits": [MOST_PAIRS, MOST_OF_A_SLIDE, MAX_TRAINING_CELLS],
        "estimators": {
            "all features": cells.estimator.name,
            "families": ESTIMATORS[FAMILY_ESTIMATOR].name,
        },
        "pairs": [
            {**asdict(pair), "auroc": float(auroc)}
            for pair, auroc in zip(plan.pairs, aurocs[0], strict=True)
        ],
        "features": [
            _subset_record(subset, plan.pairs, areas)
            for subset, areas in zip(plan.subsets, aurocs, strict=True)
        ],
    }


def _subset_record(
    subset: FeatureSubset, pairs: Sequence[SlidePair], aurocs: NDArray[np.float64]
) -> dict[str, Any]:
    """Return the figures of a subset of features by kind of pair."""
    from models.evaluation.slide_pairs import figures_by_kind

    figures = figures_by_kind(pairs, aurocs)
    return {
        "name": subset.name,
        "columns": len(subset.columns),
        "figures": {kind: asdict(one) for kind, one in figures.items()},
    }


def _text_values(rows: pd.DataFrame, column: str) -> NDArray[np.str_]:
    """Return the values of a column as text, empty if unknown."""
    import numpy as np

    if column not in rows.columns:
        return np.full(len(rows), "")
    values = rows[column]
    return values.where(values.notna(), "").astype(str).str.strip().to_numpy(dtype=str)
