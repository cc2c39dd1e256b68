"""Whether a set of cells, as a whole, is unlike the training cells: magnification, stain, focus."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

import numpy as np
import pandas as pd

from ..dataset.training_set import feature_matrix
from ..metrics.wilson import wilson
from .training_reference import ALL, Reference

# A column has moved if the median of the set is outside the 3rd to 97th percentile of every class:
# a set of a single class, or of other shares of the classes, moves no column.
LOW, HIGH = "p3", "p97"
# A median of fewer cells is not judged; one of few cells varies more.
FEWEST_CELLS, FEW_CELLS = 5, 20
# Share of moved columns from which on a set is unlike the training cells. Sets of unseen subjects
# of one laboratory had at most 0.1 % (20 cells and more) and 1.2 % (5 cells).
USUAL_MOVED, USUAL_MOVED_FEW = 0.005, 0.02
# The same for the share of unlike cells, of 3 cells and more: the lower limit of its interval.
USUAL_UNLIKE, FEWEST_UNLIKE = 0.15, 3
# Pictures of one camera can be so alike that a difference too small to see is outside of them all.
PICTURE_MARGIN = 0.05
# An area that says how large a cell is, as far as the model has it.
AREAS = ("Cells_AreaShape_Area", "Nuclei_AreaShape_Area")


@dataclass(frozen=True)
class MovedColumn:
    """A column whose median in a set is outside the usual range of every class.

    Parameters
    ----------
    name : str
    training, found : float
        Median of the training cells and of the set.
    low, high : float
        Lowest 3rd and highest 97th percentile of the training classes.
    shift : float
        Difference of the medians, in half spans between the 16th and 84th percentile of the
        training cells (standard deviations of a normal distribution); NaN for a span of 0.
    """

    name: str
    training: float
    found: float
    low: float
    high: float
    shift: float


@dataclass(frozen=True)
class SetJudgement:
    """How unlike the training cells a set is as a whole.

    Parameters
    ----------
    cells, unlike : int
        Cells of the set, and those that are unlike the training cells one by one.
    columns : int
        Columns of the model.
    moved, moved_pictures : tuple of MovedColumn
        Of the columns of the model, and of those that describe the pictures; the farthest first.
    area_ratio : float
        Median area of the set over that of the training cells; NaN if the model has no area.
    """

    cells: int
    unlike: int
    columns: int
    moved: tuple[MovedColumn, ...]
    moved_pictures: tuple[MovedColumn, ...]
    area_ratio: float

    @property
    def moved_share(self) -> float:
        """Share of the model's columns that have moved."""
        return len(self.moved) / self.columns

    @property
    def usual_share(self) -> float:
        """Share of moved columns that a set of so many cells may have."""
        return USUAL_MOVED if self.cells >= FEW_CELLS else USUAL_MOVED_FEW

    @property
    def unlike_training(self) -> bool:
        """Whether the set as a whole is unlike the training cells."""
        if self.moved_pictures or (self.moved and self.moved_share > self.usual_share):
            return True
        return self.cells >= FEWEST_UNLIKE and wilson(self.unlike, self.cells)[0] > USUAL_UNLIKE


def judge_set(
    novelty_reference: Reference,
    table: pd.DataFrame,
    pictures: tuple[Reference, pd.DataFrame] | None,
    *,
    cells: int,
    unlike: int,
) -> SetJudgement:
    """Compare the medians of a set with the training cells.

    Parameters
    ----------
    novelty_reference : Reference
    table : DataFrame
        Cells of the set, all or a sample, with the columns of the model.
    pictures : tuple of Reference and DataFrame, or None
        The same for the columns that describe the pictures of these cells.
    cells, unlike : int
        All cells of the set, and those of them that are unlike the training cells.
    """
    found, training = _medians(novelty_reference, table)
    area = next((name for name in AREAS if name in found.index), None)
    return SetJudgement(
        cells,
        unlike,
        len(found),
        moved_columns(novelty_reference, table),
        () if pictures is None else moved_columns(*pictures, margin=PICTURE_MARGIN),
        nan if area is None or not training[area] else float(found[area] / training[area]),
    )


def moved_columns(
    reference: Reference, table: pd.DataFrame, *, margin: float = 0.0
) -> tuple[MovedColumn, ...]:
    """Return the columns whose median is outside the usual range of every class.

    Parameters
    ----------
    reference : Reference
    table : DataFrame
        Cells of a set with the columns of the reference. A column with fewer than 5 known values
        is not judged.
    margin : float
        How far outside a median must be, as a part of the median of the training cells.
    """
    found, training = _medians(reference, table)
    every = reference.table
    classes = every[every["class"] != ALL].groupby("feature", sort=False)
    low, high = (
        of[found.index].astype(np.float64) for of in (classes[LOW].min(), classes[HIGH].max())
    )
    own = every[every["class"] == ALL].set_index("feature")
    span = (own["p84"] - own["p16"]).astype(np.float64) / 2
    shift = (found - training) / span.where(span > 0)
    enough = table[list(found.index)].notna().sum() >= FEWEST_CELLS
    room = margin * training.abs()
    outside = enough & ((found < low - room) | (found > high + room))
    order = (-shift[outside].abs()).sort_values(kind="stable", na_position="first").index
    return tuple(
        MovedColumn(str(name), *(float(of[name]) for of in (training, found, low, high, shift)))
        for name in order
    )


def _medians(
    reference: Reference, table: pd.DataFrame
) -> tuple[pd.Series[float], pd.Series[float]]:
    """Medians of a set and of the training cells, by column.

    The percentiles of a reference are kept in 32 bits, and the medians of the set are rounded too.
    """
    own = reference.table[reference.table["class"] == ALL].set_index("feature")
    features = feature_matrix(table, list(own.index)).astype(np.float32)
    found = pd.DataFrame(features, columns=own.index).median()
    return found.astype(np.float64), own["p50"].astype(np.float64)
