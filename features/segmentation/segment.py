"""Cells of an image: the nucleus and the whole cell of each, and what is doubtful about them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np

from ..core.cell import Cell
from ..errors import CellError
from ..primitives.arrays import Bytes
from ..primitives.counting import centroid
from .crop import LARGE_SIDE, is_field, outline_central_cell
from .field import outline_cells
from .given_masks import GivenMask, outline_given_cells
from .label_image import label_image
from .quality import CellOutline, Quality, assess, find_smudges

Source = Literal["crop", "field"]

_LEAST = 12  # rows and columns below which no cell can be outlined
_CONTRAST = 12  # levels of green between the lightest and the darkest pixel at least
_FEW = 8  # lines and columns from one pixel to the next of those that mostly show it


@dataclass(frozen=True, eq=False)
class FoundCell:
    """A cell that was found.

    Parameters
    ----------
    cell : Cell
        Trimmed to its bounding box and one pixel more; `cell.origin` is its place.
    quality : Quality
    centroid : (float, float)
        Row and column of the nucleus' centre (the cell's, without a nucleus) in the source image.
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
        Whether the image was taken as one cell or as a field of several.
    shape : (int, int)
        Rows and columns of the image.
    cells : tuple of Found
        From top to bottom by their centroids.
    """

    source: Source
    shape: tuple[int, int]
    cells: tuple[FoundCell, ...]

    def labels(self) -> Bytes:
        """Return the mask image: (rows, cols) uint8, 0 background, 128 cytoplasm, 255 nucleus.

        Each cell is one connected part of it, see `features.segmentation.label_image`:
        `from_masks` takes the same cells from it, without the one pixel between two that touch.
        """
        return label_image(self.shape, [found.cell for found in self.cells])


def _build_segmentation(
    rgb: Bytes, outlined: list[CellOutline], source: Source, pixel_size: float | None
) -> Segmentation:
    """Make the cells of the outlines, look for doubts, and put them in order."""
    shape = (rgb.shape[0], rgb.shape[1])
    assessed = [assess(one, rgb[one.box], shape) for one in outlined]
    crushed = find_smudges([signs for _, signs in assessed])
    cells = []
    for one, (quality, _), smudge in zip(outlined, assessed, crushed, strict=True):
        left, top, width, height = cv2.boundingRect(one.cell)
        first = (max(top - 1, 0), max(left - 1, 0))
        inner = np.s_[first[0] : top + height + 1, first[1] : left + width + 1]
        origin = (one.box[0].start + first[0], one.box[1].start + first[1])
        whole = np.ascontiguousarray(one.cell[inner])
        nucleus = np.ascontiguousarray(one.nucleus[inner]) & whole
        pixels = np.ascontiguousarray(rgb[one.box][inner])
        cell = Cell(pixels, nucleus.view(np.bool_), whole.view(np.bool_), origin, pixel_size)
        row, col = centroid(nucleus if nucleus.any() else whole)
        place = (origin[0] + row, origin[1] + col)
        cells.append(FoundCell(cell, replace(quality, smudge=True) if smudge else quality, place))
    return Segmentation(source, shape, tuple(sorted(cells, key=lambda found: found.centroid)))


def _check_image(rgb: Bytes) -> None:
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
        raise CellError(
            f"the pixels are {rgb.dtype} of shape {rgb.shape}",
            "give uint8 of shape (rows, cols, 3)",
        )
    if min(rgb.shape[:2]) < _LEAST:
        raise CellError(
            f"the image has {rgb.shape[0]} x {rgb.shape[1]} pixels",
            f"give at least {_LEAST} x {_LEAST}",
        )
    few = rgb[::_FEW, ::_FEW, 1]
    if np.ptp(few) >= _CONTRAST:
        return
    darkest, brightest, _, _ = cv2.minMaxLoc(cv2.extractChannel(rgb, 1))
    if brightest - darkest < _CONTRAST:
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
        A photograph of Romanowsky-stained blood, or one cell cut out on black.
    source : {"auto", "crop", "field"}
        A crop gives one cell, the central one; a field every white cell. By default an image is
        a crop if a nucleus lies at its centre that is not tiny, see
        `features.segmentation.crop.several`.
    pixel_size : float, optional
        Micrometres per pixel, handed on to the cells.

    Returns
    -------
    Segmentation

    Raises
    ------
    CellError
        Where no cell can be found, with the reason.
    """
    _check_image(rgb)
    if source != "field":
        alone = outline_central_cell(rgb, surely=source == "crop")
        if alone is not None:
            return _build_segmentation(rgb, [alone], "crop", pixel_size)
    outlined = outline_cells(rgb)
    if not outlined:
        raise CellError(
            "no nucleus as large as a third of a red cell stands out in the field",
            "give a field with white cells, or --source crop for one cell",
        )
    return _build_segmentation(rgb, outlined, "field", pixel_size)


def from_masks(
    rgb: Bytes,
    nucleus: GivenMask | None,
    cell: GivenMask | None,
    *,
    pixel_size: float | None = None,
) -> Segmentation:
    """Take given masks instead of segmenting.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8
    nucleus, cell : (rows, cols) bool or int32, or None
        Both: the cells are the connected parts of `cell`. Nucleus only: its cytoplasm is found.
        Cell only: the nucleus inside it is found. An int32 array is a label image: 0 outside,
        and all pixels of one number are one cell (one nucleus), whatever they touch.
    pixel_size : float, optional
        Micrometres per pixel, handed on to the cells.

    Returns
    -------
    Segmentation
        Of a field if there are several cells, or if `segment` would take the image for one.

    Raises
    ------
    CellError
        Where neither mask has a pixel, or one does not fit the image.
    """
    outlined = outline_given_cells(rgb, nucleus, cell)
    field = len(outlined) > 1 or _is_large_field(rgb)
    return _build_segmentation(rgb, outlined, "field" if field else "crop", pixel_size)


def _is_large_field(rgb: Bytes) -> bool:
    try:
        return min(rgb.shape[:2]) > LARGE_SIDE and is_field(rgb)
    except CellError:  # nothing stands out, but a cell is given
        return False
