"""Chamfer distance (5x5, Borgefors 1986) of the pixels of a mask to its background."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .arrays import Bytes, Mask
from .kernels import compiled, inner

Distances = NDArray[np.int32]

# Lengths of a straight, a diagonal and a knight's step: 1, 1.4 and 2.1969 pixels (Borgefors 1986,
# the constants of OpenCV), in 65536ths of a pixel, because sums of integers are exact.
_UNIT = 65536
_STRAIGHT, _DIAGONAL, _KNIGHT = (np.int32(round(step * _UNIT)) for step in (1, 1.4, 2.1969))


@inner
def _propagate(next_row: Distances, far_row: Distances, shortest: Distances) -> None:
    """Write the shortest distance of each pixel of a row by way of its two rows on one side.

    `next_row` and `far_row` have a margin of two pixels at either end, `shortest` has none. One
    plain loop over 32-bit integers, which the compiler turns into vector instructions.
    """
    for col in range(shortest.size):
        far = min(far_row[col + 1], far_row[col + 3])
        wide = min(next_row[col], next_row[col + 4])
        diagonal = min(next_row[col + 1], next_row[col + 3])
        bent = min(np.int32(min(far, wide) + _KNIGHT), np.int32(diagonal + _DIAGONAL))
        shortest[col] = min(bent, np.int32(next_row[col + 2] + _STRAIGHT))


@compiled
def _distances(mask: Bytes, top: int, left: int, rows: int, cols: int) -> NDArray[np.float32]:
    """Distances in a box of a 0/1 mask, framed with 0: a pass down the rows, then one up."""
    steps = np.empty((rows + 4, cols + 4), np.int32)
    steps[:2], steps[rows + 2 :], steps[:, :2], steps[:, cols + 2 :] = 0, 0, 0, 0
    shortest = np.empty(cols, np.int32)
    for row in range(rows):
        _propagate(steps[row + 1], steps[row], shortest)
        inside = mask[top + row, left : left + cols]
        for col in range(cols):
            shortest[col] = shortest[col] if inside[col] else np.int32(0)
        here = steps[row + 2, 2 : cols + 2]
        before = np.int32(0)
        for col in range(cols):
            before = min(np.int32(before + _STRAIGHT), shortest[col])
            here[col] = before
    depth = np.zeros((rows + 2, cols + 2), np.float32)
    for row in range(rows - 1, -1, -1):
        _propagate(steps[row + 3], steps[row + 4], shortest)
        here = steps[row + 2, 2 : cols + 2]
        for col in range(cols):
            shortest[col] = min(shortest[col], here[col])
        before = np.int32(0)
        for col in range(cols - 1, -1, -1):
            before = min(np.int32(before + _STRAIGHT), shortest[col])
            here[col] = before
        line = depth[row + 1, 1 : cols + 1]
        for col in range(cols):
            line[col] = np.float32(here[col]) * np.float32(1 / _UNIT)
    return depth


def chamfer_distance(mask: Mask) -> tuple[tuple[slice, slice], NDArray[np.float32]]:
    """Return the bounding box of a mask and the distance of its pixels to the background.

    The 5x5 chamfer distance is within 2 % of the Euclidean one. It is equal to OpenCV's
    ``distanceTransform`` without Intel's library, and takes half of its time. Distances are whole
    multiples of 1/65536 pixel: a rotated or mirrored mask has exactly equal distances.

    Parameters
    ----------
    mask : (rows, cols) bool
        Pixels outside the image count as background.

    Returns
    -------
    box : (slice, slice)
        Rows and columns of the bounding box; empty slices for an empty mask.
    distances : (box rows + 2, box cols + 2) float32
        Pixels; 0 outside the mask and in a frame one pixel wide.
    """
    plane = mask.view(np.uint8)
    left, top, cols, rows = cv2.boundingRect(plane)
    return np.s_[top : top + rows, left : left + cols], _distances(plane, top, left, rows, cols)
