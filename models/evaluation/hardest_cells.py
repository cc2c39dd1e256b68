"""The hardest cells: those whose true class gets the lowest out-of-fold probability."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..metrics.classification import decide

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

SHOWN = 24


@dataclass(frozen=True)
class HardestCell:
    """A test cell with its true class, its predicted class and the probability of the true class.

    Parameters
    ----------
    row : int
        Of the training set.
    truth, decided : int
        Codes of the classes.
    probability : float
        That the model gave to the true class, mean over repeats.
    """

    row: int
    truth: int
    decided: int
    probability: float


def hardest_cells(
    target: Codes, probabilities: Floats, positive: int | None, most: int = SHOWN
) -> list[HardestCell]:
    """Find the cells whose true class was given the least probability.

    Parameters
    ----------
    target : (n,) int64
    probabilities : (repeats, n, classes) float64
        Out-of-fold.
    positive : int or None
    most : int
    """
    mean = probabilities.mean(axis=0)
    true = mean[np.arange(len(target)), target]
    decided = decide(mean, positive)
    return [
        HardestCell(int(row), int(target[row]), int(decided[row]), float(true[row]))
        for row in np.argsort(true, kind="stable")[:most]
    ]
