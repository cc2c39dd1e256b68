"""How steep a plane is along outlines (Sobel): which level draws the sharpest one, and focus."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .arrays import Bytes, Floats
from .kernels import compiled, inner


@inner
def _slope(plane: Bytes, row: int, col: int) -> float:
    """Magnitude of the 3 x 3 Sobel gradient; beyond the edge the plane is mirrored."""
    rows, cols = plane.shape
    up, down = abs(row - 1), min(row + 1, 2 * (rows - 1) - row - 1)
    left, right = abs(col - 1), min(col + 1, 2 * (cols - 1) - col - 1)
    a, b, c = np.int64(plane[up, left]), np.int64(plane[up, col]), np.int64(plane[up, right])
    d, f = np.int64(plane[row, left]), np.int64(plane[row, right])
    g, h = np.int64(plane[down, left]), np.int64(plane[down, col])
    i = np.int64(plane[down, right])
    across, along = c + 2 * f + i - a - 2 * d - g, g + 2 * h + i - a - 2 * b - c
    return float(np.sqrt(across * across + along * along))


@compiled
def level_slopes(plane: Bytes, mask: Bytes, levels: NDArray[np.int64], reach: int) -> Floats:
    """Mean slope of a plane along the outlines that some levels draw inside a mask.

    An outline is made of the pixels at most `reach` from the level; one of 20 pixels or fewer
    has no slope. Returns (levels,) float64.
    """
    sums, counts = np.zeros(levels.size), np.zeros(levels.size, np.int64)
    lowest, highest = levels.min() - reach, levels.max() + reach
    rows, cols = plane.shape
    for row in range(rows):
        for col in range(cols):
            value = np.int64(plane[row, col])
            if mask[row, col] and lowest <= value <= highest:
                slope = _slope(plane, row, col)
                for number in range(levels.size):
                    if abs(value - levels[number]) <= reach:
                        sums[number] += slope
                        counts[number] += 1
    return np.where(counts > 20, sums / np.maximum(counts, 1), 0.0)


@inner
def _upright(mask: Bytes, row: int, col: int) -> int:
    """Sum of a pixel and those above and below it; beyond the edge it repeats."""
    rows, _ = mask.shape
    above, below = mask[max(row - 1, 0), col], mask[min(row + 1, rows - 1), col]
    return int(np.int64(above) + mask[row, col] + below)


@compiled
def outline_slope(plane: Bytes, mask: Bytes) -> float:
    """Mean slope of a plane over the pixels on either side of a mask's outline; 0 without one."""
    total, count = 0.0, 0
    rows, cols = plane.shape
    for row in range(rows):
        here = _upright(mask, row, 0)
        before = here
        for col in range(cols):
            after = _upright(mask, row, min(col + 1, cols - 1))
            if 0 < before + here + after < 9:
                total += _slope(plane, row, col)
                count += 1
            before, here = here, after
    return total / max(count, 1)


@compiled
def tones(
    rgb: Bytes, optical: Bytes, nucleus: Bytes, whole: Bytes
) -> tuple[float, float, float, int]:
    """Mean red, green and blue-free density of the nucleus, and the cell's clipped pixels.

    Returns the means of red, of green, and of green minus blue (not below 0), 0 without a
    nucleus, and how many pixels of the cell have a channel at 0 or 255.
    """
    red = green = chromatin = 0
    count = clipped = 0
    rows, cols = nucleus.shape
    for row in range(rows):
        for col in range(cols):
            if whole[row, col]:
                low = min(rgb[row, col, 0], rgb[row, col, 1], rgb[row, col, 2])
                high = max(rgb[row, col, 0], rgb[row, col, 1], rgb[row, col, 2])
                if low == 0 or high == 255:
                    clipped += 1
            if nucleus[row, col]:
                count += 1
                red += optical[row, col, 0]
                green += optical[row, col, 1]
                if optical[row, col, 1] > optical[row, col, 2]:
                    chromatin += optical[row, col, 1] - optical[row, col, 2]
    share = 1 / max(count, 1)
    return red * share, green * share, chromatin * share, clipped
