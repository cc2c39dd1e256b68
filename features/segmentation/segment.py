"""Segment an image: masks of nucleus and whole cell, and quality flags, of each cell."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np

from ..core.cell import Cell
from ..errors import CellError
from ..primitives.arrays import Bytes
from ..primitives.kernels import compiled
from ..primitives.slide_background import foreground_on_black
from .cell_windows import outline_object
from .crop_or_field import ImageEvidence, gather_evidence
from .cut_out import outline_cut_out_cell
from .detection.background import Background, fit_background
from .detection.detect import DetectedObject, Detection, Regions, detect
from .detection.red_cells import RED_CELL_MICROMETRES, red_cell_diameter
from .given_masks import GivenMask, outline_given_cells
from .label_image import label_image
from .quality import CellOutline, Quality, assess, find_smudges

Source = Literal["crop", "field"]

ObjectKind = Literal["white cell", "broken cell", "platelet", "cut cell"]

_LEAST_SIDE = 12  # rows and columns of an image
_LEAST_RANGE = 2  # levels between the darkest and the brightest green; noise alone has more
_STRIDE = 8  # rows and columns between the pixels that are tested for contrast first
# Without red cells the scale is taken from the image: a crop has about this many in a row.
_RED_CELLS_IN_CROP = 4.0
_LEAST_CENTRAL = 0.02  # probability of an object in the middle of a small image
_CELLS_IN_CROP = 30  # areas of its cell; a larger image with one given cell is a field


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
    kind : {"white cell", "broken cell", "platelet", "cut cell"}
        What it is; a cut cell is a white cell that the border of a field cuts. The central object
        of a crop is not called cut. Cells of given masks are white cells.
    probability : float
        Of that kind, in [0, 1]; 1 for cells of given masks and for cells cut out on black.
    """

    cell: Cell
    quality: Quality
    centroid: tuple[float, float]
    kind: ObjectKind = "white cell"
    probability: float = 1.0


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
        In the order of their centroids, from top to bottom. May be empty for a field.
    evidence : ImageEvidence or None
        The scale, and what tells a crop from a field; None for given masks and cut-out cells.
    """

    source: Source
    shape: tuple[int, int]
    cells: tuple[FoundCell, ...]
    evidence: ImageEvidence | None = None

    def kept(self, kinds: Container[str]) -> Segmentation:
        """Return the segmentation with the objects of some kinds only."""
        return replace(self, cells=tuple(one for one in self.cells if one.kind in kinds))

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
    rgb: Bytes,
    outlines: list[CellOutline],
    source: Source,
    pixel_size: float | None,
    objects: Sequence[DetectedObject] | None = None,
    evidence: ImageEvidence | None = None,
) -> Segmentation:
    """Crop the cells, set their quality flags and kinds, and sort them."""
    shape = (rgb.shape[0], rgb.shape[1])
    assessed = [assess(one, rgb[one.box], shape) for one in outlines]
    if objects is None:
        smudges = find_smudges([evidence for _, evidence in assessed])
        objects = [DetectedObject("white cell", 1.0)] * len(outlines)
    else:
        smudges = [one.kind == "broken cell" for one in objects]
    cells = []
    for outline, found, (quality, _), smudge in zip(
        outlines, objects, assessed, smudges, strict=True
    ):
        cell, centroid = _crop(rgb, outline, pixel_size)
        kind = _kind(found, cut=source == "field" and quality.touches_border)
        flags = replace(quality, smudge=smudge)
        cells.append(FoundCell(cell, flags, centroid, kind, found.probability))
    ordered = tuple(sorted(cells, key=lambda found: found.centroid))
    return Segmentation(source, shape, ordered, evidence)


def _kind(one: DetectedObject, *, cut: bool) -> ObjectKind:
    """Return the kind of an object; a white cell that the border cuts is a cut cell."""
    if one.kind == "white cell":
        return "cut cell" if cut else "white cell"
    return "broken cell" if one.kind == "broken cell" else "platelet"


def _crop(
    rgb: Bytes, one: CellOutline, pixel_size: float | None
) -> tuple[Cell, tuple[float, float]]:
    """Crop a cell to its bounding box and one more pixel; return it and its centroid."""
    left, top, width, height = cv2.boundingRect(one.cell)
    first = (max(top - 1, 0), max(left - 1, 0))
    inner = np.s_[first[0] : top + height + 1, first[1] : left + width + 1]
    origin = (one.box[0].start + first[0], one.box[1].start + first[1])
    whole = np.ascontiguousarray(one.cell[inner])
    nucleus = np.ascontiguousarray(one.nucleus[inner]) & whole
    pixels = np.ascontiguousarray(rgb[one.box][inner])
    cell = Cell(pixels, nucleus.view(np.bool_), whole.view(np.bool_), origin, pixel_size)
    row, col = _centroid(nucleus if nucleus.any() else whole)
    return cell, (origin[0] + row, origin[1] + col)


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
    if np.ptp(sample) >= _LEAST_RANGE:
        return
    darkest, brightest, _, _ = cv2.minMaxLoc(cv2.extractChannel(rgb, 1))
    if brightest - darkest < _LEAST_RANGE:
        raise CellError(
            f"the image is blank: green runs from {darkest:.0f} to {brightest:.0f}",
            "give an image with a cell in it",
        )


def segment(
    rgb: Bytes,
    *,
    source: Literal["auto", "crop", "field"] = "auto",
    pixel_size: float | None = None,
    red_cell: float | None = None,
) -> Segmentation:
    """Find the cells of an image.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8
        A photograph of a Romanowsky-stained blood smear, or one cell cut out on black.
    source : {"auto", "crop", "field"}
        A crop gives one cell, the central one; a field gives every object: white, broken and cut
        cells and platelets. ``auto`` decides by what the image shows, see
        `features.segmentation.crop_or_field`.
    pixel_size : float, optional
        Micrometres per pixel, passed to the cells. It sets the scale: a red cell has 7.5.
    red_cell : float, optional
        Diameter of a red cell in pixels; over `pixel_size`. Default: it is measured.

    Returns
    -------
    Segmentation
        Of a field without cells, it has none.

    Raises
    ------
    CellError
        If the image is blank, or a crop has no cell in its middle.
    """
    _check_image(rgb)
    foreground = foreground_on_black(rgb) if source != "field" else None
    if foreground is not None:
        return _build_segmentation(rgb, [outline_cut_out_cell(rgb, foreground)], "crop", pixel_size)
    background = fit_background(rgb)
    detection = detect(rgb, background, _scale(rgb, background, pixel_size, red_cell))
    everything = detection.all_objects()
    evidence = gather_evidence(everything, rgb.shape[:2], detection.red_cell)
    if source == "field":
        return _outline(rgb, background, detection, everything, "field", pixel_size, evidence)
    central = detection.central_object()
    # A small image without a white cell is a crop if something in its middle may be one.
    doubtful = evidence.is_small and not evidence.white_cells
    likely = bool(central.objects) and central.objects[0].probability >= _LEAST_CENTRAL
    is_crop = evidence.is_crop or (doubtful and likely)
    if source == "auto" and not is_crop:
        return _outline(rgb, background, detection, everything, "field", pixel_size, evidence)
    if not central.objects:
        raise CellError(
            "no cell is in the middle of the crop",
            "give a crop with a cell in its middle, or --source field",
        )
    return _outline(rgb, background, detection, central, "crop", pixel_size, evidence)


def _scale(
    rgb: Bytes, background: Background, pixel_size: float | None, red_cell: float | None
) -> float:
    """Return the diameter of a red cell in pixels: given, from the pixel size, or measured."""
    if red_cell is not None:
        return red_cell
    if pixel_size is not None:
        return RED_CELL_MICROMETRES / pixel_size
    measured = red_cell_diameter(rgb, background)
    return min(rgb.shape[:2]) / _RED_CELLS_IN_CROP if measured is None else measured


def _outline(
    rgb: Bytes,
    background: Background,
    detection: Detection,
    regions: Regions,
    source: Source,
    pixel_size: float | None,
    evidence: ImageEvidence,
) -> Segmentation:
    """Outline the objects of a field, or the first object of a crop."""
    count = 1 if source == "crop" else len(regions.objects)
    outlines = [
        outline_object(rgb, background, detection, regions, number)
        for number in range(1, count + 1)
    ]
    return _build_segmentation(rgb, outlines, source, pixel_size, regions.objects[:count], evidence)


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
        Its source is a field if there are several cells, or one on less than a thirtieth of the
        image.

    Raises
    ------
    CellError
        If no mask has a pixel, or one has another shape or dtype than it should.
    """
    outlines = outline_given_cells(rgb, nucleus, cell)
    area = max(cv2.countNonZero(one.cell) for one in outlines)
    field = len(outlines) > 1 or rgb.shape[0] * rgb.shape[1] > _CELLS_IN_CROP * area
    return _build_segmentation(rgb, outlines, "field" if field else "crop", pixel_size)
