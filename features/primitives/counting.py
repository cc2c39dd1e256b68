"""Tallies over the pixels of labelled parts and of the slide: the segmentation's own loops."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .arrays import Bytes, Floats
from .kernels import compiled, inner


@compiled
def mask_of_components(labels: NDArray[np.int32], chosen: NDArray[np.bool_]) -> Bytes:
    """Mask of the pixels whose part is chosen: (rows, cols) uint8, 0 or 1."""
    rows, cols = labels.shape
    mask = np.empty((rows, cols), np.uint8)
    for row in range(rows):
        for col in range(cols):
            mask[row, col] = chosen[labels[row, col]]
    return mask


@compiled
def centroid(mask: Bytes) -> tuple[float, float]:
    """Mean row and column of the pixels of a 0/1 mask, NaN without any."""
    count = down = across = 0
    rows, cols = mask.shape
    for row in range(rows):
        here = 0
        for col in range(cols):
            here += int(mask[row, col])
            across += int(mask[row, col]) * col
        count += here
        down += here * row
    return down / count, across / count


@compiled
def minimum_by_component(
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
def distance_from_centre(labels: NDArray[np.int32], part: int, box: NDArray[np.int64]) -> float:
    """Distance of a part from the centre of the image, in pixels; infinite where it is empty.

    `box` (4,) holds the first and the last row, the first and the last column of the part.
    """
    rows, cols = labels.shape
    least = np.inf
    for row in range(box[0], box[1] + 1):
        for col in range(box[2], box[3] + 1):
            if labels[row, col] == part:
                least = min(least, (row - rows / 2) ** 2 + (col - cols / 2) ** 2)
    return float(np.sqrt(least))


@compiled
def dark_border_share(rgb: Bytes, black: int) -> float:
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


@compiled
def masked_histogram(plane: Bytes, mask: Bytes) -> NDArray[np.int64]:
    """Count the levels of a plane inside a 0/1 mask: (256,)."""
    counts = np.zeros((2, 256), np.int64)
    rows, cols = plane.shape
    for row in range(rows):
        for col in range(cols):
            counts[mask[row, col], plane[row, col]] += 1
    inside: NDArray[np.int64] = counts[1]
    return inside


@compiled
def otsu_threshold(counts: NDArray[np.int64]) -> int:
    """Level that separates two classes of counted levels best (Otsu 1979), see `stain.otsu`.

    The lower class may not be empty nor the upper one; 0 where only one level occurs.
    """
    least = 2.0**-23  # share of the pixels that a class has at least
    total, mean = 0, 0.0
    for level in range(256):
        total += counts[level]
        mean += level * float(counts[level])
    scale = 1.0 / total
    mean *= scale
    best, chosen = 0.0, 0
    lower, lower_mean = 0.0, 0.0
    for level in range(256):
        share = counts[level] * scale
        lower_mean *= lower
        lower += share
        upper = 1.0 - lower
        if min(lower, upper) < least or max(lower, upper) > 1.0 - least:
            continue
        lower_mean = (lower_mean + level * share) / lower
        upper_mean = (mean - lower * lower_mean) / upper
        apart = lower_mean - upper_mean
        between = lower * upper * apart * apart
        if between > best:
            best, chosen = between, level
    return chosen


@compiled
def contrast_sums(plane: Bytes, mask: Bytes, level: int) -> tuple[int, int, int, int, int]:
    """Pixels above a level, those of them in a 0/1 mask, and the mask's pixels.

    Then the sums of the levels inside the mask and of all.
    """
    dark = compact = count = inside = total = 0
    rows, cols = plane.shape
    for row in range(rows):
        for col in range(cols):
            value, part = int(plane[row, col]), int(mask[row, col])
            above = int(value > level)
            dark += above
            compact += above & part
            count += part
            inside += value * part
            total += value
    return dark, compact, count, inside, total


@compiled
def density_planes(
    rgb: Bytes, red: Bytes, green: Bytes, blue: Bytes
) -> tuple[Bytes, Bytes, NDArray[np.int64]]:
    """Look up the densities of three channels; what green has more than blue; counts of that.

    The tables are (256,); returns (rows, cols, 3), (rows, cols) and (256,).
    """
    rows, cols, _ = rgb.shape
    optical, plane = np.empty((rows, cols, 3), np.uint8), np.empty((rows, cols), np.uint8)
    # NearestCells often have one level: four tallies need not wait for one another.
    tallies = np.zeros((4, 256), np.int64)
    for row in range(rows):
        for col in range(cols):
            high, low = green[rgb[row, col, 1]], blue[rgb[row, col, 2]]
            optical[row, col, 0] = red[rgb[row, col, 0]]
            optical[row, col, 1] = high
            optical[row, col, 2] = low
            more = high - low if high > low else np.uint8(0)
            plane[row, col] = more
            tallies[col & 3, more] += 1
    counts: NDArray[np.int64] = tallies.sum(axis=0)
    return optical, plane, counts


@inner
def _median_level(counts: NDArray[np.int64], total: int) -> int:
    reached = 0
    for level in range(256):
        reached += counts[level]
        if 2 * reached >= total:
            return level
    return 255


@inner
def _brightest_peak(
    counts: NDArray[np.int64], spread: NDArray[np.int64], top: int, frequent: float
) -> int:
    """Brightest level round which pixels gather, not far below the top."""
    width = spread[top]
    lowest = int(0.6 * top)
    mass = np.zeros(256, np.int64)
    highest = 0
    for level in range(256):
        for near in range(max(level - spread[level], 0), min(level + spread[level], 255) + 1):
            mass[level] += counts[near]
        if lowest <= level <= top:
            highest = max(highest, mass[level])
    for level in range(top, lowest - 1, -1):
        around = 0
        for near in range(max(level - width, 0), min(level + width, 255) + 1):
            around = max(around, mass[near])
        if mass[level] >= around and mass[level] >= frequent * highest:
            return level
    return top


@compiled
def background_levels(
    rgb: Bytes, step: int, spread: NDArray[np.int64], share: float, frequent: float
) -> Floats:
    """Median colour of the pixels at the brightest frequent level of green: (3,) float64.

    `step` is from one row or column that counts to the next, `spread` (256,) how far from each
    level a pixel still belongs to it, `share` of the pixels may be brighter, and a peak is
    `frequent` of the highest at least.
    """
    rows, cols, _ = rgb.shape
    green, odd = np.zeros(256, np.int64), np.zeros(256, np.int64)
    for row in range(0, rows, step):
        for col in range(0, cols - step, 2 * step):
            green[rgb[row, col, 1]] += 1
            odd[rgb[row, col + step, 1]] += 1
        if (cols - 1) // step % 2 == 0:
            green[rgb[row, (cols - 1) // step * step, 1]] += 1
    for level in range(256):
        green[level] += odd[level]
    total, reached, top = 0, 0, 255
    for level in range(256):
        total += green[level]
    reached = green[top]
    while reached < share * total and top > 0:
        top -= 1
        reached += green[top]
    peak, width = _brightest_peak(green, spread, top, frequent), spread[top]
    red, blue = np.zeros(256, np.int64), np.zeros(256, np.int64)
    for row in range(0, rows, step):
        for col in range(0, cols, step):
            if abs(np.int64(rgb[row, col, 1]) - peak) <= width:
                red[rgb[row, col, 0]] += 1
                blue[rgb[row, col, 2]] += 1
    count = 0
    for level in range(256):
        if abs(level - peak) > width:
            green[level] = 0
        count += green[level]
    levels = np.empty(3)
    levels[0], levels[1], levels[2] = (
        _median_level(red, count),
        _median_level(green, count),
        _median_level(blue, count),
    )
    return levels
