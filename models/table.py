"""From a table of cells to the numbers, targets and groups that a model learns from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .errors import ModelError
from .groups import group_names, merged_groups

Columns = Mapping[str, Mapping[str, Any]]

POSITIVE = "blast"
NOT_LEARNT_FROM = ("Metadata_", "Background_", "Image_")
IDENTITY = ("Metadata_SHA256", "Metadata_PHash")


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """What a model learns from; n rows (cells), p features.

    Parameters
    ----------
    features : (n, p) float64
        NaN where a feature has no value; never infinite, no column constant.
    columns : tuple of p str
        The names of the features.
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

    features: NDArray[np.float64]
    columns: tuple[str, ...]
    target: NDArray[np.int64]
    classes: tuple[str, ...]
    positive: int | None
    groups: NDArray[np.int64]
    group_names: tuple[str, ...]
    rows: NDArray[np.int64]
    notes: tuple[str, ...]


def training_set(
    table: pd.DataFrame,
    dictionary: Columns,
    *,
    label: str = "Metadata_Label",
    group: str | None = "Metadata_Subject",
    positive: str | None = None,
    copies: Sequence[tuple[int, int]] = (),
) -> TrainingSet:
    """Check a feature table and take from it what a model learns from.

    Parameters
    ----------
    table : DataFrame
        One row per cell.
    dictionary : mapping
        The column dictionary: every feature column and what is known of it.
    label, group : str
        Columns of the class and of the subject; ``group=None`` splits cell by cell.
    positive : str, optional
        The class that sensitivity refers to.
    copies : sequence of (int, int)
        Rows that show nearly the same picture; equal checksums are seen here.

    Raises
    ------
    ModelError
        If a column is missing or not numeric, a value is infinite, labels differ in case only,
        fewer than two classes are left, or the subject of a row is unknown.
    """
    names = feature_columns(table, dictionary)
    labels = _labels(table, label)
    rows = np.flatnonzero(labels.notna())
    notes = _note(len(table) - len(rows), f"without a value in {label} left out")
    labels = labels.iloc[rows].astype(str)
    classes = _classes(labels, label)
    chosen = _positive(classes, positive)
    table = table.iloc[rows]
    features = feature_matrix(table, names)
    kept, dropped = _informative(features)
    if not kept.any():
        raise ModelError(
            f"none of the {len(names)} feature columns varies",
            "extract features of cells that differ",
        )
    notes += dropped
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
    return TrainingSet(
        features=features[:, kept] if dropped else features,
        columns=tuple(name for name, keep in zip(names, kept, strict=True) if keep),
        target=target,
        classes=classes,
        positive=chosen,
        groups=groups,
        group_names=group_names(subjects, groups) if group else (),
        rows=rows.astype(np.int64),
        notes=tuple(notes),
    )


def feature_columns(table: pd.DataFrame, dictionary: Columns) -> list[str]:
    """Names of the columns to learn from, in the dictionary's order.

    Raises
    ------
    ModelError
        If a column is named twice, or table and dictionary do not fit.
    """
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        raise ModelError(f"column {twice[0]} occurs twice", "name every column once")
    names = [name for name in dictionary if not name.startswith(NOT_LEARNT_FROM)]
    absent = [name for name in names if name not in table.columns]
    if absent:
        raise ModelError(
            f"the table lacks column {absent[0]}{_others(absent)}, which its sidecar describes",
            "use the table and the sidecar of one extraction",
        )
    known = set(names)
    unknown = [
        name
        for name in map(str, table.columns)
        if name not in known and not name.startswith(NOT_LEARNT_FROM)
    ]
    if unknown:
        raise ModelError(
            f"the sidecar does not describe column {unknown[0]}{_others(unknown)}",
            "begin its name with Metadata_, or use the table and the sidecar of one extraction",
        )
    return names


def feature_matrix(table: pd.DataFrame, names: Sequence[str]) -> NDArray[np.float64]:
    """Take (rows, columns) float64 from a table by name, so that the table's order is no matter.

    Raises
    ------
    ModelError
        If a column is missing, is not numeric or holds an infinite value.
    """
    absent = [name for name in names if name not in table.columns]
    if absent:
        raise ModelError(
            f"the table lacks column {absent[0]}{_others(absent)}",
            f"extract a table with the {len(names)} columns of the model",
        )
    part = table.loc[:, list(names)]
    for name, dtype in part.dtypes.items():
        if not pd.api.types.is_numeric_dtype(dtype) and part[name].notna().any():
            raise ModelError(
                f"column {name} holds {dtype} and not numbers", "extract the features again"
            )
    features: NDArray[np.float64] = part.to_numpy(dtype=np.float64, na_value=np.nan)
    infinite = np.isinf(features).any(axis=0)
    if infinite.any():
        column = int(np.flatnonzero(infinite)[0])
        row = int(np.flatnonzero(np.isinf(features[:, column]))[0])
        raise ModelError(
            f"column {names[column]} is infinite at row {row}",
            "leave the value empty, or extract the features again",
        )
    return features


def _labels(table: pd.DataFrame, label: str) -> pd.Series[Any]:
    if label not in table.columns:
        raise ModelError(
            f"the table has no column {label}",
            "give labels to extract (class folders or a manifest), or name the column with --label",
        )
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
    if len(classes) < 2:
        seen = f"only the class {classes[0]!r}" if classes else "no label"
        raise ModelError(f"{column} holds {seen}", "a model needs cells of at least two classes")
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


def _informative(features: NDArray[np.float64]) -> tuple[NDArray[np.bool_], list[str]]:
    """Columns that vary, and a note on those that do not."""
    present = ~np.isnan(features)
    empty = ~present.any(axis=0)
    low = np.where(present, features, np.inf).min(axis=0)
    high = np.where(present, features, -np.inf).max(axis=0)
    # a column with gaps tells a cell that has a value from one that has none
    constant = ~empty & (low == high) & present.all(axis=0)
    notes = []
    if empty.any():
        notes.append(f"{int(empty.sum())} columns without any value left out")
    if constant.any():
        notes.append(f"{int(constant.sum())} constant columns left out")
    return ~(empty | constant), notes


def _subjects(table: pd.DataFrame, group: str | None) -> NDArray[np.str_]:
    if group is None:
        return np.arange(len(table)).astype(str)
    remedy = "fill it, name another column with --group, or accept a random split with --no-groups"
    if group not in table.columns:
        raise ModelError(f"the table has no column {group}", remedy)
    values = table[group]
    unknown = values.isna() | (values.astype(str).str.strip() == "")
    if unknown.any():
        raise ModelError(f"{group} is empty in {int(unknown.sum())} of {len(values)} rows", remedy)
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


def _others(names: Sequence[str]) -> str:
    return f" and {len(names) - 1} more" if len(names) > 1 else ""
