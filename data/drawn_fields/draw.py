"""Draws a field: an image with the truth of every object in it."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from .camera import Camera, photograph
from .content import FieldContent, Kind
from .painting import make_textures, paint
from .placement import place_objects
from .planes import soften
from .red_cells import red_cell_density
from .shapes import Shape, draw_shape
from .truth import DrawnField, Labels, overlap, visible_truth

_SMALLEST_SIDE, _SMALLEST_RED_CELL = 16, 6.0
_HIDDEN: dict[Kind, float] = {"white cell": 1.0, "smudge": 0.5, "platelet": 0.0, "precipitate": 0.0}
"""Share of the haemoglobin that an object hides."""


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
    cells, nuclei = _assign(scene, shapes, shape)
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
        inner, outer = overlap(one, shape)
        owned = one.level < 1
        owned[inner] = cells[outer] == number
        nucleus = one.nucleus.copy()
        nucleus[inner] = nuclei[outer] == number
        drawn = replace(one, nucleus=nucleus)
        stains[outer] += paint(scene, place, drawn, owned, textures)[inner]
    rgb = photograph(stains @ camera.stain.vectors(), camera, noise_source)
    cells, nuclei, objects = visible_truth(places, shapes, cells, nuclei, camera)
    return DrawnField(rgb, cells, nuclei, red_cells & camera.visible(*shape), objects, camera)


def _assign(
    rng: np.random.Generator, shapes: list[Shape], shape: tuple[int, int]
) -> tuple[Labels, Labels]:
    """Return the label images of cells and nuclei; a shared pixel belongs to the nearer object.

    So the border between two touching cells is straight, as that of cells pressed together. A
    nucleus often keeps a little cytoplasm between itself and the neighbour.
    """
    cells, nuclei = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
    nearest = np.full(shape, np.inf, np.float32)
    for number, one in enumerate(shapes, 1):
        inner, outer = overlap(one, shape)
        level = one.level[inner]
        won = (level < 1) & (level < nearest[outer])
        nearest[outer][won] = level[won]
        cells[outer][won] = number
    for number, one in enumerate(shapes, 1):
        inner, outer = overlap(one, shape)
        own = cells[outer] == number
        lost = (one.level[inner] < 1) & ~own
        seam = rng.uniform(0, 0.1) * np.sqrt((one.level < 1).sum() / np.pi)
        if lost.any():
            own &= cv2.distanceTransform((~lost).view(np.uint8), cv2.DIST_L2, 3) > seam
        nuclei[outer][own & one.nucleus[inner]] = number
    return cells, nuclei
