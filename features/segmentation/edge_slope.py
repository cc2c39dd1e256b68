"""Sobel gradients along outlines: to select a threshold, and to measure focus."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..primitives.arrays import Bytes, Floats
from ..primitives.kernels import compiled, inner

Level = np.int64


@inner
def _sobel_magnitude(
    a: Level, b: Level, c: Level, d: Level, f: Level, g: Level, h: Level, i: Level
) -> float:
    """Return the Sobel gradient magnitude of a 3x3 neighbourhood without its centre, row by row."""
    across, along = c + 2 * f + i - a - 2 * d - g, g + 2 * h + i - a - 2 * b - c
    return float(np.sqrt(across * across + along * along))


@compiled
def slopes_at_levels(plane: Bytes, mask: Bytes, levels: NDArray[np.int64], reach: int) -> Floats:
    """Return the mean gradient magnitude along the contour of each level in a mask: (levels,).

    The contour is the set of pixels whose value is within `reach` of the level; with 20 pixels or
    fewer the result is 0. The borders of the plane are reflected.
    """
    sums, counts = np.zeros(levels.size), np.zeros(levels.size, np.int64)
    near = np.zeros(256, np.int64)  # bit n: the value is within `reach` of level n
    for number in range(levels.size):
        for value in range(max(levels[number] - reach, 0), min(levels[number] + reach, 255) + 1):
            near[value] |= 1 << number
    rows, cols = plane.shape
    for row in range(rows):
        up, down = abs(row - 1), min(row + 1, 2 * (rows - 1) - row - 1)
        for col in range(cols):
            bits = near[plane[row, col]]
            if bits and mask[row, col]:
                left, right = abs(col - 1), min(col + 1, 2 * (cols - 1) - col - 1)
                slope = _sobel_magnitude(
                    np.int64(plane[up, left]),
                    np.int64(plane[up, col]),
                    np.int64(plane[up, right]),
                    np.int64(plane[row, left]),
                    np.int64(plane[row, right]),
                    np.int64(plane[down, left]),
                    np.int64(plane[down, col]),
                    np.int64(plane[down, right]),
                )
                for number in range(levels.size):
                    if bits >> number & 1:
                        sums[number] += slope
                        counts[number] += 1
    for number in range(levels.size):
        sums[number] = sums[number] / counts[number] if counts[number] > 20 else 0.0
    return sums


@inner
def _chromatin(density: Bytes, row: int, col: int) -> Level:
    """Return green minus blue density of a pixel, not below 0."""
    return max(np.int64(density[row, col, 1]) - np.int64(density[row, col, 2]), np.int64(0))


@compiled
def slope_at_outline(density: Bytes, mask: Bytes) -> float:
    """Return the mean gradient magnitude of the chromatin along the outline of a mask.

    The outline is the set of pixels whose 3x3 neighbourhood is partly inside the mask. Borders of
    the chromatin are reflected and those of the mask repeated. 0 if there is no outline. See
    `features.primitives.optical_density.chromatin_plane` for `density` (rows, cols, 3).
    """
    total, count = 0.0, 0
    rows, cols = mask.shape
    column_sums = np.zeros(cols + 2, np.uint8)  # sums of three pixels in a column
    near = np.zeros(8 * (cols // 8 + 1), np.uint8)
    lanes = near.view(np.uint64)
    for row in range(rows):
        before, after = max(row - 1, 0), min(row + 1, rows - 1)
        up, down = abs(row - 1), min(row + 1, 2 * (rows - 1) - row - 1)
        for col in range(cols):
            column_sums[col + 1] = mask[before, col] + mask[row, col] + mask[after, col]
        column_sums[0], column_sums[cols + 1] = column_sums[1], column_sums[cols]
        for col in range(cols):
            here = column_sums[col] + column_sums[col + 1] + column_sums[col + 2]
            near[col] = (here > 0) & (here < 9)
        for lane in range(lanes.size):
            if lanes[lane] == np.uint64(0):
                continue
            for col in range(8 * lane, min(8 * lane + 8, cols)):
                if not near[col]:
                    continue
                left, right = abs(col - 1), min(col + 1, 2 * (cols - 1) - col - 1)
                total += _sobel_magnitude(
                    _chromatin(density, up, left),
                    _chromatin(density, up, col),
                    _chromatin(density, up, right),
                    _chromatin(density, row, left),
                    _chromatin(density, row, right),
                    _chromatin(density, down, left),
                    _chromatin(density, down, col),
                    _chromatin(density, down, right),
                )
                count += 1
    return total / max(count, 1)


@compiled
def nucleus_densities_and_saturation(
    rgb: Bytes, density: Bytes, nucleus: Bytes, whole: Bytes
) -> tuple[float, float, float, int]:
    """Return mean densities of the nucleus, and the number of saturated pixels of the cell.

    The means are those of red, green, and chromatin (green minus blue, not below 0); 0 if there is
    no nucleus. A pixel is saturated if a channel is 0 or 255.
    """
    red = green = chromatin = 0
    count = saturated = 0
    rows, cols = nucleus.shape
    for row in range(rows):
        for col in range(cols):
            low = min(rgb[row, col, 0], rgb[row, col, 1], rgb[row, col, 2])
            high = max(rgb[row, col, 0], rgb[row, col, 1], rgb[row, col, 2])
            saturated += whole[row, col] & np.uint8((low == 0) | (high == 255))
            if nucleus[row, col]:
                count += 1
                red += density[row, col, 0]
                green += density[row, col, 1]
                chromatin += int(_chromatin(density, row, col))
    share = 1 / max(count, 1)
    return red * share, green * share, chromatin * share, saturated
