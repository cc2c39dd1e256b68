"""One cross-validation of a part of the columns or cells, and its figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from models.dataset.training_set import TrainingSet
    from models.evaluation.evaluate import Figure
    from models.learning.cross_validation import Fold
    from models.learning.estimators import Estimator

    from .protocol import Protocol


def cell_subset(data: TrainingSet, places: NDArray[np.int64]) -> TrainingSet:
    """Take some cells of a training set."""
    import numpy as np

    groups = np.unique(data.groups[places], return_inverse=True)
    return replace(
        data,
        features=np.asarray(data.features[places], dtype=np.float64),
        target=data.target[places],
        groups=groups[1].astype(np.int64),
        group_names=tuple(data.group_names[one] for one in groups[0]) if data.group_names else (),
        pictures=data.pictures[places],
        rows=data.rows[places],
    )


def cross_validate_by_protocol(
    kind: Estimator,
    features: NDArray[np.float64],
    data: TrainingSet,
    groups: NDArray[np.int64],
    protocol: Protocol,
    tell: Callable[[str], None] | None = None,
) -> list[Fold]:
    """Cross-validate by a protocol."""
    from models.learning.cross_validation import cross_validate

    return cross_validate(
        kind,
        features,
        data.target,
        groups,
        classes=data.classes,
        folds=protocol.folds,
        repeats=protocol.repeats,
        seed=protocol.seed,
        jobs=protocol.jobs,
        unit="subjects" if data.group_names else "cells",
        positive=data.positive,
        sensitivity=protocol.sensitivity,
        candidates=protocol.candidates,
        pictures=data.pictures,
        progress=tell,
    )


def cross_validate_once(
    kind: Estimator,
    features: NDArray[np.float64],
    data: TrainingSet,
    groups: NDArray[np.int64],
    protocol: Protocol,
) -> list[Fold]:
    """Cross-validate once, untuned, on fewer folds where a class has not enough groups."""
    from models.learning.splitting import largest_folds

    folds = max(2, min(protocol.folds, largest_folds(data.target, groups)))
    single = replace(protocol, folds=folds, repeats=1, candidates=0)
    return cross_validate_by_protocol(kind, features, data, groups, single)


def pooled_figures(
    done: list[Fold], data: TrainingSet, groups: NDArray[np.int64] | None = None, seed: int = 0
) -> list[Figure]:
    """Return the figures of one cross-validation, with intervals where groups are given."""
    from models.evaluation.evaluate import repeated_figures
    from models.learning.cross_validation import pooled

    probabilities = pooled(done, len(data.target))
    return repeated_figures(data.target, probabilities, data.positive, groups, seed=seed)


def balanced_accuracy(figures: Sequence[Figure]) -> Figure:
    """Find the balanced accuracy."""
    return next(one for one in figures if one.name == "balanced accuracy")


def figure_means(figures: Sequence[Figure]) -> dict[str, float]:
    """Return each figure's value by its name."""
    return {one.name: one.mean for one in figures}
