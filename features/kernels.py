"""Counting loops, compiled: the few places where a pixel is visited one at a time.

Compiled on first use and cached beside the source (or in the user's cache folder where that is
read-only); all release the GIL and none uses reassociating arithmetic, so results do not depend
on the machine's vector width.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

compiled = njit(cache=True, nogil=True)


@compiled
def unmix(rgb: NDArray[np.uint8], tables: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Add up each pixel's three table entries, 16 fractional bits, clipped to a byte.

    `rgb` is (rows, cols, 3), `tables` (planes, 3, 256); returns (planes, rows, cols).
    """
    rows, cols, _ = rgb.shape
    planes = np.empty((tables.shape[0], rows, cols), np.uint8)
    for plane in range(tables.shape[0]):
        table = tables[plane]
        for row in range(rows):
            for col in range(cols):
                level = (
                    table[0, rgb[row, col, 0]]
                    + table[1, rgb[row, col, 1]]
                    + table[2, rgb[row, col, 2]]
                    + 32768
                ) >> 16
                planes[plane, row, col] = min(max(level, 0), 255)
    return planes


@compiled
def histograms(planes: NDArray[np.uint8], parts: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Count the levels of every plane in cytoplasm (part 1) and nucleus (part 2).

    `planes` is (channels, rows, cols); returns (channels, 2, 256).
    """
    channels, rows, cols = planes.shape
    counts = np.zeros((channels, 3, 256), np.int64)
    for channel in range(channels):
        for row in range(rows):
            for col in range(cols):
                counts[channel, parts[row, col], planes[channel, row, col]] += 1
    return counts[:, 1:]


@compiled
def _count_pairs(
    plane: NDArray[np.uint16],
    parts: NDArray[np.uint8],
    down: int,
    right: int,
    counts: NDArray[np.int64],
) -> None:
    """Add the pairs of a plane at one offset to `counts`: (cytoplasm, mixed, nucleus; L, L)."""
    rows, cols = plane.shape
    for row in range(max(0, -down), min(rows, rows - down)):
        for col in range(max(0, -right), min(cols, cols - right)):
            here, there = parts[row, col], parts[row + down, col + right]
            if here and there:
                counts[here + there - 2, plane[row, col], plane[row + down, col + right]] += 1


@compiled
def _summarise(counts: NDArray[np.int64], out: Any, at: tuple[int, int, int, int]) -> None:  # noqa: ANN401
    """Write the marginal and joint sums of a matrix, made symmetric, into `out` at `at`."""
    marginal, difference, total, joint = out
    part, channel, distance, direction = at
    levels = counts.shape[0]
    pairs = 0
    largest = 0
    squares = 0.0
    logs = 0.0
    rows = marginal[part, channel, distance, direction]
    apart = difference[part, channel, distance, direction]
    sums = total[part, channel, distance, direction]
    for low in range(levels):
        for high in range(low, levels):
            n = counts[low, high] + counts[high, low]
            if n == 0:
                continue
            pairs += n if low == high else 2 * n
            largest = max(largest, n)
            weight = 1.0 if low == high else 2.0
            squares += weight * n * n
            logs += weight * n * np.log2(n)
            rows[low] += n
            if low != high:
                rows[high] += n
            apart[high - low] += weight * n
            sums[low + high] += weight * n
    if pairs == 0:
        rows[:] = np.nan
        apart[:] = np.nan
        sums[:] = np.nan
        joint[part, channel, distance, direction, :] = np.nan
        return
    rows /= pairs
    apart /= pairs
    sums /= pairs
    joint[part, channel, distance, direction, 0] = largest / pairs
    joint[part, channel, distance, direction, 1] = squares / pairs / pairs
    joint[part, channel, distance, direction, 2] = np.log2(pairs) - logs / pairs


@compiled
def cooccurrence_sums(
    planes: NDArray[np.uint16], parts: NDArray[np.uint8], distances: NDArray[np.int64], levels: int
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Count the level pairs inside the mask and sum up every matrix, symmetric and normalised.

    Parameters
    ----------
    planes : (channels, rows, cols) uint16
        Levels from 0 to ``levels - 1``.
    parts : (rows, cols) uint8
        0 outside, 1 cytoplasm, 2 nucleus.
    distances : (distances,) int64
        Chebyshev distances in pixels.
    levels : int
        Number of levels.

    Returns
    -------
    marginal, difference, total, joint : float64
        Over (Cells, Nuclei, Cytoplasm; channels; distances; directions 0, 45, 90, 135 degrees
        and all four merged), then: the probability of each level, of each absolute difference
        and of each sum of the two levels (both zero-based), and the three sums that need the
        matrix (its maximum, the sum of its squares, its entropy in bits). NaN where there is no
        pair.
    """
    channels = planes.shape[0]
    shape = (3, channels, distances.size, 5)
    marginal = np.zeros((*shape, levels))
    difference = np.zeros((*shape, levels))
    total = np.zeros((*shape, 2 * levels - 1))
    joint = np.zeros((*shape, 3))
    out = (marginal, difference, total, joint)
    for channel in range(channels):
        for distance in range(distances.size):
            d = distances[distance]
            merged = np.zeros((3, levels, levels), np.int64)
            for direction in range(4):
                counts = np.zeros((3, levels, levels), np.int64)
                down = 0 if direction == 0 else -d
                right = (d, d, 0, -d)[direction]
                _count_pairs(planes[channel], parts, down, right, counts)
                merged += counts
                _summarise(
                    counts[0] + counts[1] + counts[2], out, (0, channel, distance, direction)
                )
                _summarise(counts[2], out, (1, channel, distance, direction))
                _summarise(counts[0], out, (2, channel, distance, direction))
            _summarise(merged[0] + merged[1] + merged[2], out, (0, channel, distance, 4))
            _summarise(merged[2], out, (1, channel, distance, 4))
            _summarise(merged[0], out, (2, channel, distance, 4))
    return out


@compiled
def uniform_patterns(
    plane: NDArray[np.uint8],
    rows_off: NDArray[np.int64],
    cols_off: NDArray[np.int64],
    weights: NDArray[np.int32],
    reach: int,
) -> NDArray[np.uint8]:
    """Rotation-invariant uniform local binary pattern of every pixel that has its circle inside.

    Neighbour p is the bilinear mean of four pixels at (`rows_off`, `cols_off`)[p] and one to the
    south and east, with `weights` (P, 4) in 14 fractional bits: integers, so that ties are ties.
    Returns (rows, cols): the number of neighbours at least as bright where the circle has at most
    two transitions, P + 1 elsewhere, 255 within `reach` of the border.
    """
    rows, cols = plane.shape
    points = rows_off.size
    patterns = np.full((rows, cols), 255, np.uint8)
    width = max(cols - 2 * reach, 0)
    bits = np.empty((points, width), np.uint8)
    for row in range(reach, rows - reach):
        centre = plane[row]
        for p in range(points):
            north = plane[row + rows_off[p]]
            south = plane[min(row + rows_off[p] + 1, rows - 1)]
            shift = reach + cols_off[p]
            nw, ne, sw, se = weights[p, 0], weights[p, 1], weights[p, 2], weights[p, 3]
            for col in range(width):
                west = col + shift
                east = min(west + 1, cols - 1)
                value = (
                    nw * np.int32(north[west])
                    + ne * np.int32(north[east])
                    + sw * np.int32(south[west])
                    + se * np.int32(south[east])
                )
                bits[p, col] = value >= np.int32(centre[col + reach]) << 14
        for col in range(width):
            ones = 0
            changes = 0
            before = bits[points - 1, col]
            for p in range(points):
                bit = bits[p, col]
                ones += bit
                changes += bit != before
                before = bit
            patterns[row, col + reach] = ones if changes <= 2 else points + 1
    return patterns
