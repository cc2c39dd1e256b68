"""Image variants: one property is removed, all others stay."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from support.files.synthetic_folders import png, write_smear

from data.errors import DataError
from data.synthetic import synthetic_cell
from features.colour.standardisation import background_colour
from features.segmentation.segment import segment
from models.errors import ModelError
from pipelines.extract import ExtractSettings, extract
from pipelines.validation.image_variants import JITTER, jitter_stain, shuffle_pixels, to_grey
from pipelines.validation.remeasure import PixelAuditSettings, remeasure
from pipelines.workers.settings import RunSettings

COLUMNS = (
    "Cells_AreaShape_Area",
    "Nuclei_Intensity_Mean_Gray",
    "Nuclei_Intensity_Mean_bstar",
    "Nuclei_Texture_Contrast_Gray_d1_32_mean",
)


@pytest.fixture(scope="module")
def picture():
    rgb = synthetic_cell(np.random.default_rng(5), label="normal", size=120).rgb
    return rgb, segment(rgb)


def rng():
    return np.random.default_rng(0)


def test_a_grey_image_has_no_colour_and_the_same_luma(picture):
    rgb, found = picture
    without = to_grey(rgb, found, rng())
    assert (without == without[..., :1]).all()
    assert (without[..., 0] == cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)).all()


def test_shuffling_keeps_the_pixels_of_each_compartment_and_the_rest(picture):
    rgb, found = picture
    mixed = shuffle_pixels(rgb, found, rng())
    labels = found.labels()
    assert (mixed[labels == 0] == rgb[labels == 0]).all()
    for level in (128, 255):
        before, after = rgb[labels == level], mixed[labels == level]
        assert (before != after).any()
        assert sorted(map(tuple, before)) == sorted(map(tuple, after))


def test_jitter_scales_the_density_of_each_channel_but_not_of_the_slide(picture):
    rgb, found = picture
    changed = jitter_stain(rgb, found, rng()).astype(float)
    slide = background_colour(rgb)
    inside = found.labels() == 255
    gains = []
    for channel in range(3):
        density = np.log((slide[channel] + 1) / (rgb[..., channel][inside] + 1.0))
        other = np.log((slide[channel] + 1) / (changed[..., channel][inside] + 1.0))
        gains.append(float(np.median(other / density)))
        assert np.abs(other - gains[-1] * density).max() < 0.05
    assert all(1 / JITTER < gain < JITTER for gain in gains)
    assert len({round(gain, 2) for gain in gains}) == 3
    empty = np.full((20, 20, 3), slide, np.uint8)
    assert (jitter_stain(empty, found, rng()) == empty).all()


@pytest.fixture(scope="module")
def extracted(tmp_path_factory):
    folder = write_smear(tmp_path_factory.mktemp("smear"), subjects=2, cells=3)
    out = tmp_path_factory.mktemp("out") / "cells.parquet"
    extract(folder, out, ExtractSettings(features=COLUMNS, stain="none", jobs=2))
    return folder, pd.read_parquet(out), json.loads(out.with_suffix(".json").read_text("utf-8"))


def test_unchanged_properties_are_measured_as_in_the_table(extracted):
    _, table, sidecar = extracted
    rows = table.iloc[[4, 1, 2]]
    columns = COLUMNS[::-1]
    again = remeasure(PixelAuditSettings(sidecar, None, 9), rows, columns, RunSettings())
    assert (again.rows.tolist(), again.missed) == ([0, 1, 2], "")
    values = rows[list(columns)].to_numpy()
    texture, blue, mean, area = range(4)
    for name, found in again.features.items():
        assert (found[:, area] == values[:, area]).all(), name
    assert (again.features["grey"][:, mean] == values[:, mean]).all()
    assert again.features["grey"][:, blue] == pytest.approx(0.0)
    assert (again.features["grey"][:, texture] == values[:, texture]).all()
    assert again.features["shuffled"][:, [blue, mean]] == pytest.approx(values[:, [blue, mean]])
    assert (again.features["shuffled"][:, texture] > 1.3 * values[:, texture]).all()
    assert (again.features["jittered"][:, mean] != values[:, mean]).all()
    twice = remeasure(PixelAuditSettings(sidecar, None, 9), rows, columns, RunSettings(jobs=2))
    for name, found in again.features.items():
        np.testing.assert_array_equal(found, twice.features[name])


def test_changed_and_missing_images_are_left_out_with_a_reason(extracted, tmp_path):
    folder, table, sidecar = extracted
    moved = tmp_path / "moved"
    shutil.copytree(folder, moved)
    first, second = table["Metadata_Image"][:2]
    (moved / first).write_bytes(png(np.full((90, 90, 3), 200, np.uint8)))
    (moved / second).unlink()
    again = remeasure(PixelAuditSettings(sidecar, moved, 9), table, COLUMNS, RunSettings())
    assert again.rows.tolist() == [2, 3, 4, 5]
    assert first in again.missed
    assert "has changed" in again.missed


@pytest.mark.parametrize("way", ["flat", "deeper", "manifest"])
def test_images_under_other_names_are_found_by_file_name_and_checksum(extracted, tmp_path, way):
    folder, table, sidecar = extracted
    moved = tmp_path / "moved"
    files = sorted(folder.rglob("*.png"))
    places = {file: file.relative_to(folder) for file in files}
    if way != "manifest":
        places = {
            file: Path(file.name) if way == "flat" else "a" / place / f"b/{file.name}"
            for file, place in places.items()
        }
    for file, place in places.items():
        (moved / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, moved / place)
    # A file of the same name with other bytes is another image.
    (moved / "0" / files[0].name).parent.mkdir()
    (moved / "0" / files[0].name).write_bytes(png(np.full((90, 90, 3), 200, np.uint8)))
    given = moved
    if way == "manifest":
        given = tmp_path / "lists" / "m.csv"
        given.parent.mkdir()
        names = [f"../moved/{place.as_posix()}" for place in places.values()]
        given.write_text("\n".join(["image", *names]), "utf-8")
    again = remeasure(PixelAuditSettings(sidecar, given, 9), table, COLUMNS, RunSettings())
    assert (again.rows.tolist(), again.missed) == ([*range(len(table))], "")


def test_missing_images_and_tables_without_images_are_refused(extracted, tmp_path):
    _, table, sidecar = extracted
    with pytest.raises(DataError, match="does not exist"):
        remeasure(PixelAuditSettings(sidecar, tmp_path / "gone", 9), table, COLUMNS, RunSettings())
    with pytest.raises(ModelError, match="names no images; name their present place with --images"):
        remeasure(
            PixelAuditSettings({**sidecar, "input": {}}, None, 9), table, COLUMNS, RunSettings()
        )
    bare = table.drop(columns="Metadata_SHA256")
    with pytest.raises(ModelError, match="has no Metadata_SHA256"):
        remeasure(PixelAuditSettings(sidecar, None, 9), bare, COLUMNS, RunSettings())


def test_another_version_of_a_feature_is_refused(extracted):
    _, table, sidecar = extracted
    records = {**sidecar["columns"], COLUMNS[0]: {**sidecar["columns"][COLUMNS[0]], "version": 0}}
    with pytest.raises(ModelError, match="holds version 0 of Cells_AreaShape_Area"):
        remeasure(
            PixelAuditSettings({**sidecar, "columns": records}, None, 9),
            table,
            COLUMNS,
            RunSettings(),
        )
