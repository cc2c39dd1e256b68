"""Shortcuts: what the same kind of model reaches on what should not suffice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# How near a shortcut may come to the model, as a share of the model's lead over chance.
NEAR = 0.8

Entry = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Shortcut:
    """Features that by themselves should not tell the classes apart.

    Parameters
    ----------
    name : str
        In plain words.
    suspicious : bool
        Whether success on them alone means that something else than the cell is recognised;
        shape or mean colour alone may well tell cells apart and are shown to compare.
    features : (n, q) float64
    """

    name: str
    suspicious: bool
    features: Floats


def _background(name: str) -> bool:
    return name.startswith("Background_")


def _file(name: str) -> bool:
    return name.startswith(("Metadata_File_", "Metadata_Quality_"))


OF_METADATA: Mapping[str, Callable[[str], bool]] = {
    "background pixels only": _background,
    "file properties, sharpness and quality flags only": _file,
}
OF_FEATURES: Mapping[str, Callable[[Entry], bool]] = {
    "shape and size only": lambda entry: entry.get("family") == "AreaShape",
    "mean colours only": lambda entry: (
        entry.get("family") == "Intensity" and entry.get("feature") == "Mean"
    ),
    "without colour": lambda entry: entry.get("channel") in {"", "Gray"},
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
        The rows that were learnt from, metadata and background columns included.
    features : (n, p) float64
    columns : sequence of p str
    dictionary : mapping
        Column dictionary.
    """
    found = []
    for title, belongs in OF_METADATA.items():
        chosen = [name for name in table.columns if belongs(str(name))]
        part = table[chosen].select_dtypes(["number", "bool"]).astype(np.float64)
        values: Floats = part.to_numpy(dtype=np.float64, na_value=np.nan)
        values = values[:, _varies(values)]
        if values.shape[1]:
            found.append(Shortcut(title, True, np.where(np.isinf(values), np.nan, values)))
    for title, fits in OF_FEATURES.items():
        taken = np.array([fits(dictionary[name]) for name in columns], dtype=bool)
        if taken.any() and not taken.all():
            found.append(Shortcut(title, False, features[:, taken]))
    return found


def nearness(shortcut: float, model: float, chance: float) -> float:
    """Share of the model's lead over chance that a shortcut has; 0 where the model has none.

    Examples
    --------
    >>> nearness(0.9, 1.0, 0.5)
    0.8
    """
    lead = model - chance
    return max(0.0, (shortcut - chance) / lead) if lead > 0 else 0.0


def _varies(values: Floats) -> NDArray[np.bool_]:
    if not len(values):
        return np.zeros(values.shape[1], dtype=bool)
    known = np.isfinite(values)
    low = np.where(known, values, np.inf).min(axis=0)
    high = np.where(known, values, -np.inf).max(axis=0)
    varies: NDArray[np.bool_] = low < high
    return varies
