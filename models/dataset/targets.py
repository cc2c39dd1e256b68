"""Targets: the classes of a table's cells, and the groups that no split may separate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import ModelError
from .class_labels import class_names, positive_class, read_labels
from .columns import find_column, offered_columns
from .groups import group_names, merged_groups
from .image_labels import check_own_labels, note_image_labels
from .spelling import Spellings, one_spelling, quoted, shown_spellings

SUBJECT = "Metadata_Subject"
IDENTITY = ("Metadata_SHA256", "Metadata_PHash")
EXAMPLES = 5


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
        Columns of the class and of the subject, in any spelling; ``group=None`` splits cell by
        cell. Subjects are compared by `spelling.normal_form`.
    positive : str, optional
        The class that sensitivity refers to, in any spelling.
    copies : sequence of (int, int)
        Rows that show nearly the same picture; equal checksums are seen here.

    Raises
    ------
    ModelError
        If a column is missing, labels differ in spelling only, fewer than two classes are left, or
        the subject of a row is unknown.
    """
    label = find_column(table.columns, label)
    group = None if group is None else find_column(table.columns, group)
    labels, notes = read_labels(table, label)
    rows = np.flatnonzero(labels.notna())
    notes += check_own_labels(table, labels, label)
    labels = labels.iloc[rows].astype(str)
    classes = class_names(labels, label)
    chosen = positive_class(classes, positive)
    pictures = picture_numbers(table, copies)[rows]
    table = table.iloc[rows]
    notes += note_image_labels(table, labels, label)
    if group is None:
        subjects = _cell_names(table, rows)
    else:
        spelt = _subjects(table, group)
        subjects = spelt.names.to_numpy(dtype=str)
        notes += spelling_notes(spelt, group)
    target = np.searchsorted(np.array(classes), labels.to_numpy(dtype=str)).astype(np.int64)
    groups, merged = merged_groups(
        subjects, {"picture": pictures}, unit="subjects" if group else "cells"
    )
    notes += merged
    _check_joined(subjects, target, groups, classes, merged)
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


def spelling_notes(spelt: Spellings, column: str) -> list[str]:
    """Say which names of a column were written in several ways and count as one."""
    if not spelt.joined:
        return []
    count = len(spelt.joined)
    verb = "value is" if count == 1 else "values are"
    return [
        f"{count} {verb} written in several ways in {column} and counted as one:"
        f" {shown_spellings(spelt.joined)}"
    ]


def _subjects(table: pd.DataFrame, group: str) -> Spellings:
    """Return the subject of each row, each in one spelling."""
    if group not in table.columns:
        remedy = f"name another column with --group: {offered_columns(table.columns, group)}"
        if group == SUBJECT:
            remedy += "; or accept a random split with --no-groups"
        raise ModelError(f"the table has no column {group}", remedy)
    spelt = one_spelling(table[group])
    unknown = int(spelt.names.isna().sum())
    if unknown:
        words = ", ".join(quoted(word) for word, _ in spelt.missing)
        named = f" ({words}: taken for a missing value)" if words else ""
        raise ModelError(
            f"{group} is empty in {unknown} of {len(table)} rows{named}",
            "fill it, name another column with --group, or accept a random split with --no-groups",
        )
    return spelt


def _check_joined(
    subjects: NDArray[np.str_],
    target: NDArray[np.int64],
    groups: NDArray[np.int64],
    classes: Sequence[str],
    merged: Sequence[str],
) -> None:
    """Refuse a class that has several subjects, but only one once copies have joined them."""
    for code, name in enumerate(classes):
        own = target == code
        before, after = len(np.unique(subjects[own])), len(np.unique(groups[own]))
        if after < 2 <= before:
            raise ModelError(
                f"class {name!r} has {before} subjects or cells, but they are all one group: "
                + "; ".join(merged),
                "remove the copies, or correct the subjects of the pictures that are copies",
            )


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
