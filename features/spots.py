"""Small bright spots inside a mask: what nucleoli, granules and vacuoles have in common.

A spot is where the mean of a small square is brighter than that of a larger one around it. Only
pixels of the mask enter a mean, and the sums are whole numbers, so that a turned image has the
turned spots.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import pi, sqrt

import cv2
import numpy as np
from numpy.typing import NDArray

from .arrays import Bytes, Mask
from .kernels import compiled


@dataclass(frozen=True, eq=False)
class Spots:
    """Spots of a mask.

    Parameters
    ----------
    mask : (rows, cols) bool
        Pixels in a spot.
    areas : (spots,) int64
        Pixels of each spot.
    contrast : float
        Mean excess over the surroundings, grey levels; NaN where there is no spot.
    ground : int
        Pixels in which spots were looked for.
    """

    mask: Mask
    areas: NDArray[np.int64]
    contrast: float
    ground: int


def diameter(mask: Mask) -> float:
    """Diameter of the disc with the area of a mask, pixels."""
    return sqrt(4 * cv2.countNonZero(mask.view(np.uint8)) / pi)


def odd(length: float, least: int = 1) -> int:
    """Return the odd number nearest to a length in pixels, not below `least`."""
    return max(2 * round((length - 1) / 2) + 1, least)


def eroded(mask: Mask, side: int) -> Mask:
    """Return the pixels whose whole square of `side` pixels lies in the mask."""
    square = np.ones((side, side), np.uint8)
    kept = cv2.erode(mask.view(np.uint8), square, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return np.asarray(kept, dtype=np.bool_)


def dilated(mask: Mask, side: int) -> Mask:
    """Return the pixels that have the mask within their square of `side` pixels."""
    square = np.ones((side, side), np.uint8)
    return np.asarray(cv2.dilate(mask.view(np.uint8), square), dtype=np.bool_)


@compiled
def _means(
    plane: NDArray[np.uint8],
    mask: NDArray[np.uint8],
    sides: NDArray[np.int64],
    sums: NDArray[np.int64],
    means: NDArray[np.float32],
) -> None:
    """Fill `means` (sides, rows, cols) inside the mask; `sums` (rows + 1, cols + 1) holds 0."""
    rows, cols = plane.shape
    # Sums above and to the left: pixels in the upper half of the word, levels in the lower.
    for row in range(rows):
        line = 0
        for col in range(cols):
            if mask[row, col]:
                line += (1 << 32) + plane[row, col]
            sums[row + 1, col + 1] = sums[row, col + 1] + line
    for place in range(sides.size):
        half = sides[place] >> 1
        for row in range(rows):
            top, low = max(row - half, 0), min(row + half + 1, rows)
            for col in range(cols):
                if mask[row, col]:
                    left, right = max(col - half, 0), min(col + half + 1, cols)
                    box = sums[low, right] - sums[top, right] - sums[low, left] + sums[top, left]
                    means[place, row, col] = np.float32(box & 0xFFFFFFFF) / np.float32(box >> 32)


def local_means(plane: Bytes, mask: Mask, sides: Sequence[int]) -> NDArray[np.float32]:
    """Return the means of the mask's pixels in squares around each: (sides, rows, cols).

    Parameters
    ----------
    plane : (rows, cols) uint8
        Grey levels.
    mask : (rows, cols) bool
        Which pixels count; the mean is 0 outside.
    sides : sequence of int
        Sides of the squares, odd, pixels.
    """
    rows, cols = plane.shape
    means = np.zeros((len(sides), rows, cols), np.float32)
    sums = np.zeros((rows + 1, cols + 1), np.int64)
    _means(np.ascontiguousarray(plane), mask.view(np.uint8), np.array(sides), sums, means)
    return means


def bright_spots(
    plane: Bytes, mask: Mask, sides: tuple[int, int], level: float, least: float
) -> Spots:
    """Find the spots of a mask.

    Parameters
    ----------
    plane : (rows, cols) uint8
        Grey levels; their complement for dark spots.
    mask : (rows, cols) bool
        Where to look; nothing outside is read.
    sides : (int, int)
        Sides of the small and of the large square, odd, pixels.
    level : float
        Least excess of the mean of the small square, grey levels.
    least : float
        Least area of a spot, pixels; spots are 8-connected.
    """
    small, large = local_means(plane, mask, sides)
    excess = small - large
    spots = excess >= level
    # Without OpenCV's statistics, which cost eight times the labels.
    labels = cv2.connectedComponents(spots.view(np.uint8), connectivity=8)[1][spots]
    areas = np.bincount(labels, minlength=1)
    keep = areas >= max(least, 1)
    chosen = keep[labels]
    contrast = np.nan
    if keep.any():
        # In order of value, so that the sum does not depend on where the spots lie.
        contrast = float(np.sort(excess[spots][chosen]).mean(dtype=np.float64))
    spots[spots] = chosen
    return Spots(spots, areas[keep], contrast, int(cv2.countNonZero(mask.view(np.uint8))))
