"""Haralick's f14, the maximal correlation coefficient, and the count matrices that it needs.

The other GLCM features are computed from sums over the matrix (`glcm`); f14 needs eigenvalues.
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
    """Return symmetric count matrices of one plane.

    Parameters
    ----------
    plane : (rows, cols) uint16
        Zero-based grey levels.
    parts : (rows, cols) uint8
        0 outside, 1 cytoplasm, 2 nucleus.
    distance : int
        Chebyshev distance in pixels.
    levels : int
        Number of grey levels.

    Returns
    -------
    (Cells, Nuclei, Cytoplasm; 0, 45, 90, 135 degrees, merged; levels, levels) float64
        Numbers of pairs.
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

    The eigenvalues of Q are the squares of those of the symmetric matrix ``p / sqrt(px py)``.

    Parameters
    ----------
    counts : (…, levels, levels) float64
        Numbers of pairs.

    Returns
    -------
    (…) float64
        From 0 to 1; 1 for a single level, NaN for a matrix without a pair.
    """
    values = [_maximal_correlation(matrix) for matrix in counts.reshape(-1, *counts.shape[-2:])]
    return np.array(values).reshape(counts.shape[:-2])


def _maximal_correlation(counts: Floats) -> float:
    """Return the coefficient of one matrix.

    A batched solver would make the last bits depend on the other matrices of the batch.
    """
    marginal = counts.sum(axis=-1)
    occurring = np.flatnonzero(marginal)
    if occurring.size < 2:
        return 1.0 if occurring.size else nan
    root = np.sqrt(marginal[occurring])
    scaled = counts[np.ix_(occurring, occurring)] / (root[:, None] * root)
    # The largest absolute eigenvalue is 1.
    return min(float(np.sort(np.abs(np.linalg.eigvalsh(scaled)))[-2]), 1.0)
