"""Counting pairs of levels: the compiled half of the co-occurrence family."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .arrays import Floats
from .kernels import compiled

# Marginal, difference and total distributions and the sums of one matrix, or of many.
_Results: TypeAlias = tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]

_OUTSIDE = 65535
_FEW = np.arange(4096, dtype=np.float64)
COUNTS_LOG = _FEW * np.log2(np.maximum(_FEW, 1))


class Sums(NamedTuple):
    """What the features are made of besides the three distributions; all of equal shape.

    Entropies are in bits, levels count from 1.
    """

    maximum: Floats  # largest entry of the matrix
    squares: Floats  # sum of the squared entries
    entropy: Floats  # of the matrix
    mean: Floats  # of the level of a pixel of a pair
    mean_square: Floats
    marginal_entropy: Floats
    difference_mean: Floats  # of the absolute difference of the two levels
    difference_mean_square: Floats
    difference_entropy: Floats
    total_mean: Floats  # of the sum of the two levels
    total_mean_square: Floats
    total_entropy: Floats
    tendency: Floats  # central moments of the sum of the two levels: second,
    shade: Floats  # third
    prominence: Floats  # and fourth


_SUMS = len(Sums._fields)


@compiled
def _codes(
    plane: NDArray[np.uint16], parts: NDArray[np.uint8], margin: int
) -> tuple[NDArray[np.uint16], Any, int, Any]:
    """Level and part of each pixel in one number, with a margin of outside on all sides but one.

    Levels count from the lowest of the cell; those of the nucleus follow on the cytoplasm's.
    Returns the codes, the lowest level, the number of levels from there to the highest and the
    union of the parts' numbers.
    """
    rows, cols = plane.shape
    none, outside = np.uint16(0), np.uint16(_OUTSIDE)
    lowest: Any = outside
    highest: Any = none
    present: Any = np.uint8(0)
    for row in range(rows):
        line, part = plane[row], parts[row]
        for col in range(cols):
            lowest = min(lowest, line[col] if part[col] else outside)
            highest = max(highest, line[col] if part[col] else none)
            present |= part[col]
    span = max(int(highest) - int(lowest) + 1, 0)
    nucleus = np.uint16(span if present == 3 else 0)
    codes = np.full((rows + margin, cols + 2 * margin), outside)
    for row in range(rows):
        line, part = plane[row], parts[row]
        found = codes[row + margin, margin : margin + cols]
        for col in range(cols):
            code = np.uint16(line[col] - lowest + (nucleus if part[col] == 2 else none))
            found[col] = code if part[col] else outside
    return codes, lowest, span, present


@compiled
def _count(
    codes: NDArray[np.uint16], margin: int, distance: int, counts: NDArray[np.int32]
) -> None:
    """Add the pairs at 0, 45, 90 and 135 degrees to `counts`: (4, codes, codes)."""
    rows, cols = codes.shape
    for row in range(margin, rows):
        level, above = codes[row], codes[row - distance]
        for col in range(margin, cols - margin):
            here = level[col]
            if here == _OUTSIDE:
                continue
            east, north_east = level[col + distance], above[col + distance]
            north, north_west = above[col], above[col - distance]
            if east != _OUTSIDE:
                counts[0, here, east] += 1
            if north_east != _OUTSIDE:
                counts[1, here, north_east] += 1
            if north != _OUTSIDE:
                counts[2, here, north] += 1
            if north_west != _OUTSIDE:
                counts[3, here, north_west] += 1


@compiled
def _merge(counts: NDArray[np.int32]) -> None:
    """Write the sum of the four directions' matrices behind them."""
    for direction in range(4):
        for row in range(counts.shape[1]):
            for col in range(counts.shape[2]):
                counts[4, row, col] += counts[direction, row, col]


@compiled
def _add(n: int, low: int, high: int, logs: NDArray[np.float64], out: _Results) -> None:
    """Add an entry of a symmetric matrix, and its mirror image, to the matrix's sums."""
    marginal, difference, total, sums = out
    twice = n if low == high else 2 * n
    marginal[low] += n
    if low != high:
        marginal[high] += n
    difference[high - low] += twice
    total[low + high] += twice
    sums[0] = max(sums[0], n)
    sums[1] += float(twice) * n
    sums[2] += (logs[n] if n < logs.size else n * np.log2(n)) * (1 if low == high else 2)


@compiled
def _describe(
    distribution: NDArray[np.float64], pairs: float, first: int, sums: NDArray[np.float64]
) -> None:
    """Turn counts into probabilities; write mean, mean square and entropy of the values."""
    for index in range(distribution.size):
        if distribution[index] > 0:
            share = distribution[index] / pairs
            distribution[index] = share
            value = first + index
            sums[0] += share * value
            sums[1] += share * value * value
            sums[2] -= share * np.log2(share)


