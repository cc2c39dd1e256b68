"""Crops: drawn cells with known masks, given masks, quality flags, and images without a cell."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from support.cells.drawn_cells import CHROMATIN, PLASMA, SLIDE, Drawing, crop_drawing, dice

from features.errors import CellError
from features.segmentation.segment import FoundCell, Segmentation, from_masks, segment


def masks(found: Segmentation) -> tuple[np.ndarray, np.ndarray]:
    labels = found.labels()
    return labels == 255, labels > 0


def only(found: Segmentation) -> FoundCell:
    assert len(found.cells) == 1
    return found.cells[0]


@pytest.mark.parametrize(
    ("nucleus", "cell"), [(20, 26), (24, 44), (35, 38), (35, 45), (45, 52), (30, 55)]
)
def test_areas_and_their_ratio_equal_those_of_the_drawing(nucleus, cell):
    drawing = crop_drawing(nucleus=nucleus, cell=cell)
    found = only(segment(drawing.photograph()))
    assert found.cell.nucleus.sum() == pytest.approx(drawing.nuclei[0].sum(), rel=0.06)
    assert found.cell.cell.sum() == pytest.approx(drawing.cells[0].sum(), rel=0.06)
    ratio = found.cell.nucleus.sum() / found.cell.cell.sum()
    assert ratio == pytest.approx(drawing.nuclei[0].sum() / drawing.cells[0].sum(), rel=0.06)


@pytest.mark.parametrize("light", [0.6, 0.8, 1.0, 1.2])
def test_the_masks_do_not_depend_on_the_exposure(light):
    drawing = crop_drawing()
    nucleus, cell = masks(segment(drawing.photograph(light=light)))
    assert dice(nucleus, drawing.nuclei[0]) > 0.97
    assert dice(cell, drawing.cells[0]) > 0.97


@pytest.mark.parametrize("lobes", [2, 3, 4])
def test_separate_lobes_are_one_nucleus(lobes):
    drawing = Drawing(200, 200)
    angles = np.arange(lobes) * 2 * np.pi / lobes + 0.4
    discs = [(100 + 24 * np.sin(angle), 100 + 24 * np.cos(angle), 13) for angle in angles]
    drawing.red_cell(30, 40, 28)
    drawing.red_cell(160, 170, 28)
    drawing.cell(discs, (100, 100, 50))
    found = segment(drawing.photograph(), source="crop", red_cell=56)
    nucleus, cell = masks(found)
    assert dice(nucleus, drawing.nuclei[0]) > 0.93
    assert dice(cell, drawing.cells[0]) > 0.97
    assert not only(found).quality.two_nuclei


def test_the_central_cell_is_segmented_and_not_a_larger_neighbour():
    drawing = Drawing(220, 220)
    drawing.cell([(40, 30, 34)], (40, 30, 40))
    drawing.cell([(115, 112, 26)], (115, 112, 34))
    found = only(segment(drawing.photograph()))
    assert found.centroid == pytest.approx((115, 112), abs=1.5)
    assert found.cell.cell.sum() == pytest.approx(drawing.cells[1].sum(), rel=0.06)


def test_a_cell_is_cropped_with_a_margin_and_has_its_origin():
    rgb = crop_drawing().photograph()
    found = segment(rgb)
    cell = only(found).cell
    top, left = cell.origin
    rows, cols = cell.cell.shape
    np.testing.assert_array_equal(cell.rgb, rgb[top : top + rows, left : left + cols])
    assert not cell.cell[0].any()
    assert cell.cell[1].any()
    assert not cell.cell[:, -1].any()
    assert cell.cell[:, -2].any()
    assert set(np.unique(found.labels())) == {0, 128, 255}
    assert found.labels().shape == found.shape == rgb.shape[:2]


def test_the_same_image_gives_the_same_masks():
    rgb = crop_drawing().photograph()
    np.testing.assert_array_equal(segment(rgb).labels(), segment(rgb.copy()).labels())


def test_the_pixel_size_is_passed_to_the_cells():
    found = segment(crop_drawing().photograph(), pixel_size=0.25)
    assert only(found).cell.pixel_size == 0.25


def test_the_mask_of_a_cell_on_black_is_all_that_is_not_black():
    drawing = crop_drawing(nucleus=35, cell=45)
    rgb = drawing.photograph()
    rgb[~drawing.cells[0]] = 0
    found = segment(rgb)
    nucleus, cell = masks(found)
    assert found.source == "crop"
    assert dice(cell, drawing.cells[0]) > 0.98
    assert dice(nucleus, drawing.nuclei[0]) > 0.93


def test_a_thin_appendage_of_a_cell_on_black_is_removed():
    drawing = crop_drawing(nucleus=35, cell=45)
    rgb = drawing.photograph()
    rgb[~drawing.cells[0]] = 0
    rgb[98:101, 150:195] = (150, 110, 120)
    assert dice(masks(segment(rgb))[1], drawing.cells[0]) > 0.98


def blurred(rgb: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(rgb, (0, 0), 9)


def border() -> np.ndarray:
    return crop_drawing().photograph()[:, 62:]


def overexposed() -> np.ndarray:
    return crop_drawing().photograph(light=2.2)


def pair() -> np.ndarray:
    drawing = Drawing(200, 200)
    drawing.cell([(100, 74, 24), (100, 126, 24)], (100, 100, 54))
    return drawing.photograph()


@pytest.mark.parametrize(
    ("flag", "picture"),
    [
        ("touches_border", border),
        ("saturated", overexposed),
        ("out_of_focus", lambda: blurred(crop_drawing().photograph())),
    ],
)
def test_quality_flags_are_set_and_an_ordinary_cell_has_none(flag, picture):
    assert getattr(only(segment(picture(), source="crop")).quality, flag)
    plain = only(segment(crop_drawing().photograph())).quality
    assert not any(vars(plain).values())


def test_given_masks_get_quality_flags():
    rgb = pair()
    drawing = Drawing(200, 200)
    discs = drawing.disc(100, 74, 26) | drawing.disc(100, 126, 26)
    whole = drawing.disc(100, 74, 27) | drawing.disc(100, 126, 27)
    apart = discs.copy()
    apart[:, 99:102] = False
    assert only(from_masks(rgb, apart, whole)).quality.two_nuclei
    assert only(from_masks(rgb, whole, whole)).quality.no_cytoplasm
    assert only(from_masks(rgb, whole, whole, pixel_size=0.2)).cell.pixel_size == 0.2
    assert only(from_masks(rgb, np.zeros_like(whole), whole)).quality.no_nucleus


def test_given_masks_are_not_changed():
    drawing = crop_drawing()
    rgb, nucleus, cell = drawing.photograph(), drawing.nuclei[0], drawing.cells[0]
    seen = masks(from_masks(rgb, nucleus, cell))
    np.testing.assert_array_equal(seen[0], nucleus)
    np.testing.assert_array_equal(seen[1], cell)


def test_the_components_of_a_given_cell_mask_are_its_cells():
    drawing = Drawing(120, 240)
    drawing.cell([(60, 60, 20)], (60, 60, 30))
    drawing.cell([(60, 180, 24)], (60, 180, 30))
    nucleus, cell = np.any(drawing.nuclei, axis=0), np.any(drawing.cells, axis=0)
    found = from_masks(drawing.photograph(), nucleus, cell)
    assert found.source == "field"
    assert [round(one.centroid[1]) for one in found.cells] == [60, 180]
    assert [one.cell.nucleus.sum() for one in found.cells] == [one.sum() for one in drawing.nuclei]


def test_the_mask_that_is_not_given_is_found():
    drawing = crop_drawing()
    rgb, nucleus, cell = drawing.photograph(), drawing.nuclei[0], drawing.cells[0]
    grown = masks(from_masks(rgb, nucleus, None))
    np.testing.assert_array_equal(grown[0], nucleus)
    assert dice(grown[1], cell) > 0.97
    inner = masks(from_masks(rgb, None, cell))
    np.testing.assert_array_equal(inner[1], cell)
    assert dice(inner[0], nucleus) > 0.97


def noise() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (90, 90, 3), dtype=np.uint8)


def empty_slide() -> np.ndarray:
    return Drawing(120, 120).photograph()


def red_cells_only() -> np.ndarray:
    drawing = Drawing(160, 160)
    for row, col in ((40, 40), (110, 60), (70, 120)):
        drawing.red_cell(row, col, 26)
    return drawing.photograph(noise=0.5)


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (np.zeros((1, 1, 3), np.uint8), r"1 x 1 pixels; give at least 12 x 12"),
        (np.full((5, 5, 3), 90, np.uint8), r"5 x 5 pixels"),
        (np.zeros((0, 40, 3), np.uint8), r"0 x 40 pixels"),
        (np.zeros((80, 80, 3), np.uint8), r"blank: green runs from 0 to 0"),
        (np.full((80, 80, 3), 255, np.uint8), r"blank: green runs from 255 to 255"),
        (np.tile(np.array([90, 40, 120], np.uint8), (80, 80, 1)), r"blank: green runs from 40"),
        (np.zeros((80, 80), np.uint8), r"uint8 of shape \(80, 80\)"),
        (np.zeros((80, 80, 4), np.uint8), r"uint8 of shape \(80, 80, 4\)"),
        (np.zeros((80, 80, 3)), r"float64 of shape"),
    ],
)
@pytest.mark.parametrize("source", ["auto", "crop", "field"])
def test_an_image_without_a_cell_raises_an_error_with_the_reason(picture, reason, source):
    with pytest.raises(CellError, match=reason) as caught:
        segment(picture, source=source)
    assert caught.value.remedy


NO_CELLS = [noise(), empty_slide(), red_cells_only()]


@pytest.mark.parametrize("picture", NO_CELLS[1:], ids=["empty", "red cells"])
def test_a_crop_without_a_cell_raises_an_error(picture):
    with pytest.raises(CellError, match="no cell is in the middle of the crop") as caught:
        segment(picture, source="crop")
    assert caught.value.remedy


@pytest.mark.parametrize("source", ["auto", "field"])
@pytest.mark.parametrize("picture", NO_CELLS, ids=["noise", "empty", "red cells"])
def test_a_field_without_white_cells_has_none(picture, source):
    found = segment(picture, source=source)
    assert found.source == "field"
    assert found.cells == ()


@pytest.mark.parametrize(
    ("nucleus", "cell", "reason"),
    [
        (None, None, "the masks are empty"),
        (np.zeros((200, 200), bool), None, "the masks are empty"),
        (None, np.zeros((200, 200), bool), "the masks are empty"),
        (np.ones((200, 200), np.uint8), None, r"nucleus mask is uint8 of shape \(200, 200\)"),
        (None, np.ones((20, 200), bool), r"cell mask is bool of shape \(20, 200\)"),
    ],
)
def test_empty_masks_and_wrong_shapes_raise_an_error(nucleus, cell, reason):
    with pytest.raises(CellError, match=reason):
        from_masks(crop_drawing().photograph(), nucleus, cell)


def test_the_drawing_has_the_assumed_colours_and_areas():
    assert (SLIDE * np.exp(-CHROMATIN) < SLIDE * np.exp(-PLASMA)).all()
    drawing = crop_drawing(nucleus=35)
    assert drawing.nuclei[0].sum() == pytest.approx(np.pi * 35**2, rel=0.01)
