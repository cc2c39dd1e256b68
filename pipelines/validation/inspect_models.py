"""Inspection of the models of the folds: importances, a compact model, the hardest cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from models.evaluation.evaluate import Figure
    from models.evaluation.hardest_cells import HardestCell
    from models.explanation.feature_groups import FeatureGroup
    from models.learning.cross_validation import Fold

    from ..training.training_settings import TrainingSettings
    from ..training.training_table import Sample, TrainingTable


@dataclass(frozen=True, eq=False)
class ModelInspection:
    """What the models of the folds use.

    Parameters
    ----------
    importances, group_importances : DataFrame
        Of single features; of clusters, families and compartments.
    compact_model : list of Figure
        Performance of a model of at most 12 features on the same folds.
    formula : list of mapping
        Its terms, fitted on all cells.
    hardest : list of HardestCell
        Cells whose true class got the lowest probability; rows of `TrainingTable.in_memory`.
    """

    importances: pd.DataFrame
    group_importances: pd.DataFrame
    compact_model: list[Figure]
    formula: list[dict[str, Any]]
    hardest: list[HardestCell]


def inspect_models(
    folds: Sequence[Fold], cells: TrainingTable, settings: TrainingSettings
) -> ModelInspection:
    """Measure importances, fit the compact model and find the hardest cells."""
    from models.evaluation.evaluate import repeated_figures
    from models.evaluation.hardest_cells import hardest_cells
    from models.explanation.compact_model import (
        compact_model_probabilities,
        fit_compact_model,
        formula,
    )
    from models.explanation.feature_groups import feature_groups, group_importances
    from models.explanation.importance import MEASURES, importances
    from models.learning.cross_validation import pooled

    data, columns, seed = cells.in_memory, cells.columns, settings.seed
    measures = MEASURES[settings.estimator]
    inspected = (_folds_of_sample(folds, cells.sample), data.features, data.target)
    groups = feature_groups(data.features, data.columns, columns)
    single = importances(*inspected, data.columns, columns, measures, seed)
    compact = repeated_figures(
        data.target,
        compact_model_probabilities(*inspected),
        data.positive,
        data.groups,
        seed=seed,
    )
    fitted = fit_compact_model(data.features, data.target)
    return ModelInspection(
        importances=single.merge(_cluster_names(groups, data.columns), on="feature"),
        group_importances=group_importances(groups, *inspected, measures, seed),
        compact_model=compact,
        formula=formula(fitted, data.columns, columns, data.classes, data.positive),
        hardest=hardest_cells(data.target, pooled(inspected[0], len(data.target)), data.positive),
    )


def _folds_of_sample(folds: Sequence[Fold], sample: Sample | None) -> Sequence[Fold]:
    """Return the same folds, restricted to the cells of a sample."""
    import numpy as np

    if sample is None:
        return folds
    places = sample.places
    restricted = []
    for fold in folds:
        tested = np.isin(fold.test, places)
        restricted.append(
            replace(
                fold,
                train=np.flatnonzero(np.isin(places, fold.train)),
                test=np.searchsorted(places, fold.test[tested]),
                probabilities=fold.probabilities[tested],
                by_default=None,
            )
        )
    return restricted


def _cluster_names(groups: Sequence[FeatureGroup], columns: tuple[str, ...]) -> pd.DataFrame:
    """Return each feature with the name of its cluster of correlated features."""
    import pandas as pd

    pairs = [
        (columns[column], group.name)
        for group in groups
        if group.level == "cluster"
        for column in group.columns
    ]
    return pd.DataFrame(pairs, columns=["feature", "cluster"])
