"""Moments and percentiles of histograms, in one compiled pass over the levels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..primitives.arrays import Floats
from ..primitives.kernels import compiled, inner

PERCENTS = (0, 10, 25, 50, 75, 90, 100)
_LOW, _MIDDLE, _HIGH = PERCENTS.index(10), PERCENTS.index(50), PERCENTS.index(90)


class Moments(NamedTuple):
    """Moments of histograms; all have one shape, and are NaN without a pixel."""

    size: Floats  # pixels
    mean: Floats
    mean_square: Floats
    variance: Floats  # population; second central moment
    third: Floats  # central moment
    fourth: Floats  # central moment
    deviation: Floats  # mean absolute distance to the mean
    median_distance: Floats  # mean absolute distance to the median
    robust_deviation: Floats  # as `deviation`, of the pixels from the 10th to the 90th percentile
    median_deviation: Floats  # median absolute distance to the median
    entropy: Floats  # bits
    uniformity: Floats  # sum of the squared probabilities


_FIELDS = len(Moments._fields)


@inner
def _percentile(cumulative: Floats, values: Floats, percent: float) -> float:
    """Return a percentile of a histogram by linear interpolation, as numpy does."""
    rank = (cumulative[-1] - 1) * (percent / 100)
    low = 0
    while cumulative[low] <= np.floor(rank):
        low += 1
    high = low
    while cumulative[high] <= np.ceil(rank):
        high += 1
    return float(values[low] + (rank - np.floor(rank)) * (values[high] - values[low]))


@inner
def _mean_deviation_between(counts: Floats, values: Floats, low: float, high: float) -> float:
    """Return the mean absolute deviation of the pixels between two values; NaN without a pixel."""
    pixels = 0.0
    for level in range(values.size):
        if low <= values[level] <= high:
            pixels += counts[level]
    if pixels == 0:
        return np.nan
    mean = spread = 0.0
    for level in range(values.size):
        if low <= values[level] <= high:
            mean += counts[level] / pixels * values[level]
    for level in range(values.size):
        if low <= values[level] <= high:
            spread += counts[level] / pixels * abs(values[level] - mean)
    return spread


@inner
def _median_deviation(counts: Floats, values: Floats, pixels: float, centre: float) -> float:
    """Return the median absolute distance to a centre; levels are visited outwards from it."""
    levels = values.size
    above = 0
    while above < levels and values[above] < centre:
        above += 1
    below = above - 1
    seen = 0.0
    lower = -1.0
    while True:
        upwards = values[above] - centre if above < levels else np.inf
        downwards = centre - values[below] if below >= 0 else np.inf
        distance = min(upwards, downwards)
        if upwards <= downwards:
            seen += counts[above]
            above += 1
        else:
            seen += counts[below]
            below -= 1
        if lower < 0 and seen > (pixels - 1) // 2:
            lower = distance
        if seen > pixels // 2:
            return float((lower + distance) / 2)


@compiled
def moments(
    counts: NDArray[np.float64], values: NDArray[np.float64], percents: NDArray[np.float64]
) -> tuple[Floats, Floats]:
    """Return moments and percentiles of histograms: (fields of `Moments`, n) and (percents, n).

    `counts` is (n, levels); the values of row n are row (n modulo channels) of `values`
    (channels, levels), in ascending order.
    """
    rows, levels = counts.shape
    sums = np.full((_FIELDS, rows), np.nan)
    percentiles = np.full((percents.size, rows), np.nan)
    running = np.empty(levels)
    for row in range(rows):
        first, last = 0, levels
        while first < last and counts[row, first] == 0:
            first += 1
        while first < last and counts[row, last - 1] == 0:
            last -= 1
        if first == last:
            continue
        count, value = counts[row, first:last], values[row % values.shape[0], first:last]
        pixels, cumulative = 0.0, running[: count.size]
        for level in range(count.size):
            pixels += count[level]
            cumulative[level] = pixels
        for place in range(percents.size):
            percentiles[place, row] = _percentile(cumulative, value, percents[place])
        for field in range(_FIELDS):
            sums[field, row] = 0.0
        sums[0, row] = pixels
        for level in range(count.size):
            if count[level]:
                share = count[level] / pixels
                sums[1, row] += share * value[level]
                sums[2, row] += share * (value[level] * value[level])
                sums[10, row] -= share * np.log2(share)
                sums[11, row] += share * share
        middle = percentiles[_MIDDLE, row]
        for level in range(count.size):
            if count[level]:
                share = count[level] / pixels
                away = value[level] - sums[1, row]
                square = away * away
                sums[3, row] += share * square
                sums[4, row] += share * (square * away)
                sums[5, row] += share * (square * square)
                sums[6, row] += share * abs(away)
                sums[7, row] += share * abs(value[level] - middle)
        sums[8, row] = _mean_deviation_between(
            count, value, percentiles[_LOW, row], percentiles[_HIGH, row]
        )
        sums[9, row] = _median_deviation(count, value, pixels, middle)
    return sums, percentiles
