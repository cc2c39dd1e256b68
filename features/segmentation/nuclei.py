"""Nuclei in the chromatin plane: threshold, smooth, group the lobes of one cell."""

from __future__ import annotations

from math import hypot, sqrt

import cv2
import numpy as np

from ..errors import CellError
from ..primitives.arrays import Bytes
from ..primitives.counting import (
    contrast_sums,
    masked_histogram,
    minimum_by_component,
    otsu_threshold,
)
from ..primitives.gaussian import gaussian_blur
from ..primitives.optical_density import DENSITY_STEP
from .edge_slope import slopes_at_levels
from .regions import (
    Components,
    distance_to_mask,
    equivalent_diameter,
    fill_small_holes,
    hull_centroid,
    hull_corners,
    keep_main_components,
    open_mask,
    threshold,
)

_LEAST_COMPACT_SHARE = 0.3  # share of the dark pixels in regions as broad as nuclei: less is noise
_LEAST_CONTRAST = 0.12  # optical density by which chromatin stands out at least
_SLOPE_RATIO = 1.75  # slope ratio from which another level is better
_BAND = 6  # levels to either side of one that belong to the outline it draws
_SMOOTHING = 0.012  # nuclear diameters: chromatin is smoothed over this distance
SMOOTHING_REACH = 4 * _SMOOTHING  # and no pixel farther away than this counts


def nuclear_size(plane: Bytes, level: int) -> float:
    """Diameter in pixels of the disc that has the area above a chromatin level."""
    return equivalent_diameter(threshold(plane, level))


def smooth_chromatin(plane: Bytes, size: float) -> Bytes:
    """Blur the grain of the chromatin, so that its light spots are no holes.

    Parameters
    ----------
    plane : (rows, cols) uint8
        See `features.primitives.optical_density.chromatin`.
    size : float
        Usual diameter of a nucleus in pixels.

    Returns
    -------
    (rows, cols) uint8
    """
    if _SMOOTHING * size < 0.5:
        return plane
    return gaussian_blur(plane, _SMOOTHING * size)


def nuclear_mask(plane: Bytes, level: int, size: float) -> Bytes:
    """Pixels of the chromatin plane above a level, without threads and small holes.

    Parameters
    ----------
    plane : (rows, cols) uint8
        See `features.primitives.optical_density.chromatin`.
    level : int
    size : float
        Usual diameter of a nucleus in pixels, the scale of the smoothing.

    Returns
    -------
    (rows, cols) uint8, 0 or 1
    """
    return fill_small_holes(
        open_mask(threshold(plane, level), max(1, round(0.05 * size))), 0.05 * size**2
    )


def check_contrast(plane: Bytes, mask: Bytes, level: int) -> None:
    """Refuse an image in which nothing looks like a nucleus.

    Parameters
    ----------
    plane : (rows, cols) uint8
        See `features.primitives.optical_density.chromatin`.
    mask : (rows, cols) uint8, 0 or 1
        Its pixels above the level, cleaned by `nuclear`.
    level : int

    Raises
    ------
    CellError
        Where the nuclear pixels are too pale, or scattered as those of noise are.
    """
    remedy = "give a sharp image of Romanowsky-stained cells"
    dark, both, count, inside, total = contrast_sums(plane, mask, level)
    compact = both / max(dark, 1)
    if compact < _LEAST_COMPACT_SHARE:
        raise CellError(
            f"no nucleus stands out: {100 * compact:.0f} % of the dark pixels lie in compact "
            f"regions, below {100 * _LEAST_COMPACT_SHARE:.0f} %",
            remedy,
        )
    outside = (total - inside) / max(plane.size - count, 1)
    contrast = (inside / max(count, 1) - outside) * DENSITY_STEP
    if contrast < _LEAST_CONTRAST:
        raise CellError(
            f"no nucleus stands out: the contrast of the chromatin is {contrast:.2f} in optical "
            f"density, below {_LEAST_CONTRAST}",
            remedy,
        )


