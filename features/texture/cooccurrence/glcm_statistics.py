"""Compiled statistics of one co-occurrence matrix, stored as a packed upper triangle."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...primitives.kernels import inner


@inner
def row_offset(low: int, width: int) -> int:
    """Index at which row `low` of a packed upper triangle starts, minus `low`."""
    return (low * (2 * width - 1 - low)) >> 1


@inner
def _n_log_n(count: int, logs: NDArray[np.float64]) -> np.float64:
    """``count log2 count``."""
    if count < logs.size:
        return np.float64(logs[count])
    return np.float64(count * np.log2(count))


@inner
def _moments_and_entropy(
    counts: NDArray[np.int32],
    size: int,
    pairs: float,
    first: int,
    logs: NDArray[np.float64],
    shape: NDArray[np.float64],
) -> None:
    """Write mean, central moments 2 to 4 and entropy of the values from `first` on."""
    mean = entropy = second = third = fourth = 0.0
    for index in range(size):
        mean += float(counts[index]) * (first + index)
        entropy += _n_log_n(counts[index], logs)
    mean /= pairs
    for index in range(size):
        deviation = first + index - mean
        square = counts[index] * deviation * deviation
        second += square
        third += square * deviation
        fourth += square * deviation * deviation
    shape[0], shape[1], shape[2], shape[3] = mean, second / pairs, third / pairs, fourth / pairs
    # A single value has entropy 0, independent of rounding.
    shape[4] = np.log2(pairs) - entropy / pairs if second > 0 else 0.0


@inner
def matrix_statistics(
    triangle: NDArray[np.int32],
    width: int,
    first: int,
    span: int,
    lowest: int,
    logs: NDArray[np.float64],
    functions: NDArray[np.float64],
    sums: NDArray[np.float64],
) -> None:
    """Write the fields of `Glcm` of a symmetric matrix into `sums`; NaN if it has no pair.

    The matrix consists of the `span` codes from `first` on of a packed upper triangle with `width`
    codes; `first` stands for the grey level `lowest`.
    """
    # Histograms of the grey level, of the sum and of the absolute difference of two levels.
    counts = np.zeros((3, 2 * span), np.int32)
    levels, totals, differences = counts[0], counts[1], counts[2]
    maximum, squares, entropy, pairs = 0, 0, 0.0, 0.0
    for low in range(span):
        # A pair of equal levels counts twice on the diagonal of the symmetric matrix.
        start = row_offset(first + low, width) + first
        diagonal = 2 * triangle[start + low]
        row = triangle[start + low + 1 : start + span]
        higher, steps, added = levels[low + 1 :], differences[1:], totals[2 * low + 1 :]
        inside, square, largest = np.int32(0), 0, np.int32(0)
        for index in range(row.size):
            n = row[index]
            higher[index] += n
            steps[index] += 2 * n
            added[index] += 2 * n
            inside += n
            square += n * n
            largest = max(largest, n)
        levels[low] += inside + diagonal
        differences[0] += diagonal
        totals[2 * low] += diagonal
        squares += 2 * square + diagonal * diagonal
        maximum = max(maximum, largest, diagonal)
        pairs += diagonal + 2 * inside
        bits = 0.0
        for index in range(row.size):
            if row[index] > 1:
                bits += _n_log_n(row[index], logs)
        entropy += 2 * bits + _n_log_n(diagonal, logs)
    if pairs == 0:
        for field in range(sums.size):
            sums[field] = np.nan
        return
    sums[0] = maximum / pairs
    sums[1] = squares / (pairs * pairs)
    sums[2] = np.log2(pairs) - entropy / pairs if maximum < pairs else 0.0
    shape = np.empty(5)
    for histogram in range(3):
        least = (lowest + 1, 2 * lowest + 2, 0)[histogram]
        _moments_and_entropy(
            counts[histogram], 2 * span - 1 if histogram == 1 else span, pairs, least, logs, shape
        )
        for field in range(5):
            sums[3 + 5 * histogram + field] = shape[field]
    for field in range(functions.shape[1]):
        mean = 0.0
        for index in range(span):
            mean += differences[index] * functions[index, field]
        sums[18 + field] = mean / pairs
