"""The truth of a drawn field: its objects, and the label images of cells and nuclei."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .camera import Camera
from .content import Kind
from .placement import Place
from .planes import Mask
from .shapes import Shape

Labels = NDArray[np.int32]


@dataclass(frozen=True)
class DrawnObject:
    """The truth of one object.

    Attributes
    ----------
    kind : "white cell", "smudge", "platelet" or "precipitate"
    variety : str
        The type of a white cell (`content.WhiteCellType`); "ragged", "streak" or "net" of a
        smudge; "single" or "clump" of platelets; "grain" or "cloud" of precipitate.
    box : (int, int, int, int)
        First column, first row, last column + 1, last row + 1 of its visible pixels.
    complete : bool
        Whether the border of the picture, or of the eyepiece's disc, cuts nothing off.
    """

    kind: Kind
    variety: str
    box: tuple[int, int, int, int]
    complete: bool


@dataclass(frozen=True, eq=False)
class DrawnField:
    """A drawn field.

    Attributes
    ----------
    rgb : (rows, cols, 3) uint8
    cells, nuclei : (rows, cols) int32
        Label images: label k is object k - 1 of `objects`, 0 no object. `nuclei` has the nuclei
        of white cells, and the dense part of smudges, with the same labels.
    red_cells : (rows, cols) bool
        Pixels of red cells that no white cell covers.
    objects : tuple of DrawnObject
    camera : Camera
    """

    rgb: NDArray[np.uint8]
    cells: Labels
    nuclei: Labels
    red_cells: Mask
    objects: tuple[DrawnObject, ...]
    camera: Camera


def visible_truth(
    places: list[Place], shapes: list[Shape], cells: Labels, nuclei: Labels, camera: Camera
) -> tuple[Labels, Labels, tuple[DrawnObject, ...]]:
    """Return the truth without what is outside the picture or the eyepiece's disc."""
    visible = camera.visible(*cells.shape)
    objects: list[DrawnObject] = []
    new_number = np.zeros(len(places) + 1, np.int32)
    for number, (place, one) in enumerate(zip(places, shapes, strict=True), 1):
        inner, outer = overlap(one, (cells.shape[0], cells.shape[1]))
        own = cells[outer] == number
        seen = own & visible[outer]
        if not seen.any():
            continue
        rows, cols = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
        box = (
            int(outer[1].start + cols[0]),
            int(outer[0].start + rows[0]),
            int(outer[1].start + cols[-1] + 1),
            int(outer[0].start + rows[-1] + 1),
        )
        outside = one.level < 1
        outside[inner] = False
        complete = not outside.any() and bool((seen == own).all())
        objects.append(DrawnObject(place.kind, place.variety, box, complete))
        new_number[number] = len(objects)
    return (
        new_number[np.where(visible, cells, 0)],
        new_number[np.where(visible, nuclei, 0)],
        tuple(objects),
    )


def overlap(one: Shape, shape: tuple[int, int]) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Return the part of an object's window that is in the field: in the window, in the field."""
    side = one.level.shape[0]
    inner, outer = [], []
    for first, size in ((one.top, shape[0]), (one.left, shape[1])):
        start = max(first, 0)
        stop = max(min(first + side, size), start)
        inner.append(slice(start - first, stop - first))
        outer.append(slice(start, stop))
    return (inner[0], inner[1]), (outer[0], outer[1])
