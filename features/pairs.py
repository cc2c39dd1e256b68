"""Counting pairs of levels: the compiled half of the co-occurrence family."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .arrays import Floats
from .kernels import compiled, inner

_FEW = np.arange(4096, dtype=np.float64)
_COUNTS_LOG = _FEW * np.log2(np.maximum(_FEW, 1))


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


@inner
def _limits(
    planes: NDArray[np.uint16], channel: int, parts: NDArray[np.uint8]
) -> tuple[int, int, int]:
    """Lowest level of the cell, number of levels to the highest, union of the parts' numbers."""
    rows, cols = parts.shape
    lowest, highest, present = 65535, 0, 0
    for row in range(rows):
        for col in range(cols):
            part, level = parts[row, col], planes[channel, row, col]
            lowest = min(lowest, level if part else 65535)
            highest = max(highest, level if part else 0)
            present |= part
    return lowest, max(highest - lowest + 1, 0), present


@inner
def _encode(
    planes: NDArray[np.uint16],
    channel: int,
    parts: NDArray[np.uint8],
    lowest: int,
    nucleus: int,
    outside: int,
    codes: NDArray[np.uint16],
) -> None:
    """Write level and part of each pixel as one number, in a margin of `outside`.

    Levels count from the lowest of the cell; those of the nucleus, from `nucleus`, follow on the
    cytoplasm's. The margin is as wide on either side as above, and there is none below.
    """
    rows, cols = parts.shape
    margin = codes.shape[0] - rows
    codes[:margin] = outside
    codes[:, :margin] = outside
    codes[:, margin + cols :] = outside
    for row in range(rows):
        for col in range(cols):
            part = parts[row, col]
            code = planes[channel, row, col] - lowest + (nucleus if part == 2 else 0)
            codes[row + margin, col + margin] = code if part else outside


@inner
def _place(one: np.uint32, other: np.uint32, stride: np.uint32) -> np.uint32:
    """Place of a pair in the upper triangle of a matrix: the lower code is the row."""
    return min(one, other) * stride + max(one, other)


@inner
def _count(
    codes: NDArray[np.uint16], margin: int, distance: int, width: int, counts: NDArray[np.int32]
) -> None:
    """Add the pairs at 0, 45, 90 and 135 degrees to `counts`.

    `counts` is (4 or 5, width * width), upper triangles only; the last column of each collects
    pairs with a pixel outside. Matrices and neighbours are slices of their own: half of the time
    would go into the arithmetic of their places.
    """
    rows, cols = codes.shape
    outside, stride = width - 1, np.uint32(width)
    level, rising, upright, falling = counts[0], counts[1], counts[2], counts[3]
    for row in range(margin, rows):
        middle = codes[row, margin : cols - margin]
        right = codes[row, margin + distance :]
        above_right = codes[row - distance, margin + distance :]
        above = codes[row - distance, margin:]
        above_left = codes[row - distance, margin - distance :]
        for col in range(middle.size):
            if middle[col] == outside:
                continue
            here = np.uint32(middle[col])
            level[_place(here, np.uint32(right[col]), stride)] += 1
            rising[_place(here, np.uint32(above_right[col]), stride)] += 1
            upright[_place(here, np.uint32(above[col]), stride)] += 1
            falling[_place(here, np.uint32(above_left[col]), stride)] += 1


@inner
def _describe(
    distributions: NDArray[np.float64],
    at: int,
    pairs: float,
    first: int,
    sums: NDArray[np.float64],
    place: int,
) -> None:
    """Turn counts into probabilities; write mean, mean square and entropy of the values."""
    for index in range(distributions.shape[1]):
        if distributions[at, index] > 0:
            share = distributions[at, index] / pairs
            distributions[at, index] = share
            value = first + index
            sums[at, place] += share * value
            sums[at, place + 1] += share * value * value
            sums[at, place + 2] -= share * np.log2(share)


@inner
def _finish(
    marginal: NDArray[np.float64],
    difference: NDArray[np.float64],
    total: NDArray[np.float64],
    sums: NDArray[np.float64],
    at: int,
) -> None:
    """Turn a matrix's sums of counts into those of probabilities; NaN where there is no pair."""
    pairs = 0.0
    for index in range(marginal.shape[1]):
        pairs += marginal[at, index]
    if pairs == 0:
        for index in range(marginal.shape[1]):
            marginal[at, index] = difference[at, index] = np.nan
        for index in range(total.shape[1]):
            total[at, index] = np.nan
        for index in range(_SUMS):
            sums[at, index] = np.nan
        return
    sums[at, 0] /= pairs
    sums[at, 1] /= pairs * pairs
    sums[at, 2] = np.log2(pairs) - sums[at, 2] / pairs
    _describe(marginal, at, pairs, 1, sums, 3)
    _describe(difference, at, pairs, 0, sums, 6)
    _describe(total, at, pairs, 2, sums, 9)
    for index in range(total.shape[1]):
        if total[at, index] > 0:
            away = index + 2 - sums[at, 9]
            square = away * away
            sums[at, 12] += total[at, index] * square
            sums[at, 13] += total[at, index] * square * away
            sums[at, 14] += total[at, index] * square * square