@compiled
def _finish(out: _Results) -> None:
    """Turn the sums of counts into those of probabilities; NaN where there is no pair."""
    marginal, difference, total, sums = out
    pairs = 0.0
    for index in range(marginal.size):
        pairs += marginal[index]
    if pairs == 0:
        for values in out:
            for index in range(values.size):
                values[index] = np.nan
        return
    sums[0] /= pairs
    sums[1] /= pairs * pairs
    sums[2] = np.log2(pairs) - sums[2] / pairs
    _describe(marginal, pairs, 1, sums[3:6])
    _describe(difference, pairs, 0, sums[6:9])
    _describe(total, pairs, 2, sums[9:12])
    for index in range(total.size):
        if total[index] > 0:
            away = index + 2 - sums[9]
            square = away * away
            sums[12] += total[index] * square
            sums[13] += total[index] * square * away
            sums[14] += total[index] * square * square


@compiled
def _whole(
    counts: NDArray[np.int32],
    lowest: int,
    span: int,
    logs: NDArray[np.float64],
    cells: _Results,
    part: _Results,
) -> None:
    """Write the sums of one direction's matrix where a cell has a single compartment."""
    for low in range(span):
        for high in range(low, span):
            n = counts[low, high] + counts[high, low]
            if n:
                _add(n, lowest + low, lowest + high, logs, cells)
    _finish(cells)
    for ours, theirs in zip(part, cells):  # noqa: B905  (numba has no strict)
        for index in range(ours.size):
            ours[index] = theirs[index]


@compiled
def _compartments(
    counts: NDArray[np.int32],
    lowest: int,
    span: int,
    logs: NDArray[np.float64],
    cells: _Results,
    nuclei: _Results,
    cytoplasm: _Results,
) -> None:
    """Write the sums of one direction's matrix, made symmetric, for all three compartments."""
    for low in range(span):
        for high in range(low, span):
            outer = counts[low, high] + counts[high, low]
            inner = counts[span + low, span + high] + counts[span + high, span + low]
            across = (
                counts[low, span + high]
                + counts[span + high, low]
                + counts[span + low, high]
                + counts[high, span + low]
            )
            if outer:
                _add(outer, lowest + low, lowest + high, logs, cytoplasm)
            if inner:
                _add(inner, lowest + low, lowest + high, logs, nuclei)
            if outer + inner + across:
                _add(outer + inner + across, lowest + low, lowest + high, logs, cells)
    _finish(cells)
    _finish(nuclei)
    _finish(cytoplasm)


@compiled
def _at(out: _Results, part: int, channel: int, distance: int, direction: int) -> _Results:
    """One matrix's row in each of the four arrays."""
    marginal, difference, total, sums = out
    return (
        marginal[part, channel, distance, direction],
        difference[part, channel, distance, direction],
        total[part, channel, distance, direction],
        sums[part, channel, distance, direction],
    )


@compiled
def count_pairs(
    planes: NDArray[np.uint16],
    parts: NDArray[np.uint8],
    distances: NDArray[np.int64],
    levels: int,
    merged: bool,
    logs: NDArray[np.float64],
) -> _Results:
    """Count the level pairs inside the mask and sum up every matrix, symmetric and normalised.

    `planes` is (channels, rows, cols), `parts` 0 outside, 1 in the cytoplasm and 2 in the
    nucleus, `logs` `COUNTS_LOG`. Returns, over (Cells, Nuclei, Cytoplasm; channels; distances;
    directions 0, 45, 90, 135 degrees and, if wanted, all four merged), the probability of each
    level, of each absolute difference and of each sum of the two levels, and `Sums`; NaN where
    there is no pair.
    """
    channels = planes.shape[0]
    shape = (3, channels, distances.size, 5 if merged else 4)
    out = (
        np.zeros((*shape, levels)),
        np.zeros((*shape, levels)),
        np.zeros((*shape, 2 * levels - 1)),
        np.zeros((*shape, _SUMS)),
    )
    margin = distances.max()
    for channel in range(channels):
        codes, lowest, span, present = _codes(planes[channel], parts, margin)
        width = 2 * span if present == 3 else span
        for distance in range(distances.size):
            counts = np.zeros((5, width, width), np.int32)
            _count(codes, margin, distances[distance], counts)
            if merged:
                _merge(counts)
            for direction in range(shape[3]):
                cells = _at(out, 0, channel, distance, direction)
                nuclei = _at(out, 1, channel, distance, direction)
                cytoplasm = _at(out, 2, channel, distance, direction)
                if present == 3:
                    _compartments(counts[direction], lowest, span, logs, cells, nuclei, cytoplasm)
                    continue
                there, empty = (nuclei, cytoplasm) if present == 2 else (cytoplasm, nuclei)
                _whole(counts[direction], lowest, span, logs, cells, there)
                _finish(empty)
    return out
