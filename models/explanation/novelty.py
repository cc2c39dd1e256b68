"""Novelty: whether a cell is unlike the training cells, by two measures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from .nearest_cells import NearestCells, load_nearest_cells
from .picture_reference import PictureReference, load_picture_reference
from .training_reference import Reference, load_reference


@dataclass(frozen=True)
class NoveltyScore:
    """How unusual one cell is.

    Parameters
    ----------
    share : float
        Share of its columns below the 1st or above the 99th percentile of the training cells.
    distance : float
        Mean distance to the nearest training cells, as a multiple of the usual one.
    unlike : bool
        Whether one of the two exceeds that of 99 of 100 training cells.
    """

    share: float
    distance: float
    unlike: bool


@dataclass(frozen=True, eq=False)
class Novelty:
    """Compares cells with the training cells of a model.

    Parameters
    ----------
    reference : Reference
        Detects single columns that are out of range.
    nearest_cells : NearestCells
        Detects combinations that no training cell has although each column is in range.
    pictures : PictureReference or None
        Detects sets of cells in other pictures.
    """

    reference: Reference
    nearest_cells: NearestCells
    pictures: PictureReference | None

    def scores(self, table: pd.DataFrame) -> Sequence[NoveltyScore]:
        """Score every row of a table that has the columns of the model."""
        shares = self.reference.out_of_range(table)
        distances = self.nearest_cells.distance(table) / self.nearest_cells.usual
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
    return Novelty(
        load_reference(folder), load_nearest_cells(folder), load_picture_reference(folder)
    )
