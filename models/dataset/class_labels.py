"""The classes of a table's cells, from the column of their labels."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ..errors import ModelError
from .columns import offered_columns
from .spelling import is_missing, look_alike, normal_form, one_spelling, quoted

POSITIVE = "blast"
_GIVE_LABELS = (
    "give labels to extract (class folders or a manifest), or name their column with --label"
)


def read_labels(table: pd.DataFrame, label: str) -> tuple[pd.Series[Any], list[str]]:
    """Return the label of every row, missing where there is none, and notes on those left out.

    The words nan, NA, None and the like are no labels.

    Raises
    ------
    ModelError
        If the table has no such column.
    """
    if label not in table.columns:
        raise ModelError(
            f"the table has no column {label}",
            f"{_GIVE_LABELS}: {offered_columns(table.columns, label)}",
        )
    values = table[label]
    words = {value for value in values.dropna().unique() if is_missing(str(value))}
    labels = values.where(~values.isin(words))
    count = int(labels.isna().sum())
    notes = [f"{count} cells without a value in {label} left out"] if count else []
    written = one_spelling(values[values.isin(words)]).missing
    if written:
        named = ", ".join(f"{quoted(word)} in {times} cells" for word, times in written)
        notes.append(
            f"{label} is {named}: taken for a missing value; give a class of that name another name"
        )
    return labels, notes


def class_names(labels: pd.Series[Any], column: str) -> tuple[str, ...]:
    """Return the classes, sorted.

    Raises
    ------
    ModelError
        If two look the same or have one normal form, or fewer than two classes are left.
    """
    classes = tuple(sorted(set(labels)))
    forms: dict[str, str] = {}
    for name in classes:
        alike = next((one for one in forms.values() if look_alike(one, name)), name)
        earlier = forms.setdefault(normal_form(name), alike)
        if earlier != name:
            raise ModelError(
                f"the labels {quoted(earlier)} and {quoted(name)} in {column} differ in case,"
                " spaces, separators, zeros or characters that look the same only",
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


def positive_class(classes: tuple[str, ...], positive: str | None) -> int | None:
    """Return the position of the class that sensitivity refers to; see `targets.Targets`.

    Raises
    ------
    ModelError
        If `positive` is none of the classes, in any spelling, or must be given.
    """
    named = ", ".join(map(repr, classes))
    forms = [normal_form(name) for name in classes]
    if positive is not None:
        if normal_form(positive) not in forms:
            raise ModelError(f"{positive!r} is none of the classes", f"choose one of {named}")
        return forms.index(normal_form(positive))
    if POSITIVE in forms:
        return forms.index(POSITIVE)
    if len(classes) == 2:
        raise ModelError(
            f"neither class ({named}) is called {POSITIVE!r}",
            "name the one that sensitivity refers to with --positive",
        )
    return None
