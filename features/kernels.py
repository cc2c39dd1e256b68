"""Counting loops, compiled: the few places where a pixel is visited one at a time.

Compiled on first use and cached beside the source (or in the user's cache folder where that is
read-only); all release the GIL and none uses reassociating arithmetic, so results do not depend
on the machine's vector width.
"""

from __future__ import annotations

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
def expectations(
    distributions: NDArray[np.float64], values: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Mean of a value under each distribution, added up in the order of the levels.

    `distributions` is (n, levels), `values` (levels,). Unlike a matrix product, a row's bytes do
    not depend on the number of rows.
    """
    means = np.zeros(distributions.shape[0])
    for row in range(distributions.shape[0]):
        for level in range(values.size):
            means[row] += distributions[row, level] * values[level]
    return means


@compiled
def entropies(distributions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Entropy of each distribution (n, levels), in bits; 0 log 0 is 0."""
    sums = np.zeros(distributions.shape[0])
    for row in range(distributions.shape[0]):
        for level in range(distributions.shape[1]):
            share = distributions[row, level]
            if share != 0:
                sums[row] -= share * np.log2(share)
    return sums


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
