"""The background of an image: the colour of the empty slide, or black around a cut-out cell."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .arrays import Bytes, Floats
from .kernels import compiled, inner

_SAMPLES = 120  # rows and columns of pixels that are sampled along the shorter side
_BRIGHTER = 0.02  # share of the pixels that may be brighter: reflections, a printed arrow
# Half-width in levels of the background's peak: it varies by 4 % at any exposure.
_HALF_WIDTH = np.maximum(2, np.rint(0.04 * np.arange(256))).astype(np.int64)
_LEAST_PEAK = 0.25  # height of a peak as a share of the highest one
_BLACK = 24  # highest level of any channel of a black pixel


@compiled
def _black_border_share(rgb: Bytes, black: int) -> float:
    """Share of the border pixels with no channel above a level; corners count twice."""
    rows, cols, _ = rgb.shape
    dark = 0
    for row in (0, rows - 1):
        for col in range(cols):
            dark += max(rgb[row, col, 0], rgb[row, col, 1], rgb[row, col, 2]) <= black
    for col in (0, cols - 1):
        for row in range(rows):
            dark += max(rgb[row, col, 0], rgb[row, col, 1], rgb[row, col, 2]) <= black
    return float(dark / (2 * (rows + cols)))


def foreground_on_black(rgb: Bytes) -> Bytes | None:
    """Return the mask of a cell that was cut out on black, or None for a photograph.

    An image is a cut-out if at least two thirds of its border pixels are black (no channel above
    24) and not all of its pixels are.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8

    Returns
    -------
    (rows, cols) uint8, 0 or 1, or None
        1 for the pixels that are not black.
    """
    if _black_border_share(rgb, _BLACK) < 2 / 3:
        return None
    black = cv2.inRange(rgb, np.zeros(3), np.full(3, float(_BLACK)))
    if black.all():
        return None
    return np.asarray(black == 0, dtype=np.uint8)


@inner
def _median_level(counts: NDArray[np.int64], total: int) -> int:
    """Return the lowest level with at least half of the pixels at or below it."""
    below = 0
    for level in range(256):
        below += counts[level]
        if 2 * below >= total:
            return level
    return 255


@inner
def _brightest_peak(
    counts: NDArray[np.int64], half_width: NDArray[np.int64], top: int, least_peak: float
) -> int:
    """Return the brightest peak of a histogram from 60 % of the level `top` to `top`.

    A peak is a level with a local maximum of the pixels within its half-width, and with at least
    a share of the highest such number. Without a peak, `top` is returned.
    """
    width = half_width[top]
    lowest = int(0.6 * top)
    mass = np.zeros(256, np.int64)
    highest = 0
    for level in range(256):
        first, last = max(level - half_width[level], 0), min(level + half_width[level], 255)
        for near in range(first, last + 1):
            mass[level] += counts[near]
        if lowest <= level <= top:
            highest = max(highest, mass[level])
    for level in range(top, lowest - 1, -1):
        local_maximum = 0
        for near in range(max(level - width, 0), min(level + width, 255) + 1):
            local_maximum = max(local_maximum, mass[near])
        if mass[level] >= local_maximum and mass[level] >= least_peak * highest:
            return level
    return top


@compiled
def _background_levels(
    rgb: Bytes, step: int, half_width: NDArray[np.int64], brighter: float, least_peak: float
) -> Floats:
    """Median colour of the pixels at the brightest peak of green: (3,) float64.

    Every `step`-th row and column is sampled; `half_width` (256,) is the half-width of a peak at
    each level; a share `brighter` of the pixels is ignored at the bright end; see `_brightest_peak`
    for `least_peak`.
    """
    rows, cols, _ = rgb.shape
    # Two histograms: increments of equal neighbouring levels need not wait for each other.
    green, odd = np.zeros(256, np.int64), np.zeros(256, np.int64)
    for row in range(0, rows, step):
        for col in range(0, cols - step, 2 * step):
            green[rgb[row, col, 1]] += 1
            odd[rgb[row, col + step, 1]] += 1
        if (cols - 1) // step % 2 == 0:
            green[rgb[row, (cols - 1) // step * step, 1]] += 1
    for level in range(256):
        green[level] += odd[level]
    total, above, top = 0, 0, 255
    for level in range(256):
        total += green[level]
    above = green[top]
    while above < brighter * total and top > 0:
        top -= 1
        above += green[top]
    peak, width = _brightest_peak(green, half_width, top, least_peak), half_width[top]
    red, blue = np.zeros(256, np.int64), np.zeros(256, np.int64)
    for row in range(0, rows, step):
        for col in range(0, cols, step):
            if abs(np.int64(rgb[row, col, 1]) - peak) <= width:
                red[rgb[row, col, 0]] += 1
                blue[rgb[row, col, 2]] += 1
    count = 0
    for level in range(256):
        if abs(level - peak) > width:
            green[level] = 0
        count += green[level]
    levels = np.empty(3)
    levels[0], levels[1], levels[2] = (
        _median_level(red, count),
        _median_level(green, count),
        _median_level(blue, count),
    )
    return levels


def estimate_background(rgb: Bytes) -> Floats:
    """Return the colour of the empty slide: the brightest peak of green, which every cell absorbs.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8

    Returns
    -------
    (3,) float64
        Red, green and blue level in [0, 255].
    """
    step = max(1, min(rgb.shape[:2]) // _SAMPLES)
    return _background_levels(rgb, step, _HALF_WIDTH, _BRIGHTER, _LEAST_PEAK)
