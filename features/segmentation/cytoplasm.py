"""The whole cell around a nucleus: the stained pixels that belong to no other cell.

A stained region around the nucleus that does not touch the border and has no deep concavity is the
cell. A deep concavity shows that another cell touches it. Then each pixel gets a score, the log
likelihood ratio of its colour near the nucleus and far from it, and the cell is the star-shaped
region with the greatest total score.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from ..primitives.arrays import Bytes, Floats
from ..primitives.components import keep_components_touching
from ..primitives.masks import equivalent_diameter
from ..primitives.opening import open_with_disc
from ..primitives.optical_density import stain_density
from ..primitives.otsu import otsu_threshold
from .colour_evidence import (
    colour_histograms,
    distant_histogram,
    masked_median,
    pixels_of_nearest_nucleus,
    score_plane,
    smooth_histograms,
    training_masks,
)
from .regions import (
    Components,
    components_touching,
    concavity_depth,
    distance_to_mask,
    fill_small_holes,
    hull_centroid,
    hull_corners,
    threshold,
)
from .star_outline import fill_star_region

_BINS = 16  # of each of the two density ratios and of the green density
_BLUE_SCALE, _RED_SCALE = _BINS / 1.6, _BINS / 1.2  # bins per unit of each density ratio
# Weights that smooth the colour histogram along each axis.
_SMOOTHING = np.asarray(cv2.getGaussianKernel(5, 1.0), np.float64).ravel()
_DEFAULT_LEVEL = 5  # stain density of the empty slide's edge if it cannot be measured
_HIGHEST_LEVEL = 9  # and its upper limit
_DEEP_CONCAVITY = 0.13  # in units of the square root of the area; deeper: another cell touches
_LEAST_DISTANT_SHARE = 0.015  # of the image; fewer distant pixels do not show other cells' colours
_OUTLINE_SHARE = 0.4  # of the cytoplasm's median density: the density at the outline
_NUCLEUS_DIAMETER = 48.0  # pixels; diameter of the nucleus on the reduced image that is searched
_STIFFNESS = 0.2  # see `features.segmentation.star_outline.fill_star_region`


@cache
def _colour_bin_tables() -> tuple[Bytes, Bytes]:
    """Return the bins of the ratios blue/green and red/green: (density, green density) each."""
    level, base = np.arange(256)[:, None], np.maximum(np.arange(256), 4)
    blue, red = (np.rint(level * scale / base) for scale in (_BLUE_SCALE, _RED_SCALE))
    return (
        np.minimum(blue, _BINS - 1).astype(np.uint8),
        np.minimum(red, _BINS - 1).astype(np.uint8),
    )


def _distributions(counts: NDArray[np.int64]) -> Floats:
    """Smooth the two histograms, add 0.001 to each bin, and divide by the sums: (2, 4096)."""
    shape = (2, _BINS, _BINS, _BINS)
    smooth = smooth_histograms(counts.reshape(shape), _SMOOTHING).reshape(2, -1) + 1e-3
    return np.asarray(smooth / smooth.sum(axis=1, keepdims=True))


def colour_log_likelihood(
    density: Bytes, own: Bytes, near: Bytes, distant: Bytes
) -> NDArray[np.float32]:
    """Score each pixel by the log likelihood ratio of its colour in two sets of pixels.

    A colour is the density ratios blue/green and red/green and the green density, 16 bins each.
    The score is ``0.7 ln(p_near / p_distant) - 0.5``, clipped to [-1, 1]: a colour that is equally
    frequent in both sets counts against the cell.

    Parameters
    ----------
    density : (rows, cols, 3) uint8
        See `features.primitives.optical_density.optical_density`.
    own, near, distant : (rows, cols) uint8, 0 or 1
        Pixels to score; pixels next to the nucleus; stained pixels far from it, mostly red cells.

    Returns
    -------
    (rows, cols) float32
        -1 where `own` is 0.
    """
    tables = _colour_bin_tables()
    p_near, p_distant = _distributions(colour_histograms(density, near, distant, *tables))
    scores = np.clip(0.7 * np.log(p_near / p_distant) - 0.5, -1, 1).astype(np.float32)
    return score_plane(density, own, scores, *tables)


def other_nuclei(nuclei: Components, nucleus: Bytes) -> Bytes:
    """Return the nuclei of other cells.

    These are components that are larger than 30 % of this nucleus or touch the border; smaller
    ones are debris or fragments.

    Parameters
    ----------
    nuclei : Components
        All nuclear pixels.
    nucleus : (rows, cols) uint8, 0 or 1
        The nucleus of this cell: some of the components.

    Returns
    -------
    (rows, cols) uint8, 0 or 1
    """
    chosen = nuclei.areas > 0.3 * cv2.countNonZero(nucleus)
    chosen |= nuclei.touches_border
    chosen[0] = False
    if not chosen.any():
        return np.zeros_like(nucleus)
    return nuclei.select(chosen) & (1 - nucleus)


def refine_outline(density: Bytes, cell: Bytes, nucleus: Bytes, level: int) -> Bytes:
    """Move the outline of a cell to where the stain density is 40 % of the cytoplasm's median.

    `level` is the stain density of the empty slide's edge, the lower limit of that density.
    """
    left, top, width, height = cv2.boundingRect(cell)
    box = np.s_[top : top + height, left : left + width]
    stain = stain_density(np.ascontiguousarray(density[box]))
    region, core = np.ascontiguousarray(cell[box]), np.ascontiguousarray(nucleus[box])
    median = masked_median(stain, region, core)
    if np.isnan(median):
        return cell
    outline_level = max(level, int(_OUTLINE_SHARE * median))
    inside = open_with_disc(region & threshold(stain, outline_level) | core, 2)
    refined = np.zeros_like(cell)
    inside = components_touching(inside | core, core)
    refined[box] = fill_small_holes(inside, float(cell.size))
    return refined


def resize_mask(mask: Bytes, shape: tuple[int, int]) -> Bytes:
    """Resize a 0/1 mask to (rows, cols) by linear interpolation and a threshold of one half."""
    smooth = cv2.resize(mask * np.uint8(255), shape[::-1], interpolation=cv2.INTER_LINEAR)
    return threshold(np.asarray(smooth, dtype=np.uint8), 127)


def find_cell(density: Bytes, nucleus: Bytes, other: Bytes) -> Bytes:
    """Return the cell of a nucleus.

    Parameters
    ----------
    density : (rows, cols, 3) uint8
        See `features.primitives.optical_density.optical_density`.
    nucleus, other : (rows, cols) uint8, 0 or 1
        The nucleus, not empty, and the nuclei of other cells.

    Returns
    -------
    (rows, cols) uint8, 0 or 1
    """
    rows, cols = nucleus.shape
    factor = min(1.0, _NUCLEUS_DIAMETER / equivalent_diameter(nucleus))
    small = (max(1, round(rows * factor)), max(1, round(cols * factor)))
    core = resize_mask(nucleus, small)
    if factor < 0.8 and core.any():
        reduced = cv2.resize(density, small[::-1], interpolation=cv2.INTER_LINEAR)
        region, level = find_cell_region(
            np.asarray(reduced, dtype=np.uint8), core, resize_mask(other, small)
        )
        region = resize_mask(region, (rows, cols))
    else:
        region, level = find_cell_region(density, nucleus, other)
    return refine_outline(density, region | nucleus, nucleus, level)


def find_cell_region(density: Bytes, nucleus: Bytes, other: Bytes) -> tuple[Bytes, int]:
    """Return the region of a cell before `refine_outline`, and the stain density of its edge.

    Parameters
    ----------
    density, nucleus, other
        See `find_cell`.

    Returns
    -------
    region : (rows, cols) uint8, 0 or 1
    level : int
        Pixels with a stain density above it are not empty slide.
    """
    size = equivalent_diameter(nucleus)
    distance, other_distance = distance_to_mask(nucleus), distance_to_mask(other)
    stain = stain_density(density)
    background = distant_histogram(stain, distance, other_distance, 0.08 * size)
    level = min(otsu_threshold(background), _HIGHEST_LEVEL) if background.any() else _DEFAULT_LEVEL
    own = pixels_of_nearest_nucleus(stain, distance, other_distance, level, 0.5 * size)
    region, touches_border = keep_components_touching(
        open_with_disc(own, max(2, round(0.06 * size))) | nucleus, nucleus
    )
    if not touches_border and concavity_depth(region) < _DEEP_CONCAVITY:
        return fill_small_holes(region, float(region.size)), level
    grid = distance[::4, ::4].ravel()
    rank = int(0.85 * grid.size)
    margin = min(0.5 * size, float(np.partition(grid, rank)[rank]))
    near, distant = training_masks(
        stain, own, distance, other_distance, level, 0.2 * size, margin, 0.3 * size
    )
    if cv2.countNonZero(distant) > _LEAST_DISTANT_SHARE * distant.size:
        evidence = colour_log_likelihood(density, own, near, distant)
    else:
        evidence = own.astype(np.float32) * 2 - 1
    np.copyto(evidence, np.float32(4), where=nucleus.view(np.bool_))
    corners = hull_corners(nucleus)
    row, col = hull_centroid(corners)
    extent = float(np.hypot(corners[:, 0] - col, corners[:, 1] - row).max())
    region = fill_star_region(evidence, (row, col), max(1.6 * size, extent) + 4, _STIFFNESS)
    return fill_small_holes(region | nucleus, float(region.size)), level
