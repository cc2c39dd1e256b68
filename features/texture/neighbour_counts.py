"""Neighbourhood matrices of a pixel and its 8 neighbours: NGTDM and NGLDM (IBSI 3.10, 3.11).

Only neighbours inside the compartment count. One pass over the pixels fills both matrices.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.cell import COMPARTMENTS, Cell
from ..core.registry import Axes
from ..primitives.arrays import Floats
from ..primitives.kernels import compiled, inner
from ..primitives.quantise import quantise
from .size_matrix import SUM_COUNT, sum_size_matrix


@inner
def _count_neighbours(
    plane: NDArray[np.uint16],
    parts: NDArray[np.uint8],
    differences: NDArray[np.int64],
    equal_neighbours: NDArray[np.int64],
) -> None:
    """Count the pixels of a plane by grey level and neighbourhood.

    The first axis of both outputs is 0 cell, 1 cytoplasm, 2 nucleus.

    `differences` is (3, levels, 9, 2), by level and number of neighbours k: the number of pixels,
    and the sum of ``|k level - sum of the neighbours' levels|``, integers so that the order of
    summation has no effect. `equal_neighbours` is (3, levels, 9): the number of pixels by level
    and number of neighbours of equal level.
    """
    rows, cols = plane.shape
    levels = np.zeros((rows + 2, cols + 2), np.int32)
    padded_parts = np.zeros((rows + 2, cols + 2), np.uint8)
    for row in range(rows):
        for col in range(cols):
            levels[row + 1, col + 1] = plane[row, col]
            padded_parts[row + 1, col + 1] = parts[row, col]
    for row in range(1, rows + 1):
        for col in range(1, cols + 1):
            part = padded_parts[row, col]
            if part == 0:
                continue
            level = levels[row, col]
            neighbours, total, equal_count = 0, 0, 0
            cell_neighbours, cell_total, cell_equal = 0, 0, 0
            for down in range(-1, 2):
                for right in range(-1, 2):
                    if down == 0 and right == 0:
                        continue
                    other = padded_parts[row + down, col + right]
                    if other == 0:
                        continue
                    there = levels[row + down, col + right]
                    equal = there == level
                    cell_neighbours += 1
                    cell_total += there
                    cell_equal += equal
                    if other == part:
                        neighbours += 1
                        total += there
                        equal_count += equal
            differences[part, level, neighbours, 0] += 1
            differences[part, level, neighbours, 1] += abs(level * neighbours - total)
            equal_neighbours[part, level, equal_count] += 1
            differences[0, level, cell_neighbours, 0] += 1
            differences[0, level, cell_neighbours, 1] += abs(level * cell_neighbours - cell_total)
            equal_neighbours[0, level, cell_equal] += 1


@compiled
def neighbour_sums(
    planes: NDArray[np.uint16], parts: NDArray[np.uint8], levels: int
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return the sums over the neighbourhoods of every plane.

    Parameters
    ----------
    planes : (channels, rows, cols) uint16
        Grey levels from 0 to ``levels - 1``.
    parts : (rows, cols) uint8
        0 outside, 1 cytoplasm, 2 nucleus.
    levels : int
        Number of grey levels.

    Returns
    -------
    pixels, differences : (Cells, Nuclei, Cytoplasm; channels; levels) float64
        By grey level: number of pixels that have a neighbour, and sum of the absolute
        differences between a pixel and the mean of its neighbours.
    dependence : (Cells, Nuclei, Cytoplasm; channels; 16) float64
        Sums over the dependence matrix, in the order of `SizeMatrix`.
    """
    channels = planes.shape[0]
    pixels = np.zeros((3, channels, levels))
    differences = np.zeros((3, channels, levels))
    dependence = np.empty((3, channels, SUM_COUNT))
    sizes = np.empty(9, np.int64)
    for index in range(9):
        sizes[index] = index + 1
    for channel in range(channels):
        tone_counts = np.zeros((3, levels, 9, 2), np.int64)
        equal_neighbours = np.zeros((3, levels, 9), np.int64)
        _count_neighbours(planes[channel], parts, tone_counts, equal_neighbours)
        for compartment in range(3):
            part = 3 - compartment if compartment else 0
            count = 0
            for level in range(levels):
                for index in range(9):
                    count += equal_neighbours[part, level, index]
                for neighbours in range(1, 9):
                    pixels[compartment, channel, level] += tone_counts[part, level, neighbours, 0]
                    differences[compartment, channel, level] += (
                        tone_counts[part, level, neighbours, 1] / neighbours
                    )
            sum_size_matrix(equal_neighbours[part], sizes, count, dependence[compartment, channel])
    return pixels, differences, dependence


@dataclass(frozen=True, eq=False)
class ToneDifferenceMatrix:
    """Neighbourhood grey-tone difference matrix (NGTDM).

    Parameters
    ----------
    pixels : (…, levels) float64
        Number of pixels that have a neighbour in the compartment, by grey level.
    differences : (…, levels) float64
        Sum of the absolute differences between these pixels and the mean of their neighbours.
    """

    pixels: Floats
    differences: Floats

    @cached_property
    def count(self) -> Floats:
        """Number of pixels that have a neighbour, NaN if there is none: (…)."""
        total = self.pixels.sum(axis=-1)
        return np.where(total > 0, total, np.nan)

    @cached_property
    def probabilities(self) -> Floats:
        """Share of each grey level, NaN if no pixel has a neighbour: (…, levels)."""
        return np.asarray(self.pixels / self.count[..., None])

    @cached_property
    def levels(self) -> Floats:
        """The grey levels, from 1: (levels,)."""
        return np.arange(1.0, self.pixels.shape[-1] + 1)

    @cached_property
    def level_count(self) -> Floats:
        """Number of occurring grey levels: (…)."""
        return np.asarray((self.pixels > 0).sum(axis=-1), dtype=np.float64)

    @cached_property
    def total(self) -> Floats:
        """Sum of all differences, NaN if no pixel has a neighbour: (…)."""
        return np.asarray(self.differences.sum(axis=-1) + 0 * self.count)

    @cached_property
    def weighted_sum(self) -> Floats:
        """Sum over the grey levels of share times difference: (…)."""
        return np.asarray((self.probabilities * self.differences).sum(axis=-1))

    def sum_over_level_pairs(self, weights: Floats) -> Floats:
        """Sum weights (…, levels, levels) over all ordered pairs of occurring levels: (…)."""
        there = self.pixels > 0
        both = there[..., :, None] & there[..., None, :]
        return np.asarray(
            np.where(both, weights, 0.0).sum(axis=(-2, -1)) + 0 * self.count,
        )


def selected_neighbour_sums(cell: Cell, axes: Axes) -> tuple[Floats, Floats, Floats]:
    """Return `neighbour_sums` of the requested compartments and channels.

    The number of grey levels is the parameter of `axes`. The outputs have a parameter axis of
    length 1 before their last axis.
    """
    levels = int(axes.parameters[0])
    keep = [COMPARTMENTS.index(word) for word in axes.compartments]
    planes = quantise(cell.planes(axes.channels), levels)
    pixels, differences, dependence = neighbour_sums(planes, cell.compartment_labels, levels)
    return pixels[keep][:, :, None], differences[keep][:, :, None], dependence[keep][:, :, None]
