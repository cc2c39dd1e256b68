"""Drawn fields: the truth fits the picture of every camera; the same seed, the same bytes."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
import scipy.ndimage as ndi

from data.drawn_fields.camera import Camera, Stain
from data.drawn_fields.cameras import CAMERAS, random_camera
from data.drawn_fields.content import TYPES, FieldContent, random_content
from data.drawn_fields.draw import draw_field

RICH = FieldContent(
    5, clusters=(4,), smudges=2, platelets=10, clumps=1, precipitates=3, crowding=0.4
)
EMPTY = FieldContent(0, platelets=6, crowding=0.4)


@pytest.fixture(scope="module")
def rich():
    return [draw_field(seed, content=RICH, camera=Camera(red_cell=28)) for seed in range(4)]


def random_field(seed):
    rng = np.random.default_rng(seed)
    camera = random_camera(rng)
    shape = (int(rng.integers(120, 400)), int(rng.integers(120, 400)))
    content = random_content(rng, shape, camera.red_cell)
    return draw_field(seed, shape=shape, content=content, camera=camera)


def white_cells(field):
    return [k for k, one in enumerate(field.objects, 1) if one.kind == "white cell"]


def density(field):
    """Return the optical density of green against the bright part of the field."""
    green = np.maximum(field.rgb[..., 1].astype(float), 1)
    return np.log(np.percentile(green, 95) / green)


@pytest.mark.parametrize("seed", range(12))
def test_the_truth_is_consistent(seed):
    field = random_field(seed)
    assert field.rgb.dtype == np.uint8
    assert field.rgb.shape == (*field.cells.shape, 3) == (*field.nuclei.shape, 3)
    assert set(np.unique(field.cells)) - {0} == set(range(1, len(field.objects) + 1))
    with_nucleus = field.nuclei > 0
    assert (field.nuclei[with_nucleus] == field.cells[with_nucleus]).all()
    for number, (one, found) in enumerate(
        zip(field.objects, ndi.find_objects(field.cells), strict=True), 1
    ):
        (rows, cols) = found
        assert one.box == (cols.start, rows.start, cols.stop, rows.stop)
        if one.kind in ("platelet", "precipitate"):
            assert not (field.nuclei == number).any()
        if one.complete and one.kind == "white cell":
            assert (field.nuclei == number).any()
            assert one.variety in TYPES


@pytest.mark.parametrize("kind", ["white cell", "smudge", "platelet", "precipitate"])
def test_each_kind_is_darker_than_the_empty_field(rich, kind):
    drawn = [
        density(field)[field.cells == number].mean()
        for field in rich
        for number, one in enumerate(field.objects, 1)
        if one.kind == kind
    ]
    assert len(drawn) >= 4
    assert min(drawn) > 0.1


def test_nuclei_are_darker_than_cytoplasm_and_red_cells(rich):
    for field in rich:
        dark = density(field)
        white = np.isin(field.cells, white_cells(field))
        nucleus = dark[white & (field.nuclei > 0)].mean()
        assert nucleus > 2 * dark[white & (field.nuclei == 0)].mean()
        assert nucleus > 2 * dark[field.red_cells & (field.cells == 0)].mean()
        assert dark[~field.red_cells & (field.cells == 0)].mean() < 0.1


def test_a_cluster_touches_and_each_cell_keeps_its_nucleus():
    content = FieldContent(0, clusters=(5,), platelets=0, crowding=0.2, edges=False)
    for seed in range(5):
        field = draw_field(seed, content=content, camera=Camera(red_cell=30))
        assert len(white_cells(field)) == 5
        assert ndi.label(field.cells > 0)[1] == 1
        for number in white_cells(field):
            least = 0.5 if field.objects[number - 1].variety == "blast" else 0.15
            assert (field.nuclei == number).sum() > least * (field.cells == number).sum()


@pytest.mark.parametrize("cell_type", TYPES)
def test_only_granulocytes_have_nuclei_of_several_parts(cell_type):
    content = FieldContent(3, types=(cell_type,), platelets=0, crowding=0.2, edges=False)
    field = draw_field(5, content=content, camera=Camera(red_cell=60))
    assert {one.variety for one in field.objects} == {cell_type}
    most = {"neutrophil": 5, "eosinophil": 3, "basophil": 3}.get(cell_type, 1)
    for number in white_cells(field):
        assert 1 <= ndi.label(field.nuclei == number)[1] <= most


def test_the_same_seed_gives_the_same_bytes():
    one, two = (draw_field(3, content=RICH, shape=(200, 300)) for _ in range(2))
    assert (one.rgb == two.rgb).all()
    assert (one.cells == two.cells).all()
    assert one.objects == two.objects
    other = draw_field(4, content=RICH, shape=(200, 300))
    assert (one.rgb != other.rgb).any()


def test_a_camera_changes_the_picture_but_not_the_truth():
    plain = draw_field(6, content=RICH, camera=Camera(red_cell=28))
    for name, named in CAMERAS.items():
        camera = replace(named, red_cell=28)
        field = draw_field(6, content=RICH, camera=camera)
        if camera != plain.camera:
            assert (field.rgb != plain.rgb).mean() > 0.2, name
        if camera.disc is None:
            assert (field.cells == plain.cells).all(), name
            assert (field.nuclei == plain.nuclei).all(), name
            assert field.objects == plain.objects, name


def test_nothing_is_visible_outside_the_disc():
    camera = replace(CAMERAS["eyepiece disc"], noise=0.0)
    field = draw_field(1, content=RICH, camera=camera)
    row, col = np.ogrid[:480, :640]
    outside = np.hypot(row - 239.5, col - 319.5) > camera.disc * 240
    assert not field.cells[outside].any()
    far = np.hypot(row - 239.5, col - 319.5) > camera.disc * 240 + 8
    assert field.rgb[far].max() < 12
    cut = [one for one in field.objects if not one.complete]
    assert any(min(one.box) > 0 and one.box[2] < 640 and one.box[3] < 480 for one in cut)


def test_a_cell_at_the_border_is_not_complete(rich):
    seen = set()
    for field in rich:
        for one in field.objects:
            left, top, right, bottom = one.box
            inside = left > 0 and top > 0 and right < 640 and bottom < 480
            assert one.complete or not inside
            seen.add(one.complete)
    assert seen == {True, False}


def test_a_field_can_be_without_white_cells():
    for seed in range(5):
        field = draw_field(seed, content=EMPTY)
        assert white_cells(field) == []
        assert {one.kind for one in field.objects} == {"platelet"}
        assert field.red_cells.mean() > 0.15


def mean_level(field):
    return field.rgb.mean(axis=(0, 1))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"light": (0.3, 0.3, 0.3)}, lambda one, two: (two < 0.5 * one).all()),
        ({"stain": Stain(strength=0.3)}, lambda one, two: (two > one + 3).all()),
        ({"haze": 0.8}, lambda one, two: (two > one + 3).all()),
        ({"vignette": (0.5, 0.5, 0.5)}, lambda one, two: (two < 0.9 * one).all()),
        ({"glare": 0.5, "light": (0.5, 0.5, 0.5)}, lambda one, two: (two < one).all()),
    ],
)
def test_brightness_follows_the_camera(change, expected):
    one, two = (draw_field(2, camera=camera) for camera in (Camera(), Camera(**change)))
    assert expected(mean_level(one), mean_level(two))


@pytest.mark.parametrize("red_cell", [16.0, 40.0, 90.0])
def test_the_scale_is_the_diameter_of_red_cells(red_cell):
    content = FieldContent(0, platelets=0, crowding=0.12, overlap=0.0, pallor=0.0)
    field = draw_field(2, content=content, camera=Camera(red_cell=red_cell))
    labels, count = ndi.label(ndi.binary_fill_holes(field.red_cells))
    boxes = ndi.find_objects(labels)
    inner = [
        rows.stop - rows.start
        for rows, cols in boxes
        if rows.start > 0 and cols.start > 0 and rows.stop < 480 and cols.stop < 640
    ]
    assert count > 2
    assert np.median(inner) == pytest.approx(red_cell, rel=0.25)


def test_random_cameras_and_contents_differ():
    rngs = [np.random.default_rng(seed) for seed in range(60)]
    cameras = [random_camera(rng) for rng in rngs]
    for field in fields(Camera):
        values = {repr(getattr(camera, field.name)) for camera in cameras}
        assert len(values) > 1, field.name
    contents = [random_content(rng, (480, 640), 40.0) for rng in rngs]
    assert any(not content.white_cells and not content.clusters for content in contents)
    assert any(content.clusters for content in contents)
    assert any(content.smudges for content in contents)


@pytest.mark.parametrize(("shape", "red_cell"), [((15, 300), 40.0), ((300, 300), 5.0)])
def test_a_field_that_is_too_small_is_refused(shape, red_cell):
    with pytest.raises(ValueError, match="give at least 16 x 16 and 6"):
        draw_field(0, shape=shape, camera=Camera(red_cell=red_cell))
