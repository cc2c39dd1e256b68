"""Cross-validation by a protocol, and its figures."""

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

# Called with the number of fits that were done since the last call.
Fitted = Callable[[int], None]


def cell_subset(data: TrainingSet, places: NDArray[np.int64]) -> TrainingSet:
    """Return some cells of a training set; their groups are renumbered.

    Parameters
    ----------
    data : TrainingSet
    places : (m,) int64
        Positions of the cells.
    """
    import numpy as np

    kept, groups = np.unique(data.groups[places], return_inverse=True)
    return replace(
        data,
        features=np.asarray(data.features[places], dtype=np.float64),
        target=data.target[places],
        groups=groups.astype(np.int64),
        group_names=tuple(data.group_names[group] for group in kept) if data.group_names else (),
        pictures=data.pictures[places],
        rows=data.rows[places],
    )


def cross_validate_by_protocol(
    estimator: Estimator,
    features: NDArray[np.float64],
    data: TrainingSet,
    groups: NDArray[np.int64],
    protocol: Protocol,
    fitted: Fitted | None = None,
) -> list[Fold]:
    """Cross-validate an estimator.

    Parameters
    ----------
    estimator : Estimator
    features : (n, p) float64
    data : TrainingSet
        Targets and classes of the n cells.
    groups : (n,) int64
        Cells of one group stay on one side of a split.
    protocol : Protocol
    fitted : callable, optional
        Called after each fold with its number of fits.

    Raises
    ------
    ModelError
        If a class has fewer groups than there are folds.
    """
    from models.learning.cross_validation import cross_validate

    def fold_done(_text: str) -> None:
        if fitted is not None:
            fitted(protocol.fits_per_fold)

    return cross_validate(
        estimator,
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
        progress=fold_done,
    )


def single_protocol(data: TrainingSet, groups: NDArray[np.int64], protocol: Protocol) -> Protocol:
    """Return a protocol of one repeat without tuning, with fewer folds if a class has few groups.

    Parameters
    ----------
    data : TrainingSet
    groups : (n,) int64
    protocol : Protocol
    """
    from models.learning.splitting import largest_folds

    folds = max(2, min(protocol.folds, largest_folds(data.target, groups)))
    return replace(protocol, folds=folds, repeats=1, candidates=0)


def cross_validate_once(
    estimator: Estimator,
    features: NDArray[np.float64],
    data: TrainingSet,
    groups: NDArray[np.int64],
    protocol: Protocol,
    fitted: Fitted | None = None,
) -> list[Fold]:
    """Cross-validate by `single_protocol`; see `cross_validate_by_protocol`."""
    single = single_protocol(data, groups, protocol)
    return cross_validate_by_protocol(estimator, features, data, groups, single, fitted)


def pooled_figures(
    folds: Sequence[Fold],
    data: TrainingSet,
    groups: NDArray[np.int64] | None = None,
    seed: int = 0,
) -> list[Figure]:
    """Return the figures of a cross-validation over all cells.

    Parameters
    ----------
    folds : sequence of Fold
    data : TrainingSet
        n cells.
    groups : (n,) int64, optional
        Resampled for the intervals; without groups the figures have no intervals.
    seed : int
        Of the resampling.
    """
    from models.evaluation.evaluate import repeated_figures
    from models.learning.cross_validation import pooled

    probabilities = pooled(folds, len(data.target))
    return repeated_figures(data.target, probabilities, data.positive, groups, seed=seed)


def balanced_accuracy(figures: Sequence[Figure]) -> Figure:
    """Return the balanced accuracy among the figures."""
    return next(one for one in figures if one.name == "balanced accuracy")


def figure_means(figures: Sequence[Figure]) -> dict[str, float]:
    """Return the mean of each figure by its name."""
    return {one.name: one.mean for one in figures}
