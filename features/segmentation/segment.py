"""Segment an image: masks of nucleus and whole cell, and quality flags, of each cell."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np

from ..core.cell import Cell
from ..errors import CellError
from ..primitives.arrays import Bytes
from ..primitives.kernels import compiled
from .crop import LARGE_SIDE, is_field, outline_central_cell
from .field import outline_cells
from .given_masks import GivenMask, outline_given_cells
from .label_image import label_image
from .quality import CellOutline, Quality, assess, find_smudges

Source = Literal["crop", "field"]

_LEAST_SIDE = 12  # rows and columns of an image
_LEAST_CONTRAST = 12  # levels between the darkest and the brightest green
_STRIDE = 8  # rows and columns between the pixels that are tested for contrast first


@dataclass(frozen=True, eq=False)
class FoundCell:
    """One cell of a segmented image.

    Parameters
    ----------
    cell : Cell
        Cropped to its bounding box and one more pixel; `cell.origin` is its position.
    quality : Quality
    centroid : (float, float)
        Row and column in the source image: of the nucleus, or of the cell if it has no nucleus.
    """

    cell: Cell
    quality: Quality
    centroid: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Segmentation:
    """All cells of one image.

    Parameters
    ----------
    source : {"crop", "field"}
        Whether the image was treated as a crop with one cell or as a field.
    shape : (int, int)
        Rows and columns of the image.
    cells : tuple of FoundCell
        In the order of their centroids, from top to bottom.
    """

    source: Source
    shape: tuple[int, int]
    cells: tuple[FoundCell, ...]

    def labels(self) -> Bytes:
        """Return the mask image: (rows, cols) uint8, 0 background, 128 cytoplasm, 255 nucleus.

        Each cell is one connected component, see `features.segmentation.label_image`.
        `from_masks` returns the same cells from it, but for the pixels that separate touching ones.
        """
        return label_image(self.shape, [found.cell for found in self.cells])


@compiled
def _centroid(mask: Bytes) -> tuple[float, float]:
    """Return the mean row and column of the pixels of a 0/1 mask; NaN for an empty mask."""
    count = row_sum = col_sum = 0
    rows, cols = mask.shape
    for row in range(rows):
        in_row = 0
        for col in range(cols):
            in_row += int(mask[row, col])
            col_sum += int(mask[row, col]) * col
        count += in_row
        row_sum += in_row * row
    return row_sum / count, col_sum / count


def _build_segmentation(
    rgb: Bytes, outlines: list[CellOutline], source: Source, pixel_size: float | None
) -> Segmentation:
    """Crop the cells, set their quality flags and sort them."""
    shape = (rgb.shape[0], rgb.shape[1])
    assessed = [assess(one, rgb[one.box], shape) for one in outlines]
    smudges = find_smudges([evidence for _, evidence in assessed])
    cells = []
    for one, (quality, _), smudge in zip(outlines, assessed, smudges, strict=True):
        left, top, width, height = cv2.boundingRect(one.cell)
        first = (max(top - 1, 0), max(left - 1, 0))
        inner = np.s_[first[0] : top + height + 1, first[1] : left + width + 1]
        origin = (one.box[0].start + first[0], one.box[1].start + first[1])
        whole = np.ascontiguousarray(one.cell[inner])
        nucleus = np.ascontiguousarray(one.nucleus[inner]) & whole
        pixels = np.ascontiguousarray(rgb[one.box][inner])
        cell = Cell(pixels, nucleus.view(np.bool_), whole.view(np.bool_), origin, pixel_size)
        row, col = _centroid(nucleus if nucleus.any() else whole)
        centroid = (origin[0] + row, origin[1] + col)
        cells.append(
            FoundCell(cell, replace(quality, smudge=True) if smudge else quality, centroid)
        )
    return Segmentation(source, shape, tuple(sorted(cells, key=lambda found: found.centroid)))


def _check_image(rgb: Bytes) -> None:
    """Raise a `CellError` if the pixels cannot show a cell."""
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
        raise CellError(
            f"the pixels are {rgb.dtype} of shape {rgb.shape}",
            "give uint8 of shape (rows, cols, 3)",
        )
    if min(rgb.shape[:2]) < _LEAST_SIDE:
        raise CellError(
            f"the image has {rgb.shape[0]} x {rgb.shape[1]} pixels",
            f"give at least {_LEAST_SIDE} x {_LEAST_SIDE}",
        )
    sample = rgb[::_STRIDE, ::_STRIDE, 1]
    if np.ptp(sample) >= _LEAST_CONTRAST:
        return
    darkest, brightest, _, _ = cv2.minMaxLoc(cv2.extractChannel(rgb, 1))
    if brightest - darkest < _LEAST_CONTRAST:
        raise CellError(
            f"the image is blank: green runs from {darkest:.0f} to {brightest:.0f}",
            "give an image with a cell in it",
        )


def segment(
    rgb: Bytes,
    *,
    source: Literal["auto", "crop", "field"] = "auto",
    pixel_size: float | None = None,
) -> Segmentation:
    """Find the cells of an image.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8
        A photograph of a Romanowsky-stained blood smear, or one cell cut out on black.
    source : {"auto", "crop", "field"}
        A crop gives one cell, the central one; a field gives every white cell. ``auto`` treats an
        image as a crop if it has one large nucleus near its centre, see
        `features.segmentation.crop.shows_field`.
    pixel_size : float, optional
        Micrometres per pixel, passed to the cells.

    Returns
    -------
    Segmentation

    Raises
    ------
    CellError
        If no cell can be found, with the reason.
    """
    _check_image(rgb)
    if source != "field":
        outline = outline_central_cell(rgb, is_crop=source == "crop")
        if outline is not None:
            return _build_segmentation(rgb, [outline], "crop", pixel_size)
    outlines = outline_cells(rgb)
    if not outlines:
        raise CellError(
            "the field has no nucleus as large as a third of a red cell",
            "give a field with white cells, or --source crop for one cell",
        )
    return _build_segmentation(rgb, outlines, "field", pixel_size)


def from_masks(
    rgb: Bytes,
    nucleus: GivenMask | None,
    cell: GivenMask | None,
    *,
    pixel_size: float | None = None,
) -> Segmentation:
    """Build the segmentation from given masks.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8
    nucleus, cell : (rows, cols) bool or int32, or None
        Both given: the cells are the connected components of `cell`. Only the nucleus: its cell
        is found. Only the cell: its nucleus is found. An int32 array is a label image: 0 is the
        background, and all pixels of one label are one cell (one nucleus).
    pixel_size : float, optional
        Micrometres per pixel, passed to the cells.

    Returns
    -------
    Segmentation
        Its source is a field if there are several cells, or if `segment` finds a large field.

    Raises
    ------
    CellError
        If no mask has a pixel, or one has another shape or dtype than it should.
    """
    outlines = outline_given_cells(rgb, nucleus, cell)
    field = len(outlines) > 1 or _is_large_field(rgb)
    return _build_segmentation(rgb, outlines, "field" if field else "crop", pixel_size)


def _is_large_field(rgb: Bytes) -> bool:
    """Whether an image is large and shows a field; False if no nucleus has enough contrast."""
    try:
        return min(rgb.shape[:2]) > LARGE_SIDE and is_field(rgb)
    except CellError:  # no nucleus has enough contrast, but a cell is given
        return False
