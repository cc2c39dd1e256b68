"""The whole cell around a nucleus: what is neither empty slide nor red cell."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from ..primitives.arrays import Bytes, Floats
from ..primitives.components import keep_components_touching
from ..primitives.counting import otsu_threshold
from ..primitives.opening import open_with_disc
from ..primitives.optical_density import stain_density
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
    equivalent_diameter,
    fill_small_holes,
    hull_centroid,
    hull_corners,
    threshold,
)
from .star_outline import fill_star_region

_BINS = 16  # of each of the two density ratios and of the density
_BLUE_SCALE, _RED_SCALE = _BINS / 1.6, _BINS / 1.2
_GAUSSIAN = np.asarray(
    cv2.getGaussianKernel(5, 1.0), np.float64
).ravel()  # along each axis of counts
_LOWEST_DENSITY, _HIGHEST_DENSITY = (
    5,
    9,
)  # density steps above which a pixel is no longer empty slide
_DEEP_CONCAVITY = 0.13  # deeper notches show that another cell touches
_LEAST_DISTANT_SHARE = 0.015  # share of the image from which on other cells' colour is learned
_OUTLINE_LEVEL = 0.4  # part of the cytoplasm's density at which its outline is drawn
_NUCLEUS_DIAMETER = 48.0  # diameter in pixels of the nucleus on the image where the region is found
_STIFFNESS = 0.2  # see `features.segmentation.star_outline.enclose`


@cache
def _colour_bin_tables() -> tuple[Bytes, Bytes]:
    """Bins of the blue and of the red density as parts of the green one: (density, green)."""
    level, base = np.arange(256)[:, None], np.maximum(np.arange(256), 4)
    blue, red = (np.rint(level * scale / base) for scale in (_BLUE_SCALE, _RED_SCALE))
    return (
        np.minimum(blue, _BINS - 1).astype(np.uint8),
        np.minimum(red, _BINS - 1).astype(np.uint8),
    )


def _distributions(counts: NDArray[np.int64]) -> Floats:
    """Smooth the two rows of counts and divide them by their sums: (2, 4096)."""
    smooth = (
        smooth_histograms(counts.reshape(2, _BINS, _BINS, _BINS), _GAUSSIAN).reshape(2, -1) + 1e-3
    )
    return np.asarray(smooth / smooth.sum(axis=1, keepdims=True))


def colour_log_likelihood(
    optical: Bytes, own: Bytes, near: Bytes, away: Bytes
) -> NDArray[np.float32]:
    """Return evidence that a colour belongs to this cell rather than to the cells elsewhere.

    A colour is the blue and the red density as parts of the green one, and the green one. The
    log-likelihood ratio of the two colour distributions is scaled to -1 to 1; a colour as
    frequent here as there counts against the cell.

    Parameters
    ----------
    optical : (rows, cols, 3) uint8
        See `features.primitives.optical_density.density`.
    own, near, away : (rows, cols) uint8, 0 or 1
        Stained pixels; those next to the nucleus; those far from it, mostly red cells.

    Returns
    -------
    (rows, cols) float32
        -1 where `own` is 0.
    """
    tables = _colour_bin_tables()
    here, there = _distributions(colour_histograms(optical, near, away, *tables))
    scores = np.clip(0.7 * np.log(here / there) - 0.5, -1, 1).astype(np.float32)
    return score_plane(optical, own, scores, *tables)


def other_nuclei(found: Components, nucleus: Bytes) -> Bytes:
    """Nuclei of other cells: parts that are large or cut by the rim, not specks and fringes.

    Parameters
    ----------
    found : Parts
        All nuclear pixels.
    nucleus : (rows, cols) uint8, 0 or 1
        Those of this cell: some of the parts.

    Returns
    -------
    (rows, cols) uint8, 0 or 1
    """
    chosen = found.areas > 0.3 * cv2.countNonZero(nucleus)
    chosen |= found.touches_border
    chosen[0] = False
    if not chosen.any():
        return np.zeros_like(nucleus)
    return found.select(chosen) & (1 - nucleus)


def refine_outline(optical: Bytes, cell: Bytes, nucleus: Bytes, level: int) -> Bytes:
    """Draw the outline where the density falls to a part of the cytoplasm's."""
    left, top, width, height = cv2.boundingRect(cell)
    box = np.s_[top : top + height, left : left + width]
    plane = stain_density(np.ascontiguousarray(optical[box]))
    region, core = np.ascontiguousarray(cell[box]), np.ascontiguousarray(nucleus[box])
    usual = masked_median(plane, region, core)
    if np.isnan(usual):
        return cell
    half = max(level, int(_OUTLINE_LEVEL * usual))
    inside = open_with_disc(region & threshold(plane, half) | core, 2)
    outlined = np.zeros_like(cell)
    inside = components_touching(inside | core, core)
    outlined[box] = fill_small_holes(inside, float(cell.size))
    return outlined


