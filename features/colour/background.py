"""Background statistics and sharpness for the shortcut audit; not used for training.

A model that classifies well from these alone recognises how an image was taken, not what a blast
is. Each is measured once per image, without stain standardisation.
"""

from __future__ import annotations

from functools import lru_cache
from math import nan, sqrt

import cv2
import numpy as np
from numpy.typing import NDArray

from ..primitives.arrays import Bytes, Floats
from ..primitives.kernels import compiled

# Increased when equal pixels give a different result.
BACKGROUND_VERSION = 1

_CHANNELS = ("Red", "Green", "Blue")
_CORNERS = ("TopLeft", "TopRight", "BottomLeft", "BottomRight")
_BLOCK = 8
_PERCENTS = (10, 50, 90)
_TALL = 1 << 16  # rows; the sum of so many squared levels fits 32 bits
_LEVEL = "8-bit level"
_NONE = "NaN if all of these pixels are in cells"


def _definitions() -> dict[str, tuple[str, str]]:
    """Return unit and definition of each value, in order."""
    found = {}
    for what, words in (("Mean", "mean"), ("Deviation", "population standard deviation")):
        for channel in _CHANNELS:
            found[f"Background_{what}_{channel}"] = (_LEVEL, f"{words} of {channel}")
    for percent in _PERCENTS:
        found[f"Background_P{percent}_Gray"] = (
            _LEVEL,
            f"{percent}th percentile of Gray: the lowest level with as many pixels at or below it",
        )
    found["Background_Entropy_Gray"] = ("bit", "entropy (log2) of the 256 levels of Gray")
    for channel in _CHANNELS:
        found[f"Background_Border_{channel}"] = (
            _LEVEL,
            f"mean of {channel} in the outermost rows and columns",
        )
    for corner in _CORNERS:
        for size, words in ((1, "the corner's pixel"), (_BLOCK, f"its {_BLOCK} x {_BLOCK} pixels")):
            for channel in _CHANNELS:
                found[f"Background_{corner}{size}_{channel}"] = (
                    _LEVEL,
                    f"mean of {channel} in {words}",
                )
    return {
        name: (unit, f"{words}, of the pixels outside all cells; {_NONE}")
        for name, (unit, words) in found.items()
    }


BACKGROUND: dict[str, tuple[str, str]] = _definitions()


def background_values(rgb: Bytes, gray: Bytes, outside: Bytes) -> Floats:
    """Measure the pixels of an image outside all cells.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8
    gray : (rows, cols) uint8
        Its BT.601 luma.
    outside : (rows, cols) uint8
        0 for the pixels of cells, 1 for all others.

    Returns
    -------
    (values,) float64
        In the order of `BACKGROUND`, which says when they are NaN.
    """
    levels = _histogram_outside(gray, outside)
    total = int(levels.sum())
    shown = np.asarray(cv2.bitwise_and(rgb, rgb, mask=outside), dtype=np.uint8)
    means, squares = _channel_sums(shown) * (1 / total if total else nan)
    return np.concatenate(
        [
            means,
            np.sqrt(np.maximum(squares - means * means, 0)),
            _percentiles_and_entropy(levels),
            _window_means(rgb, outside, _windows(*outside.shape)).ravel(),
        ]
    )


def sharpness(gray: Bytes) -> float:
    """Return the variance of the Laplacian (3x3, 4 neighbours) of an image.

    Parameters
    ----------
    gray : (rows, cols) uint8
    """
    framed = cv2.copyMakeBorder(gray, 1, 1, 1, 1, cv2.BORDER_REFLECT_101)
    total, squares = _laplacian_sums(np.asarray(framed, dtype=np.uint8))
    mean = total / gray.size
    root = sqrt(squares)  # rounds like cv2.norm: tables of earlier versions stay equal
    return root * root / gray.size - mean * mean


