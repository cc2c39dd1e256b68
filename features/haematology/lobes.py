"""Lobes of the nucleus: thick parts that only a narrower bridge joins, or none at all."""

from __future__ import annotations

from functools import lru_cache, partial
from math import nan

import numpy as np
from numpy.typing import NDArray

from ..core.registry import feature
from ..primitives.arrays import Floats
from ..primitives.kernels import compiled, inner
from ..shape.region import chamfer_of
from .nucleus_ratios import HAEMATOLOGY, CellParts

# Two thick parts are two lobes where the bridge between them is at most this share as thick as
# the thinner of them; a part thinner than this share of the thickest is no lobe at all.
LARGEST_SADDLE = 0.8
SMALLEST_PEAK = 0.3
# Lobes whose prominence is a feature: the first is the thickest part and always stands alone.
RANKS = (2, 3, 4, 5)
# Depths are counted in parts of a pixel, whole numbers, so that equal ones are equal.
_UNIT = 1024


@inner
def find_peak(slope: NDArray[np.int32], pixel: int) -> int:
    """Follow a pixel up to its peak, halving the path on the way."""
    while slope[pixel] != pixel:
        slope[pixel] = slope[slope[pixel]]
        pixel = slope[pixel]
    return pixel


@inner
def _assign_peaks(flat: NDArray[np.int32], cols: int, slope: NDArray[np.int32]) -> None:
    """Write the peak above each pixel to `slope`: every pixel follows its deepest neighbour."""
    for pixel in range(flat.size):
        highest = flat[pixel]
        if highest == 0:
            continue
        up = pixel
        # Straight neighbours first, so that equal ones are chosen as they always were.
        for turn in range(8):
            if turn < 4:
                other = pixel + (1 if turn & 1 else -1) * (1 if turn & 2 else cols)
            else:
                other = pixel + (1 if turn & 1 else -1) + (cols if turn & 2 else -cols)
            if flat[other] > highest:
                highest, up = flat[other], other
        slope[pixel] = up
    for pixel in range(flat.size):
        if flat[pixel]:
            slope[pixel] = find_peak(slope, pixel)


@compiled
def _find_saddles(
    flat: NDArray[np.int32], cols: int, slope: NDArray[np.int32], found: NDArray[np.int32]
) -> int:
    """Climb, then write depth and both peaks of each touch of two slopes to `found` (3, n)."""
    _assign_peaks(flat, cols, slope)
    count = 0
    for pixel in range(flat.size):
        if flat[pixel] == 0:
            continue
        for turn in range(4):
            other = pixel + (1 if turn == 0 else cols + turn - 2)
            if flat[other] and slope[other] != slope[pixel]:
                found[0, count] = min(flat[pixel], flat[other])
                found[1, count], found[2, count] = slope[pixel], slope[other]
                count += 1
    return count


@compiled
def _merge_peaks(
    flat: NDArray[np.int32],
    slope: NDArray[np.int32],
    found: NDArray[np.int32],
    order: NDArray[np.int64],
    pairs: NDArray[np.int32],
) -> int:
    """Join the peaks at the passes in this order; write depth of peak and bridge (2, n)."""
    count = 0
    for index in range(order.size):
        place = order[index]
        low, high = find_peak(slope, found[1, place]), find_peak(slope, found[2, place])
        if low == high:
            continue
        if flat[low] >= flat[high]:
            low, high = high, low
        if flat[low] > found[0, place]:
            pairs[0, count], pairs[1, count] = flat[low], found[0, place]
            count += 1
        slope[low] = high
    for pixel in range(flat.size):
        if flat[pixel] and slope[pixel] == pixel:
            pairs[0, count], pairs[1, count] = flat[pixel], 0
            count += 1
    return count


@compiled
def _quantise_depth(chamfer: NDArray[np.float32], unit: int, share: float) -> NDArray[np.int32]:
    """Depths as whole numbers of so many units a pixel, 0 up to a share of the greatest."""
    rows, cols = chamfer.shape
    depth = np.empty((rows, cols), np.int32)
    deepest = np.int32(0)
    for row in range(rows):
        for col in range(cols):
            depth[row, col] = np.rint(unit * chamfer[row, col])
            deepest = max(deepest, depth[row, col])
    for row in range(rows):
        for col in range(cols):
            if depth[row, col] <= share * deepest:
                depth[row, col] = 0
    return depth


