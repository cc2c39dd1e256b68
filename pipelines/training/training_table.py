"""What train learns from: cells in memory, the kind of model, and what must be told of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.errors import ModelError

from ..outputs.read_table import read_table

if TYPE_CHECKING:
    import pandas as pd

    from models.dataset.training_set import TrainingSet
    from models.learning.estimators import Estimator

    from ..validation.protocol import Sample

# The most pictures that are compared in pairs.
MAX_COMPARED_IMAGES = 30_000


@dataclass(frozen=True)
class TrainingTarget:
    """What is to be learnt.

    Parameters
    ----------
    label : str
        Column of the class.
    group : str or None
        Column of the subject; None splits cell by cell.
    positive : str or None
    estimator : str
        A key of `models.learning.estimators.ESTIMATORS`.
    select : int or None
        Most features that a model may have.
    """

    label: str
    group: str | None
    positive: str | None
    estimator: str
    select: int | None

    def text_columns(self) -> tuple[str, ...]:
        """Name the columns that are text whatever they look like."""
        return (self.label,) if self.group is None else (self.label, self.group)


@dataclass(frozen=True, eq=False)
class TrainingTable:
    """Cells to learn from.

    Parameters
    ----------
    frame : DataFrame
        The whole table, or its metadata where the features lie elsewhere.
    data : TrainingSet
    kind : Estimator
    sample : Sample or None
        The cells that are in memory where not all are.
    notes : list of str
    """

    frame: pd.DataFrame
    data: TrainingSet
    kind: Estimator
    sample: Sample | None = None
    notes: list[str] = field(default_factory=list)


def read_training_table(
    table: Path, dictionary: Mapping[str, Mapping[str, Any]], goal: TrainingTarget
) -> TrainingTable:
    """Read a whole feature table.

    Raises
    ------
    ModelError
        If it does not serve.
    """
    from models.dataset.training_set import training_set
    from models.learning.estimators import ESTIMATORS
    from models.learning.feature_selection import with_selection

    frame = read_table(table, texts=goal.text_columns())
    copies, notes = near_duplicate_rows(frame)
    data = training_set(
        frame,
        dictionary,
        label=goal.label,
        group=goal.group,
        positive=goal.positive,
        copies=copies,
    )
    kind = with_selection(ESTIMATORS[goal.estimator], goal.select)
    return TrainingTable(frame, data, kind, notes=notes)


def near_duplicate_rows(table: pd.DataFrame) -> tuple[list[tuple[int, int]], list[str]]:
    """Rows of pictures whose perceptual hashes nearly agree, and a note if that was too much."""
    from data.fingerprints import near_duplicates

    if "Metadata_PHash" not in table.columns:
        return [], []
    hashes = table["Metadata_PHash"].dropna().astype(str)
    first = hashes[hashes != ""].drop_duplicates()
    if len(first) > MAX_COMPARED_IMAGES:
        return [], [f"{len(first)} pictures are too many to look for near copies: only exact ones"]
    rows = [int(row) for row in table.index.get_indexer(first.index)]
    try:
        pairs = near_duplicates(list(first))
    except ValueError as error:
        raise ModelError(
            f"Metadata_PHash holds hashes of another kind, such as {first.iloc[0]!r}",
            "extract the table again with this installation",
        ) from error
    return [(rows[i], rows[j]) for i, j in pairs], []