def resize_mask(mask: Bytes, shape: tuple[int, int]) -> Bytes:
    """Reduce or enlarge a 0/1 mask to (rows, cols), drawing its outline smoothly."""
    smooth = cv2.resize(mask * np.uint8(255), shape[::-1], interpolation=cv2.INTER_LINEAR)
    return threshold(np.asarray(smooth, dtype=np.uint8), 127)


def find_cell(optical: Bytes, nucleus: Bytes, other: Bytes) -> Bytes:
    """Return the cell to which a nucleus belongs.

    A stained region round the nucleus that is free of the rim and has no deep notch is the cell.
    Otherwise another cell touches it: then the colours of the cells elsewhere in the image count
    against a pixel, the nearness of another nucleus too, and the star-shaped region that gathers
    most evidence is the cell.

    Parameters
    ----------
    optical : (rows, cols, 3) uint8
        Optical density, see `features.primitives.optical_density.density`.
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
        coarse = cv2.resize(optical, small[::-1], interpolation=cv2.INTER_LINEAR)
        region, level = find_cell_region(
            np.asarray(coarse, dtype=np.uint8), core, resize_mask(other, small)
        )
        region = resize_mask(region, (rows, cols))
    else:
        region, level = find_cell_region(optical, nucleus, other)
    return refine_outline(optical, region | nucleus, nucleus, level)


def find_cell_region(optical: Bytes, nucleus: Bytes, other: Bytes) -> tuple[Bytes, int]:
    """Region of the cell before its outline is drawn, and the level of the slide."""
    size = equivalent_diameter(nucleus)
    distance, aside = distance_to_mask(nucleus), distance_to_mask(other)
    plane = stain_density(optical)
    rest = distant_histogram(plane, distance, aside, 0.08 * size)
    level = min(otsu_threshold(rest), _HIGHEST_DENSITY) if rest.any() else _LOWEST_DENSITY
    own = pixels_of_nearest_nucleus(plane, distance, aside, level, 0.5 * size)
    part, cut = keep_components_touching(
        open_with_disc(own, max(2, round(0.06 * size))) | nucleus, nucleus
    )
    if not cut and concavity_depth(part) < _DEEP_CONCAVITY:
        return fill_small_holes(part, float(part.size)), level
    grid = distance[::4, ::4].ravel()
    farther = int(0.85 * grid.size)
    margin = min(0.5 * size, float(np.partition(grid, farther)[farther]))
    near, away = training_masks(plane, own, distance, aside, level, 0.2 * size, margin, 0.3 * size)
    if cv2.countNonZero(away) > _LEAST_DISTANT_SHARE * away.size:
        evidence = colour_log_likelihood(optical, own, near, away)
    else:
        evidence = own.astype(np.float32) * 2 - 1
    np.copyto(evidence, np.float32(4), where=nucleus.view(np.bool_))
    corners = hull_corners(nucleus)
    row, col = hull_centroid(corners)
    extent = float(np.hypot(corners[:, 0] - col, corners[:, 1] - row).max())
    region = fill_star_region(evidence, (row, col), max(1.6 * size, extent) + 4, _STIFFNESS)
    return fill_small_holes(region | nucleus, float(region.size)), level