def _persistence_pairs(depth: NDArray[np.int32]) -> NDArray[np.int32]:
    """Pair each peak of the depth with the highest bridge to a higher one.

    Where two slopes touch there is a pass, and the passes join the peaks from the highest down,
    the lower peak to the higher (the superlevel persistence of the depth). `depth` is
    (rows, cols) with a frame of 0. Returns (2, peaks): depth of the peak and of its bridge, 0
    where a part has no higher peak. Neither depends on how ties are broken.
    """
    flat = depth.ravel()
    slope = np.zeros(flat.size, np.int32)
    found = np.empty((3, 4 * flat.size), np.int32)
    passes = _find_saddles(flat, depth.shape[1], slope, found)
    order = np.argsort(-found[0, :passes], kind="stable")
    pairs = np.empty((2, flat.size), np.int32)
    return pairs[:, : _merge_peaks(flat, slope, found, order, pairs)]


def peaks_and_saddles(chamfer: NDArray[np.float32]) -> Floats:
    """Pair the inscribed radius of each thick part with that of its bridge to a thicker one.

    Parameters
    ----------
    chamfer : (rows, cols) float32
        Depth of each pixel of the nucleus, in a frame of 0, as `chamfer.chamfer` returns it.

    Returns
    -------
    (2, parts) float64
        Pixels; the bridge is 0 where there is none, and where it is thinner than 24 % of the
        thickest part. Parts thinner than 30 % of the thickest are left out.
    """
    # No bridge below this can join two lobes, so nothing below it needs a look.
    pairs = _persistence_pairs(_quantise_depth(chamfer, _UNIT, LARGEST_SADDLE * SMALLEST_PEAK))
    return pairs[:, pairs[0] >= SMALLEST_PEAK * pairs[0].max(initial=0)] / _UNIT


def lobe_radii(peaks: Floats, bridges: Floats) -> Floats:
    """Return the inscribed radius of each lobe, pixels, in ascending order: (lobes,).

    Parameters
    ----------
    peaks, bridges : (parts,) float64
        As `peaks_and_bridges` gives them.

    Examples
    --------
    >>> lobe_radii(np.array([9.0, 8.0, 5.0]), np.array([0.0, 3.0, 4.5])).tolist()
    [8.0, 9.0]
    """
    return np.sort(peaks[bridges <= LARGEST_SADDLE * peaks])


@lru_cache(maxsize=1)
def _lobe_depths(parts: CellParts) -> Floats:
    """Find the thick parts of a nucleus once for the features that follow one another."""
    return peaks_and_saddles(chamfer_of(parts.cell, "Nuclei")[1])


haematology_feature = partial(
    feature,
    HAEMATOLOGY,
    version=2,
    nan="no nucleus",
    invariances="translation, rotation by 90 degrees, flips; scale, within sampling",
    vetted="by hand; closed form; formula in numpy",
)


@haematology_feature(
    unit="1",
    plain="number of lobes of the nucleus",
    range="integers from 1",
    reference="peaks of the distance to the outline whose bridge is at most 4/5 as thick",
    vetted="by hand; closed form",
)
def lobe_count(parts: CellParts) -> float:
    """Number of thick parts of the nucleus that a bridge of at most 4/5 their thickness joins."""
    return float(lobe_radii(*_lobe_depths(parts)).size) or nan


@haematology_feature(
    unit="1",
    plain="evenness of the lobes",
    range="(0, 1]",
    reference="inscribed radii of the lobes",
)
def lobe_evenness(parts: CellParts) -> float:
    """Mean over greatest inscribed radius of the lobes: 1 where they are alike or there is one."""
    radii = lobe_radii(*_lobe_depths(parts))
    return float(radii.mean() / radii[-1]) if radii.size else nan


@haematology_feature(
    unit="1",
    plain="how far the second to fifth lobe stand apart",
    range="[0, 1]",
    components=tuple(map(str, RANKS)),
    reference="superlevel persistence of the distance to the outline over its greatest value",
)
def lobe_prominence(parts: CellParts) -> Floats:
    """Radius of a lobe less that of its bridge, over the greatest radius; 0 without such a lobe."""
    peaks, bridges = _lobe_depths(parts)
    if not peaks.size:
        return np.full(len(RANKS), nan)
    ranked = np.sort((peaks - bridges) / peaks.max())[::-1]
    prominences: Floats = np.zeros(RANKS[-1])
    prominences[: ranked.size] = ranked[: RANKS[-1]]
    return prominences[RANKS[0] - 1 :]
