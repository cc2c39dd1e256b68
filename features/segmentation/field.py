"""Whole fields: every white cell of a photograph of a smear."""

from __future__ import annotations

from math import ceil

import cv2
import numpy as np
from numpy.typing import NDArray

from ..primitives.arrays import Bytes, Floats
from ..primitives.optical_density import background, stain_of, stained
from .cytoplasm import whole_cell
from .nuclei import check_contrast, nuclear, within
from .quality import Outlined
from .regions import diameter, distance_from
from .touching import red_cell_radius, separated

_SHORT_SIDE = 1000  # pixels; nuclei are searched on an image no larger than this


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

    Raises
    ------
    CellError
        Where no nucleus stands out.
    """
    scale = min(1.0, _SHORT_SIDE / min(rgb.shape[:2]))
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    stain = stain_of(np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8))
    red = red_cell_radius(stain.plane, stained(stain.optical), stain.level)
    mask = nuclear(stain.plane, stain.level, 2 * (red or 16))
    check_contrast(stain.plane, mask, stain.level)
    return separated(mask, red), scale


def _window(
    rgb: Bytes, labels: NDArray[np.int32], number: int, box: tuple[slice, slice], slide: Floats
) -> Outlined:
    """Outline one nucleus and its cell at full resolution."""
    stain = stain_of(np.ascontiguousarray(rgb[box]), slide)
    own = np.asarray(labels == number, dtype=np.uint8)
    other = np.asarray(labels > 0, dtype=np.uint8) & (1 - own)
    size = diameter(own)
    near, aside = distance_from(own), distance_from(other)
    nucleus = nuclear(stain.plane, stain.level, size) & (near <= 0.15 * size) & (near <= aside)
    if not nucleus.any():
        nucleus = own
    cell = whole_cell(stain.optical, nucleus, other)
    inside = within(stain.plane, cell & (near <= aside), stain.level, size)
    return Outlined(box, stain.optical, inside if inside.any() else nucleus, cell)


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
