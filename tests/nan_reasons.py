"""When a value may be NaN: each reason that a feature's record gives, as a predicate.

A record's `nan` text is one or more of these reasons, joined by "or"; a new reason needs a line
here, so that no text goes unchecked.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from math import pi, sqrt

import numpy as np
from scipy.ndimage import binary_dilation, binary_erosion

from features import Recipe
from features.cell import Cell
from features.colour import scale
from features.lbp import CIRCLES
from features.registry import Column


def _values(cell: Cell, column: Column) -> np.ndarray:
    return scale((column.channel,))[0][cell.plane(column.channel)[cell.mask(column.compartment)]]


def _pairs(mask: np.ndarray, down: int, right: int) -> int:
    rows, cols = mask.shape
    here = mask[max(0, -down) : rows - max(0, down), max(0, -right) : cols - max(0, right)]
    there = mask[max(0, down) : rows - max(0, -down), max(0, right) : cols - max(0, -right)]
    return int((here & there).sum()) if here.size else 0


def _no_pair(cell: Cell, column: Column) -> bool:
    distance, _, how = column.parameter.split("_")
    d = int(distance[1:])
    ways = [(0, d), (-d, d), (-d, 0), (-d, -d)]
    without = [not _pairs(cell.mask(column.compartment), *way) for way in ways]
    return all(without) if how == "merged" else any(without)


def _no_neighbours(cell: Cell, column: Column) -> bool:
    mask = cell.mask(column.compartment)
    return not any(_pairs(mask, *way) for way in [(0, 1), (-1, 1), (-1, 0), (-1, -1)])


def _no_neighbourhood(cell: Cell, column: Column) -> bool:
    side = 2 * CIRCLES[column.parameter.split("_")[0]][1] + 1
    return not binary_erosion(cell.mask(column.compartment), np.ones((side, side))).any()


def _equal_axes(cell: Cell, column: Column) -> bool:
    pixels = np.argwhere(cell.mask(column.compartment))
    spread = np.cov(pixels.T, bias=True)
    return bool(spread[0, 0] == spread[1, 1] and spread[0, 1] == 0)


def _no_quartiles(cell: Cell, column: Column) -> bool:
    return not np.percentile(_values(cell, column), [25, 75]).any()


def _side(cell: Cell, share: float, least: int = 1) -> int:
    """The odd number of pixels nearest to a share of the cell's diameter."""
    across = sqrt(4 * cell.cell.sum() / pi)
    return max(2 * round((share * across - 1) / 2) + 1, least)


def _only_rim(cell: Cell, _: Column) -> bool:
    side = _side(cell, 0.04, 3)
    return not binary_erosion(cell.cytoplasm, np.ones((side, side))).any()


def _grown(cell: Cell, share: float, least: int = 1) -> np.ndarray:
    side = _side(cell, share, least)
    return binary_dilation(cell.nucleus, np.ones((side, side)))


def _none(count: str) -> Callable[[Cell, Column], bool]:
    """Whether a count of things is 0, or nowhere to be taken."""
    recipe = Recipe((f"Cells_Haematology_{count}",))
    return lambda cell, _: not recipe.measure(cell)[0] > 0


REASONS: dict[str, Callable[[Cell, Column], bool]] = {
    "empty compartment": lambda cell, column: not cell.mask(column.compartment).any(),
    "a single pixel": lambda cell, column: cell.mask(column.compartment).sum() == 1,
    "a single level": lambda cell, column: np.ptp(_values(cell, column)) == 0,
    "a mean of 0": lambda cell, column: not _values(cell, column).any(),
    "quartiles of 0": _no_quartiles,
    "equal axes": _equal_axes,
    "no nucleus": lambda cell, _: not cell.nucleus.any(),
    "no cytoplasm": lambda cell, _: not cell.cytoplasm.any(),
    "no nucleolus": _none("NucleoliCount"),
    "no granule": _none("GranuleCount"),
    "no vacuole": _none("VacuoleCount"),
    "no cytoplasm but its rim": _only_rim,
    "no cytoplasm near to it": lambda cell, _: (
        not (cell.cytoplasm & _grown(cell, 0.16, 3) & ~_grown(cell, 0.03)).any()
    ),
    "none far from it": lambda cell, _: not (cell.cytoplasm & ~_grown(cell, 0.16, 3)).any(),
    "no two neighbouring pixels in the compartment": _no_neighbours,
    "no two pixels that touch": _no_neighbours,
    "no pixel whose neighbourhood lies in the compartment": _no_neighbourhood,
    "in one of the directions no pair of pixels at this distance": _no_pair,
}


def may_be_nan(cell: Cell, column: Column) -> bool:
    """Whether one of the reasons of the column's record holds; the first that does ends it."""
    return any(REASONS[reason](cell, column) for reason in re.split(r",? or ", column.feature.nan))
