"""The outline of a nucleus: the contour of a level of the smoothed chromatin plane.

The level lies between the chromatin of the nucleus and that of the cytoplasm of the same cell.
"""

from __future__ import annotations

from math import sqrt

import cv2
import numpy as np
from numpy.typing import NDArray

from ..primitives.arrays import Bytes
from ..primitives.components import keep_large_components
from ..primitives.gaussian import gaussian_blur
from ..primitives.kernels import compiled, inner
from ..primitives.masks import equivalent_diameter
from ..primitives.otsu import otsu_threshold
from .colour_evidence import Distances
from .edge_slope import slopes_at_levels
from .regions import fill_small_holes, open_mask, threshold

_SLOPE_RATIO = 1.5  # of mean slopes, above which another level is better
_BAND = 6  # levels on either side of one that belong to its contour
_SMOOTHING = 0.012  # nuclear diameters; sigma of the blur of the chromatin
SMOOTHING_REACH = 4 * _SMOOTHING  # nuclear diameters; the blur reads no pixel farther away
_LEVEL_SHARE = 0.33  # of the way from the cytoplasm's median to the nucleus's: the contour's level
_OTSU_SHARE = 0.8  # of the way from that level to Otsu's threshold: the last level to compare


def nuclear_size(plane: Bytes, level: int) -> float:
    """Diameter in pixels of the disc with the area of the pixels above a chromatin level."""
    return equivalent_diameter(threshold(plane, level))


def smooth_chromatin(plane: Bytes, size: float) -> Bytes:
    """Blur the texture of the chromatin, so that its pale spots do not become holes.

    Parameters
    ----------
    plane : (rows, cols) uint8
        See `features.primitives.optical_density.chromatin_plane`.
    size : float
        Typical diameter of a nucleus in pixels.

    Returns
    -------
    (rows, cols) uint8
    """
    if _SMOOTHING * size < 0.5:
        return plane
    return gaussian_blur(plane, _SMOOTHING * size)


def nuclear_mask(plane: Bytes, level: int, size: float) -> Bytes:
    """Return the pixels of the chromatin plane above a level, opened, small holes filled.

    Parameters
    ----------
    plane : (rows, cols) uint8
        See `features.primitives.optical_density.chromatin_plane`.
    level : int
    size : float
        Typical diameter of a nucleus in pixels: it scales the opening and the largest hole.

    Returns
    -------
    (rows, cols) uint8, 0 or 1
    """
    return fill_small_holes(
        open_mask(threshold(plane, level), max(1, round(0.05 * size))), 0.05 * size**2
    )


@compiled
def seed_level(plane: Bytes, seed: Bytes, distance: Distances, reach: float) -> float:
    """Return the level half-way between the medians of a plane in a seed and far from all nuclei.

    Far are the pixels at a `distance` to the nearest nucleus above `reach`. Without such a pixel
    their median is 0, the chromatin of the empty slide.
    """
    histograms = np.zeros((3, 256), np.int64)
    rows, cols = plane.shape
    for row in range(rows):
        for col in range(cols):
            kind = np.int64(distance[row, col] > reach)
            histograms[2 if seed[row, col] else kind, plane[row, col]] += 1
    return (_median(histograms[2], 0, 256) + _median(histograms[1], 0, 256)) / 2


@inner
def _median(counts: NDArray[np.int64], first: int, stop: int) -> int:
    """Return the median level from `first` to before `stop` in a histogram; 0 without a pixel."""
    total = below = 0
    for level in range(first, stop):
        total += counts[level]
    for level in range(first, stop):
        below += counts[level]
        if total and 2 * below >= total:
            return level
    return 0


@compiled
def _interior_counts(plane: Bytes, mask: Bytes) -> NDArray[np.int64]:
    """Count the levels of a plane in a 0/1 mask: (256,)."""
    counts = np.zeros((2, 256), np.int64)
    rows, cols = plane.shape
    for row in range(rows):
        for col in range(cols):
            counts[mask[row, col], plane[row, col]] += 1
    inside: NDArray[np.int64] = counts[1]
    return inside


@compiled
def level_between(counts: NDArray[np.int64], level: int, share: float) -> float:
    """Return the level at a share of the way from cytoplasm to nucleus in a histogram (256,).

    Both are the medians of the pixels up to a level and above it. Without pixels on one side the
    level is returned as it is.
    """
    below, above = counts[: level + 1].sum(), counts[level + 1 :].sum()
    if below == 0 or above == 0:
        return float(level)
    low, high = _median(counts, 0, level + 1), _median(counts, level + 1, 256)
    return low + share * (high - low)


def nuclear_level(plane: Bytes, cell: Bytes, level: int) -> int:
    """Return the chromatin level that separates nucleus and cytoplasm in a cell.

    It is at 0.33 of the way from the median of the cytoplasm to that of the nucleus, which a first
    level separates. If both are not well separated (a dark cytoplasm is above the first level), a
    level nearer to Otsu's threshold in the cell has a much sharper contour: of five levels the one
    with the greatest mean slope is taken if that is more than 1.5 times as steep. Chromatin itself
    has pale and dark parts, so a smaller difference does not count.

    Parameters
    ----------
    plane : (rows, cols) uint8
        See `features.primitives.optical_density.chromatin_plane`.
    cell : (rows, cols) uint8, 0 or 1
    level : int
        The first level.

    Returns
    -------
    int
    """
    margin = int(1 + 0.02 * sqrt(cv2.countNonZero(cell)))
    interior = cv2.erode(cell, np.ones((2 * margin + 1, 2 * margin + 1), dtype=np.uint8))
    counts = _interior_counts(plane, np.asarray(interior, dtype=np.uint8))
    if not counts.any():
        return level
    first = level_between(counts, level, _LEVEL_SHARE)
    step = _OTSU_SHARE * (otsu_threshold(counts) - first) / 4
    levels = np.array([round(first + part * step) for part in range(5)])
    slopes = slopes_at_levels(plane, cell, levels, _BAND)
    best = int(np.argmax(slopes))
    return int(levels[best if slopes[best] > _SLOPE_RATIO * slopes[0] else 0])


def nucleus_in_cell(plane: Bytes, cell: Bytes, level: int, size: float) -> Bytes:
    """Return the nucleus in the mask of a cell.

    Parameters
    ----------
    plane : (rows, cols) uint8
        The smoothed chromatin, see `smooth_chromatin`.
    cell : (rows, cols) uint8, 0 or 1
    level : int
        A chromatin level above which most of the nucleus is, see `nuclear_level`.
    size : float
        Diameter of the nucleus in pixels.

    Returns
    -------
    (rows, cols) uint8, 0 or 1
        May be empty.
    """
    left, top, width, height = cv2.boundingRect(cell)
    box = np.s_[top : top + height, left : left + width]
    part, inside = np.ascontiguousarray(plane[box]), np.ascontiguousarray(cell[box])
    nucleus = np.zeros_like(cell)
    mask = nuclear_mask(part, nuclear_level(part, inside, level), size) & inside
    nucleus[box] = keep_large_components(mask, 0.04)
    return nucleus
