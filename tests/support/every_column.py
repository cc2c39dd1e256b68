"""Every column of the largest preset, and cells that are moved in their image."""

from __future__ import annotations

import re

import numpy as np

from features import Cell, Recipe, preset_columns

# Every column of the largest preset, every setting of the grey ones, and patterns of a primary.
PATTERNS = ["*_Gray_*", "*_LBP_*_Red_*"]
COLUMNS = tuple(dict.fromkeys(preset_columns("full") + preset_columns("full", PATTERNS)))
RECIPE = Recipe(COLUMNS)
PARSED = RECIPE.parsed


def transformed(cell: Cell, move) -> Cell:
    """The cell with a transformation of arrays applied to its pixels and masks."""
    parts = (cell.rgb, cell.nucleus, cell.cell)
    return Cell(*(np.ascontiguousarray(move(part)) for part in parts))


def padded(cell: Cell, top: int, left: int) -> Cell:
    """The cell further down and to the right, in a larger image."""
    size = ((top, 3), (left, 2))
    rgb = np.pad(cell.rgb, (*size, (0, 0)), constant_values=77)
    return Cell(rgb, np.pad(cell.nucleus, size), np.pad(cell.cell, size))


def flips_sign(column) -> bool:
    """Whether the record says that this component changes its sign under flips."""
    named = re.findall(r"component (\w+) changes its sign under flips", column.feature.invariances)
    return column.component in named
