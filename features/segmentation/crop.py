"""Crops: decide whether an image is a crop or a field, and outline the central cell of a crop."""

from __future__ import annotations

from math import inf, pi, sqrt

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import CellError
from ..primitives.arrays import Bytes
from ..primitives.components import keep_large_components
from ..primitives.kernels import compiled
from ..primitives.masks import equivalent_diameter
from ..primitives.opening import disc
from ..primitives.optical_density import (
    StainPlanes,
    chromatin_plane,
    measure_stain,
    optical_density,
    smooth_noise,
    stain_density,
)
from ..primitives.otsu import otsu_of_plane
from ..primitives.slide_background import foreground_on_black
from .cytoplasm import other_nuclei
from .nuclei import central_nucleus, check_contrast, main_component, nuclear_size
from .nucleus_outline import nuclear_mask, smooth_chromatin
from .outline import outline_cell
from .quality import CellOutline
from .regions import Components, fill_small_holes, find_components, open_mask
from .touching import red_cell_radius

_NUCLEUS_DIAMETER = 56.0  # pixels; diameter of nuclei on the reduced image that is searched
_PREVIEW_SIDE = 200  # pixels of the shorter side of the preview that separates crops from fields
LARGE_SIDE = 400  # pixels of the shorter side; a preview of larger images saves time
_SMALL_NUCLEUS = 400  # in a crop, the nucleus covers at least this fraction (1/400) of the image
_FIELD_RED_CELLS = 150  # an image with room for more red cells is a field
_CROP_NUCLEI = 5  # an image with more complete nuclei is a field
_LEAST_CHROMATIN_RATIO = 1.8  # of nucleus to cytoplasm; below it, a cut-out cell is all nucleus


def find_nuclear_components(
    stain: StainPlanes, largest: float = inf
) -> tuple[Components, Bytes, float]:
    """Find the connected components of the nuclear pixels of an image.

    Parameters
    ----------
    stain : StainPlanes
    largest : float
        Upper limit in pixels of the diameter that scales the smoothing.

    Returns
    -------
    components : Components
    chromatin : (rows, cols) uint8
        The smoothed chromatin plane.
    size : float
        Diameter in pixels of the disc with the area of all nuclear pixels, at most `largest`.

    Raises
    ------
    CellError
        If no nucleus has enough contrast.
    """
    size = min(nuclear_size(stain.chromatin, stain.threshold), largest)
    chromatin = smooth_chromatin(stain.chromatin, size)
    mask = nuclear_mask(chromatin, stain.threshold, size)
    check_contrast(chromatin, mask, stain.threshold)
    return find_components(mask), chromatin, size


@compiled
def _distance_to_centre(labels: NDArray[np.int32], component: int, box: NDArray[np.int64]) -> float:
    """Distance in pixels from a component to the centre of the image; infinite if it is empty.

    `box` (4,) is the first and last row, first and last column of the component.
    """
    rows, cols = labels.shape
    shortest = np.inf
    for row in range(box[0], box[1] + 1):
        for col in range(box[2], box[3] + 1):
            if labels[row, col] == component:
                shortest = min(shortest, (row - rows / 2) ** 2 + (col - cols / 2) ** 2)
    return float(np.sqrt(shortest))


def shows_field(nuclei: Components, main: int) -> bool:
    """Whether the nuclei of an image are those of a field rather than of a crop.

    In a crop the main nucleus is at most 0.75 of its diameter from the centre of the image and
    covers at least 1/400 of it, and at most four other complete nuclei are larger than 40 % of it.

    Parameters
    ----------
    nuclei : Components
        Nuclear pixels, at least one component.
    main : int
        Number of the main nucleus, see `features.segmentation.nuclei.main_component`.

    Returns
    -------
    bool
    """
    top, bottom, left, right = nuclei.boxes[:, main]
    box = np.s_[max(top - 1, 0) : bottom + 2, max(left - 1, 0) : right + 2]
    mask = np.equal(nuclei.labels[box], main).view(np.uint8)
    distance = _distance_to_centre(nuclei.labels, main, nuclei.boxes[:, main])
    inscribed_radius = float(cv2.distanceTransform(mask, cv2.DIST_L2, 3).max())
    # A clump of touching nuclei counts as two discs of the inscribed radius at most.
    area = min(float(nuclei.areas[main]), 2 * pi * inscribed_radius**2)
    complete = nuclei.areas > 0.4 * area
    complete &= ~nuclei.touches_border
    small = area * _SMALL_NUCLEUS < nuclei.labels.size
    return bool(distance > 1.5 * sqrt(area / pi) or small or complete.sum() > _CROP_NUCLEI)


