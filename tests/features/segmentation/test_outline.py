"""The outlines of one cell from a coarse seed of its nucleus, on drawn cells."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from support.cells.drawn_cells import Drawing, dice

from features.primitives.optical_density import measure_stain
from features.segmentation.outline import outline_cell
from features.segmentation.quality import CellOutline


def drawn(lobed: bool, neighbours: bool) -> Drawing:
    drawing = Drawing(220, 220)
    if neighbours:
        drawing.red_cell(52, 66, 28)
        drawing.red_cell(180, 120, 28)
        drawing.red_cell(30, 180, 28)
        drawing.red_cell(190, 190, 28)
    if lobed:
        drawing.cell([(96, 92, 17), (104, 124, 17), (126, 104, 15)], (108, 106, 46))
    else:
        drawing.cell([(108, 106, 32)], (108, 106, 46))
    return drawing


def coarse(mask: np.ndarray, scale: float, grown: int) -> np.ndarray:
    """Reduce a mask, and dilate (or erode) it by some of the reduced pixels."""
    size = [round(side * scale) for side in mask.shape[::-1]]
    small = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_AREA)
    square = np.ones((2 * abs(grown) + 1,) * 2, np.uint8)
    return cv2.dilate(small, square) if grown > 0 else cv2.erode(small, square)


def placed(found: CellOutline, part: str, shape: tuple[int, int]) -> np.ndarray:
    mask = np.zeros(shape, bool)
    mask[found.box] = getattr(found, part)
    return mask


@pytest.mark.parametrize("lobed", [False, True])
@pytest.mark.parametrize("neighbours", [False, True])
@pytest.mark.parametrize(("scale", "grown"), [(1.0, 0), (0.36, 0), (0.36, 1), (0.36, -1)])
@pytest.mark.parametrize("light", [0.7, 1.0])
def test_the_outlines_depend_on_the_stain_and_hardly_on_the_seed(
    lobed, neighbours, scale, grown, light
):
    drawing = drawn(lobed, neighbours)
    rgb = drawing.photograph(light=light)
    seed = coarse(drawing.nuclei[0], scale, grown)
    found = outline_cell(measure_stain(rgb).density, seed, np.zeros_like(seed))
    assert dice(placed(found, "nucleus", rgb.shape[:2]), drawing.nuclei[0]) > 0.95
    assert dice(placed(found, "cell", rgb.shape[:2]), drawing.cells[0]) > 0.95
    assert not (found.nucleus & (1 - found.cell)).any()


def test_the_nucleus_of_a_touching_cell_belongs_to_the_other_cell():
    drawing = Drawing(200, 260)
    drawing.cell([(100, 90, 30)], (100, 90, 40))
    drawing.cell([(100, 166, 30)], (100, 166, 40))
    density = measure_stain(drawing.photograph()).density
    seeds = [coarse(nucleus, 0.36, 0) for nucleus in drawing.nuclei]
    for own in (0, 1):
        found = outline_cell(density, seeds[own], seeds[1 - own])
        nucleus = placed(found, "nucleus", density.shape[:2])
        assert dice(nucleus, drawing.nuclei[own]) > 0.95
        assert not (nucleus & drawing.nuclei[1 - own]).any()
        assert dice(placed(found, "cell", density.shape[:2]), drawing.cells[own]) > 0.93
