"""All columns of the largest preset, and transformations of a cell's image."""

from __future__ import annotations

import re

import numpy as np

from features import Cell, Recipe, preset_columns

# The largest preset, all settings of Gray, and local binary patterns of one colour channel.
PATTERNS = ["*_Gray_*", "*_LBP_*_Red_*"]
COLUMNS = tuple(dict.fromkeys(preset_columns("full") + preset_columns("full", PATTERNS)))
RECIPE = Recipe(COLUMNS)
PARSED = RECIPE.parsed


def transformed(cell: Cell, move) -> Cell:
    """Return the cell with an array transformation applied to its pixels and masks."""
    arrays = (cell.rgb, cell.nucleus, cell.cell)
    return Cell(*(np.ascontiguousarray(move(array)) for array in arrays))


def padded(cell: Cell, top: int, left: int) -> Cell:
    """Return the cell in an image padded by `top` rows and `left` columns."""
    size = ((top, 3), (left, 2))
    rgb = np.pad(cell.rgb, (*size, (0, 0)), constant_values=77)
    return Cell(rgb, np.pad(cell.nucleus, size), np.pad(cell.cell, size))


def flips_sign(column) -> bool:
    """Whether the record declares that this component changes its sign under flips."""
    components = re.findall(
        r"component (\w+) changes its sign under flips", column.feature.invariances
    )
    return column.component in components
