"""Targets: the classes of a table's cells, and the groups that no split may separate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import ModelError
from .groups import group_names, merged_groups
from .image_labels import check_own_labels, note_image_labels

POSITIVE = "blast"
IDENTITY = ("Metadata_SHA256", "Metadata_PHash")
EXAMPLES = 5
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
    pictures : (n,) int64
        Equal for cells of one picture, and of exact or near copies of it.
    rows : (n,) int64
        Positions of these cells in the table.
    notes : tuple of str
        One sentence for each kind of row that was left out or merged.
    """

    target: NDArray[np.int64]
    classes: tuple[str, ...]
    positive: int | None
    groups: NDArray[np.int64]
    group_names: tuple[str, ...]
    pictures: NDArray[np.int64]
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
    notes += check_own_labels(table, labels, label)
    labels = labels.iloc[rows].astype(str)
    classes = _classes(labels, label)
    chosen = _positive(classes, positive)
    pictures = picture_numbers(table, copies)[rows]
    table = table.iloc[rows]
    notes += note_image_labels(table, labels, label)
    subjects = _subjects(table, group) if group else _cell_names(table, rows)
    target = np.searchsorted(np.array(classes), labels.to_numpy(dtype=str)).astype(np.int64)
    groups, merged = merged_groups(
        subjects, {"picture": pictures}, unit="subjects" if group else "cells"
    )
    notes += merged
    notes += _repeated(table, pictures, labels)
    if group is not None:
        notes += _mixed(subjects, target, group)
    return Targets(
        target,
        classes,
        chosen,
        groups,
        group_names(subjects, groups) if group else (),
        np.unique(pictures, return_inverse=True)[1].astype(np.int64),
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
        earlier = folded.setdefault(name.strip().casefold(), name)
        if earlier != name:
            raise ModelError(
                f"the labels {earlier!r} and {name!r} in {column} differ in case or space only",
                "write them in the same way",
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


def _subjects(table: pd.DataFrame, group: str) -> NDArray[np.str_]:
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


def _cell_names(table: pd.DataFrame, rows: NDArray[np.intp]) -> NDArray[np.str_]:
    """Name cells by image, and by row of the whole table, as an image may hold several."""
    places = np.char.add("row ", (rows + 1).astype(str))
    if "Metadata_Image" not in table.columns:
        return places
    images = table["Metadata_Image"].astype(str).to_numpy(dtype=str)
    return np.char.add(np.char.add(images, ", "), places)


def picture_numbers(table: pd.DataFrame, copies: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
    """Number the pictures of all rows, (rows,) int64; copies get equal numbers.

    Rows without a label count too: they can link two copies of one picture.
    """
    pictures, _ = merged_groups(
        np.arange(len(table)).astype(str),
        {name: table[name].to_numpy() for name in IDENTITY if name in table},
        np.array(list(copies), dtype=np.int64).reshape(-1, 2),
    )
    return pictures


def _repeated(
    table: pd.DataFrame, pictures: NDArray[np.int64], labels: pd.Series[Any]
) -> list[str]:
    """Note pictures that occur in several files, and those that do so under different labels."""
    if "Metadata_Image" not in table.columns:
        return []
    cells = pd.DataFrame(
        {
            "picture": pictures,
            "image": table["Metadata_Image"].astype(str).to_numpy(),
            "label": labels.to_numpy(dtype=str),
        }
    )
    each = cells.groupby("picture").nunique()
    files = each["image"][each["image"] > 1]
    if files.empty:
        return []
    notes = [
        f"{len(files)} pictures occur in {files.sum()} files (exact or near copies): their cells"
        " stay on one side of every split"
    ]
    torn = files.index[each.loc[files.index, "label"] > 1]
    if len(torn):
        some = cells[cells["picture"].isin(torn[:EXAMPLES])].drop_duplicates()
        named = (some["image"] + " (" + some["label"] + ")").groupby(some["picture"])
        shown = "; ".join(named.agg(" = ".join))
        more = "; …" if len(torn) > EXAMPLES else ""
        notes.append(f"{len(torn)} pictures occur under different labels: {shown}{more}")
    return notes


def _note(count: int, what: str) -> list[str]:
    return [f"{count} cells {what}"] if count else []
