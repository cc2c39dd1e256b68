"""Reading a second feature table, on which the final model is tested."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.errors import ModelError

from ..outputs.read_table import column_names, read_table
from ..outputs.sidecar import changed_table_notes, read_sidecar
from .near_copies import near_copies
from .one_spelling import with_one_spelling
from .overlap import cells_not_in_training

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from .training_settings import TrainingSettings
    from .training_table import TrainingTable


@dataclass(frozen=True, eq=False)
class ExternalTable:
    """Cells that no model was fitted or selected on.

    Parameters
    ----------
    name : str
        File name of the table.
    features : (n, p) float64
        The columns of the training set, in its order.
    target : (n,) int64
        Index into the classes of the training set.
    groups : (n,) int64
        Cells of one group share a subject or an image.
    group_names : tuple of str
        Subjects of each group; empty if every cell is a group.
    notes : tuple of str
        What was left out.
    """

    name: str
    features: NDArray[np.float64]
    target: NDArray[np.int64]
    groups: NDArray[np.int64]
    group_names: tuple[str, ...]
    notes: tuple[str, ...]


def read_external_table(cells: TrainingTable, settings: TrainingSettings) -> ExternalTable | None:
    """Read the external table without the cells that also occur in the training table.

    Returns
    -------
    ExternalTable or None
        None if the settings name no table.

    Raises
    ------
    ModelError
        If the table was extracted with other options, has other labels, or has no new cell.
    """
    import numpy as np

    from models.dataset.groups import group_names, merged_groups
    from models.dataset.targets import IDENTITY
    from models.dataset.training_set import feature_matrix

    path, data = settings.external, cells.data
    if path is None:
        return None
    sidecar = read_sidecar(path)
    _check_same_extraction(path, cells.sidecar, sidecar, data.columns)
    table = _with_names_of_training(path, settings)
    labels = _known_labels(path, table, settings.label, data.classes)
    table = table.loc[labels.index]
    table, spelt = with_one_spelling(table, None)
    new, notes = cells_not_in_training(path, table, cells.frame, settings.group_column)
    table, labels = table[new].reset_index(drop=True), labels[new]
    subjects = _subjects(path, table, settings.group_column)
    if subjects is None:
        notes.append(f"{path.name} names no subjects: its intervals take every cell for one")
    copies, copy_notes = near_copies(table)
    groups, _ = merged_groups(
        np.arange(len(table)).astype(str) if subjects is None else subjects,
        {name: table[name].to_numpy() for name in IDENTITY if name in table},
        np.array(copies, dtype=np.int64).reshape(-1, 2),
    )
    return ExternalTable(
        name=path.name,
        features=feature_matrix(table, data.columns),
        target=np.searchsorted(np.array(data.classes), labels.to_numpy(dtype=str)).astype(np.int64),
        groups=groups,
        group_names=() if subjects is None else group_names(subjects, groups),
        notes=(*changed_table_notes(sidecar), *spelt, *notes, *copy_notes),
    )


def _check_same_extraction(
    path: Path, training: Mapping[str, Any], external: Mapping[str, Any], columns: Sequence[str]
) -> None:
    """Refuse an external table whose columns were not computed as those of the training table."""
    remedy = "extract both tables with the same options and the same installation"
    stains = [one.get("configuration", {}).get("stain", "none") for one in (training, external)]
    if stains[0] != stains[1]:
        raise ModelError(
            f"{path} was extracted with --stain {stains[1]}, the training table with {stains[0]}",
            remedy,
        )
    for name in columns:
        expected, seen = training["columns"][name], external["columns"].get(name)
        if seen is None:
            raise ModelError(f"{path} lacks column {name} of the training table", remedy)
        if seen.get("version") != expected.get("version"):
            raise ModelError(
                f"{path} holds version {seen.get('version')} of column {name}, "
                f"the training table version {expected.get('version')}",
                remedy,
            )
    embedded = any(training["columns"][name].get("family") == "Embedding" for name in columns)
    if embedded and training.get("embedding") != external.get("embedding"):
        raise ModelError(f"{path} holds the embedding of another network", remedy)


def _with_names_of_training(path: Path, settings: TrainingSettings) -> pd.DataFrame:
    """Read the table; its columns of class and subject get the names in the training table."""
    from models.dataset.columns import find_column

    wanted = (settings.label, settings.group)
    names = column_names(path)
    found = [find_column(names, name) for name in wanted]
    table = read_table(path, texts=(*found, *settings.text_columns))
    return table.rename(columns=dict(zip(found, wanted, strict=True)))


def _known_labels(
    path: Path, table: pd.DataFrame, label: str, classes: Sequence[str]
) -> pd.Series[str]:
    """Return the labels of the rows that have one, written as in the training table."""
    from models.dataset.columns import offered_columns
    from models.dataset.spelling import is_missing, normal_form

    if label not in table.columns:
        raise ModelError(
            f"{path} has no column {label}",
            f"name the column with --label: {offered_columns(table.columns, label)}",
        )
    labels = table[label].dropna().astype(str)
    labels = labels[~labels.map(is_missing).astype(bool)]
    written = {normal_form(name): name for name in classes}
    labels = labels.map(lambda name: written.get(normal_form(name), name))
    known = ", ".join(map(repr, classes))
    unknown = sorted(set(labels) - set(classes))
    if unknown:
        raise ModelError(
            f"{path} has cells labelled {unknown[0]!r}, the training table {known}",
            "give both tables the same names of classes",
        )
    if labels.empty:
        raise ModelError(f"{path} holds no label in {label}", f"label its cells as {known}")
    return labels


def _subjects(path: Path, table: pd.DataFrame, group: str | None) -> NDArray[np.str_] | None:
    """Return the subject of every row; None without a column of subjects."""
    from models.dataset.spelling import one_spelling

    if group is None or group not in table.columns:
        return None
    values = one_spelling(table[group]).names
    unknown = values.isna()
    if unknown.any():
        raise ModelError(
            f"{group} of {path} is empty in {int(unknown.sum())} of {len(values)} rows",
            "fill it, or leave the column out",
        )
    return values.to_numpy(dtype=str)
