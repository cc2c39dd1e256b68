"""Whole fields: every white cell of a photograph of a smear."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, pi, sqrt

import cv2
import numpy as np
from numpy.typing import NDArray

from .arrays import Bytes, Floats
from .cytoplasm import whole_cell
from .nuclei import nuclear, nuclear_size, within
from .regions import diameter, distance_from, parts
from .stain import background, chromatin, cut_out, density, otsu, stained
from .touching import red_cell_radius, separated

_GLANCE = 200  # pixels of the shorter side that suffice to tell a crop from a field
_SHORT_SIDE = 1000  # pixels; nuclei are searched on an image no larger than this


@dataclass(frozen=True, eq=False)
class Outlined:
    """One cell of a field in its window.

    Parameters
    ----------
    box : (slice, slice)
        Rows and columns of the window in the field.
    nucleus, cell : (rows, cols) uint8, 0 or 1
    """

    box: tuple[slice, slice]
    nucleus: Bytes
    cell: Bytes


def smoothed(rgb: Bytes) -> Bytes:
    """Return the image without pixel noise, the input of every step."""
    return np.asarray(cv2.GaussianBlur(rgb, (5, 5), 0.9), dtype=np.uint8)


def is_field(rgb: Bytes) -> bool:
    """Whether an image shows a field of cells rather than one cell.

    A crop has a nucleus at its centre (the nearest nuclear pixel is not farther than three
    quarters of its diameter) that is not tiny (a 400th of the image) and few other whole ones
    (four). A cell cut out on black is a crop.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8

    Returns
    -------
    bool
    """
    scale = min(1.0, _GLANCE / min(rgb.shape[:2]))
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    if cut_out(small) is not None:
        return False
    plane = chromatin(density(small, background(small)))
    level = otsu(plane)
    found = parts(nuclear(plane, level, min(nuclear_size(plane, level), 20)))
    if found.areas.size == 1:
        return False
    distance = distance_from((found.labels > 0).astype(np.uint8))
    row, col = found.labels.shape[0] // 2, found.labels.shape[1] // 2
    gap = float(distance[row, col])
    reach = ceil(gap) + 2
    around = found.labels[
        max(0, row - reach) : row + reach + 1, max(0, col - reach) : col + reach + 1
    ]
    main = int(np.argmax(np.where(np.isin(np.arange(found.areas.size), around), found.areas, 0)))
    depth = cv2.distanceTransform((found.labels == main).astype(np.uint8), cv2.DIST_L2, 5)
    # A clump of touching nuclei counts no more than two.
    area = min(float(found.areas[main]), 2 * pi * float(depth.max()) ** 2)
    whole = found.areas > 0.4 * area
    whole[found.rim()] = False
    return bool(gap > 1.5 * sqrt(area / pi) or area * 400 < plane.size or whole.sum() > 5)


def numbered_nuclei(rgb: Bytes) -> tuple[NDArray[np.int32], float]:
    """Find and number the nuclei of a field on a reduced image.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8

    Returns
    -------
    labels : (reduced rows, reduced cols) int32
        0 outside, then 1, 2, …
    scale : float
        Reduced pixels per pixel, at most 1.
    """
    scale = min(1.0, _SHORT_SIDE / min(rgb.shape[:2]))
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    small = smoothed(np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8))
    optical = density(small, background(small))
    plane = chromatin(optical)
    level = otsu(plane)
    red = red_cell_radius(plane, stained(optical), level)
    return separated(nuclear(plane, level, 2 * (red or 16)), red), scale


def _window(
    rgb: Bytes, labels: NDArray[np.int32], number: int, box: tuple[slice, slice], slide: Floats
) -> Outlined:
    """Outline one nucleus and its cell at full resolution."""
    patch = smoothed(np.ascontiguousarray(rgb[box]))
    local = background(patch)
    if local[1] < 0.8 * slide[1]:
        local = slide  # hardly any empty slide between crowded cells
    optical = density(patch, local)
    plane = chromatin(optical)
    own, other = (labels == number).astype(np.uint8), ((labels > 0) & (labels != number))
    size = diameter(own)
    level = otsu(plane)
    near, aside = distance_from(own), distance_from(other.astype(np.uint8))
    nucleus = nuclear(plane, level, size) & (near <= 0.15 * size) & (near <= aside)
    if not nucleus.any():
        nucleus = own
    cell = whole_cell(optical, nucleus, other.astype(np.uint8))
    inside = within(plane, cell & (near <= aside), level, size)
    return Outlined(box, inside if inside.any() else nucleus, cell)


def cells_of_field(rgb: Bytes) -> list[Outlined]:
    """Outline every white cell of a field.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8

    Returns
    -------
    list of Outlined
        In no special order, perhaps empty.
    """
    reduced, scale = numbered_nuclei(rgb)
    slide = background(rgb[::4, ::4])
    found = []
    for number in range(1, int(reduced.max()) + 1):
        rows, cols = (np.flatnonzero((reduced == number).any(axis=axis)) for axis in (1, 0))
        margin = 0.9 * max(np.ptp(rows), np.ptp(cols)) + 4
        box = []
        for line, length in ((rows, reduced.shape[0]), (cols, reduced.shape[1])):
            box.append(
                slice(max(0, int(line[0] - margin)), min(length, ceil(line[-1] + 1 + margin)))
            )
        part = reduced[box[0], box[1]]
        full = tuple(
            slice(round(side.start / scale), min(length, round(side.stop / scale)))
            for side, length in zip(box, rgb.shape[:2], strict=True)
        )
        shape = (full[1].stop - full[1].start, full[0].stop - full[0].start)
        labels = cv2.resize(part.astype(np.float32), shape, interpolation=cv2.INTER_NEAREST)
        found.append(_window(rgb, labels.astype(np.int32), number, (full[0], full[1]), slide))
    return found
