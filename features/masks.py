"""Counting loops over a mask, compiled: exact whole numbers that all shape features start from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .kernels import compiled


@compiled
def row_sums(mask: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Count the pixels of each row of a mask, and sum up their columns, the squares, the cubes.

    Then the first column and the last: (rows, 6); meaningless where a row is empty.
    """
    rows, cols = mask.shape
    sums = np.zeros((rows, 6), np.int64)
    for row in range(rows):
        line, found = mask[row], sums[row]
        for col in range(cols):
            if line[col]:
                found[0] += 1
                found[1] += col
                found[2] += col * col
                found[3] += col * col * col
        if found[0]:
            while not line[found[4]]:
                found[4] += 1
            found[5] = cols - 1
            while not line[found[5]]:
                found[5] -= 1
    return sums


@compiled
def quads(mask: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Count the 2x2 neighbourhoods that an outline crosses, of a mask framed with background.

    Returns (16,), by the code top-left + 2 top-right + 4 bottom-left + 8 bottom-right; those
    wholly outside and wholly inside (0 and 15) are not counted.
    """
    rows, cols = mask.shape
    framed = np.zeros((rows + 2, cols + 2), np.uint8)
    for row in range(rows):
        for col in range(cols):
            framed[row + 1, col + 1] = mask[row, col]
    counts = np.zeros(16, np.int64)
    codes = np.empty(cols + 1, np.uint8)
    for row in range(rows + 1):
        above, below = framed[row], framed[row + 1]
        for col in range(cols + 1):
            codes[col] = above[col] + 2 * above[col + 1] + 4 * below[col] + 8 * below[col + 1]
        for code in codes:
            if 0 < code < 15:
                counts[code] += 1
    return counts
