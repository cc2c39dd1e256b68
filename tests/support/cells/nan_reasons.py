"""When a value may be NaN: the reasons that feature records state, as predicates.

A record's `nan` text is one or more of these reasons, joined by "or". A new reason needs a
predicate here, so that every text is checked.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from math import pi, sqrt

import numpy as np
from scipy.ndimage import binary_dilation, binary_erosion, prewitt

from features import Recipe
from features.colour.radial_distribution import add_ring_numbers
from features.core.cell import Cell
from features.core.registry import Column, Feature
from features.primitives.channels import level_values
from features.texture.lbp import CIRCLES
from features.texture.wavelet_fractal import LAGS


def _values(cell: Cell, column: Column) -> np.ndarray:
    return level_values((column.channel,))[0][
        cell.plane(column.channel)[cell.mask(column.compartment)]
    ]


def _pairs(mask: np.ndarray, down: int, right: int) -> int:
    padded = np.pad(mask, max(abs(down), abs(right)))
    return int((padded & np.roll(padded, (down, right), (0, 1))).sum())


def _no_pair(cell: Cell, column: Column) -> bool:
    distance, _, aggregation = column.parameter.split("_")
    d = int(distance[1:])
    steps = [(0, d), (-d, d), (-d, 0), (-d, -d)]
    lacks_pairs = [not _pairs(cell.mask(column.compartment), *step) for step in steps]
    return all(lacks_pairs) if aggregation == "merged" else any(lacks_pairs)


def _no_neighbours(cell: Cell, column: Column) -> bool:
    mask = cell.mask(column.compartment)
    return not any(_pairs(mask, *step) for step in [(0, 1), (-1, 1), (-1, 0), (-1, -1)])


def _no_neighbourhood(cell: Cell, column: Column) -> bool:
    side = 2 * CIRCLES[column.parameter.split("_")[0]][1] + 1
    return not binary_erosion(cell.mask(column.compartment), np.ones((side, side))).any()


def _equal_axes(cell: Cell, column: Column) -> bool:
    pixels = np.argwhere(cell.mask(column.compartment))
    spread = np.cov(pixels.T, bias=True)
    return bool(spread[0, 0] == spread[1, 1] and spread[0, 1] == 0)


def _no_mean_hue(cell: Cell, column: Column) -> bool:
    return bool(abs(np.exp(1j * np.radians(_values(cell, column))).mean()) < 1e-9)


def _no_quartiles(cell: Cell, column: Column) -> bool:
    return not np.percentile(_values(cell, column), [25, 75]).any()


def _side(cell: Cell, share: float, least: int = 1) -> int:
    """Return the odd number of pixels nearest to a share of the cell's diameter."""
    across = sqrt(4 * cell.cell.sum() / pi)
    return max(2 * round((share * across - 1) / 2) + 1, least)


def _only_rim(cell: Cell, _: Column) -> bool:
    side = _side(cell, 0.04, 3)
    return not binary_erosion(cell.cytoplasm, np.ones((side, side))).any()


def _grown(cell: Cell, share: float, least: int = 1) -> np.ndarray:
    side = _side(cell, share, least)
    return binary_dilation(cell.nucleus, np.ones((side, side)))


def _none(count: str) -> Callable[[Cell, Column], bool]:
    """Return a predicate: a count of the haematology family is 0 or NaN."""
    recipe = Recipe((f"Cells_Haematology_{count}",))
    return lambda cell, _: not recipe.measure(cell)[0] > 0


def _no_square(side: int | None = None) -> Callable[[Cell, Column], bool]:
    """Return a predicate: no square of this side (or of the component's) is in the compartment."""

    def reason(cell: Cell, column: Column) -> bool:
        length = side or int(column.component)
        return not binary_erosion(cell.mask(column.compartment), np.ones((length, length))).any()

    return reason


_CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]])


def _slopes(cell: Cell, column: Column) -> np.ndarray:
    """Return the absolute central differences of the pixels with four neighbours: (2, n)."""
    inside = binary_erosion(cell.mask(column.compartment), _CROSS)
    levels = cell.plane(column.channel).astype(int)
    padded = np.pad(levels, 1)
    down, right = padded[2:, 1:-1] - padded[:-2, 1:-1], padded[1:-1, 2:] - padded[1:-1, :-2]
    return np.abs(np.stack([down, right]))[:, inside]