def is_field(rgb: Bytes) -> bool:
    """Whether an image shows a field of cells rather than one cell.

    It is a field if its area is that of more than 150 red cells, or if `shows_field` is True for
    its nuclei. Both are measured on a preview of at most 200 pixels on the shorter side.

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
        If no nucleus has enough contrast.
    """
    scale = min(1.0, _PREVIEW_SIDE / min(rgb.shape[:2]))
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    preview = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    if foreground_on_black(preview) is not None:
        return False
    stain = measure_stain(preview)
    nuclei, _, _ = find_nuclear_components(stain, _PREVIEW_SIDE / 10)
    radius = red_cell_radius(stain.chromatin, stain_density(stain.density), stain.threshold)
    many = radius is not None and (
        preview.shape[0] * preview.shape[1] > _FIELD_RED_CELLS * pi * radius**2
    )
    return many or shows_field(nuclei, main_component(nuclei))


def _outline_cut_out_cell(rgb: Bytes, foreground: Bytes) -> CellOutline:
    """Smooth the mask of a cell that was cut out on black, and find its nucleus.

    The image has no empty slide, so the background of the optical density is white.
    """
    cell = open_mask(foreground, max(1, round(0.08 * equivalent_diameter(foreground))))
    cell = keep_large_components(cell if cell.any() else foreground, 1.0)
    cell = fill_small_holes(cell, float(cell.size))
    density = optical_density(smooth_noise(rgb), np.full(3, 255.0))
    size = equivalent_diameter(cell)
    chromatin = smooth_chromatin(chromatin_plane(density), size)
    # The blur mixes black into the outermost pixels.
    interior = np.asarray(cv2.erode(cell, disc(2), borderValue=0), dtype=np.uint8)
    levels = np.ascontiguousarray(chromatin[interior > 0][:, None])
    if levels.size == 0:
        raise CellError(
            f"the cell on black has {cv2.countNonZero(cell)} pixels, none of them 2 pixels from "
            "its edge",
            "enlarge it",
        )
    level = otsu_of_plane(levels)
    upper, lower = levels[levels > level], levels[levels <= level]
    one_class = min(upper.size, lower.size) == 0
    if one_class or upper.mean() < _LEAST_CHROMATIN_RATIO * max(float(lower.mean()), 1.0):
        level = int(0.75 * float(np.median(levels)))  # hardly any cytoplasm
    nucleus = keep_large_components(nuclear_mask(chromatin, level, size) & interior, 0.1)
    return CellOutline(np.s_[0 : rgb.shape[0], 0 : rgb.shape[1]], density, nucleus, cell)


def outline_central_cell(rgb: Bytes, *, is_crop: bool) -> CellOutline | None:
    """Outline the central cell of a crop.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8
    is_crop : bool
        True: treat the image as a crop. False: return None if it shows a field.

    Returns
    -------
    CellOutline or None

    Raises
    ------
    CellError
        If no nucleus has enough contrast.
    """
    foreground = foreground_on_black(rgb)
    if foreground is not None:
        return _outline_cut_out_cell(rgb, foreground)
    large = min(rgb.shape[:2]) > LARGE_SIDE
    if not is_crop and large and is_field(rgb):
        return None
    stain = measure_stain(rgb)
    size = nuclear_size(stain.chromatin, stain.threshold)
    reduced = _reduce(stain, size)
    nuclei, _, _ = find_nuclear_components(reduced)
    main = main_component(nuclei)
    if not is_crop and not large and shows_field(nuclei, main):
        return None
    nucleus = central_nucleus(nuclei, main)
    return outline_cell(stain.density, nucleus, other_nuclei(nuclei, nucleus))


def _reduce(stain: StainPlanes, size: float) -> StainPlanes:
    """Reduce the planes so that nuclei of diameter `size` have `_NUCLEUS_DIAMETER` pixels."""
    factor = _NUCLEUS_DIAMETER / max(size, 1.0)
    if factor >= 0.8:
        return stain
    rows, cols = stain.chromatin.shape
    shape = (max(1, round(factor * cols)), max(1, round(factor * rows)))
    reduced = cv2.resize(stain.density, shape, interpolation=cv2.INTER_LINEAR)
    density = np.asarray(reduced, dtype=np.uint8)
    return stain._replace(density=density, chromatin=chromatin_plane(density))
