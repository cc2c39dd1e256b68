"""Cells of an image: the nucleus and the whole cell of each, and what is doubtful about them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np

from .arrays import Bytes, Mask
from .cell import Cell
from .cytoplasm import others, whole_cell
from .errors import CellError
from .fields import Outlined, cells_of_field, is_field, smoothed
from .nuclei import central, nuclear, nuclear_size, smooth_chromatin, within
from .quality import Quality, assess, smudged
from .regions import parts
from .stain import background, chromatin, cut_out, density, otsu

Source = Literal["crop", "field"]

_LEAST = 12  # rows and columns below which no cell can be outlined
_CONTRAST = 12  # density steps that chromatin stands out at least


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
        From top to bottom by their centroids.
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


def _gathered(
    rgb: Bytes, outlined: list[Outlined], source: Source, pixel_size: float | None
) -> Segmentation:
    """Make the cells of the outlines, look for doubts, and put them in order."""
    slide = background(rgb[::4, ::4] if source == "field" else rgb)
    shape = (rgb.shape[0], rgb.shape[1])
    founds, signs = [], []
    for one in outlined:
        top, left = one.box[0].start, one.box[1].start
        cell = Cell(
            np.ascontiguousarray(rgb[one.box]),
            (one.nucleus & one.cell) > 0,
            one.cell > 0,
            (top, left),
            pixel_size,
        ).trimmed()
        quality, sign = assess(cell, slide, shape)
        moments = cv2.moments((cell.nucleus if cell.nucleus.any() else cell.cell).astype(np.uint8))
        centroid = (
            cell.origin[0] + moments["m01"] / moments["m00"],
            cell.origin[1] + moments["m10"] / moments["m00"],
        )
        founds.append(Found(cell, quality, centroid))
        signs.append(sign)
    crushed = smudged(signs)
    cells = [
        replace(found, quality=replace(found.quality, smudge=bool(smudge)))
        for found, smudge in zip(founds, crushed, strict=True)
    ]
    return Segmentation(source, shape, tuple(sorted(cells, key=lambda found: found.centroid)))


def _everything(rgb: Bytes) -> tuple[slice, slice]:
    return slice(0, rgb.shape[0]), slice(0, rgb.shape[1])


def _central_cell(rgb: Bytes) -> Outlined:
    """Outline the central cell of a crop."""
    alone = cut_out(rgb)
    smooth = smoothed(rgb)
    optical = density(smooth, background(smooth))
    plane = chromatin(optical)
    level = otsu(plane)
    size = nuclear_size(plane, level)
    plane = smooth_chromatin(plane, size)

    mask = nuclear(plane, level, size)
    contrast = cv2.mean(plane, mask)[0] - cv2.mean(plane, 1 - mask)[0]
    if not mask.any() or contrast < _CONTRAST:
        raise CellError(
            f"no nucleus stands out: the chromatin contrast is {contrast / 100:.2f} and not "
            f"{_CONTRAST / 100:.2f} in optical density",
            "give a sharp image of a Romanowsky-stained cell",
        )
    nucleus = central(mask)
    cell = whole_cell(optical, nucleus, others(mask, nucleus)) if alone is None else alone | nucleus
    return Outlined(_everything(rgb), within(plane, cell, level, size), cell)


def _checked(rgb: Bytes) -> None:
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
    if np.ptp(rgb[:, :, 1]) < _CONTRAST:
        raise CellError(
            f"the image is blank: green runs from {rgb[:, :, 1].min()} to {rgb[:, :, 1].max()}",
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
        a crop if a nucleus lies at its centre that is not tiny, see `features.fields.is_field`.
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
    _checked(rgb)
    if source == "field" or (source == "auto" and is_field(rgb)):
        outlined = cells_of_field(rgb)
        if not outlined:
            raise CellError(
                "no nucleus as large as a third of a red cell stands out in the field",
                "give a field with white cells, or --source crop for one cell",
            )
        return _gathered(rgb, outlined, "field", pixel_size)
    return _gathered(rgb, [_central_cell(rgb)], "crop", pixel_size)


def _fitting(name: str, mask: Mask | None, rgb: Bytes) -> Bytes | None:
    if mask is None:
        return None
    if mask.dtype != np.bool_ or mask.shape != rgb.shape[:2]:
        raise CellError(
            f"the {name} mask is {mask.dtype} of shape {mask.shape}",
            f"give bool of shape {rgb.shape[:2]}",
        )
    return mask.astype(np.uint8)


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
        Where neither mask has a pixel, or one does not fit the image.
    """
    core, whole = _fitting("nucleus", nucleus, rgb), _fitting("cell", cell, rgb)
    smooth = smoothed(rgb)
    optical = density(smooth, background(smooth))
    if whole is None and core is not None and core.any():
        whole = whole_cell(optical, core, np.zeros_like(core))
    if whole is None or not whole.any():
        raise CellError("the masks are empty", "give a mask with at least one pixel")
    found = parts(whole)
    cells = [
        np.asarray(found.labels == part, dtype=np.uint8) for part in range(1, found.areas.size)
    ]
    plane = chromatin(optical)
    level = otsu(plane)
    outlined = [
        Outlined(
            _everything(rgb),
            within(plane, one, level, nuclear_size(plane, level)) if core is None else core & one,
            one,
        )
        for one in cells
    ]
    return _gathered(rgb, outlined, "crop" if len(outlined) == 1 else "field", None)
