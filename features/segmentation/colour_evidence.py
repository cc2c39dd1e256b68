"""Compiled loops of `cytoplasm`: pixels by distance, and histograms and scores of colours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..primitives.arrays import Bytes, Floats
from ..primitives.kernels import compiled, inner

Distances = NDArray[np.float32]


@compiled
def distant_histogram(
    plane: Bytes, distance: Distances, other_distance: Distances, reach: float
) -> NDArray[np.int64]:
    """Count the levels of the pixels farther than `reach` from this and other nuclei: (256,)."""
    # Four histograms: increments of equal neighbouring levels need not wait for each other.
    counts = np.zeros((4, 256), np.int64)
    rows, cols = plane.shape
    for row in range(rows):
        for col in range(cols):
            far = (distance[row, col] > reach) & (other_distance[row, col] > reach)
            counts[col & 3, plane[row, col]] += far
    distant: NDArray[np.int64] = counts.sum(axis=0)
    return distant


@compiled
def pixels_of_nearest_nucleus(
    plane: Bytes, distance: Distances, other_distance: Distances, level: int, limit: float
) -> Bytes:
    """Return the pixels above a level that are not nearer to another nucleus: 0 or 1, uint8.

    At a distance above `limit` from this nucleus, a pixel is excluded only if another nucleus is
    nearer than `limit`.
    """
    rows, cols = plane.shape
    own = np.empty((rows, cols), np.uint8)
    for row in range(rows):
        for col in range(cols):
            nearest = min(np.float64(distance[row, col]), limit)
            own[row, col] = (plane[row, col] > level) & (other_distance[row, col] >= nearest)
    return own


@compiled
def masked_median(plane: Bytes, mask: Bytes, excluded: Bytes) -> float:
    """Return the median of a plane in `mask` outside `excluded`; NaN if there is no pixel."""
    histograms = np.zeros((2, 256), np.int64)
    rows, cols = plane.shape
    for row in range(rows):
        for col in range(cols):
            histograms[mask[row, col] & (1 - excluded[row, col]), plane[row, col]] += 1
    counts = histograms[1]
    total = 0
    for level in range(256):
        total += counts[level]
    if total == 0:
        return np.nan
    low = high = -1
    reached = 0
    for level in range(256):
        reached += counts[level]
        if low < 0 and 2 * reached >= total:
            low = level
        if 2 * reached > total:
            high = level
            break
    return (low + high) / 2


@inner
def _smooth_second_axis(values: Floats, weights: Floats, out: Floats) -> None:
    """Convolve (blocks, places, values) along the places; the ends are reflected."""
    blocks, places, _ = values.shape
    last = places - 1
    for block in range(blocks):
        for place in range(places):
            here, there = values[block, place], out[block, place]
            before, after = (
                values[block, abs(place - 1)],
                values[block, last - abs(last - place - 1)],
            )
            early, late = values[block, abs(place - 2)], values[block, last - abs(last - place - 2)]
            for index in range(here.size):
                near, far = before[index] + after[index], early[index] + late[index]
                there[index] = weights[2] * here[index] + weights[1] * near + weights[0] * far


@inner
def _smooth_last_axis(values: Floats, weights: Floats, out: Floats) -> None:
    """Convolve (blocks, places) along the places; the ends are reflected."""
    blocks, places = values.shape
    line = np.empty(places + 4)
    for block in range(blocks):
        line[2 : places + 2] = values[block]
        line[0], line[1] = line[4], line[3]
        line[places + 2], line[places + 3] = line[places], line[places - 1]
        for place in range(places):
            near, far = line[place + 1] + line[place + 3], line[place] + line[place + 4]
            out[block, place] = weights[2] * line[place + 2] + weights[1] * near + weights[0] * far


@compiled
def smooth_histograms(counts: NDArray[np.int64], weights: Floats) -> Floats:
    """Convolve (n, a, b, c) along the last three axes with five symmetric weights.

    Each axis has a length of at least 3. Equal to OpenCV's ``GaussianBlur``, which would need one
    call and one transposition for each axis.
    """
    n, a, b, c = counts.shape
    one = counts.astype(np.float64)
    two = np.empty_like(one)
    _smooth_second_axis(one.reshape(n, a, b * c), weights, two.reshape(n, a, b * c))
    _smooth_second_axis(two.reshape(n * a, b, c), weights, one.reshape(n * a, b, c))
    _smooth_last_axis(one.reshape(n * a * b, c), weights, two.reshape(n * a * b, c))
    return two


@compiled
def colour_bins(density: Bytes, table: Bytes) -> NDArray[np.uint16]:
    """Return the number of each pixel's colour bin: 16 bins of red, green and blue density."""
    rows, cols, _ = density.shape
    bins = np.empty((rows, cols), np.uint16)
    for row in range(rows):
        for col in range(cols):
            red, green, blue = density[row, col, 0], density[row, col, 1], density[row, col, 2]
            bins[row, col] = (np.uint16(table[red]) * 16 + table[green]) * 16 + table[blue]
    return bins


@compiled
def class_histograms(
    bins: NDArray[np.uint16],
    plane: Bytes,
    level: int,
    near: Bytes,
    excluded: Bytes,
    distance: Distances,
    other_distance: Distances,
    reaches: Floats,
) -> NDArray[np.int64]:
    """Count the colours of cytoplasm, other cells and empty slide: (3, 4096).

    Cytoplasm are the pixels of `near`. Other cells are pixels above the level, not in `excluded`,
    at a distance above the first of the `reaches` and farther than the second from other nuclei.
    The empty slide are pixels up to the level at a distance above the third.
    """
    counts = np.zeros((3, 4096), np.int64)
    rows, cols = plane.shape
    for row in range(rows):
        for col in range(cols):
            far = distance[row, col]
            if near[row, col]:
                counts[0, bins[row, col]] += 1
            elif plane[row, col] <= level:
                counts[2, bins[row, col]] += far > reaches[2]
            elif far > reaches[0] and not excluded[row, col]:
                counts[1, bins[row, col]] += other_distance[row, col] > reaches[1]
    return counts


@compiled
def score_plane(
    bins: NDArray[np.uint16],
    scores: NDArray[np.float32],
    nucleus: Bytes,
    distance: Distances,
    other_distance: Distances,
    limit: float,
) -> NDArray[np.float32]:
    """Look up the score of each pixel's colour: (rows, cols).

    4 in the nucleus; -1 where another nucleus is nearer than this one and than `limit`.
    """
    rows, cols = bins.shape
    plane = np.empty((rows, cols), np.float32)
    for row in range(rows):
        for col in range(cols):
            if nucleus[row, col]:
                plane[row, col] = 4
            elif other_distance[row, col] < min(np.float64(distance[row, col]), limit):
                plane[row, col] = -1
            else:
                plane[row, col] = scores[bins[row, col]]
    return plane
