"""Bright spots in a mask: the method for nucleoli, granules and vacuoles.

A spot is a connected set of pixels at which the mean of a small square exceeds the mean of a larger
square by a given number of levels. Means include only pixels of the mask. Sums are integers, so a
rotated image has exactly the rotated spots.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..primitives.arrays import Bytes, Floats, Mask
from ..primitives.kernels import compiled, inner


@dataclass(frozen=True, eq=False)
class Spots:
    """Spots of a mask.

    Parameters
    ----------
    mask : (rows, cols) bool
        The pixels of all spots.
    areas : (spots,) int64
        Number of pixels of each spot.
    contrast : float
        Mean difference from the surroundings in levels; NaN if there is no spot.
    search_area : int
        Number of pixels of the mask that was searched.
    """

    mask: Mask
    areas: NDArray[np.int64]
    contrast: float
    search_area: int


def nearest_odd(length: float, least: int = 1) -> int:
    """Return the odd integer nearest to a length in pixels, at least `least`."""
    return max(2 * round((length - 1) / 2) + 1, least)


@inner
def _integral_images(
    plane: Bytes, mask: Bytes, margin: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the integral images of a mask and of the levels in it.

    Both are (rows + 1, cols + 1 + 2 margin); the columns of the margins repeat the border.
    """
    rows, cols = plane.shape
    pixels = np.zeros((rows + 1, cols + 1 + 2 * margin), np.int32)
    levels = np.zeros((rows + 1, cols + 1 + 2 * margin), np.int32)
    for row in range(rows):
        count, level = np.int32(0), np.int32(0)
        for col in range(cols):
            inside = np.int32(mask[row, col])
            count += inside
            level += inside * plane[row, col]
            pixels[row + 1, margin + col + 1] = pixels[row, margin + col + 1] + count
            levels[row + 1, margin + col + 1] = levels[row, margin + col + 1] + level
        for col in range(margin + cols + 1, pixels.shape[1]):
            pixels[row + 1, col] = pixels[row + 1, margin + cols]
            levels[row + 1, col] = levels[row + 1, margin + cols]
    return pixels, levels


@inner
def _any_pixel(row: Bytes) -> bool:
    """Whether any pixel of a row is in the mask."""
    for pixel in row:  # noqa: SIM110  (any() compiles for longer)
        if pixel:
            return True
    return False


@inner
def _row_means(
    pixels: NDArray[np.int32],
    levels: NDArray[np.int32],
    row: int,
    half: int,
    means: NDArray[np.float32],
) -> None:
    """Write the mean level in the square around each pixel of a row; NaN if it is empty.

    One plain loop over slices, which the compiler turns into vector instructions. The integral
    images may overflow, but their differences are right.
    """
    cols = means.size
    rows = pixels.shape[0] - 1
    margin = (pixels.shape[1] - 1 - cols) >> 1
    top, low = max(row - half, 0), min(row + half + 1, rows)
    left, right = margin - half, margin + half + 1
    here = pixels[low, right : right + cols], pixels[low, left : left + cols]
    above = pixels[top, right : right + cols], pixels[top, left : left + cols]
    level = levels[low, right : right + cols], levels[low, left : left + cols]
    higher = levels[top, right : right + cols], levels[top, left : left + cols]
    for col in range(cols):
        count = np.int32(np.int32(here[0][col] - here[1][col]) - (above[0][col] - above[1][col]))
        total = np.int32(
            np.int32(level[0][col] - level[1][col]) - (higher[0][col] - higher[1][col])
        )
        means[col] = np.float32(total) / np.float32(count)


@compiled
def _local_contrast(
    plane: Bytes, mask: Bytes, sides: NDArray[np.int64], limit: float
) -> tuple[NDArray[np.float32], Bytes]:
    """Return mean of the small square minus mean of the large one, and the mask of >= `limit`."""
    rows, cols = plane.shape
    pixels, levels = _integral_images(plane, mask, sides[1] >> 1)
    excess = np.empty((rows, cols), np.float32)
    spots = np.zeros((rows, cols), np.uint8)
    means = np.empty((2, cols), np.float32)
    for row in range(rows):
        if not _any_pixel(mask[row]):
            continue
        for place in range(2):
            _row_means(pixels, levels, row, sides[place] >> 1, means[place])
        for col in range(cols):
            more = means[0, col] - means[1, col]
            excess[row, col] = more
            spots[row, col] = mask[row, col] & (more >= limit)
    return excess, spots


