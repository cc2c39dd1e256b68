"""Counting loops, compiled: the few places where a pixel is visited one at a time.

Compiled on first use and cached beside the source (or in the user's cache folder where that is
read-only); all release the GIL and none uses reassociating arithmetic, so results do not depend
on the machine's vector width.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

Loop = TypeVar("Loop", bound=Callable[..., Any])

# Neither wrappers for C callers nor exceptions for divisions by 0: half of the compiler's work.
_LEAN: dict[str, Any] = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}
_NO_PYTHON: dict[str, Any] = {"no_cpython_wrapper": True}


def compiled(loop: Loop) -> Loop:
    """Compile a loop at its first call, and keep the machine code for the next process."""
    return cast(Loop, njit(cache=True, **_LEAN)(loop))


def inner(loop: Loop) -> Loop:
    """Compile a loop that only other compiled ones call."""
    return cast(Loop, njit(**_LEAN, **_NO_PYTHON)(loop))


@compiled
def separate_stains(rgb: NDArray[np.uint8], tables: NDArray[np.int32]) -> NDArray[np.uint8]:
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
def compartment_histograms(
    planes: NDArray[np.uint8], parts: NDArray[np.uint8]
) -> NDArray[np.int64]:
    """Count the levels of every plane in cytoplasm (part 1) and nucleus (part 2).

    `planes` is (channels, rows, cols); returns (channels, 2, 256).
    """
    channels, rows, cols = planes.shape
    counts = np.zeros((channels, 2, 256), np.int64)
    for row in range(rows):
        for col in range(cols):
            part = parts[row, col]
            if part:
                for channel in range(channels):
                    counts[channel, part - 1, planes[channel, row, col]] += 1
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
    """Mean of each value under each distribution, added up in the order of the levels.

    `distributions` is (n, levels), `values` (k, levels); returns (k, n). Unlike a matrix product,
    a row's bytes do not depend on the number of rows.
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
    """Pattern of every pixel that has its circle inside, looked up by its code, else 255.

    Only from the first to the last column that is not 0 in each row of `wanted` (rows, cols), and
    not within `reach` of the border.

    Bit p of a code says that neighbour p is at least as bright as the pixel; it is the bilinear
    mean of four pixels at (`rows_off`, `cols_off`)[p] and one to the south and east, with `weights`
    (P, 4) that are whole numbers which add up to 2^14: all products and sums fit 24 bits, so that
    float32 is exact and ties are ties. `patterns` is (2^P,); returns (rows, cols).
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
    """Count values below `bins` inside three masks, the bits 1, 2 and 4 of `masks`: (3, bins)."""
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
