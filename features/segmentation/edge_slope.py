"""How steep a plane is along outlines (Sobel): which level draws the sharpest one, and focus."""

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
    """Magnitude of the Sobel gradient amid eight neighbours, row by row."""
    across, along = c + 2 * f + i - a - 2 * d - g, g + 2 * h + i - a - 2 * b - c
    return float(np.sqrt(across * across + along * along))


@compiled
def slopes_at_levels(plane: Bytes, mask: Bytes, levels: NDArray[np.int64], reach: int) -> Floats:
    """Mean slope of a plane along the outlines that some levels draw inside a mask.

    An outline is made of the pixels at most `reach` from the level; one of 20 pixels or fewer
    has no slope. Beyond its edge the plane is mirrored. Returns (levels,) float64.
    """
    sums, counts = np.zeros(levels.size), np.zeros(levels.size, np.int64)
    near = np.zeros(256, np.int64)  # a bit for each of the levels that a value is near to
    for number in range(levels.size):
        for value in range(max(levels[number] - reach, 0), min(levels[number] + reach, 255) + 1):
            near[value] |= 1 << number
    rows, cols = plane.shape
    for row in range(rows):
        up, down = abs(row - 1), min(row + 1, 2 * (rows - 1) - row - 1)
        for col in range(cols):
            which = near[plane[row, col]]
            if which and mask[row, col]:
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
                    if which >> number & 1:
                        sums[number] += slope
                        counts[number] += 1
    for number in range(levels.size):
        sums[number] = sums[number] / counts[number] if counts[number] > 20 else 0.0
    return sums


@inner
def _chromatin(optical: Bytes, row: int, col: int) -> Level:
    return max(np.int64(optical[row, col, 1]) - np.int64(optical[row, col, 2]), np.int64(0))


@compiled
def slope_at_outline(optical: Bytes, mask: Bytes) -> float:
    """Mean slope of the chromatin over the pixels on either side of a mask's outline.

    Chromatin is green minus blue of the densities `optical` (rows, cols, 3), see
    `stain.chromatin`, and mirrored beyond the edge, where the mask repeats; 0 without an outline.
    """
    total, count = 0.0, 0
    rows, cols = mask.shape
    upright = np.zeros(cols + 2, np.uint8)  # sums of a pixel and those above and below it
    near = np.zeros(8 * (cols // 8 + 1), np.uint8)
    lanes = near.view(np.uint64)
    for row in range(rows):
        before, after = max(row - 1, 0), min(row + 1, rows - 1)
        up, down = abs(row - 1), min(row + 1, 2 * (rows - 1) - row - 1)
        for col in range(cols):
            upright[col + 1] = mask[before, col] + mask[row, col] + mask[after, col]
        upright[0], upright[cols + 1] = upright[1], upright[cols]
        for col in range(cols):
            here = upright[col] + upright[col + 1] + upright[col + 2]
            near[col] = (here > 0) & (here < 9)
        for lane in range(lanes.size):
            if lanes[lane] == np.uint64(0):
                continue
            for col in range(8 * lane, min(8 * lane + 8, cols)):
                if not near[col]:
                    continue
                left, right = abs(col - 1), min(col + 1, 2 * (cols - 1) - col - 1)
                total += _sobel_magnitude(
                    _chromatin(optical, up, left),
                    _chromatin(optical, up, col),
                    _chromatin(optical, up, right),
                    _chromatin(optical, row, left),
                    _chromatin(optical, row, right),
                    _chromatin(optical, down, left),
                    _chromatin(optical, down, col),
                    _chromatin(optical, down, right),
                )
                count += 1
    return total / max(count, 1)


@compiled
def nucleus_densities(
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
            low = min(rgb[row, col, 0], rgb[row, col, 1], rgb[row, col, 2])
            high = max(rgb[row, col, 0], rgb[row, col, 1], rgb[row, col, 2])
            clipped += whole[row, col] & np.uint8((low == 0) | (high == 255))
            if nucleus[row, col]:
                count += 1
                red += optical[row, col, 0]
                green += optical[row, col, 1]
                chromatin += int(_chromatin(optical, row, col))
    share = 1 / max(count, 1)
    return red * share, green * share, chromatin * share, clipped
