"""Depth of every pixel in a mask: Borgefors' chamfer distance of 5x5 pixels."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .arrays import Bytes, Mask
from .kernels import compiled, inner

Distances = NDArray[np.int32]

# A step to the next pixel, to the next diagonal one and that of a knight: 1, 1.4 and 2.1969
# (Borgefors 1986, as OpenCV has them) in parts of a pixel, so that sums are exact.
_UNIT = 65536
_STRAIGHT, _DIAGONAL, _KNIGHT = (np.int32(round(step * _UNIT)) for step in (1, 1.4, 2.1969))


@inner
def _propagate(next_row: Distances, far_row: Distances, least: Distances) -> None:
    """Write the least way to each pixel of a row through the two rows on one side of it.

    The rows are framed by two pixels; `least` is not. One plain loop over 32-bit numbers, two at
    a time, which the compiler turns into vector instructions.
    """
    for col in range(least.size):
        far = min(far_row[col + 1], far_row[col + 3])
        wide = min(next_row[col], next_row[col + 4])
        diagonal = min(next_row[col + 1], next_row[col + 3])
        bent = min(np.int32(min(far, wide) + _KNIGHT), np.int32(diagonal + _DIAGONAL))
        least[col] = min(bent, np.int32(next_row[col + 2] + _STRAIGHT))


@compiled
def _distances(mask: Bytes, top: int, left: int, rows: int, cols: int) -> NDArray[np.float32]:
    """Depth of the pixels in a box of a 0/1 mask, framed: down the rows, then up again."""
    steps = np.empty((rows + 4, cols + 4), np.int32)
    steps[:2], steps[rows + 2 :], steps[:, :2], steps[:, cols + 2 :] = 0, 0, 0, 0
    least = np.empty(cols, np.int32)
    for row in range(rows):
        _propagate(steps[row + 1], steps[row], least)
        inside = mask[top + row, left : left + cols]
        for col in range(cols):
            least[col] = least[col] if inside[col] else np.int32(0)
        here = steps[row + 2, 2 : cols + 2]
        before = np.int32(0)
        for col in range(cols):
            before = min(np.int32(before + _STRAIGHT), least[col])
            here[col] = before
    depth = np.zeros((rows + 2, cols + 2), np.float32)
    for row in range(rows - 1, -1, -1):
        _propagate(steps[row + 3], steps[row + 4], least)
        here = steps[row + 2, 2 : cols + 2]
        for col in range(cols):
            least[col] = min(least[col], here[col])
        before = np.int32(0)
        for col in range(cols - 1, -1, -1):
            before = min(np.int32(before + _STRAIGHT), least[col])
            here[col] = before
        line = depth[row + 1, 1 : cols + 1]
        for col in range(cols):
            line[col] = np.float32(here[col]) * np.float32(1 / _UNIT)
    return depth


def chamfer_distance(mask: Mask) -> tuple[tuple[slice, slice], NDArray[np.float32]]:
    """Bounding box of a mask, and each pixel's distance to the nearest outside, framed with 0.

    Chamfer distance of 5x5 pixels, within 2 % of the Euclidean: (rows + 2, cols + 2) of the box.
    Whole multiples of 1/65536, so that a mask turned or mirrored has the very same distances.
    The numbers are those of OpenCV's ``distanceTransform`` without Intel's library, in half of
    its time.
    """
    plane = mask.view(np.uint8)
    left, top, cols, rows = cv2.boundingRect(plane)
    return np.s_[top : top + rows, left : left + cols], _distances(plane, top, left, rows, cols)
