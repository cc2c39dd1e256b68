"""Tallies over the pixels of labelled parts and of the slide: the segmentation's own loops."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .arrays import Bytes, Floats
from .kernels import compiled, inner


@compiled
def part_sums(labels: NDArray[np.int32], count: int) -> NDArray[np.int64]:
    """Pixels of each part and the sums of their rows and columns: (3, count), 0 for part 0."""
    sums = np.zeros((3, count), np.int64)
    rows, cols = labels.shape
    for row in range(rows):
        for col in range(cols):
            part = labels[row, col]
            if part:
                sums[0, part] += 1
                sums[1, part] += row
                sums[2, part] += col
    return sums


@compiled
def part_mask(labels: NDArray[np.int32], chosen: NDArray[np.bool_]) -> Bytes:
    """Mask of the pixels whose part is chosen: (rows, cols) uint8, 0 or 1."""
    rows, cols = labels.shape
    mask = np.empty((rows, cols), np.uint8)
    for row in range(rows):
        for col in range(cols):
            mask[row, col] = chosen[labels[row, col]]
    return mask


@compiled
def parts_under(labels: NDArray[np.int32], core: Bytes, count: int) -> NDArray[np.bool_]:
    """Whether each part but 0 has a pixel of a mask: (count,) bool."""
    met = np.zeros(count, np.bool_)
    rows, cols = labels.shape
    for row in range(rows):
        for col in range(cols):
            if core[row, col]:
                met[labels[row, col]] = True
    met[0] = False
    return met


@compiled
def least_of_parts(
    labels: NDArray[np.int32], plane: NDArray[np.float32], count: int
) -> NDArray[np.float32]:
    """Least value of a plane in each part: (count,) float32, infinite for part 0."""
    least = np.full(count, np.inf, np.float32)
    rows, cols = labels.shape
    for row in range(rows):
        for col in range(cols):
            part = labels[row, col]
            if part:
                least[part] = min(least[part], plane[row, col])
    return least


@compiled
def gap_to_part(labels: NDArray[np.int32], part: int) -> float:
    """Distance of a part from the centre of the image, in pixels; infinite where it is empty."""
    rows, cols = labels.shape
    least = np.inf
    for row in range(rows):
        for col in range(cols):
            if labels[row, col] == part:
                least = min(least, (row - rows / 2) ** 2 + (col - cols / 2) ** 2)
    return float(np.sqrt(least))


@compiled
def dark_share(rgb: Bytes, black: int) -> float:
    """Share of the outermost pixels that have no channel above a level; corners count twice."""
    rows, cols, _ = rgb.shape
    dark = 0
    for row in (0, rows - 1):
        for col in range(cols):
            dark += max(rgb[row, col, 0], rgb[row, col, 1], rgb[row, col, 2]) <= black
    for col in (0, cols - 1):
        for row in range(rows):
            dark += max(rgb[row, col, 0], rgb[row, col, 1], rgb[row, col, 2]) <= black
    return float(dark / (2 * (rows + cols)))


@inner
def _top(counts: NDArray[np.int64], share: float) -> int:
    """Highest level that a share of the pixels reaches."""
    limit = share * counts.sum()
    reached = 0
    for level in range(255, -1, -1):
        reached += counts[level]
        if reached >= limit:
            return level
    return 0


@inner
def _median(counts: NDArray[np.int64]) -> int:
    half = counts.sum() / 2
    reached = 0
    for level in range(256):
        reached += counts[level]
        if reached >= half:
            return level
    return 255


@inner
def _frequent(
    counts: NDArray[np.int64], spread: NDArray[np.int64], top: int, frequent: float
) -> int:
    """Brightest level round which pixels gather, not far below the top."""
    mass = np.zeros(256, np.int64)
    for level in range(256):
        for near in range(max(level - spread[level], 0), min(level + spread[level], 255) + 1):
            mass[level] += counts[near]
    width = spread[top]
    lowest = int(0.6 * top)
    highest = mass[lowest : top + 1].max()
    for level in range(top, lowest - 1, -1):
        around = mass[max(level - width, 0) : level + width + 1].max()
        if mass[level] >= around and mass[level] >= frequent * highest:
            return level
    return top


@compiled
def slide_levels(
    rgb: Bytes, step: int, spread: NDArray[np.int64], share: float, frequent: float
) -> Floats:
    """Median colour of the pixels at the brightest frequent level of green: (3,) float64.

    `step` is from one row or column that counts to the next, `spread` (256,) how far from each
    level a pixel still belongs to it, `share` of the pixels may be brighter, and a peak is
    `frequent` of the highest at least.
    """
    rows, cols, _ = rgb.shape
    green = np.zeros(256, np.int64)
    for row in range(0, rows, step):
        for col in range(0, cols, step):
            green[rgb[row, col, 1]] += 1
    top = _top(green, share)
    peak = _frequent(green, spread, top, frequent)
    counts = np.zeros((3, 256), np.int64)
    for row in range(0, rows, step):
        for col in range(0, cols, step):
            if abs(np.int64(rgb[row, col, 1]) - peak) <= spread[top]:
                for channel in range(3):
                    counts[channel, rgb[row, col, channel]] += 1
    return np.array([float(_median(counts[channel])) for channel in range(3)])
