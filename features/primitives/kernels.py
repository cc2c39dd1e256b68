"""The compiler's settings, and compiled loops that several rooms share.

Loops are compiled at first use and cached in the folder of the source, or in the user's cache
folder if that is read-only. All release the GIL. None may reorder floating-point sums, so results
do not depend on the vector width of the machine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

Loop = TypeVar("Loop", bound=Callable[..., Any])

# No wrappers for C and no exceptions for divisions by 0: these take half of the compile time.
_LEAN: dict[str, Any] = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}
_NO_PYTHON: dict[str, Any] = {"no_cpython_wrapper": True}


def compiled(loop: Loop) -> Loop:
    """Compile a function at its first call, and cache the machine code for the next process."""
    return cast(Loop, njit(cache=True, **_LEAN)(loop))


def inner(loop: Loop) -> Loop:
    """Compile a function that only compiled functions call."""
    return cast(Loop, njit(**_LEAN, **_NO_PYTHON)(loop))


@compiled
def separate_stains(rgb: NDArray[np.uint8], tables: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Add the three table entries of each pixel, 16 fractional bits, and clip to a byte.

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
def compartment_histograms(
    planes: NDArray[np.uint8], labels: NDArray[np.uint8]
) -> NDArray[np.int64]:
    """Count the levels of each plane in the cytoplasm (label 1) and in the nucleus (label 2).

    `planes` is (channels, rows, cols); returns (channels, 2, 256).
    """
    channels, rows, cols = planes.shape
    counts = np.zeros((channels, 2, 256), np.int64)
    for row in range(rows):
        for col in range(cols):
            label = labels[row, col]
            if label:
                for channel in range(channels):
                    counts[channel, label - 1, planes[channel, row, col]] += 1
    return counts


@compiled
def rgb_histograms(rgb: NDArray[np.uint8], mask: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Count the levels of red, green and blue inside a mask: (3, 256)."""
    counts = np.zeros((3, 256), np.int64)
    rows, cols, _ = rgb.shape
    for row in range(rows):
        for col in range(cols):
            if mask[row, col]:
                for channel in range(3):
                    counts[channel, rgb[row, col, channel]] += 1
    return counts


@compiled
def expected_values(
    distributions: NDArray[np.float64], values: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the mean of each value under each distribution, summed in the order of the levels.

    `distributions` is (n, levels), `values` (k, levels); returns (k, n). Unlike a matrix product,
    the result of a row does not depend on the number of rows.
    """
    means = np.zeros((values.shape[0], distributions.shape[0]))
    for row in range(distributions.shape[0]):
        for level in range(distributions.shape[1]):
            share = distributions[row, level]
            if share != 0:
                for value in range(values.shape[0]):
                    means[value, row] += share * values[value, level]
    return means


@compiled
def local_binary_patterns(
    plane: NDArray[np.uint8],
    rows_off: NDArray[np.int64],
    cols_off: NDArray[np.int64],
    weights: NDArray[np.float32],
    reach: int,
    wanted: NDArray[np.uint8],
    patterns: NDArray[np.uint8],
) -> NDArray[np.uint8]:
    """Return the local binary pattern of each pixel: (rows, cols) uint8, 255 if not computed.

    A row is computed from the first to the last column that is not 0 in `wanted` (rows, cols);
    pixels closer than `reach` to the border are not computed.

    Bit p of a code is 1 if neighbour p is at least as bright as the pixel. Neighbour p is the
    bilinear mean of four pixels: (`rows_off`, `cols_off`)[p] and those one to the south and east,
    with `weights` (P, 4). The weights are integers with the sum 2^14, so all products and sums fit
    24 bits, float32 is exact, and equal values compare as equal. `patterns` (2^P,) maps a code to
    its pattern.
    """
    rows, cols = plane.shape
    levels = np.zeros((rows + 1, cols + 1), np.float32)
    for row in range(rows):
        for col in range(cols):
            levels[row, col] = plane[row, col]
    found = np.empty((rows, cols), np.uint8)
    codes = np.empty(cols, np.uint16)
    scaled = np.empty(cols, np.float32)
    one, none = np.float32(16384), np.uint16(0)
    for row in range(rows):
        for col in range(cols):
            found[row, col] = 255
        start, stop = reach, cols - reach
        while start < stop and not wanted[row, start]:
            start += 1
        while start < stop and not wanted[row, stop - 1]:
            stop -= 1
        width = stop - start
        if row < reach or row >= rows - reach or width <= 0:
            continue
        for col in range(width):
            codes[col] = 0
            scaled[col] = one * levels[row, start + col]
        for p in range(rows_off.size):
            top, left, bit = row + rows_off[p], start + cols_off[p], np.uint16(1 << p)
            north_west = levels[top, left : left + width]
            north_east = levels[top, left + 1 : left + 1 + width]
            south_west = levels[top + 1, left : left + width]
            south_east = levels[top + 1, left + 1 : left + 1 + width]
            nw, ne, sw, se = weights[p, 0], weights[p, 1], weights[p, 2], weights[p, 3]
            if nw == one:
                for col in range(width):
                    codes[col] |= bit if one * north_west[col] >= scaled[col] else none
                continue
            for col in range(width):
                mean = (
                    nw * north_west[col]
                    + ne * north_east[col]
                    + sw * south_west[col]
                    + se * south_east[col]
                )
                codes[col] |= bit if mean >= scaled[col] else none
        for col in range(width):
            found[row, start + col] = patterns[codes[col]]
    return found


@compiled
def histograms_by_mask(
    values: NDArray[np.uint8], masks: NDArray[np.uint8], bins: int
) -> NDArray[np.int64]:
    """Count the values below `bins` in three masks, bits 1, 2 and 4 of `masks`: (3, bins)."""
    counts = np.zeros((8, bins), np.int64)
    rows, cols = values.shape
    for row in range(rows):
        for col in range(cols):
            if masks[row, col]:
                counts[masks[row, col], values[row, col]] += 1
    sums = np.zeros((3, bins), np.int64)
    for combination in range(8):
        for bit in range(3):
            if combination >> bit & 1:
                for index in range(bins):
                    sums[bit, index] += counts[combination, index]
    return sums
