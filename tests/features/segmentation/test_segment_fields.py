"""Fields: drawn clumps and lobes with known masks."""

from __future__ import annotations

import numpy as np
import pytest
from support.cells.drawn_cells import Drawing, dice, field_drawing

from features.core.cell import Cell
from features.segmentation.segment import segment


def placed(cell: Cell, mask: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    whole = np.zeros(shape, dtype=bool)
    (top, left), (rows, cols) = cell.origin, mask.shape
    whole[top : top + rows, left : left + cols] = mask
    return whole


@pytest.mark.parametrize("merged", [False, True])
@pytest.mark.parametrize("overlapping", [2, 3, 4, 5, 6])
def test_each_nucleus_of_a_clump_is_one_cell_and_so_is_a_lobed_one(overlapping, merged):
    # The red cells give the scale, without which a clump cannot be told from one cell.
    drawing = field_drawing(overlapping, merged=merged, red_cells=True)
    rgb = drawing.photograph()
    found = segment(rgb, source="field")
    shape = rgb.shape[:2]
    assert len(found.cells) == overlapping + 1
    for nucleus, cell in zip(drawing.nuclei, drawing.cells, strict=True):
        row, col = np.argwhere(nucleus).mean(axis=0)
        nearest = min(
            found.cells, key=lambda one: np.hypot(one.centroid[0] - row, one.centroid[1] - col)
        )
        assert dice(placed(nearest.cell, nearest.cell.nucleus, shape), nucleus) >= 0.9
        assert dice(placed(nearest.cell, nearest.cell.cell, shape), cell) >= 0.9


def test_cells_are_sorted_by_centroid_and_their_nuclei_do_not_overlap():
    found = segment(field_drawing(5).photograph(), source="field")
    assert list(found.cells) == sorted(found.cells, key=lambda one: one.centroid)
    shape = found.shape
    nuclei = sum(placed(one.cell, one.cell.nucleus, shape).astype(int) for one in found.cells)
    assert nuclei.max() == 1


@pytest.mark.parametrize("overlapping", [2, 4, 6])
def test_a_field_is_recognised(overlapping):
    assert segment(field_drawing(overlapping).photograph()).source == "field"


def test_a_window_of_a_field_is_a_crop_if_one_nucleus_is_central():
    drawing = Drawing(700, 700)
    drawing.cell([(350, 350, 32)], (350, 350, 42))
    rgb = drawing.photograph()
    assert segment(rgb[250:450, 250:450]).source == "crop"
    assert segment(rgb[:420, :420]).source == "field"


def test_platelets_are_not_white_cells():
    drawing = field_drawing(2)
    for row, col in ((250, 500), (480, 200), (500, 480)):
        drawing.paint(drawing.disc(row, col, 7), np.array([0.4, 0.8, 0.2]))
    assert len(segment(drawing.photograph(), source="field").cells) == 3
