"""Loops over a mask and its hull, compiled: what all shape features start from."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .arrays import Bytes, Mask
from .kernels import compiled


def eroded(mask: Mask, side: int) -> Bytes:
    """Pixels whose whole square of `side` pixels lies in a mask: (rows, cols) uint8, 0 or 1."""
    square = np.ones((side, side), np.uint8)
    kept = cv2.erode(mask.view(np.uint8), square, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return np.asarray(kept, dtype=np.uint8)


def dilated(mask: Mask, side: int) -> Bytes:
    """Pixels that have a mask within their square of `side` pixels: (rows, cols) uint8, 0 or 1."""
    square = np.ones((side, side), np.uint8)
    return np.asarray(cv2.dilate(mask.view(np.uint8), square), dtype=np.uint8)


def chamfer(mask: Mask) -> tuple[tuple[slice, slice], NDArray[np.float32]]:
    """Bounding box of a mask, and each pixel's distance to the nearest outside, framed with 0.

    Chamfer distance of 5x5 pixels, within 2 % of the Euclidean: (rows + 2, cols + 2) of the box.
    """
    left, top, cols, rows = cv2.boundingRect(mask.view(np.uint8))
    box = np.s_[top : top + rows, left : left + cols]
    framed = cv2.copyMakeBorder(mask[box].view(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    return box, np.asarray(cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_5), np.float32)


@compiled
def calipers(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float, float]:
    """Squared longest distance of two corners of a convex polygon, smallest width, twice area."""
    size = x.size
    longest, narrowest, twice = 0.0, np.inf, 0.0
    for here in range(size):
        after = here + 1 if here + 1 < size else 0
        right, down = x[after] - x[here], y[after] - y[here]
        twice += x[here] * y[after] - y[here] * x[after]
        widest = 0.0
        for there in range(size):
            apart_x, apart_y = x[there] - x[here], y[there] - y[here]
            longest = max(longest, apart_x * apart_x + apart_y * apart_y)
            # Twice the area of the triangle of an edge and a corner.
            widest = max(widest, abs(right * apart_y - down * apart_x))
        narrowest = min(narrowest, widest / np.sqrt(right * right + down * down))
    return longest, narrowest, abs(twice)


@compiled
def row_sums(mask: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Count the pixels of each row of a mask, and sum up their columns, the squares, the cubes.

    Then the first column and the last: (rows, 6); meaningless where a row is empty.
    """
    rows, cols = mask.shape
    sums = np.zeros((rows, 6), np.int64)
    for row in range(rows):
        count, total, squares, cubes = 0, 0, 0, 0
        for col in range(cols):
            if mask[row, col]:
                count += 1
                total += col
                squares += col * col
                cubes += col * col * col
        if count == 0:
            continue
        first, last = 0, cols - 1
        while not mask[row, first]:
            first += 1
        while not mask[row, last]:
            last -= 1
        sums[row, 0], sums[row, 1], sums[row, 2] = count, total, squares
        sums[row, 3], sums[row, 4], sums[row, 5] = cubes, first, last
    return sums


@compiled
def quads(mask: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Count the 2x2 neighbourhoods that an outline crosses, of a mask framed with background.

    Returns (16,), by the code top-left + 2 top-right + 4 bottom-left + 8 bottom-right; those
    wholly outside and wholly inside (0 and 15) are not counted.
    """
    rows, cols = mask.shape
    counts = np.zeros(16, np.int64)
    framed = np.zeros((2, cols + 2), np.uint8)
    codes = np.empty(cols + 1, np.uint8)
    for row in range(rows + 1):
        low = row & 1
        for col in range(cols):
            framed[low, col + 1] = mask[row, col] if row < rows else 0
        for col in range(cols + 1):
            codes[col] = (
                framed[1 - low, col]
                + 2 * framed[1 - low, col + 1]
                + 4 * framed[low, col]
                + 8 * framed[low, col + 1]
            )
        for col in range(cols + 1):
            if 0 < codes[col] < 15:
                counts[codes[col]] += 1
    return counts


@compiled
def near_and_far(
    plane: NDArray[np.uint8],
    parts: NDArray[np.uint8],
    inner: NDArray[np.uint8],
    outer: NDArray[np.uint8],
) -> tuple[float, float]:
    """Mean level of the cytoplasm (part 1) in `outer` but not `inner`, and of that beyond `outer`.

    NaN where there is no such pixel.
    """
    near = far = near_count = far_count = 0
    rows, cols = plane.shape
    for row in range(rows):
        for col in range(cols):
            if parts[row, col] == 1:
                if not outer[row, col]:
                    far += plane[row, col]
                    far_count += 1
                elif not inner[row, col]:
                    near += plane[row, col]
                    near_count += 1
    return (
        near / near_count if near_count else np.nan,
        far / far_count if far_count else np.nan,
    )
