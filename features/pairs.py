"""Counting pairs of levels: the compiled half of the co-occurrence family."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .kernels import compiled

# Marginal, difference, total and joint sums of one matrix, or of many.
_Sums: TypeAlias = tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]

_OUTSIDE = 65535
_COUNTS = np.arange(4096, dtype=np.float64)
_COUNTS_LOG = _COUNTS * np.log2(np.maximum(_COUNTS, 1))


@compiled
def _codes(
    plane: NDArray[np.uint16], parts: NDArray[np.uint8], levels: int, margin: int
) -> NDArray[np.uint16]:
    """Level and part of each pixel in one number, with a margin of outside on all sides but one.

    Levels of the nucleus follow on those of the cytoplasm.
    """
    rows, cols = plane.shape
    codes = np.full((rows + margin, cols + 2 * margin), _OUTSIDE, np.uint16)
    for row in range(rows):
        for col in range(cols):
            if parts[row, col]:
                codes[row + margin, col + margin] = plane[row, col] + levels * (parts[row, col] - 1)
    return codes


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
def _add(n: int, low: int, high: int, log: float, out: _Sums) -> None:
    """Add an entry of a symmetric matrix, and its mirror image, to the matrix's sums."""
    marginal, difference, total, joint = out
    if n == 0:
        return
    mirrored = n if low == high else 2 * n
    marginal[low] += n
    if low != high:
        marginal[high] += n
    difference[high - low] += mirrored
    total[low + high] += mirrored
    joint[0] = max(joint[0], n)
    joint[1] += float(mirrored) * n
    joint[2] += log if low == high else 2 * log


@compiled
def _normalise(out: _Sums) -> None:
    """Turn the sums of counts into those of probabilities; NaN where there is no pair."""
    marginal, difference, total, joint = out
    pairs = marginal.sum()
    if pairs == 0:
        for sums in out:
            sums[:] = np.nan
        return
    marginal /= pairs
    difference /= pairs
    total /= pairs
    joint[0] /= pairs
    joint[1] /= pairs * pairs
    joint[2] = np.log2(pairs) - joint[2] / pairs


@compiled
def _log(n: int, logs: NDArray[np.float64]) -> float:
    """Return n log2 n."""
    return float(logs[n]) if n < logs.size else float(n * np.log2(n))


@compiled
def _summarise(
    counts: NDArray[np.int32],
    levels: int,
    logs: NDArray[np.float64],
    cells: _Sums,
    nuclei: _Sums,
    cytoplasm: _Sums,
) -> None:
    """Write the sums of one direction's matrix, made symmetric, for the three compartments."""
    for low in range(levels):
        for high in range(low, levels):
            outer = counts[low, high] + counts[high, low]
            inner = counts[levels + low, levels + high] + counts[levels + high, levels + low]
            across = (
                counts[low, levels + high]
                + counts[levels + high, low]
                + counts[levels + low, high]
                + counts[high, levels + low]
            )
            both = outer + inner + across
            if both:
                _add(both, low, high, _log(both, logs), cells)
                _add(inner, low, high, _log(inner, logs), nuclei)
                _add(outer, low, high, _log(outer, logs), cytoplasm)
    _normalise(cells)
    _normalise(nuclei)
    _normalise(cytoplasm)


@compiled
def _at(out: _Sums, part: int, channel: int, distance: int, direction: int) -> _Sums:
    """One matrix's row in each of the four arrays of sums."""
    marginal, difference, total, joint = out
    return (
        marginal[part, channel, distance, direction],
        difference[part, channel, distance, direction],
        total[part, channel, distance, direction],
        joint[part, channel, distance, direction],
    )


@compiled
def _sums(
    planes: NDArray[np.uint16],
    parts: NDArray[np.uint8],
    distances: NDArray[np.int64],
    levels: int,
    merged: bool,
    logs: NDArray[np.float64],
) -> _Sums:
    channels = planes.shape[0]
    shape = (3, channels, distances.size, 5 if merged else 4)
    out = (
        np.zeros((*shape, levels)),
        np.zeros((*shape, levels)),
        np.zeros((*shape, 2 * levels - 1)),
        np.zeros((*shape, 3)),
    )
    margin = distances.max()
    for channel in range(channels):
        codes = _codes(planes[channel], parts, levels, margin)
        for distance in range(distances.size):
            counts = np.zeros((4, 2 * levels, 2 * levels), np.int32)
            _count(codes, margin, distances[distance], counts)
            for direction in range(4):
                _summarise(
                    counts[direction],
                    levels,
                    logs,
                    _at(out, 0, channel, distance, direction),
                    _at(out, 1, channel, distance, direction),
                    _at(out, 2, channel, distance, direction),
                )
            if merged:
                _summarise(
                    counts[0] + counts[1] + counts[2] + counts[3],
                    levels,
                    logs,
                    _at(out, 0, channel, distance, 4),
                    _at(out, 1, channel, distance, 4),
                    _at(out, 2, channel, distance, 4),
                )
    return out


def cooccurrence_sums(
    planes: NDArray[np.uint16],
    parts: NDArray[np.uint8],
    distances: tuple[int, ...],
    levels: int,
    *,
    merged: bool = True,
) -> _Sums:
    """Count the level pairs inside the mask and sum up every matrix, symmetric and normalised.

    Parameters
    ----------
    planes : (channels, rows, cols) uint16
        Levels from 0 to ``levels - 1``.
    parts : (rows, cols) uint8
        0 outside, 1 cytoplasm, 2 nucleus.
    distances : tuple of int
        Chebyshev distances in pixels.
    levels : int
        Number of levels, at most 32,767.
    merged : bool
        Whether the four directions' sum is wanted too.

    Returns
    -------
    marginal, difference, total, joint : float64
        Over (Cells, Nuclei, Cytoplasm; channels; distances; directions 0, 45, 90, 135 degrees
        and, if wanted, all four merged), then: the probability of each level, of each absolute
        difference and of each sum of the two levels (both zero-based), and the three sums that
        need the matrix (its maximum, the sum of its squares, its entropy in bits). NaN where
        there is no pair.
    """
    steps = np.array(distances, dtype=np.int64)
    sums = _sums(planes, parts, steps, levels, merged, _COUNTS_LOG)
    return sums[0], sums[1], sums[2], sums[3]
