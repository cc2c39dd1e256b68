"""How a model is judged, and on which cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from models.dataset.training_set import TrainingSet


@dataclass(frozen=True)
class Protocol:
    """How a model is judged.

    Parameters
    ----------
    folds, repeats, seed : int
    jobs : int
        Folds at a time.
    sensitivity : float
        To operate at.
    candidates : int
        Configurations that each fold tries beside the default.
    select : int or None
        Most features that a fold may choose; None for all.
    """

    folds: int
    repeats: int
    seed: int
    jobs: int
    sensitivity: float = 0.95
    candidates: int = 0
    select: int | None = None


@dataclass(frozen=True, eq=False)
class Sample:
    """Some of the cells that a model learns from, with their features in memory.

    Parameters
    ----------
    data : TrainingSet
    places : (m,) int64
        Where its cells lie among all, ascending.
    """

    data: TrainingSet
    places: NDArray[np.int64]
