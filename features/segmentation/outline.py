"""The outlines of one cell and its nucleus, from a seed of the nucleus.

The cell is searched on a reduced window, in which the nucleus is about 36 pixels wide. Then both
outlines follow the stain at full resolution.
"""

from __future__ import annotations

from math import ceil

import cv2
import numpy as np

from ..primitives.arrays import Bytes
from ..primitives.masks import equivalent_diameter
from ..primitives.optical_density import chromatin_plane, stain_density
from .colour_evidence import Distances, masked_median
from .cytoplasm import find_cell_region
from .nucleus_outline import (
    SMOOTHING_REACH,
    nuclear_mask,
    nucleus_in_cell,
    seed_level,
    smooth_chromatin,
)
from .quality import CellOutline
from .regions import components_touching, distance_to_mask, fill_small_holes, threshold

_NUCLEUS_DIAMETER = 36.0  # pixels; diameter of the nucleus on the reduced window
_OUTLINE_SHARE = 0.33  # of the cytoplasm's median density: the density at the outline
_ROUNDING = 0.06  # nuclear diameters; half the side of the box that smooths the outline
_SEED_REACH = 0.15  # nuclear diameters; how far the nucleus may extend beyond its seed


def resize_mask(mask: Bytes, shape: tuple[int, int]) -> Bytes:
    """Resize a 0/1 mask to (rows, cols) by linear interpolation and a threshold of one half."""
    if mask.shape == shape:
        return mask
    smooth = cv2.resize(mask * np.uint8(255), shape[::-1], interpolation=cv2.INTER_LINEAR)
    return threshold(np.asarray(smooth, dtype=np.uint8), 127)


def refine_outline(density: Bytes, region: Bytes, nucleus: Bytes, level: int) -> Bytes:
    """Move the outline of a cell to where the stain density is a third of the cytoplasm's median.

    `level` is the stain density of the empty slide's edge, the lower limit of that density. The
    outline is smoothed by a box filter of an eighth of the nuclear diameter.
    """
    stain = stain_density(density)
    median = masked_median(stain, region, nucleus)
    if np.isnan(median):
        return region
    side = 2 * round(_ROUNDING * equivalent_diameter(nucleus)) + 1
    stained = region & threshold(stain, max(level, int(_OUTLINE_SHARE * median))) | nucleus
    smooth = np.asarray(cv2.blur(stained * np.uint8(254), (side, side)), dtype=np.uint8)
    inside = components_touching(threshold(smooth, 127) | nucleus, nucleus)
    return fill_small_holes(inside, float(inside.size))


def find_cell(density: Bytes, nucleus: Bytes, other: Bytes) -> Bytes:
    """Return the cell of a nucleus whose outline is known.

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
    reduced, core, rest = _reduce(density, nucleus, other)
    region, level = find_cell_region(reduced, core, distance_to_mask(rest))
    region = resize_mask(region, nucleus.shape)
    return refine_outline(density, region | nucleus, nucleus, level)


def _reduce(density: Bytes, nucleus: Bytes, other: Bytes) -> tuple[Bytes, Bytes, Bytes]:
    """Reduce a window so that the nucleus has a diameter of `_NUCLEUS_DIAMETER` pixels.

    The masks show the same window as the density, at any resolution.
    """
    rows, cols = density.shape[:2]
    size = equivalent_diameter(nucleus) * cols / nucleus.shape[1]
    factor = _NUCLEUS_DIAMETER / size
    if factor < 0.8:
        shape = (max(1, round(rows * factor)), max(1, round(cols * factor)))
        core = resize_mask(nucleus, shape)
        if core.any():
            reduced = cv2.resize(density, shape[::-1], interpolation=cv2.INTER_LINEAR)
            return np.asarray(reduced, np.uint8), core, resize_mask(other, shape)
    return density, resize_mask(nucleus, (rows, cols)), resize_mask(other, (rows, cols))


def outline_cell(density: Bytes, seed: Bytes, other: Bytes) -> CellOutline:
    """Outline a nucleus and its cell.

    Parameters
    ----------
    density : (rows, cols, 3) uint8
        Optical density of a window with the whole cell and some of its surroundings, see
        `features.primitives.optical_density.optical_density`.
    seed, other : (any rows, any cols) uint8, 0 or 1
        Roughly the nucleus, not empty, and the nuclei of other cells. They show the same window at
        any resolution.

    Returns
    -------
    CellOutline
        Its box is in the window. The nucleus is not empty.
    """
    shape = (density.shape[0], density.shape[1])
    reduced, core, rest = _reduce(density, seed, other)
    size = equivalent_diameter(core)
    distance, other_distance = distance_to_mask(core), distance_to_mask(rest)
    territory = np.less_equal(distance, other_distance).view(np.uint8)
    nucleus, level = _follow_seed(reduced, core, territory, distance, other_distance)
    region, edge = find_cell_region(reduced, nucleus, other_distance)
    size *= shape[1] / reduced.shape[1]
    region = resize_mask(region | nucleus, shape)
    box = _padded_box(region, ceil(SMOOTHING_REACH * size) + 2)
    part, whole, core = (
        np.ascontiguousarray(plane[box]) for plane in (density, region, resize_mask(nucleus, shape))
    )
    cell = refine_outline(part, whole | core, core, edge)
    inside = cell & resize_mask(territory, shape)[box] if rest.any() else cell
    chromatin = smooth_chromatin(chromatin_plane(part), size)
    refined = nucleus_in_cell(chromatin, inside, level, size)
    return CellOutline(box, part, refined if refined.any() else core, cell)


def _follow_seed(
    density: Bytes, seed: Bytes, territory: Bytes, distance: Distances, other_distance: Distances
) -> tuple[Bytes, int]:
    """Return the nucleus of a seed and its chromatin level, on the reduced window.

    The nucleus are the pixels above the level that are not farther than 0.15 nuclear diameters from
    the seed and in the cell's territory: nearer to it than to the seeds of other nuclei.
    """
    size = equivalent_diameter(seed)
    reach = _SEED_REACH * size
    chromatin = smooth_chromatin(chromatin_plane(density), size)
    level = int(seed_level(chromatin, seed, np.minimum(distance, other_distance), reach))
    nucleus = nuclear_mask(chromatin, level, size) & territory
    nucleus &= np.less_equal(distance, reach).view(np.uint8)
    return nucleus if nucleus.any() else seed, level


def _padded_box(mask: Bytes, margin: int) -> tuple[slice, slice]:
    """Return the bounding box of a mask with a margin, inside the mask's array."""
    left, top, width, height = cv2.boundingRect(mask)
    return (
        slice(max(0, top - margin), min(mask.shape[0], top + height + margin)),
        slice(max(0, left - margin), min(mask.shape[1], left + width + margin)),
    )
