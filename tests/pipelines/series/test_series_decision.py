"""What images share: decided by what most of a sample show, the same however it is divided."""

from __future__ import annotations

from itertools import pairwise
from math import inf
from pathlib import Path

import pytest

import pipelines.series.decision as deciding
from data.files.entries import Entry, Listing
from features.segmentation.crop_or_field import ImageEvidence
from pipelines.measurement.series import Series
from pipelines.measurement.settings import ReadingSettings
from pipelines.series.decision import decide_series
from pipelines.series.sample import SampledImage, spread
from pipelines.workers.settings import RunSettings

SHAPE = (480, 640)


def crop(red_cell: float = 70.0) -> ImageEvidence:
    return ImageEvidence(red_cell, 16.0, 0.02, 1)


def field(red_cell: float = 70.0) -> ImageEvidence:
    return ImageEvidence(red_cell, 300.0, 0.02, 4)


@pytest.fixture
def decide(monkeypatch):
    """Decide for images of which the evidence, and perhaps the shape, is known by name."""
    sampled = []

    def decision(images, *, shapes=None, reading=None, **entries):
        def examine(_sampler, chosen, _run, _progress):
            sampled.extend(entry.name for entry in chosen)
            return [
                SampledImage(entry, (shapes or {}).get(entry.name, SHAPE), images[entry.name])
                for entry in chosen
                if images[entry.name] != "unusable"
            ]

        monkeypatch.setattr(deciding, "examine", examine)
        listed = tuple(Entry(name, name, **entries) for name in sorted(images))
        listing = Listing(Path(), "flat folder", listed)
        return decide_series(listing, reading or ReadingSettings(), RunSettings())

    decision.sampled = sampled
    return decision


def named(count: int, what, folder: str = "") -> dict[str, ImageEvidence]:
    return {f"{folder}{what.__name__}{number:03d}.png": what() for number in range(count)}


@pytest.mark.parametrize(
    ("crops", "fields", "source", "doubts"),
    [
        (30, 0, "crop", 0),
        (0, 30, "field", 0),
        (27, 3, "crop", 0),
        (26, 4, "field", 1),
        (15, 15, "field", 1),
        (3, 27, "field", 0),
    ],
)
def test_nine_of_ten_images_decide_for_all(decide, crops, fields, source, doubts):
    done = decide(named(crops, crop) | named(fields, field))
    assert done.series.source == source
    assert len(done.warnings) == doubts
    assert done.lines[0].startswith(f"{source}: ")
    assert all("--source" in words and "crop000.png" in words for words in done.warnings)


def test_the_evidence_is_in_the_line(decide):
    done = decide(named(30, field))
    assert done.lines == (
        "field: 30 of 30 sampled images are large (quartiles 300 to 300 squares of a red cell's"
        " diameter) or have no cell in the middle",
        "a red cell has 70 pixels (30 images, quartiles 70 to 70)",
    )
    assert done.record()["evidence"] == list(done.lines)


def test_folders_that_differ_are_decided_each(decide):
    images = named(20, crop, "cells/") | named(20, field, "slides/a/") | named(2, crop, "slides/b/")
    images |= {f"slides/b/{name}": one for name, one in named(2, field).items()}
    done = decide(images)
    assert dict(done.series.folders) == {
        "cells": "crop",
        "slides/a": "field",
        "slides/b": "field",
    }
    (words,) = done.warnings
    assert "slides/b are 2 crops" in words
    assert "2 fields" in words
    reading = ReadingSettings(series=done.series)
    for name, source in (("cells/x.png", "crop"), ("cells/more/x.png", "crop"), ("y.png", "auto")):
        assert reading.of_image(Entry(name, name)).source == source


def test_many_folders_are_decided_by_their_first_folder(decide):
    images = {}
    for number in range(15):
        images |= named(3, crop, f"cells/{number:02d}/") | named(3, field, f"slides/{number:02d}/")
    assert dict(decide(images).series.folders) == {"cells": "crop", "slides": "field"}


@pytest.mark.parametrize(
    ("diameters", "expected"),
    [
        ([70.0] * 10, 70.0),
        ([71.84, 71.84, 71.84], 71.8),
        ([60, 70, 80, 70, 69, 71, 72], 70.0),
        ([40, 40, 80, 80, 60, 40, 80], None),
        ([70] * 9 + [200], 70.0),
    ],
)
def test_a_scale_is_shared_if_the_quartiles_are_near_the_median(decide, diameters, expected):
    images = {f"{number}.png": field(one) for number, one in enumerate(diameters)}
    done = decide(images)
    assert done.series.red_cell_of((640, 480, 3)) == expected
    assert done.series.red_cell_of((99, 99, 3)) is None
    assert any("each image measures its own" in line for line in done.lines) == (expected is None)


