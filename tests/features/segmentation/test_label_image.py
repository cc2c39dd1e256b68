"""Label images: `from_masks` reads back the cells that were drawn."""

from __future__ import annotations

import numpy as np
import pytest
from support.cells.drawn_cells import Drawing, field_drawing

from features.core.cell import Cell
from features.segmentation.label_image import label_image
from features.segmentation.regions import find_components
from features.segmentation.segment import from_masks, segment


def test_a_single_given_cell_in_a_large_field_has_the_source_field():
    drawing = Drawing(600, 700)
    drawing.cell([(120, 130, 22)], (120, 130, 30))
    found = from_masks(drawing.photograph(), drawing.nuclei[0], drawing.cells[0])
    assert (len(found.cells), found.source) == (1, "field")


@pytest.mark.parametrize("overlapping", [2, 4, 6])
@pytest.mark.parametrize("merged", [False, True])
def test_a_label_image_read_back_has_the_same_cells(overlapping, merged):
    rgb = field_drawing(overlapping, merged=merged).photograph()
    found = segment(rgb, source="field")
    labels = found.labels()
    again = from_masks(rgb, labels == 255, labels > 0)
    assert len(again.cells) == len(found.cells) == overlapping + 1
    np.testing.assert_array_equal(again.labels(), labels)
    for one, two in zip(found.cells, again.cells, strict=True):
        assert one.centroid == pytest.approx(two.centroid, abs=1)
        assert two.cell.cell.sum() == pytest.approx(one.cell.cell.sum(), rel=0.06)


def cells_of(*drawn: tuple[np.ndarray, np.ndarray]) -> list[Cell]:
    rgb = np.zeros((*drawn[0][0].shape, 3), np.uint8)
    return [Cell(rgb, nucleus, cell, (0, 0), None) for nucleus, cell in drawn]


def test_touching_cells_are_separated_by_one_pixel_of_cytoplasm():
    left, right, core = np.zeros((3, 20, 30), bool)
    left[2:18, 2:15] = right[2:18, 15:28] = core[5:15, 4:15] = True
    for order in (1, -1):
        cells = cells_of((core, left), (np.zeros_like(core), right))[::order]
        expected = np.where(core, 255, 128 * (left | right)).astype(np.uint8)
        # The nucleus keeps its pixels, also at corners; above and below it the earlier cell does.
        expected[4:16, 15] = 0
        if order == 1:
            expected[:, 15] = 0
        else:
            expected[:5, 14] = expected[15:, 14] = 0
        np.testing.assert_array_equal(label_image((20, 30), cells), expected)


def test_an_overlap_belongs_to_the_nearest_nucleus_and_a_detached_piece_to_no_cell():
    crossed, bar, one, two = np.zeros((4, 21, 40), bool)
    crossed[8:13, 2:38], bar[2:19, 20:24] = True, True
    one[9:12, 4:10], two[6:15, 21:23] = True, True
    labels = label_image((21, 40), cells_of((one, crossed), (two, bar)))
    assert (labels[two] == 255).all()
    assert (labels[one] == 255).all()
    assert not labels[:, 26:].any()  # beyond the bar
    assert find_components((labels > 0).view(np.uint8)).areas.size == 3


def test_a_cell_of_two_components_is_drawn_as_one():
    cell, core = np.zeros((2, 20, 30), bool)
    cell[4:16, 3:12] = cell[8:12, 18:25] = True
    core[6:10, 5:9] = True
    labels = label_image((20, 30), cells_of((core, cell)))
    assert find_components((labels > 0).view(np.uint8)).areas.size == 2
    assert (labels > 0).sum() == cell.sum() + 6
    assert (labels[cell] > 0).all()


def test_each_label_of_a_label_image_is_one_cell_even_if_cells_touch():
    drawing = Drawing(120, 200)
    drawing.cell([(60, 60, 20)], (60, 60, 32))
    drawing.cell([(60, 120, 20)], (60, 120, 32))
    rgb = drawing.photograph()
    cells = (drawing.cells[0] + 70000 * drawing.cells[1]).astype(np.int32)
    found = sorted(from_masks(rgb, None, cells).cells, key=lambda one: one.centroid[1])
    assert [one.cell.cell.sum() for one in found] == [one.sum() for one in drawing.cells]
    for one, nucleus in zip(found, drawing.nuclei, strict=True):
        assert one.cell.nucleus.sum() == pytest.approx(nucleus.sum(), rel=0.06)
    grown = from_masks(rgb, (drawing.nuclei[0] + 5 * drawing.nuclei[1]).astype(np.int32), None)
    for one, nucleus, cell in zip(grown.cells, drawing.nuclei, drawing.cells, strict=True):
        assert one.cell.nucleus.sum() == nucleus.sum()
        assert one.cell.cell.sum() == pytest.approx(cell.sum(), rel=0.1)