@compiled
def _squared_differences(plane: Bytes, mask: Bytes, sides: NDArray[np.int64]) -> Floats:
    """Sum the squared differences of the means at consecutive scales: (sides - 1,)."""
    rows, cols = plane.shape
    pixels, levels = _integral_images(plane, mask, sides[-1] >> 1)
    means = np.empty((sides.size, cols), np.float32)
    squares = np.zeros(sides.size - 1)
    for row in range(rows):
        if not _any_pixel(mask[row]):
            continue
        for place in range(sides.size):
            _row_means(pixels, levels, row, sides[place] >> 1, means[place])
        for place in range(sides.size - 1):
            total = 0.0
            for col in range(cols):
                if mask[row, col]:
                    total += np.float64(means[place, col] - means[place + 1, col]) ** 2
            squares[place] += total
    return squares


@compiled
def _keep_large_spots(
    labels: NDArray[np.int32],
    excess: NDArray[np.float32],
    count: int,
    least: float,
    spots: NDArray[np.bool_],
) -> tuple[NDArray[np.int64], float]:
    """Remove spots smaller than `least` from `spots`; return the areas and the mean excess.

    All arrays are flat. The excess is summed in integers, so the sum does not depend on the
    positions of the spots.
    """
    # Most pixels are in no spot: list those that are, without a branch.
    pixels, size = np.empty(labels.size + 1, np.int32), 0
    for pixel in range(labels.size):
        pixels[size] = pixel
        size += labels[pixel] > 0
    areas = np.zeros(count, np.int64)
    for pixel in pixels[:size]:
        areas[labels[pixel]] += 1
    total = found = 0
    for pixel in pixels[:size]:
        if areas[labels[pixel]] >= least:
            total += int(np.float64(excess[pixel]) * 4294967296.0)
            found += 1
        else:
            spots[pixel] = False
    kept, spot = np.empty(count, np.int64), 0
    for area in areas:
        if area >= least:
            kept[spot] = area
            spot += 1
    return kept[:spot], total / 4294967296.0 / found if found else np.nan


def scale_differences(plane: Bytes, mask: Mask, sides: Sequence[int]) -> Floats:
    """Sum the squared differences of local means at consecutive scales over a mask.

    Parameters
    ----------
    plane : (rows, cols) uint8
        Grey levels.
    mask : (rows, cols) bool
        The pixels that are read.
    sides : sequence of n int
        Sides of the squares in pixels, odd, in ascending order.

    Returns
    -------
    (n - 1,) float64
    """
    contiguous = np.ascontiguousarray(plane)
    return np.asarray(_squared_differences(contiguous, mask.view(np.uint8), np.array(sides)))


def bright_spots(
    plane: Bytes, mask: Mask, sides: tuple[int, int], level: float, least: float
) -> Spots:
    """Find the spots of a mask.

    Parameters
    ----------
    plane : (rows, cols) uint8
        Levels; their complement for dark spots.
    mask : (rows, cols) bool
        The pixels that are searched; pixels outside are not read.
    sides : (int, int)
        Sides of the small and the large square in pixels, odd.
    level : float
        Least difference of the two means, in levels.
    least : float
        Least area of a spot in pixels; spots are 8-connected.
    """
    excess, found = _local_contrast(
        np.ascontiguousarray(plane), mask.view(np.uint8), np.array(sides), level
    )
    spots = found.view(np.bool_)
    # OpenCV's statistics of components would take eight times as long.
    count, labels = cv2.connectedComponents(found, connectivity=8)
    numbered = np.asarray(labels, dtype=np.int32).ravel()
    areas, contrast = _keep_large_spots(
        numbered, excess.ravel(), count, max(least, 1), spots.ravel()
    )
    return Spots(spots, areas, contrast, cv2.countNonZero(mask.view(np.uint8)))
