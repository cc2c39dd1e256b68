"""Crops: the one cell at the centre of an image, and whether an image is a crop at all."""

from __future__ import annotations

from math import ceil, inf, pi, sqrt

import cv2
import numpy as np

from ..errors import CellError
from ..primitives.arrays import Bytes
from ..primitives.counting import gap_to_part
from ..primitives.opening import disc
from ..primitives.optical_density import Stain, chromatin, cut_out, density, otsu, stain_of, stained
from .cytoplasm import drawn, others, reduced_mask, region_of
from .nuclei import (
    GRAIN_REACH,
    central,
    check_contrast,
    main_part,
    nuclear,
    nuclear_size,
    smooth_chromatin,
    within,
)
from .quality import Outlined
from .regions import Parts, diameter, filled, main_parts, opened, parts
from .touching import red_cell_radius

_SCALE = 56.0  # diameter in pixels of the nuclei on the image where the cell is sought
_GLANCE = 200  # pixels of the shorter side that suffice to tell a crop from a field
LARGE = 400  # from here on a glance at a reduced image saves time
_TINY = 400  # a nucleus that covers a smaller part of the image is one of a field
_RED_CELLS = 150  # an image with room for more red cells is a field
_WHOLE = 5  # more whole nuclei than these make a field
_SPLIT = 1.8  # ratio of chromatin from which a cell on black has a cytoplasm that shows


def nuclear_parts(stain: Stain, largest: float = inf) -> tuple[Parts, Bytes, float]:
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
    size = min(nuclear_size(stain.plane, stain.level), largest)
    plane = smooth_chromatin(stain.plane, size)
    mask = nuclear(plane, stain.level, size)
    check_contrast(plane, mask, stain.level)
    return parts(mask), plane, size


def several(found: Parts, main: int) -> bool:
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
    gap = gap_to_part(found.labels, main, found.boxes[:, main])
    depth = float(cv2.distanceTransform(part, cv2.DIST_L2, 3).max())
    # A clump of touching nuclei counts no more than two.
    area = min(float(found.areas[main]), 2 * pi * depth**2)
    whole = found.areas > 0.4 * area
    whole &= ~found.cut
    small = area * _TINY < found.labels.size
    return bool(gap > 1.5 * sqrt(area / pi) or small or whole.sum() > _WHOLE)


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
    scale = min(1.0, _GLANCE / min(rgb.shape[:2]))
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    if cut_out(small) is not None:
        return False
    stain = stain_of(small)
    found, _, _ = nuclear_parts(stain, _GLANCE / 10)
    red = red_cell_radius(stain.plane, stained(stain.optical), stain.level)
    many = red is not None and small.shape[0] * small.shape[1] > _RED_CELLS * pi * red**2
    return many or several(found, main_part(found))


def _cut_cell(rgb: Bytes, alone: Bytes) -> Outlined:
    """Clean a cell that lies on black and find its nucleus.

    No slide is left to compare with: densities are against white.
    """
    cell = opened(alone, max(1, round(0.08 * diameter(alone))))
    cell = filled(main_parts(cell if cell.any() else alone, 1.0), float(cell.size))
    smooth = np.asarray(cv2.GaussianBlur(rgb, (5, 5), 0.9), dtype=np.uint8)
    optical = density(smooth, np.full(3, 255.0))
    size = diameter(cell)
    plane = smooth_chromatin(chromatin(optical), size)
    # Black bleeds into the outermost pixels.
    inner = np.asarray(cv2.erode(cell, disc(2), borderValue=0), dtype=np.uint8)
    chosen = np.ascontiguousarray(plane[inner > 0][:, None])
    if chosen.size == 0:
        raise CellError(f"the cell on black has {cv2.countNonZero(cell)} pixels", "enlarge it")
    level = otsu(chosen)
    upper, lower = chosen[chosen > level], chosen[chosen <= level]
    one = min(upper.size, lower.size) == 0
    if one or upper.mean() < _SPLIT * max(float(lower.mean()), 1.0):
        level = int(0.75 * float(np.median(chosen)))  # a cell that is nearly all nucleus
    mask = nuclear(plane, level, size) & inner
    return Outlined(np.s_[0 : rgb.shape[0], 0 : rgb.shape[1]], optical, main_parts(mask, 0.1), cell)


def central_cell(rgb: Bytes, *, surely: bool) -> Outlined | None:
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
    alone = cut_out(rgb)
    if alone is not None:
        return _cut_cell(rgb, alone)
    large = min(rgb.shape[:2]) > LARGE
    if not surely and large and is_field(rgb):
        return None
    stain = stain_of(rgb)
    size = nuclear_size(stain.plane, stain.level)
    coarse = _coarse(stain, size)
    found, _, _ = nuclear_parts(coarse)
    main = main_part(found)
    if not surely and not large and several(found, main):
        return None
    nucleus = central(found, main)
    region, slide = region_of(coarse.optical, nucleus, others(found, nucleus))
    return _fine(stain, size, reduced_mask(region | nucleus, rgb.shape[:2]), nucleus, slide)


def _coarse(stain: Stain, size: float) -> Stain:
    """Reduce what is read of an image so far that nuclei of a size measure `_SCALE` pixels."""
    factor = _SCALE / max(size, 1.0)
    if factor >= 0.8:
        return stain
    rows, cols = stain.plane.shape
    shape = (max(1, round(factor * cols)), max(1, round(factor * rows)))
    optical = cv2.resize(stain.optical, shape, interpolation=cv2.INTER_LINEAR)
    small = np.asarray(optical, dtype=np.uint8)
    return stain._replace(optical=small, plane=chromatin(small))


def _fine(stain: Stain, size: float, region: Bytes, nucleus: Bytes, slide: int) -> Outlined:
    """Draw the outlines of a cell, found on a reduced image, at full resolution."""
    margin = ceil(GRAIN_REACH * size) + 2
    left, top, width, height = cv2.boundingRect(region)
    rows = slice(max(0, top - margin), min(region.shape[0], top + height + margin))
    cols = slice(max(0, left - margin), min(region.shape[1], left + width + margin))
    box = (rows, cols)
    optical = np.ascontiguousarray(stain.optical[box])
    core = np.ascontiguousarray(reduced_mask(nucleus, region.shape)[box])
    cell = drawn(optical, np.ascontiguousarray(region[box]) | core, core, slide)
    plane = smooth_chromatin(np.ascontiguousarray(stain.plane[box]), size)
    return Outlined(box, optical, within(plane, cell, stain.level, size), cell)
