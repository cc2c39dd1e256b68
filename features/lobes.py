"""Lobes of the nucleus: thick parts that only a narrower bridge joins, or none at all."""

from __future__ import annotations

from functools import lru_cache, partial
from math import nan

import cv2
import numpy as np
from numpy.typing import NDArray

from .arrays import Floats, Mask
from .haematology import HAEMATOLOGY, Parts
from .kernels import compiled
from .registry import feature

# Two thick parts are two lobes where the bridge between them is at most this share as thick as
# the thinner of them; a part thinner than this share of the thickest is no lobe at all.
BRIDGE = 0.8
LEAST = 0.3
# Depths are counted in parts of a pixel, whole numbers, so that equal ones are equal.
_UNIT = 1024


@compiled
def _top(slope: NDArray[np.int32], pixel: int) -> int:
    """Follow a pixel up to its peak, halving the path on the way."""
    while slope[pixel] != pixel:
        slope[pixel] = slope[slope[pixel]]
        pixel = slope[pixel]
    return pixel


@compiled
def _peaks_and_bridges(depth: NDArray[np.int32]) -> NDArray[np.int32]:
    """Pair each peak of the depth with the highest bridge to a higher one.

    Every pixel follows its deepest neighbour up to a peak; where two such slopes touch there is
    a pass, and the passes join the peaks from the highest down, the lower peak to the higher
    (the superlevel persistence of the depth). `depth` is (rows, cols) with a frame of 0.
    Returns (peaks, 2): depth of the peak and of its bridge, 0 where a part has no
    higher peak. Neither depends on how ties are broken.
    """
    rows, cols = depth.shape
    flat = depth.ravel()
    slope = np.zeros(flat.size, np.int32)
    # Eight comparisons spelled out: a loop over them costs three times as much.
    for row in range(1, rows - 1):
        above, here, below = depth[row - 1], depth[row], depth[row + 1]
        for col in range(1, cols - 1):
            highest = here[col]
            if highest == 0:
                continue
            pixel = row * cols + col
            up = pixel
            if above[col] > highest:
                highest, up = above[col], pixel - cols
            if below[col] > highest:
                highest, up = below[col], pixel + cols
            if here[col - 1] > highest:
                highest, up = here[col - 1], pixel - 1
            if here[col + 1] > highest:
                highest, up = here[col + 1], pixel + 1
            if above[col - 1] > highest:
                highest, up = above[col - 1], pixel - cols - 1
            if above[col + 1] > highest:
                highest, up = above[col + 1], pixel - cols + 1
            if below[col - 1] > highest:
                highest, up = below[col - 1], pixel + cols - 1
            if below[col + 1] > highest:
                highest, up = below[col + 1], pixel + cols + 1
            slope[pixel] = up
    for pixel in range(flat.size):
        if flat[pixel]:
            slope[pixel] = _top(slope, pixel)
    heights = np.empty(4 * flat.size, np.int32)
    sides = np.empty((4 * flat.size, 2), np.int32)
    passes = 0
    for pixel in range(flat.size):
        if flat[pixel]:
            for other in (pixel + 1, pixel + cols - 1, pixel + cols, pixel + cols + 1):
                if flat[other] and slope[other] != slope[pixel]:
                    heights[passes] = min(flat[pixel], flat[other])
                    sides[passes, 0], sides[passes, 1] = slope[pixel], slope[other]
                    passes += 1
    pairs = np.empty((flat.size, 2), np.int32)
    count = 0
    for place in np.argsort(-heights[:passes], kind="mergesort"):
        one, two = _top(slope, sides[place, 0]), _top(slope, sides[place, 1])
        if one != two:
            low, high = (one, two) if flat[one] < flat[two] else (two, one)
            if flat[low] > heights[place]:
                pairs[count, 0], pairs[count, 1] = flat[low], heights[place]
                count += 1
            slope[low] = high
    for pixel in range(flat.size):
        if flat[pixel] and slope[pixel] == pixel:
            pairs[count, 0], pairs[count, 1] = flat[pixel], 0
            count += 1
    return pairs[:count]


def lobe_radii(nucleus: Mask) -> Floats:
    """Return the inscribed radius of each lobe, pixels, in ascending order: (lobes,).

    Parameters
    ----------
    nucleus : (rows, cols) bool
        Mask of the nucleus.

    Returns
    -------
    (lobes,) float64
        Largest distance to the outside in each lobe (chamfer of 5x5 pixels, within 2 % of the
        Euclidean); empty for an empty mask.
    """
    left, top, cols, rows = cv2.boundingRect(nucleus.view(np.uint8))
    nucleus = nucleus[top : top + rows, left : left + cols]
    framed = cv2.copyMakeBorder(nucleus.view(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    depth = np.rint(_UNIT * cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_5))
    # No bridge below this can join two lobes, so nothing below it needs a look.
    depth[depth <= BRIDGE * LEAST * depth.max()] = 0
    peaks, bridges = _peaks_and_bridges(depth.astype(np.int32)).T
    distinct = bridges <= BRIDGE * peaks
    return np.sort(peaks[distinct & (peaks >= LEAST * peaks.max(initial=0))]) / _UNIT


@lru_cache(maxsize=1)
def _lobes(parts: Parts) -> Floats:
    """Find the lobes of a cell once for the features that follow one another."""
    return lobe_radii(parts.whole.nucleus)


sign = partial(
    feature,
    HAEMATOLOGY,
    nan="no nucleus",
    invariances="translation, rotation by 90 degrees, flips; scale, within sampling",
    vetted="by hand",
)


@sign(
    unit="1",
    plain="number of lobes of the nucleus",
    range="integers from 1",
    reference="peaks of the distance to the outline whose bridge is at most 4/5 as thick",
)
def lobe_count(parts: Parts) -> float:
    """Number of thick parts of the nucleus that a bridge of at most 4/5 their thickness joins."""
    return float(_lobes(parts).size) or nan


@sign(
    unit="1",
    plain="evenness of the lobes",
    range="(0, 1]",
    reference="inscribed radii of the lobes",
)
def lobe_evenness(parts: Parts) -> float:
    """Mean over greatest inscribed radius of the lobes: 1 where they are alike or there is one."""
    radii = _lobes(parts)
    return float(radii.mean() / radii[-1]) if radii.size else nan
