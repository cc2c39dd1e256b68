"""Cells of given masks: the connected components of a mask, or the labels of a label image."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..errors import CellError
from ..primitives.arrays import Bytes, Mask
from ..primitives.optical_density import StainPlanes, measure_stain
from .nucleus_outline import nuclear_size, nucleus_in_cell, smooth_chromatin
from .outline import find_cell
from .quality import CellOutline
from .regions import find_components

# A mask, or a label image: 0 for the background, one number for each cell.
GivenMask: TypeAlias = Mask | NDArray[np.int32]

_Box: TypeAlias = tuple[slice, slice]

_MAX_OUTSIDE = 0.05  # share of the nuclear pixels outside of the cells


def outline_given_cells(
    rgb: Bytes, nucleus: GivenMask | None, cell: GivenMask | None
) -> list[CellOutline]:
    """Outline the cells of given masks, and find the nucleus or the cell that is not given.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8
    nucleus, cell : (rows, cols) bool or int32, or None
        See `features.segmentation.segment.from_masks`.

    Returns
    -------
    list of Outlined
        In the order of their labels, or of the components of the mask.

    Raises
    ------
    CellError
        If no mask has a pixel, one has another shape or dtype than it should, or more than 5 % of
        the nuclear pixels are outside of the cells.
    """
    nuclei, whole = _check_mask("nucleus", nucleus, rgb), _check_mask("cell", cell, rgb)
    _check_inside(nuclei, whole)
    stain = measure_stain(rgb)
    if whole is None and nuclei is not None and nuclei.any():
        if nuclei.dtype != np.bool_:
            return _outline_around_nuclei(stain, nuclei)
        mask = nuclei.astype(np.uint8)
        whole = find_cell(stain.density, mask, np.zeros_like(mask)).astype(np.bool_)
    if whole is None or not whole.any():
        raise CellError("the masks are empty", "give a mask with at least one pixel")
    size = nuclear_size(stain.chromatin, stain.threshold)
    plane = smooth_chromatin(stain.chromatin, size) if nuclei is None else stain.chromatin
    outlines = []
    labels, boxes = _label_cells(whole)
    for number, bounding_box in enumerate(boxes, 1):
        box = _pad_box(bounding_box, 1, labels.shape)
        cell_mask = np.equal(labels[box], number).view(np.uint8)
        if nuclei is None:
            inside = nucleus_in_cell(
                np.ascontiguousarray(plane[box]), cell_mask, stain.threshold, size
            )
        else:
            inside = (nuclei[box] > 0).view(np.uint8) & cell_mask
        outlines.append(
            CellOutline(box, np.ascontiguousarray(stain.density[box]), inside, cell_mask)
        )
    return outlines


def _check_mask(name: str, mask: GivenMask | None, rgb: Bytes) -> GivenMask | None:
    if mask is not None and (mask.dtype not in (np.bool_, np.int32) or mask.shape != rgb.shape[:2]):
        raise CellError(
            f"the {name} mask is {mask.dtype} of shape {mask.shape}",
            f"give bool, or int32 with one number for each cell, of shape {rgb.shape[:2]}",
        )
    return mask


def _check_inside(nuclei: GivenMask | None, whole: GivenMask | None) -> None:
    """Refuse nuclei that are not inside the cells: the masks may be exchanged."""
    if nuclei is None or whole is None or not nuclei.any():
        return
    nuclear, outside = np.count_nonzero(nuclei), np.count_nonzero((nuclei > 0) & (whole == 0))
    if outside > _MAX_OUTSIDE * nuclear:
        raise CellError(
            f"{outside} of the {nuclear} pixels of the nucleus mask are outside of the cell mask",
            "give the whole cell, nucleus and cytoplasm together, as the cell mask",
        )


def _label_cells(mask: GivenMask) -> tuple[NDArray[np.int32], list[_Box]]:
    """Label the cells 1, 2, …, and the background 0: (rows, cols); return their bounding boxes."""
    from scipy.ndimage import find_objects  # slow to import, and only given masks need it

    if mask.dtype == np.bool_:
        labels = find_components(mask.view(np.uint8)).labels
    else:
        ids, places = np.unique(np.asarray(mask, np.int32), return_inverse=True)
        numbers = np.cumsum(ids > 0, dtype=np.int32)
        labels = numbers[places].reshape(mask.shape)
    return labels, find_objects(labels)


def _pad_box(box: _Box, margin: int, shape: tuple[int, ...]) -> _Box:
    """Enlarge a box by a margin at each side, inside an array of a shape."""
    rows, cols = (
        slice(max(0, side.start - margin), min(length, side.stop + margin))
        for side, length in zip(box, shape, strict=True)
    )
    return rows, cols


def _outline_around_nuclei(stain: StainPlanes, nuclei: GivenMask) -> list[CellOutline]:
    """Find the cell of each nucleus of a label image."""
    labels, boxes = _label_cells(nuclei)
    outlines = []
    for number, bounding_box in enumerate(boxes, 1):
        extent = max(side.stop - side.start for side in bounding_box)
        box = _pad_box(bounding_box, round(0.9 * extent) + 4, labels.shape)
        own = np.equal(labels[box], number).view(np.uint8)
        other = (labels[box] > 0).view(np.uint8) & (1 - own)
        density = np.ascontiguousarray(stain.density[box])
        cell = find_cell(density, own, other) & (1 - other)
        outlines.append(CellOutline(box, density, own, cell))
    return outlines
