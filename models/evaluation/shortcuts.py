"""Shortcuts: columns that should not suffice to classify cells (confounders)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..dataset.training_set import beyond_float32

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

# From this on, a shortcut comes near to the model, as a share of the model's lead over chance.
NEAR = 0.8
# Smallest number of cells of a class in a sample; most values of a categorical column.
LEAST, MOST_WORDS = 12, 20

Entry = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Shortcut:
    """Columns that alone should not separate the classes.

    Parameters
    ----------
    name : str
        In plain words.
    suspicious : bool
        Whether success on them alone means that something else than the cell is recognised;
        shape or mean colour alone may separate the classes; they are shown for comparison.
    features : (n, q) float64
    """

    name: str
    suspicious: bool
    features: Floats


def _background(name: str) -> bool:
    return name.startswith("Background_") and not _corner(name)


def _corner(name: str) -> bool:
    return name.startswith(("Background_Top", "Background_Bottom"))


def _file(name: str) -> bool:
    return name.startswith(("Metadata_File_", "Metadata_Quality_"))


def _size(name: str) -> bool:
    return name in {"Metadata_File_Rows", "Metadata_File_Columns"}


def _mean_colour(entry: Entry) -> bool:
    # Tables of earlier versions lack the entry; there only the statistic with that name counts.
    named = entry.get("family") == "Intensity" and entry.get("feature") == "Mean"
    return bool(entry.get("mean", named))


def _colourless(entry: Entry) -> bool:
    """Whether a column depends on shape and grey levels only, according to its dictionary entry."""
    if "colours" in entry:
        return set(entry["colours"]) <= {"Gray"}
    # Tables of earlier versions do not state it: of their columns without a channel, some compare
    # stains, and only those of outlines are known not to use colour.
    return entry.get("channel") == "Gray" or entry.get("family") == "AreaShape"


SHAPE = "shape and size only"
OF_METADATA: Mapping[str, Callable[[str], bool]] = {
    "background pixels only": _background,
    "corner pixels only": _corner,  # separate: its many noisy columns would hide the others
    "file properties, sharpness and quality flags only": _file,
}
OF_FEATURES: Mapping[str, Callable[[Entry], bool]] = {
    SHAPE: lambda entry: entry.get("family") == "AreaShape",
    "mean colours only": _mean_colour,
    "without colour": _colourless,
}


def shortcuts(
    table: pd.DataFrame,
    features: Floats,
    columns: Sequence[str],
    dictionary: Mapping[str, Entry],
) -> list[Shortcut]:
    """List the shortcuts that a table has columns for.

    Parameters
    ----------
    table : DataFrame
        The training rows, with metadata and background columns.
    features : (n, p) float64
    columns : sequence of p str
    dictionary : mapping
        Column dictionary.
    """
    found = []
    for title, belongs in OF_METADATA.items():
        values = _numbers(table, belongs)
        if values.shape[1]:
            found.append(Shortcut(title, True, values))
    for title, fits in OF_FEATURES.items():
        taken = np.array([fits(dictionary[name]) for name in columns], dtype=bool)
        if taken.any() and not taken.all():
            mine = features[:, taken]
            if title == SHAPE:  # the size of a crop is the size chosen by a person
                mine = np.concatenate([mine, _numbers(table, _size)], axis=1)
            found.append(Shortcut(title, False, mine))
    return found


def even_sample(target: Codes, groups: Codes, most: int, seed: int) -> Codes:
    """Choose cells in proportion to the classes, from as many groups as possible.

    Within a class the groups take turns, in random order, until there are enough cells.

    Parameters
    ----------
    target, groups : (n,) int64
    most : int
        Cells; a class with few has at least `LEAST`, or all its cells.
    seed : int
        Equal seeds give equal samples.

    Returns
    -------
    (m,) int64
        Rows, ascending.
    """
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(len(target))
    chosen = []
    for code in np.unique(target):
        mine = shuffled[target[shuffled] == code]
        order = pd.Series(groups[mine])
        turn = order.groupby(order).cumcount().to_numpy()
        enough = max(round(most * len(mine) / len(target)), min(len(mine), LEAST))
        chosen.append(mine[np.argsort(turn, kind="stable")][:enough])
    return np.sort(np.concatenate(chosen)).astype(np.int64)


def share_of_lead(shortcut: float, model: float, chance: float) -> float:
    """Share of the model's lead over chance that a shortcut has.

    Where the model has no lead: 1 if the shortcut has one, else 0.

    Examples
    --------
    >>> share_of_lead(0.9, 1.0, 0.5), share_of_lead(0.9, 0.5, 0.5)
    (0.8, 1.0)
    """
    lead = model - chance
    return max(0.0, (shortcut - chance) / lead) if lead > 0 else float(shortcut > chance)


def _numbers(table: pd.DataFrame, belongs: Callable[[str], bool]) -> Floats:
    """Columns that vary as (n, q) float64; text columns are one-hot encoded.

    NaN stands for what is infinite, even if only in 32 bits. Categorical columns with
    more than `MOST_WORDS` values identify single cells and are left out.
    """
    chosen = table[[name for name in table.columns if belongs(str(name))]]
    known = chosen.select_dtypes(["number", "bool"]).astype(np.float64)
    words = chosen.drop(columns=known.columns)
    few = [name for name in words if 1 < words[name].nunique() <= MOST_WORDS]
    coded = [pd.get_dummies(words[name], prefix=str(name), dtype=np.float64) for name in few]
    values: Floats = pd.concat([known, *coded], axis=1).to_numpy(np.float64, na_value=np.nan)
    values = values[:, _varies(values)]
    return np.where(beyond_float32(values), np.nan, values)


def _varies(values: Floats) -> NDArray[np.bool_]:
    if not len(values):
        return np.zeros(values.shape[1], dtype=bool)
    known = np.isfinite(values)
    low = np.where(known, values, np.inf).min(axis=0)
    high = np.where(known, values, -np.inf).max(axis=0)
    varies: NDArray[np.bool_] = low < high
    return varies
