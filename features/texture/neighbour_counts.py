"""Each pixel against its eight neighbours (IBSI 3.10, 3.11): tone differences and dependence.

Only neighbours inside the compartment count; the two matrices come from one pass.
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
def _count(
    plane: NDArray[np.uint16],
    parts: NDArray[np.uint8],
    differences: NDArray[np.int64],
    alike: NDArray[np.int64],
) -> None:
    """Count the pixels of a plane by level against their neighbours.

    The first axis of both counts is 0 for the whole cell, 1 cytoplasm, 2 nucleus.
    `differences` is (3, levels, neighbours, 2): pixels with so many neighbours, and the sum of
    |neighbours times level - sum of their levels|, whole numbers so that no order matters.
    `alike` is (3, levels, 9): pixels with so many neighbours of their own level.
    """
    rows, cols = plane.shape
    levels = np.zeros((rows + 2, cols + 2), np.int32)
    framed = np.zeros((rows + 2, cols + 2), np.uint8)
    for row in range(rows):
        for col in range(cols):
            levels[row + 1, col + 1] = plane[row, col]
            framed[row + 1, col + 1] = parts[row, col]
    for row in range(1, rows + 1):
        for col in range(1, cols + 1):
            part = framed[row, col]
            if part == 0:
                continue
            level = levels[row, col]
            around, total, same = 0, 0, 0
            around_whole, total_whole, same_whole = 0, 0, 0
            for down in range(-1, 2):
                for right in range(-1, 2):
                    if down == 0 and right == 0:
                        continue
                    other = framed[row + down, col + right]
                    if other == 0:
                        continue
                    there = levels[row + down, col + right]
                    equal = there == level
                    around_whole += 1
                    total_whole += there
                    same_whole += equal
                    if other == part:
                        around += 1
                        total += there
                        same += equal
            differences[part, level, around, 0] += 1
            differences[part, level, around, 1] += abs(level * around - total)
            alike[part, level, same] += 1
            differences[0, level, around_whole, 0] += 1
            differences[0, level, around_whole, 1] += abs(level * around_whole - total_whole)
            alike[0, level, same_whole] += 1


@compiled
def neighbour_sums(
    planes: NDArray[np.uint16], parts: NDArray[np.uint8], levels: int
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Sum up the neighbourhoods of every plane.

    Parameters
    ----------
    planes : (channels, rows, cols) uint16
        Levels from 0 to ``levels - 1``.
    parts : (rows, cols) uint8
        0 outside, 1 cytoplasm, 2 nucleus.
    levels : int
        Number of levels.

    Returns
    -------
    pixels, differences : (Cells, Nuclei, Cytoplasm; channels; levels) float64
        Pixels of each level that have a neighbour, and the sum of their absolute differences
        from the mean of their neighbours.
    dependence : (Cells, Nuclei, Cytoplasm; channels; 16) float64
        Sums over the dependence matrix, as `size_matrix.sum_size_matrix` orders them.
    """
    channels = planes.shape[0]
    pixels = np.zeros((3, channels, levels))
    differences = np.zeros((3, channels, levels))
    dependence = np.empty((3, channels, SUM_COUNT))
    sizes = np.empty(9, np.int64)
    for place in range(9):
        sizes[place] = place + 1
    for channel in range(channels):
        tones = np.zeros((3, levels, 9, 2), np.int64)
        alike = np.zeros((3, levels, 9), np.int64)
        _count(planes[channel], parts, tones, alike)
        for compartment in range(3):
            part = 3 - compartment if compartment else 0
            count = 0
            for level in range(levels):
                for place in range(9):
                    count += alike[part, level, place]
                for around in range(1, 9):
                    pixels[compartment, channel, level] += tones[part, level, around, 0]
                    differences[compartment, channel, level] += (
                        tones[part, level, around, 1] / around
                    )
            sum_size_matrix(alike[part], sizes, count, dependence[compartment, channel])
    return pixels, differences, dependence


@dataclass(frozen=True, eq=False)
class ToneDifferenceMatrix:
    """Differences of the pixels of each level from the mean of their neighbours.

    Parameters
    ----------
    pixels : (…, levels) float64
        Pixels of each level that have a neighbour in the compartment.
    differences : (…, levels) float64
        Sum of their absolute differences from the mean level of these neighbours.
    """

    pixels: Floats
    differences: Floats

    @cached_property
    def count(self) -> Floats:
        """Pixels that have a neighbour, NaN where there is none: (…)."""
        total = self.pixels.sum(axis=-1)
        return np.where(total > 0, total, np.nan)

    @cached_property
    def probabilities(self) -> Floats:
        """Share of each level, NaN where no pixel has a neighbour: (…, levels)."""
        return np.asarray(self.pixels / self.count[..., None])

    @cached_property
    def levels(self) -> Floats:
        """The grey levels, from 1: (levels,)."""
        return np.arange(1.0, self.pixels.shape[-1] + 1)

    @cached_property
    def occurring(self) -> Floats:
        """Number of levels that occur: (…)."""
        return np.asarray((self.pixels > 0).sum(axis=-1), dtype=np.float64)

    @cached_property
    def total(self) -> Floats:
        """Sum of all differences, NaN where no pixel has a neighbour: (…)."""
        return np.asarray(self.differences.sum(axis=-1) + 0 * self.count)

    @cached_property
    def expected(self) -> Floats:
        """Differences of each level weighed by its share, summed: (…)."""
        return np.asarray((self.probabilities * self.differences).sum(axis=-1))

    def over_pairs(self, weights: Floats) -> Floats:
        """Sum over all ordered pairs of levels that both occur of (…, levels, levels): (…)."""
        there = self.pixels > 0
        both = there[..., :, None] & there[..., None, :]
        return np.asarray(
            np.where(both, weights, 0.0).sum(axis=(-2, -1)) + 0 * self.count,
        )


def selected_neighbour_sums(cell: Cell, axes: Axes) -> tuple[Floats, Floats, Floats]:
    """Return `neighbour_sums` for the compartments and channels asked for, with a parameter axis.

    Levels are the axes' parameter; the last axis is preceded by one of length 1.
    """
    levels = int(axes.parameters[0])
    keep = [COMPARTMENTS.index(word) for word in axes.compartments]
    planes = quantise(cell.planes(axes.channels), levels)
    pixels, differences, dependence = neighbour_sums(planes, cell.compartment_labels, levels)
    return pixels[keep][:, :, None], differences[keep][:, :, None], dependence[keep][:, :, None]
