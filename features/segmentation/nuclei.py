"""Nuclei in the chromatin plane: their contrast, the main one, and the lobes of one nucleus."""

from __future__ import annotations

from math import hypot, sqrt

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import CellError
from ..primitives.arrays import Bytes
from ..primitives.kernels import compiled
from ..primitives.masks import equivalent_diameter
from ..primitives.optical_density import DENSITY_STEP
from .regions import (
    Components,
    distance_to_mask,
    hull_centroid,
    hull_corners,
    threshold,
)

_LEAST_COMPACT_SHARE = 0.3  # of the pixels above the threshold in nuclei; less is noise
_LEAST_CONTRAST = 0.12  # optical density between nuclei and other pixels


def nuclear_size(plane: Bytes, level: int) -> float:
    """Diameter in pixels of the disc with the area of the pixels above a chromatin level."""
    return equivalent_diameter(threshold(plane, level))


@compiled
def _contrast_sums(plane: Bytes, mask: Bytes, level: int) -> tuple[int, int, int, int, int]:
    """Return five sums of a plane and a 0/1 mask.

    The pixels above the level, those of them in the mask, the pixels of the mask, the sum of the
    levels in the mask and the sum of all levels.
    """
    dark = compact = count = inside = total = 0
    rows, cols = plane.shape
    for row in range(rows):
        for col in range(cols):
            value, in_mask = int(plane[row, col]), int(mask[row, col])
            above = int(value > level)
            dark += above
            compact += above & in_mask
            count += in_mask
            inside += value * in_mask
            total += value
    return dark, compact, count, inside, total


def check_contrast(plane: Bytes, mask: Bytes, level: int) -> None:
    """Raise an error if the nuclear pixels do not look like nuclei.

    Parameters
    ----------
    plane : (rows, cols) uint8
        See `features.primitives.optical_density.chromatin_plane`.
    mask : (rows, cols) uint8, 0 or 1
        Its pixels above the level, from `features.segmentation.nucleus_outline.nuclear_mask`.
    level : int

    Raises
    ------
    CellError
        If the nuclear pixels have too little contrast, or are scattered like noise.
    """
    remedy = "give a sharp image of Romanowsky-stained cells"
    dark, both, count, inside, total = _contrast_sums(plane, mask, level)
    compact = both / max(dark, 1)
    if compact < _LEAST_COMPACT_SHARE:
        raise CellError(
            f"no nucleus stands out: {100 * compact:.0f} % of the dark pixels are in compact "
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


def main_component(components: Components) -> int:
    """Return the number of the component with the greatest area, weighted by its position.

    The weight is ``exp(-(d / 0.25)^2)``; d is the distance of the centroid from the centre of the
    image, in units of its rows and columns.
    """
    shape = np.array(components.labels.shape)[:, None]
    offset = components.coordinate_sums / np.maximum(components.areas, 1) / shape - 0.5
    return int(np.argmax(components.areas * np.exp(-(offset**2).sum(axis=0) / 0.25**2)))


def _distance_to_image_centre(mask: Bytes) -> float:
    """Distance in pixels of the centroid of a mask's convex hull from the centre of the image."""
    row, col = hull_centroid(hull_corners(mask))
    return hypot(row - (mask.shape[0] - 1) / 2, col - (mask.shape[1] - 1) / 2)


@compiled
def _distances_of_components(
    labels: NDArray[np.int32], distance: NDArray[np.float32], count: int
) -> NDArray[np.float32]:
    """Return the minimum of a distance map in each component: (count,); infinite for label 0."""
    shortest = np.full(count, np.inf, np.float32)
    rows, cols = labels.shape
    for row in range(rows):
        for col in range(cols):
            label = labels[row, col]
            if label:
                shortest[label] = min(shortest[label], distance[row, col])
    return shortest


def central_nucleus(components: Components, main: int) -> Bytes:
    """Return the nucleus of the central cell: its main component and its other lobes.

    Candidates are complete components of at least 6 % of the main one's area. They are examined
    nearest first, up to a distance of 1.3 times the square root of the nucleus's area. A component
    below 30 % of the main one's area and nearer than 0.3 times that root is a lobe. Any other is a
    lobe if the centroid of the nucleus's hull with it is not farther from the centre of the image,
    by more than 1 % of the image, than without it.

    Parameters
    ----------
    components : Components
        All nuclear pixels, at least one component.
    main : int
        Number of the main component, see `main_component`.

    Returns
    -------
    (rows, cols) uint8, 0 or 1
    """
    nucleus = components.mask(main)
    large = (components.areas >= 0.06 * components.areas[main]) & ~components.touches_border
    candidates = set(np.flatnonzero(large).tolist()) - {main}
    while candidates:
        distances = _distances_of_components(
            components.labels, distance_to_mask(nucleus), components.areas.size
        )
        part = min(candidates, key=lambda key: distances[key])
        scale = sqrt(cv2.countNonZero(nucleus))
        if distances[part] > 1.3 * scale:
            break
        candidates.remove(part)
        joined = nucleus | components.mask(part)
        small = (
            components.areas[part] < 0.3 * components.areas[main] and distances[part] < 0.3 * scale
        )
        if small or _distance_to_image_centre(joined) <= _distance_to_image_centre(
            nucleus
        ) + 0.01 * max(nucleus.shape):
            nucleus = joined
    return nucleus
