"""Draws a field: an image with the truth of every object in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .camera import Camera, photograph
from .content import FieldContent, Kind
from .painting import make_textures, paint
from .placement import Place, place_objects
from .planes import Mask, soften
from .red_cells import red_cell_density
from .shapes import Shape, draw_shape

Labels = NDArray[np.int32]

_SMALLEST_SIDE, _SMALLEST_RED_CELL = 16, 6.0
_HIDDEN: dict[Kind, float] = {"white cell": 1.0, "smudge": 0.5, "platelet": 0.0, "precipitate": 0.0}
"""Share of the haemoglobin that an object hides."""


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


def draw_field(
    seed: int,
    *,
    shape: tuple[int, int] = (480, 640),
    content: FieldContent | None = None,
    camera: Camera | None = None,
) -> DrawnField:
    """Return a drawn field; accuracy on it is no evidence about real blood.

    The objects depend on the seed, the shape, the content and the camera's scale, not on the
    camera's other properties. So cameras can be compared on one field.

    Parameters
    ----------
    seed : int
    shape : (int, int)
        Rows and columns, each at least 16.
    content : FieldContent, optional
        Default: four white cells, platelets and red cells.
    camera : Camera, optional
        Default: a good microscope.

    Raises
    ------
    ValueError
        If the picture or the scale is too small.
    """
    content, camera = content or FieldContent(), camera or Camera()
    if min(shape) < _SMALLEST_SIDE or camera.red_cell < _SMALLEST_RED_CELL:
        raise ValueError(
            f"the field has {shape[0]} x {shape[1]} pixels and {camera.red_cell} pixels per red "
            f"cell; give at least {_SMALLEST_SIDE} x {_SMALLEST_SIDE} and {_SMALLEST_RED_CELL}"
        )
    scene, noise_source = np.random.default_rng(seed).spawn(2)
    places = place_objects(scene, content, shape, camera.red_cell)
    shapes = [draw_shape(scene, place) for place in places]
    cells, nuclei = _assign(shapes, shape)
    stains = np.zeros((*shape, 4), np.float32)
    stains[..., 0] = red_cell_density(scene, content, shape, camera.red_cell)
    for kind, hidden in _HIDDEN.items():
        numbers = [k + 1 for k, place in enumerate(places) if place.kind == kind]
        if hidden and numbers:
            covered = soften(np.isin(cells, numbers), 0.03 * camera.red_cell)
            stains[..., 0] *= 1 - np.float32(hidden) * covered
    red_cells = stains[..., 0] > 0.25
    textures = make_textures(scene, camera.red_cell)
    for number, (place, one) in enumerate(zip(places, shapes, strict=True), 1):
        inner, outer = _overlap(one, shape)
        owned = one.level < 1
        owned[inner] = cells[outer] == number
        stains[outer] += paint(scene, place, one, owned, textures)[inner]
    rgb = photograph(stains @ camera.stain.vectors(), camera, noise_source)
    cells, nuclei, objects = _visible_truth(places, shapes, cells, nuclei, camera)
    return DrawnField(rgb, cells, nuclei, red_cells, objects, camera)


def _overlap(one: Shape, shape: tuple[int, int]) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Return the part of an object's window that is in the field: in the window, in the field."""
    side = one.level.shape[0]
    inner, outer = [], []
    for first, size in ((one.top, shape[0]), (one.left, shape[1])):
        start = max(first, 0)
        stop = max(min(first + side, size), start)
        inner.append(slice(start - first, stop - first))
        outer.append(slice(start, stop))
    return (inner[0], inner[1]), (outer[0], outer[1])


def _assign(shapes: list[Shape], shape: tuple[int, int]) -> tuple[Labels, Labels]:
    """Return the label images of cells and nuclei; a shared pixel belongs to the nearer object.

    So the border between two touching cells is straight, as that of cells pressed together.
    """
    cells, nuclei = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
    nearest = np.full(shape, np.inf, np.float32)
    for number, one in enumerate(shapes, 1):
        inner, outer = _overlap(one, shape)
        level = one.level[inner]
        won = (level < 1) & (level < nearest[outer])
        nearest[outer][won] = level[won]
        cells[outer][won] = number
        nuclei[outer][won] = np.where(one.nucleus[inner][won], number, 0)
    return cells, nuclei


def _visible_truth(
    places: list[Place], shapes: list[Shape], cells: Labels, nuclei: Labels, camera: Camera
) -> tuple[Labels, Labels, tuple[DrawnObject, ...]]:
    """Return the truth without what is outside the picture or the eyepiece's disc."""
    visible = camera.visible(*cells.shape)
    objects: list[DrawnObject] = []
    new_number = np.zeros(len(places) + 1, np.int32)
    for number, (place, one) in enumerate(zip(places, shapes, strict=True), 1):
        inner, outer = _overlap(one, (cells.shape[0], cells.shape[1]))
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
