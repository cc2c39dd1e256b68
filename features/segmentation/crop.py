"""Crops: the one cell at the centre of an image, and whether an image is a crop at all."""

from __future__ import annotations

from math import ceil, inf, pi, sqrt

import cv2
import numpy as np

from ..errors import CellError
from ..primitives.arrays import Bytes
from ..primitives.counting import distance_from_centre
from ..primitives.opening import disc
from ..primitives.optical_density import (
    StainPlanes,
    chromatin_plane,
    foreground_on_black,
    measure_stain,
    optical_density,
    otsu_of_plane,
    stain_density,
)
from .cytoplasm import find_cell_region, other_nuclei, refine_outline, resize_mask
from .nuclei import (
    SMOOTHING_REACH,
    central_nucleus,
    check_contrast,
    main_component,
    nuclear_mask,
    nuclear_size,
    nucleus_in_cell,
    smooth_chromatin,
)
from .quality import CellOutline
from .regions import (
    Components,
    equivalent_diameter,
    fill_small_holes,
    find_components,
    keep_main_components,
    open_mask,
)
from .touching import red_cell_radius

_NUCLEUS_DIAMETER = 56.0  # diameter in pixels of the nuclei on the image where the cell is sought
_PREVIEW_SIDE = 200  # pixels of the shorter side that suffice to tell a crop from a field
LARGE_SIDE = 400  # from here on a glance at a reduced image saves time
_SMALLEST_NUCLEUS = 400  # a nucleus that covers a smaller part of the image is one of a field
_FIELD_RED_CELLS = 150  # an image with room for more red cells is a field
_FIELD_NUCLEI = 5  # more whole nuclei than these make a field
_CHROMATIN_RATIO = 1.8  # ratio of chromatin from which a cell on black has a cytoplasm that shows


def find_nuclear_components(
    stain: StainPlanes, largest: float = inf
) -> tuple[Components, Bytes, float]:
    """Find the nuclear parts of an image.

    Parameters
    ----------
    stain : Stain
    largest : float
        Bound in pixels for the diameter that sets the scale of the smoothing.

    Returns
    -------
    parts : Parts
    plane : (rows, cols) uint8
        The chromatin without its grain.
    size : float
        Diameter in pixels of the disc that has the area of all parts, at most `largest`.

    Raises
    ------
    CellError
        Where no nucleus stands out.
    """
    size = min(nuclear_size(stain.chromatin, stain.threshold), largest)
    plane = smooth_chromatin(stain.chromatin, size)
    mask = nuclear_mask(plane, stain.threshold, size)
    check_contrast(plane, mask, stain.threshold)
    return find_components(mask), plane, size


def shows_field(found: Components, main: int) -> bool:
    """Whether nuclear parts are those of a field rather than of a crop.

    A crop has a nucleus at its centre (within three quarters of its diameter) that is not tiny (a
    400th of the image) and at most four other whole ones.

    Parameters
    ----------
    found : Parts
        At least one part.
    main : int
        Number of the central one, see `features.segmentation.nuclei.main_part`.

    Returns
    -------
    bool
    """
    top, bottom, left, right = found.boxes[:, main]
    box = np.s_[max(top - 1, 0) : bottom + 2, max(left - 1, 0) : right + 2]
    part = np.equal(found.labels[box], main).view(np.uint8)
    gap = distance_from_centre(found.labels, main, found.boxes[:, main])
    depth = float(cv2.distanceTransform(part, cv2.DIST_L2, 3).max())
    # A clump of touching nuclei counts no more than two.
    area = min(float(found.areas[main]), 2 * pi * depth**2)
    whole = found.areas > 0.4 * area
    whole &= ~found.touches_border
    small = area * _SMALLEST_NUCLEUS < found.labels.size
    return bool(gap > 1.5 * sqrt(area / pi) or small or whole.sum() > _FIELD_NUCLEI)


def is_field(rgb: Bytes) -> bool:
    """Whether an image shows a field of cells rather than one cell.

    It does if there is room for 150 red cells, or by what `several` says of its nuclei.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8

    Returns
    -------
    bool
        False for a cell cut out on black.

    Raises
    ------
    CellError
        Where no nucleus stands out.
    """
    scale = min(1.0, _PREVIEW_SIDE / min(rgb.shape[:2]))
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    if foreground_on_black(small) is not None:
        return False
    stain = measure_stain(small)
    found, _, _ = find_nuclear_components(stain, _PREVIEW_SIDE / 10)
    red = red_cell_radius(stain.chromatin, stain_density(stain.density), stain.threshold)
    many = red is not None and small.shape[0] * small.shape[1] > _FIELD_RED_CELLS * pi * red**2
    return many or shows_field(found, main_component(found))


