"""Outline the detected objects at full resolution, each in a window of the image."""

from __future__ import annotations

from dataclasses import replace
from math import ceil

import cv2
import numpy as np
from numpy.typing import NDArray

from ..primitives.arrays import Bytes
from ..primitives.optical_density import smooth_noise
from .detection.background import Background, density_levels
from .detection.cell_map import NUCLEUS
from .detection.detect import Detection, Regions
from .outline import outline_cell
from .quality import CellOutline

_MARGIN = 0.9  # of the extent of an object, around it
_LEAST_MARGIN = 0.5  # of a red-cell diameter
_LEAST_NUCLEUS = 0.02  # of an object's pixels; with fewer nuclear ones its darkest part is the seed


def _window(labels: NDArray[np.int32], number: int, least_margin: float) -> tuple[slice, slice]:
    """Return the rows and columns of an object and of its surroundings."""
    occupied = np.equal(labels, number).view(np.uint8)
    left, top, width, height = cv2.boundingRect(occupied)
    margin = ceil(max(_MARGIN * max(width, height) / 2, least_margin))
    rows, cols = labels.shape
    return (
        slice(max(0, top - margin), min(rows, top + height + margin)),
        slice(max(0, left - margin), min(cols, left + width + margin)),
    )


def _full_window(
    window: tuple[slice, slice], reduced: tuple[int, ...], full: tuple[int, int]
) -> tuple[slice, slice]:
    """Return the window of the image that a window of the resampled image shows."""
    rows, cols = (
        slice(round(side.start * large / small), round(side.stop * large / small))
        for side, small, large in zip(window, reduced, full, strict=True)
    )
    return rows, cols


def _nuclear_seed(own: Bytes, cells: Bytes) -> Bytes:
    """Return the nuclear pixels of an object, or its upper half of the map without any."""
    inside = cells[own > 0]
    nuclear = np.asarray(own & (cells > NUCLEUS), np.uint8)
    if np.count_nonzero(nuclear) > _LEAST_NUCLEUS * inside.size:
        return nuclear
    return np.asarray(own & (cells >= np.sort(inside)[inside.size // 2]), np.uint8)


def outline_object(
    rgb: Bytes, background: Background, detection: Detection, regions: Regions, number: int
) -> CellOutline:
    """Outline one object.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8
        The whole image.
    background : Background
        Of the image.
    detection, regions
        Of the image.
    number : int
        Place of the object in `regions.objects` + 1.

    Returns
    -------
    CellOutline
    """
    shape = (rgb.shape[0], rgb.shape[1])
    scale = regions.labels.shape[1] / shape[1]
    least = _LEAST_MARGIN * detection.red_cell * scale
    window = _window(regions.labels, number, least)
    labels, cells = regions.labels[window], detection.tree.map[window]
    own = np.equal(labels, number).view(np.uint8)
    others = ((labels > 0) & (labels != number) & (cells > NUCLEUS)).view(np.uint8)
    box = _full_window(window, regions.labels.shape, shape)
    density = density_levels(smooth_noise(np.ascontiguousarray(rgb[box])), background, box, shape)
    found = outline_cell(density, _nuclear_seed(own, cells), others)
    rows, cols = (
        slice(outer.start + inner.start, outer.start + inner.stop)
        for outer, inner in zip(box, found.box, strict=True)
    )
    return replace(found, box=(rows, cols))
