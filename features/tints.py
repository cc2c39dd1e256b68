"""Pixels round a nucleus by their colour and their nearness: the loops of the cytoplasm."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .arrays import Bytes
from .kernels import compiled, inner

Distances = NDArray[np.float32]


@compiled
def distant_counts(
    plane: Bytes, distance: Distances, aside: Distances, reach: float
) -> NDArray[np.int64]:
    """Count the levels of a plane farther than `reach` from both of two things: (256,)."""
    counts = np.zeros((2, 256), np.int64)
    rows, cols = plane.shape
    for row in range(rows):
        for col in range(cols):
            far = (distance[row, col] > reach) & (aside[row, col] > reach)
            counts[np.int64(far), plane[row, col]] += 1
    distant: NDArray[np.int64] = counts[1]
    return distant


@compiled
def own_pixels(
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
def near_and_away(
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
def median_level(plane: Bytes, mask: Bytes, without: Bytes) -> float:
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
def _tint(optical: Bytes, row: int, col: int, blue: Bytes, red: Bytes) -> int:
    """Bin of a colour: 16 bins of each density ratio and of the green density."""
    green = optical[row, col, 1]
    high = np.int64(blue[optical[row, col, 2], green]) * 16 + red[optical[row, col, 0], green]
    return int(high * 16 + min(green >> 3, 15))


@compiled
def tint_counts(
    optical: Bytes, near: Bytes, away: Bytes, blue: Bytes, red: Bytes
) -> NDArray[np.int64]:
    """Count the colours of two masks: (2, 4096)."""
    counts = np.zeros((2, 4096), np.int64)
    rows, cols = near.shape
    for row in range(rows):
        for col in range(cols):
            if near[row, col]:
                counts[0, _tint(optical, row, col, blue, red)] += 1
            if away[row, col]:
                counts[1, _tint(optical, row, col, blue, red)] += 1
    return counts


@compiled
def tint_scores(
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
                plane[row, col] = scores[_tint(optical, row, col, blue, red)]
    return plane