def _outline_cut_out_cell(rgb: Bytes, alone: Bytes) -> CellOutline:
    """Clean a cell that lies on black and find its nucleus.

    No slide is left to compare with: densities are against white.
    """
    cell = open_mask(alone, max(1, round(0.08 * equivalent_diameter(alone))))
    cell = fill_small_holes(
        keep_main_components(cell if cell.any() else alone, 1.0), float(cell.size)
    )
    smooth = np.asarray(cv2.GaussianBlur(rgb, (5, 5), 0.9), dtype=np.uint8)
    optical = optical_density(smooth, np.full(3, 255.0))
    size = equivalent_diameter(cell)
    plane = smooth_chromatin(chromatin_plane(optical), size)
    # Black bleeds into the outermost pixels.
    inner = np.asarray(cv2.erode(cell, disc(2), borderValue=0), dtype=np.uint8)
    chosen = np.ascontiguousarray(plane[inner > 0][:, None])
    if chosen.size == 0:
        raise CellError(f"the cell on black has {cv2.countNonZero(cell)} pixels", "enlarge it")
    level = otsu_of_plane(chosen)
    upper, lower = chosen[chosen > level], chosen[chosen <= level]
    one = min(upper.size, lower.size) == 0
    if one or upper.mean() < _CHROMATIN_RATIO * max(float(lower.mean()), 1.0):
        level = int(0.75 * float(np.median(chosen)))  # a cell that is nearly all nucleus
    mask = nuclear_mask(plane, level, size) & inner
    return CellOutline(
        np.s_[0 : rgb.shape[0], 0 : rgb.shape[1]], optical, keep_main_components(mask, 0.1), cell
    )


def outline_central_cell(rgb: Bytes, *, surely: bool) -> CellOutline | None:
    """Outline the central cell of a crop.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8
    surely : bool
        True: the image is a crop. False: return None if it shows a field.

    Returns
    -------
    Outlined or None

    Raises
    ------
    CellError
        Where no nucleus stands out.
    """
    alone = foreground_on_black(rgb)
    if alone is not None:
        return _outline_cut_out_cell(rgb, alone)
    large = min(rgb.shape[:2]) > LARGE_SIDE
    if not surely and large and is_field(rgb):
        return None
    stain = measure_stain(rgb)
    size = nuclear_size(stain.chromatin, stain.threshold)
    coarse = _reduce(stain, size)
    found, _, _ = find_nuclear_components(coarse)
    main = main_component(found)
    if not surely and not large and shows_field(found, main):
        return None
    nucleus = central_nucleus(found, main)
    region, slide = find_cell_region(coarse.density, nucleus, other_nuclei(found, nucleus))
    return _refine_outlines(
        stain, size, resize_mask(region | nucleus, rgb.shape[:2]), nucleus, slide
    )


def _reduce(stain: StainPlanes, size: float) -> StainPlanes:
    """Reduce what is read of an image so far that nuclei of a size measure `_SCALE` pixels."""
    factor = _NUCLEUS_DIAMETER / max(size, 1.0)
    if factor >= 0.8:
        return stain
    rows, cols = stain.chromatin.shape
    shape = (max(1, round(factor * cols)), max(1, round(factor * rows)))
    optical = cv2.resize(stain.density, shape, interpolation=cv2.INTER_LINEAR)
    small = np.asarray(optical, dtype=np.uint8)
    return stain._replace(density=small, chromatin=chromatin_plane(small))


def _refine_outlines(
    stain: StainPlanes, size: float, region: Bytes, nucleus: Bytes, slide: int
) -> CellOutline:
    """Draw the outlines of a cell, found on a reduced image, at full resolution."""
    margin = ceil(SMOOTHING_REACH * size) + 2
    left, top, width, height = cv2.boundingRect(region)
    rows = slice(max(0, top - margin), min(region.shape[0], top + height + margin))
    cols = slice(max(0, left - margin), min(region.shape[1], left + width + margin))
    box = (rows, cols)
    optical = np.ascontiguousarray(stain.density[box])
    core = np.ascontiguousarray(resize_mask(nucleus, region.shape)[box])
    cell = refine_outline(optical, np.ascontiguousarray(region[box]) | core, core, slide)
    plane = smooth_chromatin(np.ascontiguousarray(stain.chromatin[box]), size)
    return CellOutline(box, optical, nucleus_in_cell(plane, cell, stain.threshold, size), cell)
