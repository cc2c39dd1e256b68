"""Cells of an image: the nucleus and the whole cell of each, and what is doubtful about them."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Literal

import cv2
import numpy as np

from .cell import Cell, Mask
from .colour import Bytes
from .cytoplasm import others, whole_cell
from .errors import CellError
from .nuclei import central, nuclear, within
from .quality import Quality
from .stain import background, chromatin, cut_out, density, otsu

Source = Literal["crop", "field"]


@dataclass(frozen=True, eq=False)
class Found:
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
        In reading order of their centroids.
    """

    source: Source
    shape: tuple[int, int]
    cells: tuple[Found, ...]

    def labels(self) -> Bytes:
        """Return the mask image: (rows, cols) uint8, 0 background, 128 cytoplasm, 255 nucleus."""
        image = np.zeros(self.shape, dtype=np.uint8)
        for found in self.cells:
            cell = found.cell
            (top, left), (rows, cols) = cell.origin, cell.cell.shape
            patch = image[top : top + rows, left : left + cols]
            patch[cell.cell] = np.maximum(patch[cell.cell], 128)
            patch[cell.nucleus] = 255
        return image


def _found(rgb: Bytes, nucleus: Mask, cell: Mask, pixel_size: float | None) -> Found:
    whole = Cell(rgb, nucleus & cell, cell, (0, 0), pixel_size)
    where = np.argwhere(whole.nucleus if whole.nucleus.any() else whole.cell).mean(axis=0)
    return Found(whole.trimmed(), Quality(), (float(where[0]), float(where[1])))


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
        A photograph of stained blood, or one cell cut out on black.
    source : {"auto", "crop", "field"}
        A crop gives one cell, the central one; a field every white cell.
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
    alone = cut_out(rgb)
    smooth = np.asarray(cv2.GaussianBlur(rgb, (5, 5), 0.9), dtype=np.uint8)
    optical = density(smooth, background(smooth))
    plane = chromatin(optical)
    level = otsu(plane)
    size = 2 * sqrt(cv2.countNonZero(cv2.threshold(plane, level, 1, 0)[1]) / np.pi)
    mask = nuclear(plane, level, size)
    if not mask.any():
        raise CellError("no nucleus stands out from the rest", "check that the image is stained")
    nucleus = central(mask)
    cell = whole_cell(optical, nucleus, others(mask, nucleus)) if alone is None else alone | nucleus
    nucleus = within(plane, cell, level, size)
    found = _found(rgb, nucleus > 0, cell > 0, pixel_size)
    kind: Source = "field" if source == "field" else "crop"
    return Segmentation(kind, (rgb.shape[0], rgb.shape[1]), (found,))


def from_masks(rgb: Bytes, nucleus: Mask | None, cell: Mask | None) -> Segmentation:
    """Take given masks instead of segmenting.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8
    nucleus, cell : (rows, cols) bool or None
        Both: the cells are the connected parts of `cell`. Nucleus only: its cytoplasm is found.
        Cell only: the nucleus inside it is found.

    Returns
    -------
    Segmentation

    Raises
    ------
    CellError
        Where neither mask has a pixel.
    """
    optical = density(rgb, background(rgb))
    if cell is None and nucleus is not None and nucleus.any():
        cell = whole_cell(optical, nucleus, nucleus)
    if cell is None or not cell.any():
        raise CellError("the masks are empty", "give a mask with at least one pixel")
    if nucleus is None:
        plane = chromatin(optical)
        level = otsu(np.ascontiguousarray(plane[cell][:, None]))
        nucleus = np.asarray(nuclear(plane, level, sqrt(float(cell.sum()))) > 0) & cell
    count, labels = cv2.connectedComponents((cell | nucleus).astype(np.uint8))
    parts = [np.asarray(labels == part) for part in range(1, count)]
    cells = tuple(_found(rgb, nucleus & part, part, None) for part in parts)
    return Segmentation("crop" if len(cells) == 1 else "field", cell.shape, cells)
