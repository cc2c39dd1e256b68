"""Morphology, moments and convex hull of a mask: what the shape features are computed from."""

from __future__ import annotations

from math import comb, pi, sqrt

import cv2
import numpy as np
from numpy.typing import NDArray

from .arrays import Bytes, Floats, Mask
from .kernels import compiled, inner


def erode(mask: Mask, side: int) -> Bytes:
    """Erode a mask with a square of `side` pixels; outside is background: (rows, cols) uint8."""
    square = np.ones((side, side), np.uint8)
    kept = cv2.erode(mask.view(np.uint8), square, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return np.asarray(kept, dtype=np.uint8)


def dilate(mask: Mask, side: int) -> Bytes:
    """Dilate a mask with a square of `side` pixels: (rows, cols) uint8, 0 or 1."""
    square = np.ones((side, side), np.uint8)
    return np.asarray(cv2.dilate(mask.view(np.uint8), square), dtype=np.uint8)


def equivalent_diameter(mask: Mask | Bytes) -> float:
    """Diameter in pixels of the disc with the area of a mask."""
    return 2 * sqrt(cv2.countNonZero(mask.view(np.uint8)) / pi)


# Columns of `row_sums`: row, number of pixels, power sums 1 to 3 of their columns, first, last.
ROW, COUNT, FIRST, LAST = 0, 1, 5, 6
_CHOOSE = np.array([[comb(n, k) for k in range(4)] for n in range(4)])


@compiled
def row_sums(mask: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Measure each row of a 0/1 mask that has a pixel: (n, 7), rows in ascending order.

    Row, number of pixels, sums of their columns, of the squares and of the cubes, first and last
    column.
    """
    rows, cols = mask.shape
    sums = np.empty((rows, 7), np.int64)
    found = 0
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
        here = sums[found]
        here[0], here[1], here[2], here[3], here[4] = row, count, total, squares, cubes
        here[5], here[6] = first, last
        found += 1
    return sums[:found]


@compiled
def projection_widths(sums: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return area, sums of the rows and of the columns, and four widths of a mask: (7,).

    `sums` is from `row_sums`, with at least one row. The widths are the numbers of rows, columns,
    falling and rising diagonals from the first to the last that has a pixel.
    """
    totals = np.zeros(7, np.int64)
    left, right = sums[0, FIRST], sums[0, LAST]
    low, high = sums[0, ROW] - right, sums[0, ROW] - left
    near, far = sums[0, ROW] + left, sums[0, ROW] + right
    for index in range(sums.shape[0]):
        row, first, last = sums[index, ROW], sums[index, FIRST], sums[index, LAST]
        totals[0] += sums[index, COUNT]
        totals[1] += sums[index, COUNT] * row
        totals[2] += sums[index, 2]
        left, right = min(left, first), max(right, last)
        low, high = min(low, row - last), max(high, row - first)
        near, far = min(near, row + first), max(far, row + last)
    totals[3], totals[4] = sums[-1, ROW] - sums[0, ROW] + 1, right - left + 1
    totals[5], totals[6] = high - low + 1, far - near + 1
    return totals


@inner
def _hull_corners(sums: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Return x and y of the corners of the convex hull of the pixels, taken as unit squares.

    Andrew's monotone chain: the rows are sorted, so one pass along each side removes the points
    that are not corners.
    """
    x, y = np.empty(4 * sums.shape[0]), np.empty(4 * sums.shape[0])
    size = 0
    for side in (1, -1):
        start = size
        for step in range(2 * sums.shape[0]):
            index = step if side == 1 else 2 * sums.shape[0] - 1 - step
            col = sums[index >> 1, FIRST] if side == 1 else sums[index >> 1, LAST] + 1
            row = sums[index >> 1, ROW] + (index & 1)
            if size > start and y[size - 1] == row:
                if side * (col - x[size - 1]) >= 0:
                    continue
                size -= 1
            while size > start + 1:
                down, right = y[size - 1] - y[size - 2], x[size - 1] - x[size - 2]
                if right * (row - y[size - 2]) < (col - x[size - 2]) * down:
                    break
                size -= 1
            x[size], y[size] = col, row
            size += 1
    return x[:size], y[:size]


@compiled
def feret_diameters(sums: NDArray[np.int64]) -> tuple[float, float, float]:
    """Return the squared maximum Feret diameter, the minimum one, and twice the hull's area.

    `sums` is from `row_sums`, with at least one row; pixels are unit squares.
    """
    x, y = _hull_corners(sums)
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
            # Twice the area of the triangle from an edge to a corner.
            widest = max(widest, abs(right * apart_y - down * apart_x))
        narrowest = min(narrowest, widest / np.sqrt(right * right + down * down))
    return longest, narrowest, abs(twice)


@compiled
def central_moments(sums: NDArray[np.int64], row: float, col: float) -> Floats:
    """Return the central moments, sums of (row - `row`)^p (col - `col`)^q, p and q 0 to 3: (4, 4).

    Integer moments about the pixel nearest to (`row`, `col`) are shifted by less than a pixel.
    """
    middle_row, middle_col = int(np.rint(row)), int(np.rint(col))
    shift = np.zeros((4, 4), np.int64)
    for q in range(4):
        for k in range(q + 1):
            shift[q, k] = _CHOOSE[q, k] * (-middle_col) ** (q - k)
    whole = np.zeros((4, 4), np.int64)
    for index in range(sums.shape[0]):
        away = sums[index, ROW] - middle_row
        for q in range(4):
            across = 0
            for k in range(q + 1):
                across += shift[q, k] * sums[index, COUNT + k]
            for p in range(4):
                whole[p, q] += across
                across *= away
    moments = np.zeros((4, 4))
    for p in range(4):
        for q in range(4):
            for i in range(p + 1):
                for j in range(q + 1):
                    down = _CHOOSE[p, i] * (middle_row - row) ** (p - i)
                    right = _CHOOSE[q, j] * (middle_col - col) ** (q - j)
                    moments[p, q] += down * right * whole[i, j]
    return moments


@compiled
def erode_bits(bits: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Erode eight masks at once, one in each bit, with a 3x3 square; outside is background."""
    rows, cols = bits.shape
    across = np.zeros((rows, cols), np.uint8)
    out = np.zeros((rows, cols), np.uint8)
    for row in range(rows):
        here, inner_part = bits[row], across[row, 1 : cols - 1]
        for col in range(inner_part.size):
            inner_part[col] = here[col] & here[col + 1] & here[col + 2]
    for row in range(1, rows - 1):
        above, middle, below, kept = across[row - 1], across[row], across[row + 1], out[row]
        for col in range(cols):
            kept[col] = above[col] & middle[col] & below[col]
    return out


@compiled
def bit_quads(mask: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Count the bit quads (2x2 neighbourhoods, Gray 1971) of a mask framed with background.

    Returns (16,), by the code top-left + 2 top-right + 4 bottom-left + 8 bottom-right. Quads that
    are all background (0) or all mask (15) are not counted.
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
def ring_means(
    plane: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    inner: NDArray[np.uint8],
    outer: NDArray[np.uint8],
) -> tuple[float, float]:
    """Mean level of the cytoplasm (label 1) in `outer` but not in `inner`, and outside `outer`.

    NaN if there is no such pixel.
    """
    near = far = near_count = far_count = 0
    rows, cols = plane.shape
    for row in range(rows):
        for col in range(cols):
            if labels[row, col] == 1:
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