def _no_clear_gradient(cell: Cell, column: Column) -> bool:
    inside = binary_erosion(cell.mask(column.compartment), np.ones((3, 3)))
    levels = cell.plane(column.channel).astype(int)
    strength = sum(np.abs(prewitt(levels, axis=axis)) for axis in (0, 1))
    return not (strength[inside] >= 6 * 12).any()


def _lag_differences(cell: Cell, column: Column, lag: int) -> np.ndarray:
    """Return the differences of pairs of pixels along rows and columns."""
    mask, levels = cell.mask(column.compartment), cell.plane(column.channel).astype(int)
    return np.concatenate(
        [
            (levels[lag:] - levels[:-lag])[mask[lag:] & mask[:-lag]],
            (levels[:, lag:] - levels[:, :-lag])[mask[:, lag:] & mask[:, :-lag]],
        ]
    )


def _no_ring(cell: Cell, column: Column) -> bool:
    places = np.zeros(cell.cell.shape, np.uint8)
    add_ring_numbers(cell, column.compartment, places)
    return not (places == int(column.component[0])).any()


def _no_opposite_pixels(cell: Cell, column: Column) -> bool:
    """Whether no pixel has mask pixels within 16 px on two opposite sides."""
    mask = np.pad(cell.mask(column.compartment), 16)

    def reach(rows: range, cols: range) -> np.ndarray:
        moved = [np.roll(mask, (-row, -col), (0, 1)) for row in rows for col in cols]
        return np.any(moved, axis=0)

    for size in (1, 2, 4, 8, 16):
        across = range(-(size // 2), size // 2 + 1)
        before, after = range(-size, 0), range(1, size + 1)
        horizontal = reach(across, before) & reach(across, after)
        if (mask & (horizontal | (reach(before, across) & reach(after, across)))).any():
            return False
    return True


REASONS: dict[str, Callable[[Cell, Column], bool]] = {
    "empty compartment": lambda cell, column: not cell.mask(column.compartment).any(),
    "a single pixel": lambda cell, column: cell.mask(column.compartment).sum() == 1,
    "two pixels that differ": lambda cell, column: (
        cell.mask(column.compartment).sum() == 2 and np.ptp(_values(cell, column)) > 0
    ),
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
    "a single level in it": lambda cell, column: np.ptp(_values(cell, column)) == 0,
    "a ring without pixels": _no_ring,
    "no pixel with its four neighbours in the compartment": lambda cell, column: (
        _slopes(cell, column).size == 0
    ),
    "no gradient at all": lambda cell, column: not _slopes(cell, column).any(),
    "no block of that size in the compartment": _no_square(),
    "no pixel whose 5x5 square is in the compartment": _no_square(5),
    "no pair of pixels at one of the distances": lambda cell, column: (
        not all(_lag_differences(cell, column, lag).size for lag in LAGS)
    ),
    "none that differs": lambda cell, column: (
        not all(_lag_differences(cell, column, lag).any() for lag in LAGS)
    ),
    "no pixel with pixels of the compartment on two opposite sides": _no_opposite_pixels,
    "no gradient of 12 levels whose 3x3 square is in the compartment": _no_clear_gradient,
    "no two neighbouring pixels in the compartment": _no_neighbours,
    "no two pixels that touch": _no_neighbours,
    "no pixel whose neighbourhood is in the compartment": _no_neighbourhood,
    "no pair of pixels at this distance in one of the directions (merged: in all four)": _no_pair,
    "hues that cancel out": _no_mean_hue,
}


def reasons(record: Feature) -> list[str]:
    """Split the reasons of a record."""
    return re.split(r",? or ", record.nan)


def may_be_nan(cell: Cell, column: Column) -> bool:
    """Whether one of the reasons in the column's record applies to the cell."""
    return any(REASONS[reason](cell, column) for reason in re.split(r",? or ", column.feature.nan))
