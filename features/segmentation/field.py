"""Fields: outline every white cell of a photograph of a smear."""

from __future__ import annotations

from dataclasses import replace
from math import ceil

import cv2
import numpy as np
from numpy.typing import NDArray

from ..primitives.arrays import Bytes, Floats
from ..primitives.optical_density import measure_stain, stain_density
from ..primitives.slide_background import estimate_background
from .nuclei import check_contrast
from .nucleus_outline import nuclear_mask
from .outline import outline_cell
from .quality import CellOutline
from .touching import red_cell_radius, separate_nuclei

_SHORT_SIDE = 1000  # pixels of the shorter side of the image on which nuclei are searched


def label_nuclei(rgb: Bytes) -> tuple[NDArray[np.int32], float]:
    """Label the nuclei of a field on a reduced image.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8

    Returns
    -------
    labels : (reduced rows, reduced cols) int32
        0 for the background, then 1, 2, …
    scale : float
        Reduced pixels per pixel, at most 1.

    Raises
    ------
    CellError
        If no nucleus has enough contrast.
    """
    scale = min(1.0, _SHORT_SIDE / min(rgb.shape[:2]))
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    stain = measure_stain(np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8))
    red_radius = red_cell_radius(stain.chromatin, stain_density(stain.density), stain.threshold)
    mask = nuclear_mask(stain.chromatin, stain.threshold, 2 * (red_radius or 16))
    check_contrast(stain.chromatin, mask, stain.threshold)
    return separate_nuclei(mask, red_radius), scale


def _outline_cell(
    rgb: Bytes, labels: NDArray[np.int32], number: int, box: tuple[slice, slice], background: Floats
) -> CellOutline:
    """Outline one nucleus and its cell at full resolution, in a window around the nucleus."""
    stain = measure_stain(np.ascontiguousarray(rgb[box]), background)
    own = np.asarray(labels == number, dtype=np.uint8)
    other = np.asarray(labels > 0, dtype=np.uint8) & (1 - own)
    outline = outline_cell(stain.density, own, other)
    rows, cols = (
        slice(window.start + side.start, window.start + side.stop)
        for window, side in zip(box, outline.box, strict=True)
    )
    return replace(outline, box=(rows, cols))


def outline_cells(rgb: Bytes) -> list[CellOutline]:
    """Outline every white cell of a field.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8

    Returns
    -------
    list of Outlined
        In no defined order; may be empty.
    """
    reduced, scale = label_nuclei(rgb)
    background = estimate_background(rgb[::4, ::4])
    outlines = []
    for number in range(1, int(reduced.max()) + 1):
        rows, cols = (np.flatnonzero((reduced == number).any(axis=axis)) for axis in (1, 0))
        margin = 0.9 * max(np.ptp(rows), np.ptp(cols)) + 4
        box = []
        for occupied, length in ((rows, reduced.shape[0]), (cols, reduced.shape[1])):
            box.append(
                slice(
                    max(0, int(occupied[0] - margin)), min(length, ceil(occupied[-1] + 1 + margin))
                )
            )
        part = reduced[box[0], box[1]]
        full = tuple(
            slice(round(side.start / scale), min(length, round(side.stop / scale)))
            for side, length in zip(box, rgb.shape[:2], strict=True)
        )
        shape = (full[1].stop - full[1].start, full[0].stop - full[0].start)
        labels = cv2.resize(part.astype(np.float32), shape, interpolation=cv2.INTER_NEAREST)
        outlines.append(
            _outline_cell(rgb, labels.astype(np.int32), number, (full[0], full[1]), background)
        )
    return outlines