@inner
def _add_up(
    counts: NDArray[np.int32],
    direction: int,
    lowest: int,
    span: int,
    present: int,
    logs: NDArray[np.float64],
    marginal: NDArray[np.float64],
    difference: NDArray[np.float64],
    total: NDArray[np.float64],
    sums: NDArray[np.float64],
    at: int,
) -> None:
    """Add one direction's matrix, made symmetric, to the sums of all three compartments.

    `at` is the row of the cell's, those of nucleus and cytoplasm are a third of all rows on each.
    """
    step = sums.shape[0] // 3
    both, lone = present == 3, 1 if present == 2 else 2
    for low in range(span):
        for high in range(low, span):
            # A pair of equal levels stands twice on the diagonal of the symmetric matrix.
            times = 2 if low == high else 1
            outer = times * counts[direction, low, high]
            within, across = 0, 0
            if both:
                far, farther = span + low, span + high
                within = times * counts[direction, far, farther]
                across = counts[direction, low, farther] + counts[direction, high, far]
            whole = outer + within + across
            if whole == 0:
                continue
            for compartment in range(3):
                n = whole if compartment == 0 else outer if compartment == lone else within
                if n == 0:
                    continue
                row = at + compartment * step
                twice = n if low == high else 2 * n
                marginal[row, lowest + low] += n
                if low != high:
                    marginal[row, lowest + high] += n
                difference[row, high - low] += twice
                total[row, 2 * lowest + low + high] += twice
                sums[row, 0] = max(sums[row, 0], n)
                sums[row, 1] += float(twice) * n
                log = logs[n] if n < logs.size else n * np.log2(n)
                sums[row, 2] += log * (1 if low == high else 2)


@compiled
def _pairs_of(
    planes: NDArray[np.uint16],
    parts: NDArray[np.uint8],
    distances: NDArray[np.int64],
    margin: int,
    directions: int,
    logs: NDArray[np.float64],
    marginal: NDArray[np.float64],
    difference: NDArray[np.float64],
    total: NDArray[np.float64],
    sums: NDArray[np.float64],
) -> None:
    """Fill the rows of the four results: compartments, channels, distances, directions."""
    rows, cols = parts.shape
    codes = np.empty((rows + margin, cols + 2 * margin), np.uint16)
    at = 0
    for channel in range(planes.shape[0]):
        lowest, span, present = _limits(planes, channel, parts)
        width = 2 * span if present == 3 else span
        _encode(planes, channel, parts, lowest, span if present == 3 else 0, width, codes)
        for distance in range(distances.size):
            flat = np.zeros((directions, (width + 1) * (width + 1)), np.int32)
            _count(codes, margin, distances[distance], width + 1, flat)
            if directions == 5:
                for direction in range(4):
                    flat[4] += flat[direction]
            counts = flat.reshape((directions, width + 1, width + 1))
            for direction in range(directions):
                _add_up(
                    counts,
                    direction,
                    lowest,
                    span,
                    present,
                    logs,
                    marginal,
                    difference,
                    total,
                    sums,
                    at,
                )
                at += 1
    for row in range(sums.shape[0]):
        _finish(marginal, difference, total, sums, row)


def count_pairs(
    planes: NDArray[np.uint16],
    parts: NDArray[np.uint8],
    distances: tuple[int, ...],
    levels: int,
    *,
    merged: bool,
) -> tuple[Floats, ...]:
    """Count the level pairs inside the mask and sum up every matrix, symmetric and normalised.

    `planes` is (channels, rows, cols), `parts` 0 outside, 1 in the cytoplasm and 2 in the
    nucleus. Returns, over (Cells, Nuclei, Cytoplasm; channels; distances; directions 0, 45, 90,
    135 degrees and, if wanted, all four merged), the probability of each level, of each absolute
    difference and of each sum of the two levels, and the fields of `Sums` along a first axis; NaN
    where there is no pair.
    """
    directions = 5 if merged else 4
    shape = (3, planes.shape[0], len(distances), directions)
    matrices = 3 * planes.shape[0] * len(distances) * directions
    widths = (levels, levels, 2 * levels - 1, _SUMS)
    marginal, difference, total, sums = [np.zeros((matrices, width)) for width in widths]
    _pairs_of(
        planes,
        parts,
        np.array(distances, dtype=np.int64),
        max(distances),
        directions,
        _COUNTS_LOG,
        marginal,
        difference,
        total,
        sums,
    )
    return (
        marginal.reshape(*shape, -1),
        difference.reshape(*shape, -1),
        total.reshape(*shape, -1),
        np.ascontiguousarray(sums.T).reshape(_SUMS, *shape),
    )