def main_component(found: Components) -> int:
    """Return the number of the part that is large and near the centre of the image."""
    shape = np.array(found.labels.shape)[:, None]
    off = found.coordinate_sums / np.maximum(found.areas, 1) / shape - 0.5
    return int(np.argmax(found.areas * np.exp(-(off**2).sum(axis=0) / 0.25**2)))


def _distance_to_image_centre(mask: Bytes) -> float:
    """Distance of the centre of a mask's hull from the centre of the image, in pixels."""
    row, col = hull_centroid(hull_corners(mask))
    return hypot(row - (mask.shape[0] - 1) / 2, col - (mask.shape[1] - 1) / 2)


def central_nucleus(found: Components, main: int) -> Bytes:
    """Return the nucleus of the central cell: its main part and the lobes that belong to it.

    A small part close by is a lobe; a larger or more distant one is a lobe if the cell lies no
    farther from the centre of the image with it than without.

    Parameters
    ----------
    found : Parts
        All nuclear pixels, at least one.
    main : int
        Number of the main part, see `main_part`.

    Returns
    -------
    (rows, cols) uint8, 0 or 1
    """
    nucleus = found.mask(main)
    large = (found.areas >= 0.06 * found.areas[main]) & ~found.touches_border
    rest = set(np.flatnonzero(large).tolist()) - {main}
    while rest:
        gaps = minimum_by_component(found.labels, distance_to_mask(nucleus), found.areas.size)
        part = min(rest, key=lambda key: gaps[key])
        scale = sqrt(cv2.countNonZero(nucleus))
        if gaps[part] > 1.3 * scale:
            break
        rest.remove(part)
        joined = nucleus | found.mask(part)
        small = found.areas[part] < 0.3 * found.areas[main] and gaps[part] < 0.3 * scale
        if small or _distance_to_image_centre(joined) <= _distance_to_image_centre(
            nucleus
        ) + 0.01 * max(nucleus.shape):
            nucleus = joined
    return nucleus


def sharpest_level(plane: Bytes, cell: Bytes, level: int) -> int:
    """Return a level between the given one and the cell's own, where outlines are sharpest.

    A dark cytoplasm passes a level that was found for the whole image. The given level stands
    unless another draws far sharper outlines: chromatin too has light and dark parts.

    Parameters
    ----------
    plane : (rows, cols) uint8
        See `features.primitives.optical_density.chromatin`.
    cell : (rows, cols) uint8, 0 or 1
    level : int

    Returns
    -------
    int
    """
    rim = int(1 + 0.02 * sqrt(cv2.countNonZero(cell)))
    deep = cv2.erode(cell, np.ones((2 * rim + 1, 2 * rim + 1), dtype=np.uint8))
    counts = masked_histogram(plane, np.asarray(deep, dtype=np.uint8))
    if not counts.any():
        return level
    own = otsu_threshold(counts)
    levels = np.array([round(level + (own - level) * part / 4) for part in range(5)])
    sharp = slopes_at_levels(plane, cell, levels, _BAND)
    best = int(np.argmax(sharp))
    return int(levels[best]) if sharp[best] > _SLOPE_RATIO * sharp[0] else level


def nucleus_in_cell(plane: Bytes, cell: Bytes, level: int, size: float) -> Bytes:
    """Return the nucleus inside a known cell: (rows, cols) uint8, 0 or 1, perhaps empty."""
    left, top, width, height = cv2.boundingRect(cell)
    box = np.s_[top : top + height, left : left + width]
    part, inside = np.ascontiguousarray(plane[box]), np.ascontiguousarray(cell[box])
    nucleus = np.zeros_like(cell)
    mask = nuclear_mask(part, sharpest_level(part, inside, level), size) & inside
    nucleus[box] = keep_main_components(mask, 0.04)
    return nucleus
