"""Whether a cell is unlike the training cells, by two measures that see different things."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from .nearest_cells import NearestCells, load_nearest_cells
from .training_reference import Reference, load_reference


@dataclass(frozen=True)
class NoveltyScore:
    """How far out one cell is.

    Parameters
    ----------
    share : float
        Of its columns that lie beyond the 1st or 99th percentile of the training cells.
    distance : float
        To the nearest training cells, as a multiple of what is usual.
    unlike : bool
        Whether one of the two is beyond what 99 of 100 training cells show.
    """

    share: float
    distance: float
    unlike: bool


@dataclass(frozen=True, eq=False)
class Novelty:
    """Places cells among those that a model learnt from.

    Parameters
    ----------
    reference : Reference
        Sees single columns out of range.
    neighbours : NearestCells
        Sees a mixture that no training cell has, each column being in range.
    """

    reference: Reference
    neighbours: NearestCells

    def judge(self, table: pd.DataFrame) -> Sequence[NoveltyScore]:
        """Judge every row of a table with the columns of the model."""
        shares = self.reference.out_of_range(table)
        distances = self.neighbours.distance(table) / self.neighbours.usual
        far = (shares > self.reference.usual) | (distances > 1) | np.isnan(shares)
        return [
            NoveltyScore(float(share), float(distance), bool(unlike))
            for share, distance, unlike in zip(shares, distances, far, strict=True)
        ]


def load_novelty(folder: Path) -> Novelty:
    """Read what a stored model keeps of its training cells.

    Raises
    ------
    ModelError
        If a file is missing or damaged.
    """
    return Novelty(load_reference(folder), load_nearest_cells(folder))
