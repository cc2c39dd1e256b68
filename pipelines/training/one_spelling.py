"""Columns found by any spelling of their names, and values with one spelling each."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ..outputs.read_table import column_names

if TYPE_CHECKING:
    import pandas as pd

    from .training_settings import LearningSettings

Settings = TypeVar("Settings", bound="LearningSettings")

# Columns by which cells are kept together or compared, in addition to the column of subjects.
_NAMES = ("Metadata_Subject", "Metadata_Slide", "Metadata_Camera")


def with_found_columns(table: Path, settings: Settings) -> Settings:
    """Return the settings with the columns of the class and the subject as the table writes them.

    Raises
    ------
    ModelError
        If a name may mean several columns.
    """
    from models.dataset.columns import find_column

    names = column_names(table)
    return replace(
        settings,
        label=find_column(names, settings.label),
        group=find_column(names, settings.group),
    )


def with_one_spelling(table: pd.DataFrame, group: str | None) -> tuple[pd.DataFrame, list[str]]:
    """Give subjects, slides and cameras one spelling each; words for a missing value are removed.

    Parameters
    ----------
    table : DataFrame
    group : str or None
        The column of subjects; `models.dataset.targets.read_targets` has the notes on it.

    Returns
    -------
    table : DataFrame
    notes : list of str
        Which names count as one.
    """
    from models.dataset.spelling import one_spelling
    from models.dataset.targets import spelling_notes

    notes: list[str] = []
    unified = {}
    for column in dict.fromkeys((*_NAMES, *([] if group is None else [group]))):
        if column not in table.columns:
            continue
        spelt = one_spelling(table[column])
        if column != group:
            notes += spelling_notes(spelt, column)
        if spelt.joined or spelt.missing:
            unified[column] = spelt.names
    return (table.assign(**unified) if unified else table), notes
