"""What is to be learnt, and which cells must stay together: classes and groups of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .errors import ModelError
from .groups import group_names, merged_groups

POSITIVE = "blast"
IDENTITY = ("Metadata_SHA256", "Metadata_PHash")
_GIVE_LABELS = (
    "give labels to extract (class folders or a manifest), or name their column with --label"
)


@dataclass(frozen=True, eq=False)
class Targets:
    """Classes and groups of the n cells that have a label.

    Parameters
    ----------
    target : (n,) int64
        Index into `classes`.
    classes : tuple of str
        Sorted labels.
    positive : int or None
        Index of the class that sensitivity refers to; None with more than two classes unless
        one is named or called ``blast``.
    groups : (n,) int64
        Rows of one group stay on one side of every split.
    group_names : tuple of str
        The subjects of each group, joined by " = " where copies merged several; empty where a
        group is a cell.
    rows : (n,) int64
        Positions of these cells in the table that was given.
    notes : tuple of str
        What was left out or merged, one sentence each.
    """

    target: NDArray[np.int64]
    classes: tuple[str, ...]
    positive: int | None
    groups: NDArray[np.int64]
    group_names: tuple[str, ...]
    rows: NDArray[np.int64]
    notes: tuple[str, ...]


def read_targets(
    table: pd.DataFrame,
    *,
    label: str = "Metadata_Label",
    group: str | None = "Metadata_Subject",
    positive: str | None = None,
    copies: Sequence[tuple[int, int]] = (),
) -> Targets:
    """Read classes and groups from the metadata columns of a table.

    Parameters
    ----------
    table : DataFrame
        One row per cell.
    label, group : str
        Columns of the class and of the subject; ``group=None`` splits cell by cell.
    positive : str, optional
        The class that sensitivity refers to.
    copies : sequence of (int, int)
        Rows that show nearly the same picture; equal checksums are seen here.

    Raises
    ------
    ModelError
        If a column is missing, labels differ in case only, fewer than two classes are left, or the
        subject of a row is unknown.
    """
    labels = _labels(table, label)
    rows = np.flatnonzero(labels.notna())
    notes = _note(len(table) - len(rows), f"without a value in {label} left out")
    labels = labels.iloc[rows].astype(str)
    classes = _classes(labels, label)
    chosen = _positive(classes, positive)
    table = table.iloc[rows]
    subjects = _subjects(table, group)
    target = np.searchsorted(np.array(classes), labels.to_numpy(dtype=str)).astype(np.int64)
    groups, merged = merged_groups(
        subjects,
        {name: table[name].to_numpy() for name in IDENTITY if name in table},
        _pairs(copies, rows),
        unit="subjects" if group else "cells",
    )
    notes += merged
    notes += _contradictions(table, label)
    if group is not None:
        notes += _mixed(subjects, target, group)
    return Targets(
        target,
        classes,
        chosen,
        groups,
        group_names(subjects, groups) if group else (),
        rows.astype(np.int64),
        tuple(notes),
    )


def _labels(table: pd.DataFrame, label: str) -> pd.Series[Any]:
    if label not in table.columns:
        raise ModelError(f"the table has no column {label}", _GIVE_LABELS)
    labels = table[label]
    return labels.where(labels.astype(str).str.strip() != "")


def _classes(labels: pd.Series[Any], column: str) -> tuple[str, ...]:
    classes = tuple(sorted(set(labels)))
    folded: dict[str, str] = {}
    for name in classes:
        twin = folded.setdefault(name.strip().casefold(), name)
        if twin != name:
            raise ModelError(
                f"the labels {twin!r} and {name!r} in {column} differ in case or space only",
                "write them alike",
            )
    if not classes:
        raise ModelError(f"{column} holds no label", _GIVE_LABELS)
    if len(classes) < 2:
        raise ModelError(
            f"{column} holds only the class {classes[0]!r}",
            "a model needs cells of at least two classes",
        )
    return classes


def _positive(classes: tuple[str, ...], positive: str | None) -> int | None:
    named = ", ".join(map(repr, classes))
    if positive is not None:
        if positive not in classes:
            raise ModelError(f"{positive!r} is none of the classes", f"choose one of {named}")
        return classes.index(positive)
    if POSITIVE in classes:
        return classes.index(POSITIVE)
    if len(classes) == 2:
        raise ModelError(
            f"neither class ({named}) is called {POSITIVE!r}",
            "name the one that sensitivity refers to with --positive",
        )
    return None


def _subjects(table: pd.DataFrame, group: str | None) -> NDArray[np.str_]:
    if group is None:
        return np.arange(len(table)).astype(str)
    remedy = "name another column with --group, or accept a random split with --no-groups"
    if group not in table.columns:
        raise ModelError(f"the table has no column {group}", remedy)
    values = table[group]
    unknown = values.isna() | (values.astype(str).str.strip() == "")
    if unknown.any():
        raise ModelError(
            f"{group} is empty in {int(unknown.sum())} of {len(values)} rows", f"fill it, {remedy}"
        )
    return values.astype(str).to_numpy(dtype=str)


def _mixed(subjects: NDArray[np.str_], target: NDArray[np.int64], group: str) -> list[str]:
    pairs = np.unique(np.stack([subjects, target.astype(str)]), axis=1)
    names, labels = np.unique(pairs[0], return_counts=True)
    mixed = names[labels > 1]
    if not len(mixed):
        return []
    return [f"{len(mixed)} of {len(names)} values of {group} have cells of several classes"]


def _pairs(copies: Sequence[tuple[int, int]], rows: NDArray[np.intp]) -> NDArray[np.int64]:
    """Positions among `rows` of the pairs of which neither cell was left out."""
    pairs = np.array(list(copies), dtype=np.int64).reshape(-1, 2)
    both = np.isin(pairs, rows).all(axis=1)
    return np.searchsorted(rows, pairs[both]).astype(np.int64)


def _contradictions(table: pd.DataFrame, label: str) -> list[str]:
    """Note pictures that occur twice, in files of their own, under different labels."""
    if not {"Metadata_SHA256", "Metadata_Image"} <= set(table.columns):
        return []
    known = table[table["Metadata_SHA256"].notna() & (table["Metadata_SHA256"] != "")]
    each = known.groupby("Metadata_SHA256")[["Metadata_Image", label]].nunique()
    count = int((each > 1).all(axis=1).sum())
    return [f"{count} pictures occur under different labels"] if count else []


def _note(count: int, what: str) -> list[str]:
    return [f"{count} cells {what}"] if count else []