@compiled
def _histogram_outside(gray: Bytes, outside: Bytes) -> NDArray[np.int64]:
    """Count the levels of the pixels outside all cells: (256,)."""
    rows, cols = gray.shape
    # Four histograms: increments of equal neighbouring levels need not wait for each other.
    counts = np.zeros((4, 256), np.int64)
    for row in range(rows):
        for col in range(cols):
            counts[col & 3, gray[row, col]] += outside[row, col]
    found: NDArray[np.int64] = counts.sum(axis=0)
    return found


@compiled
def _channel_sums(shown: Bytes) -> NDArray[np.int64]:
    """Return sums and sums of squares of the three channels of an image: (2, 3).

    Sums are per column, which the compiler turns into vector instructions.
    """
    rows, cols, channels = shown.shape
    samples = shown.reshape(rows, cols * channels)
    sums = np.zeros((2, channels), np.int64)
    for first in range(0, rows, _TALL):
        levels = np.zeros(cols * channels, np.uint32)
        squares = np.zeros(cols * channels, np.uint32)
        for row in range(first, min(first + _TALL, rows)):
            for place in range(levels.size):
                level = np.uint32(samples[row, place])
                levels[place] = np.uint32(levels[place] + level)
                squares[place] = np.uint32(squares[place] + level * level)
        for place in range(levels.size):
            sums[0, place % channels] += levels[place]
            sums[1, place % channels] += squares[place]
    return sums


def _percentiles_and_entropy(counts: NDArray[np.int64]) -> Floats:
    """Return the percentiles and the entropy of a histogram."""
    total = counts.sum()
    if not total:
        return np.full(len(_PERCENTS) + 1, np.nan)
    percentiles = np.searchsorted(np.cumsum(counts), np.array(_PERCENTS) / 100 * total)
    shares = counts[counts > 0] / total
    return np.array([*percentiles, max(0.0, -(shares * np.log2(shares)).sum())], dtype=np.float64)


@compiled
def _laplacian_sums(framed: Bytes) -> tuple[int, int]:
    """Return sum and sum of squares of the Laplacian over all but the outermost pixels."""
    rows, cols = framed.shape
    total, squares = 0, 0
    for row in range(1, rows - 1):
        above, here, below = framed[row - 1], framed[row], framed[row + 1]
        for col in range(1, cols - 1):
            edge = np.int64(above[col]) + below[col] + here[col - 1] + here[col + 1] - 4 * here[col]
            total += edge
            squares += edge * edge
    return total, squares


@lru_cache(maxsize=64)
def _windows(rows: int, cols: int) -> NDArray[np.int64]:
    """Return the windows of the border and the corners: (windows, 5).

    Each is the number of its mean, then top, bottom, left and right. The four windows of the border
    have one mean.
    """
    border = (
        (0, 0, 1, 0, cols),
        (0, rows - 1, rows, 0, cols),
        (0, 1, rows - 1, 0, 1),
        (0, 1, rows - 1, cols - 1, cols),
    )
    corners = (
        (max(rows - size, 0) if bottom else 0, max(cols - size, 0) if right else 0, size)
        for bottom in (False, True)
        for right in (False, True)
        for size in (1, _BLOCK)
    )
    blocks = (
        (number, top, min(top + size, rows), left, min(left + size, cols))
        for number, (top, left, size) in enumerate(corners, start=1)
    )
    return np.array([*border, *blocks])


@compiled
def _window_means(rgb: Bytes, outside: Bytes, windows: NDArray[np.int64]) -> Floats:
    """Mean of each channel outside all cells: (means, 3), NaN without a pixel."""
    sums = np.zeros((windows[-1, 0] + 1, 4))
    for number, top, bottom, left, right in windows:
        for row in range(top, bottom):
            for col in range(left, right):
                if outside[row, col]:
                    sums[number, 3] += 1
                    for channel in range(3):
                        sums[number, channel] += rgb[row, col, channel]
    means = np.full((sums.shape[0], 3), np.nan)
    for number in range(sums.shape[0]):
        if sums[number, 3]:
            means[number] = sums[number, :3] * (1 / sums[number, 3])
    return means