def test_images_of_another_scale_are_named(decide):
    images = named(20, field) | {"odd.png": field(112.0)}
    (words,) = decide(images).warnings
    assert "in 1 of 21 sampled images" in words
    assert "odd.png (112 pixels)" in words


def test_images_of_another_shape_have_another_scale(decide):
    images = {f"{number:02d}.png": field(50.0 if number < 5 else 90.0) for number in range(10)}
    shapes = {f"{number:02d}.png": (1000, 1200) for number in range(5)}
    images |= {"x.png": field(30.0)}
    shapes |= {"x.png": (200, 200)}
    series = decide(images, shapes=shapes).series
    assert series.scales == ((SHAPE, 90.0), ((1000, 1200), 50.0))
    assert series.other_scale is None


def test_cells_cut_out_one_by_one_share_a_scale_though_each_has_its_own_shape(decide):
    images = named(9, crop)
    shapes = {name: (100 + number, 120) for number, name in enumerate(images)}
    done = decide(images, shapes=shapes)
    assert (done.series.scales, done.series.other_scale) == ((), 70.0)
    assert done.lines[1] == "a red cell has 70 pixels (9 images, quartiles 70 to 70)"


def test_the_shared_scale_decides_what_is_small(decide):
    """The cell of a crop is measured where it shows no red cell: not as large as it seems."""
    images = {f"{n}.png": ImageEvidence(40.0, 40.0, 0.02, 1) for n in range(8)}
    images |= {f"a{n}.png": ImageEvidence(20.0, 160.0, 0.02, 1) for n in range(2)}
    assert decide(images).series.source == "crop"


def test_small_images_without_an_object_do_not_decide(decide):
    nothing = {f"pale{number}.png": ImageEvidence(70.0, 16.0, inf, 0) for number in range(9)}
    assert decide(named(9, crop) | nothing).series.source == "crop"
    assert decide(named(9, field) | nothing).series.source == "field"
    assert decide(nothing).series.source == "auto"
    large = {f"empty{number}.png": ImageEvidence(70.0, 300.0, inf, 0) for number in range(9)}
    assert decide(large).series.source == "field"


def test_cells_on_black_are_crops_without_a_scale(decide):
    series = decide(dict.fromkeys(named(12, crop))).series
    assert series == Series(source="crop")


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_images_decide_for_themselves(decide, count):
    assert decide(named(count, field)).series == Series()
    assert decide.sampled == []
    broken = named(count, field) | dict.fromkeys(named(9, crop), "unusable")
    assert decide(broken).series == Series()


@pytest.mark.parametrize(
    ("reading", "source", "red_cell"),
    [
        ({"source": "crop"}, "auto", 70.0),
        ({"red_cell": 31.0}, "field", None),
        ({"pixel_size": 0.1}, "field", None),
    ],
)
def test_what_the_user_states_is_not_decided(decide, reading, source, red_cell):
    series = decide(named(9, field), reading=ReadingSettings(**reading)).series
    assert (series.source, series.red_cell_of(SHAPE)) == (source, red_cell)


def test_no_image_is_sampled_if_everything_is_stated(decide):
    stated = ReadingSettings(source="field", red_cell=30.0)
    assert decide(named(9, field), reading=stated).series == Series()
    assert decide(named(9, field), reading=ReadingSettings(red_cell=9.0), source="crop").lines == ()
    assert decide(named(9, field), mask_place="mask.png").lines == ()
    assert decide.sampled == []


def test_a_data_set_states_the_source_and_the_sample_the_scale(decide):
    done = decide(named(9, field), source="field")
    assert done.series == Series(scales=((SHAPE, 70.0),))
    assert done.lines == ("a red cell has 70 pixels (9 images, quartiles 70 to 70)",)


def test_the_sample_is_spread_over_the_listing(decide):
    images = named(1000, field)
    decide(images)
    assert len(decide.sampled) == 48
    places = [sorted(images).index(name) for name in decide.sampled]
    assert places[0] == 0
    assert {20, 21} == {after - before for before, after in pairwise(places)}
    assert spread("abc", 48) == ["a", "b", "c"]


@pytest.mark.parametrize(
    "series",
    [
        Series(),
        Series("crop", (("a", "field"),), ((SHAPE, 70.0), ((9, 9), None)), 31.5),
    ],
)
def test_a_sidecar_holds_the_decision(series):
    assert Series.from_record(series.record()) == series
    assert Series.from_record(None) == Series()
