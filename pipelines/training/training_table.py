"""A feature table, opened for training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..outputs.read_table import read_table
from ..outputs.sidecar import read_sidecar
from .near_copies import near_copies
from .one_spelling import with_one_spelling

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from models.dataset.training_set import TrainingSet
    from models.learning.estimators import Estimator

    from .training_settings import LearningSettings, TrainingSettings

# What no two cells of a table have in common.
_CELL_IDENTITY = ("Metadata_Image", "Metadata_Cell", "Metadata_SHA256")


@dataclass(frozen=True, eq=False)
class Sample:
    """Some of the training cells, with their features in memory.

    Parameters
    ----------
    data : TrainingSet
        m cells.
    places : (m,) int64
        Positions of these cells among all training cells, ascending.
    """

    data: TrainingSet
    places: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class TrainingTable:
    """A feature table, and its rows and columns that are used for training.

    Parameters
    ----------
    sidecar : mapping
        JSON record that `extract` wrote with the table.
    frame : DataFrame
        All rows; only the columns that are no features if the features stay on a cluster.
    data : TrainingSet
    estimator : Estimator
    sample : Sample or None
        Cells whose features are in memory; None if all are.
    notes : sequence of str
        What was not done with the table, or differs from a table in memory.
    """

    sidecar: Mapping[str, Any]
    frame: pd.DataFrame
    data: TrainingSet
    estimator: Estimator
    sample: Sample | None = None
    notes: Sequence[str] = field(default_factory=tuple)

    @property
    def columns(self) -> Mapping[str, Mapping[str, Any]]:
        """Column dictionary of the table."""
        columns: Mapping[str, Mapping[str, Any]] = self.sidecar["columns"]
        return columns

    @property
    def in_memory(self) -> TrainingSet:
        """Training cells whose features are in memory."""
        return self.data if self.sample is None else self.sample.data


def read_training_table(table: Path, settings: TrainingSettings) -> TrainingTable:
    """Read a whole feature table.

    Raises
    ------
    ModelError
        If the table or its sidecar cannot be read, or cannot be used for training.
    """
    from models.learning.estimators import ESTIMATORS
    from models.learning.feature_selection import with_selection

    sidecar = read_sidecar(table)
    frame, data, notes = read_training_set(table, sidecar, settings)
    estimator = with_selection(ESTIMATORS[settings.estimator], settings.select)
    return TrainingTable(sidecar, frame, data, estimator, notes=notes)


def read_training_set(
    table: Path, sidecar: Mapping[str, Any], settings: LearningSettings
) -> tuple[pd.DataFrame, TrainingSet, list[str]]:
    """Read a feature table into memory: all rows, the training cells, and notes.

    Raises
    ------
    ModelError
        If the table cannot be read or cannot be used for training.
    """
    from models.dataset.training_set import training_set

    frame = read_table(table, texts=settings.text_columns)
    copies, notes = near_copies(frame)
    data = training_set(
        frame,
        sidecar["columns"],
        label=settings.label,
        group=settings.group_column,
        positive=settings.positive,
        copies=copies,
    )
    frame, spelt = with_one_spelling(frame, settings.group_column)
    return frame, data, [*repeated_cell_notes(frame), *spelt, *notes]


def repeated_cell_notes(table: pd.DataFrame) -> list[str]:
    """Return a note if rows name the same cell of the same image as an earlier row."""
    identity = [name for name in _CELL_IDENTITY if name in table.columns]
    if identity != list(_CELL_IDENTITY):
        return []
    repeated = int(table.duplicated(identity).sum())
    if not repeated:
        return []
    return [
        f"{repeated} of {len(table)} rows name the same cell as an earlier row (image, number and"
        " SHA-256) and count once more: remove them, or join tables with merge"
    ]
