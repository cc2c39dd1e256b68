"""Lobes of the nucleus: maxima of the distance transform that are separated by narrow bridges.

Two maxima are paired with the saddle between them: the superlevel persistence of the distance
transform. The saddle is in the bridge between two lobes; its depth is half of the thickness there.
"""

from __future__ import annotations

from functools import lru_cache, partial
from math import nan

import numpy as np
from numpy.typing import NDArray

from ..core.registry import feature
from ..primitives.arrays import Floats
from ..primitives.components import find_root
from ..primitives.kernels import compiled, inner
from ..shape.region import chamfer_of
from .nucleus_ratios import HAEMATOLOGY, CellParts

# Two peaks are two lobes if the depth of their saddle is at most this share of the lower peak's; a
# peak lower than this share of the highest is not a lobe.
LARGEST_SADDLE = 0.8
SMALLEST_PEAK = 0.3
# Ranks of the lobes whose prominence is a feature; the first has always a prominence of 1.
RANKS = (2, 3, 4, 5)
# Units per pixel: depths are integers, so equal depths compare as equal.
_UNIT = 1024


@inner
def _assign_peaks(flat: NDArray[np.int32], cols: int, slope: NDArray[np.int32]) -> None:
    """Write the peak of each pixel to `slope`: each pixel ascends to its deepest neighbour."""
    for pixel in range(flat.size):
        highest = flat[pixel]
        if highest == 0:
            continue
        up = pixel
        # Direct neighbours first: the order decides between equal depths.
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
            slope[pixel] = find_root(slope, pixel)


@compiled
def _find_saddles(
    flat: NDArray[np.int32], cols: int, slope: NDArray[np.int32], found: NDArray[np.int32]
) -> int:
    """Write depth and both peaks of each contact of two slopes to `found` (3, n); return n."""
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
    """Join the peaks at the saddles in `order`; write both depths (2, n); return n."""
    count = 0
    for index in range(order.size):
        place = order[index]
        low, high = find_root(slope, found[1, place]), find_root(slope, found[2, place])
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
    """Convert distances to integers of `unit` per pixel; 0 up to a share of the greatest."""
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
    """Pair each peak of the depth with the highest saddle to a higher peak.

    Saddles are the contacts of two slopes. From the highest saddle to the lowest, the lower of the
    two peaks is joined to the higher (superlevel persistence). `depth` is (rows, cols) with a frame
    of 0. Returns (2, peaks): depth of the peak and of its saddle, 0 for the highest peak of a
    component. The result does not depend on how ties are broken.
    """
    flat = depth.ravel()
    slope = np.zeros(flat.size, np.int32)
    found = np.empty((3, 4 * flat.size), np.int32)
    count = _find_saddles(flat, depth.shape[1], slope, found)
    order = np.argsort(-found[0, :count], kind="stable")
    pairs = np.empty((2, flat.size), np.int32)
    return pairs[:, : _merge_peaks(flat, slope, found, order, pairs)]


def peaks_and_saddles(chamfer: NDArray[np.float32]) -> Floats:
    """Return the depth of each peak of a distance transform and of its saddle to a higher one.

    Parameters
    ----------
    chamfer : (rows, cols) float32
        Distances of the pixels of the nucleus, from `chamfer_distance`.

    Returns
    -------
    (2, peaks) float64
        Depth in pixels of peak and saddle. The saddle is 0 if there is none, and if it is lower
        than 24 % of the highest peak. Peaks lower than 30 % of the highest are left out.
    """
    # A lower saddle cannot join two lobes, so lower depths need not be searched.
    pairs = _persistence_pairs(_quantise_depth(chamfer, _UNIT, LARGEST_SADDLE * SMALLEST_PEAK))
    return pairs[:, pairs[0] >= SMALLEST_PEAK * pairs[0].max(initial=0)] / _UNIT


def lobe_radii(peaks: Floats, saddles: Floats) -> Floats:
    """Return the inscribed radius of each lobe in pixels, in ascending order: (lobes,).

    Parameters
    ----------
    peaks, saddles : (peaks,) float64
        From `peaks_and_saddles`.

    Examples
    --------
    >>> lobe_radii(np.array([9.0, 8.0, 5.0]), np.array([0.0, 3.0, 4.5])).tolist()
    [8.0, 9.0]
    """
    return np.sort(peaks[saddles <= LARGEST_SADDLE * peaks])


@lru_cache(maxsize=1)
def _lobe_depths(parts: CellParts) -> Floats:
    """Find the peaks of a nucleus; cached, because consecutive features read them."""
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
    reference="maxima of the distance to the outline; bridges at most 4/5 as thick",
    vetted="by hand; closed form",
)
def lobe_count(parts: CellParts) -> float:
    """Number of lobes: thick parts joined only by bridges of at most 4/5 of their thickness."""
    return float(lobe_radii(*_lobe_depths(parts)).size) or nan


@haematology_feature(
    unit="1",
    plain="similarity in size of the lobes",
    range="(0, 1]",
    reference="inscribed radii of the lobes",
)
def lobe_evenness(parts: CellParts) -> float:
    """Mean over greatest inscribed radius of the lobes; 1 for equal lobes or a single one."""
    radii = lobe_radii(*_lobe_depths(parts))
    return float(radii.mean() / radii[-1]) if radii.size else nan


@haematology_feature(
    unit="1",
    plain="separation of the second to fifth lobe",
    range="[0, 1]",
    components=tuple(map(str, RANKS)),
    reference="superlevel persistence of the distance to the outline over its greatest value",
)
def lobe_prominence(parts: CellParts) -> Floats:
    """Inscribed radius of a lobe minus that of its bridge, over the greatest; 0 without a lobe."""
    peaks, saddles = _lobe_depths(parts)
    if not peaks.size:
        return np.full(len(RANKS), nan)
    ranked = np.sort((peaks - saddles) / peaks.max())[::-1]
    prominences: Floats = np.zeros(RANKS[-1])
    prominences[: ranked.size] = ranked[: RANKS[-1]]
    return prominences[RANKS[0] - 1 :]
