"""Haralick's fourteenth: the matrices themselves, and their maximal correlation coefficient.

The other features of a matrix are made of sums over it (`glcm`); this one needs its eigenvalues.
"""

from __future__ import annotations

from math import nan

import numpy as np
from numpy.typing import NDArray

from ...primitives.arrays import Floats
from ...primitives.kernels import compiled


@compiled
def count_matrices(
    plane: NDArray[np.uint16], parts: NDArray[np.uint8], distance: int, levels: int
) -> NDArray[np.float64]:
    """Count pairs of levels: (Cells, Nuclei, Cytoplasm; 4 directions, merged; levels, levels).

    `plane` holds zero-based levels, `parts` 0 outside, 1 in the cytoplasm and 2 in the nucleus;
    the matrices are symmetric, the directions those of `glcm`.
    """
    rows, cols = plane.shape
    counts = np.zeros((3, 5, levels, levels))
    for direction in range(4):
        up = 0 if direction == 0 else distance
        right = (distance, distance, 0, -distance)[direction]
        for row in range(up, rows):
            for col in range(max(0, -right), min(cols, cols - right)):
                part, other = parts[row, col], parts[row - up, col + right]
                if part == 0 or other == 0:
                    continue
                one, two = plane[row, col], plane[row - up, col + right]
                counts[0, direction, one, two] += 1
                counts[0, direction, two, one] += 1
                if part == other:
                    within = 1 if part == 2 else 2
                    counts[within, direction, one, two] += 1
                    counts[within, direction, two, one] += 1
    for direction in range(4):
        counts[:, 4] += counts[:, direction]
    return counts


def maximal_correlation(counts: Floats) -> Floats:
    """Return the maximal correlation coefficient of symmetric matrices of counts.

    Q's eigenvalues are the squares of those of ``p / sqrt(px py)``, which is symmetric.

    Parameters
    ----------
    counts : (…, levels, levels) float64

    Returns
    -------
    (…) float64
        1 where there is a single level, NaN where there is no pair.
    """
    found = [_of_one(matrix) for matrix in counts.reshape(-1, *counts.shape[-2:])]
    return np.array(found).reshape(counts.shape[:-2])


def _of_one(counts: Floats) -> float:
    """Take each matrix by itself: its last bits would tell which others are looked at with it."""
    margin = counts.sum(axis=-1)
    kept = np.flatnonzero(margin)
    if kept.size < 2:
        return 1.0 if kept.size else nan
    root = np.sqrt(margin[kept])
    scaled = counts[np.ix_(kept, kept)] / (root[:, None] * root)
    # Of their sizes the largest is 1.
    return min(float(np.sort(np.abs(np.linalg.eigvalsh(scaled)))[-2]), 1.0)
