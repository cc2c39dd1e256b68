"""Small bright spots inside a mask: what nucleoli, granules and vacuoles have in common.

A spot is where the mean of a small square is brighter than that of a larger one around it. Only
pixels of the mask enter a mean, and the sums are whole numbers, so that a turned image has the
turned spots.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, sqrt

import cv2
import numpy as np
from numpy.typing import NDArray

from .arrays import Bytes, Mask


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


def local_mean(plane: Bytes, mask: Mask, side: int) -> NDArray[np.float32]:
    """Return the mean of the mask's pixels in the square around each of them, 0 outside.

    Parameters
    ----------
    plane : (rows, cols) uint8
        Grey levels.
    mask : (rows, cols) bool
        Which pixels count.
    side : int
        Side of the square, odd, pixels.
    """
    inside = mask.view(np.uint8)
    chosen = plane * inside
    if side == 1:
        return chosen.astype(np.float32)
    size, border = (side, side), cv2.BORDER_CONSTANT
    sums = cv2.boxFilter(chosen, cv2.CV_32F, size, normalize=False, borderType=border)
    counts = cv2.boxFilter(inside, cv2.CV_32F, size, normalize=False, borderType=border)
    # A plain division and a product: numpy's division under a mask costs ten times as much.
    return np.asarray(sums / np.maximum(counts, 1) * inside, dtype=np.float32)


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
    small, large = sides
    excess = local_mean(plane, mask, small) - local_mean(plane, mask, large)
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
