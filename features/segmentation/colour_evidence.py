"""Pixels round a nucleus by their colour and their nearness: the loops of the cytoplasm."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..primitives.arrays import Bytes, Floats
from ..primitives.kernels import compiled, inner

Distances = NDArray[np.float32]


@compiled
def distant_histogram(
    plane: Bytes, distance: Distances, aside: Distances, reach: float
) -> NDArray[np.int64]:
    """Count the levels of a plane farther than `reach` from both of two things: (256,)."""
    # NearestCells often have one level: four tallies need not wait for one another.
    counts = np.zeros((4, 256), np.int64)
    rows, cols = plane.shape
    for row in range(rows):
        for col in range(cols):
            far = (distance[row, col] > reach) & (aside[row, col] > reach)
            counts[col & 3, plane[row, col]] += far
    distant: NDArray[np.int64] = counts.sum(axis=0)
    return distant


@compiled
def pixels_of_nearest_nucleus(
    plane: Bytes, distance: Distances, aside: Distances, level: int, half: float
) -> Bytes:
    """Pixels above a level that are no nearer to another nucleus: (rows, cols) uint8, 0 or 1.

    Beyond `half` from the own nucleus, another one counts within `half` only.
    """
    rows, cols = plane.shape
    own = np.empty((rows, cols), np.uint8)
    for row in range(rows):
        for col in range(cols):
            nearest = min(np.float64(distance[row, col]), half)
            own[row, col] = (plane[row, col] > level) & (aside[row, col] >= nearest)
    return own


@compiled
def training_masks(
    plane: Bytes,
    own: Bytes,
    distance: Distances,
    aside: Distances,
    level: int,
    reach: float,
    margin: float,
    space: float,
) -> NDArray[np.uint8]:
    """Masks of what certainly is and is not the cell's: (2, rows, cols) uint8, 0 or 1.

    The first holds own pixels within `reach` of the nucleus and not of it, the second those above
    the level that lie beyond `margin` from it and beyond `space` from others.
    """
    rows, cols = plane.shape
    masks = np.empty((2, rows, cols), np.uint8)
    for row in range(rows):
        for col in range(cols):
            gap = distance[row, col]
            masks[0, row, col] = own[row, col] & (gap > 0) & (gap < reach)
            masks[1, row, col] = (
                (plane[row, col] > level) & (gap > margin) & (aside[row, col] > space)
            )
    return masks


@compiled
def masked_median(plane: Bytes, mask: Bytes, without: Bytes) -> float:
    """Median of a plane over one mask without another; NaN where that leaves nothing."""
    tallies = np.zeros((2, 256), np.int64)
    rows, cols = plane.shape
    for row in range(rows):
        for col in range(cols):
            tallies[mask[row, col] & (1 - without[row, col]), plane[row, col]] += 1
    counts = tallies[1]
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
    """Smooth (blocks, places, values) along the places; beyond the ends they are mirrored."""
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
    """Smooth (blocks, places) along the places; beyond the ends they are mirrored."""
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
    """Smooth (n, a, b, c) along the last three axes with five symmetric weights.

    Lengths are 3 at least. To the last bit what OpenCV's ``GaussianBlur`` gives, which needs as
    many calls and turns of the array as there are axes.
    """
    n, a, b, c = counts.shape
    one = counts.astype(np.float64)
    two = np.empty_like(one)
    _smooth_second_axis(one.reshape(n, a, b * c), weights, two.reshape(n, a, b * c))
    _smooth_second_axis(two.reshape(n * a, b, c), weights, one.reshape(n * a, b, c))
    _smooth_last_axis(one.reshape(n * a * b, c), weights, two.reshape(n * a * b, c))
    return two


@inner
def _colour_bin(optical: Bytes, row: int, col: int, blue: Bytes, red: Bytes) -> int:
    """Bin of a colour: 16 bins of each density ratio and of the green density."""
    green = optical[row, col, 1]
    high = np.int64(blue[optical[row, col, 2], green]) * 16 + red[optical[row, col, 0], green]
    return int(high * 16 + min(green >> 3, 15))


@compiled
def colour_histograms(
    optical: Bytes, near: Bytes, away: Bytes, blue: Bytes, red: Bytes
) -> NDArray[np.int64]:
    """Count the colours of two masks: (2, 4096)."""
    counts = np.zeros((2, 4096), np.int64)
    rows, cols = near.shape
    for row in range(rows):
        for col in range(cols):
            if near[row, col]:
                counts[0, _colour_bin(optical, row, col, blue, red)] += 1
            if away[row, col]:
                counts[1, _colour_bin(optical, row, col, blue, red)] += 1
    return counts


@compiled
def score_plane(
    optical: Bytes,
    own: Bytes,
    scores: NDArray[np.float32],
    blue: Bytes,
    red: Bytes,
) -> NDArray[np.float32]:
    """Score of each colour where a mask is 1, and -1 elsewhere: (rows, cols)."""
    rows, cols = own.shape
    plane = np.empty((rows, cols), np.float32)
    for row in range(rows):
        for col in range(cols):
            plane[row, col] = -1
            if own[row, col]:
                plane[row, col] = scores[_colour_bin(optical, row, col, blue, red)]
    return plane
