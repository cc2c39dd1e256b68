"""Thumbnails: the right cell, its outlines, bytes that do not depend on how work is divided."""

from __future__ import annotations

import hashlib

import cv2
import numpy as np
import pandas as pd
import pytest
from support.files.synthetic_folders import write_smear

from data.synthetic import synthetic_cell
from features import Cell
from features.segmentation.segment import segment
from models.errors import ModelError
from pipelines.extract import ExtractSettings, extract
from pipelines.measurement.thumbnail import SIDE, thumbnail
from pipelines.outputs import parquet_folder as dataset
from pipelines.outputs.thumbnails import read_thumbnails, thumbnails_path


def read(content):
    return cv2.cvtColor(cv2.imdecode(np.frombuffer(content, np.uint8), 1), cv2.COLOR_BGR2RGB)


def digests(path):
    files = sorted(path.glob("*")) if path.is_dir() else [path]
    return [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]


SCALE = {"source": "crop", "red_cell": 60}


@pytest.fixture(scope="module")
def smear(tmp_path_factory):
    return write_smear(tmp_path_factory.mktemp("smear"), subjects=2, cells=2)


@pytest.fixture(scope="module")
def extracted(smear, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "cells.parquet"
    return extract(smear, out, ExtractSettings(preset="minimal", jobs=2, **SCALE))


def test_a_row_for_each_cell_in_the_tables_order(smear, extracted):
    table = pd.read_parquet(extracted.table)
    side = pd.read_parquet(extracted.table.with_name("cells.thumbnails.parquet"))
    assert list(side.columns) == ["Metadata_Image", "Metadata_Cell", "JPEG"]
    keys = ["Metadata_Image", "Metadata_Cell"]
    pd.testing.assert_frame_equal(side[keys], table[keys])
    for name, picture in zip(side["Metadata_Image"], side["JPEG"], strict=True):
        rgb = cv2.cvtColor(cv2.imread(str(smear / name)), cv2.COLOR_BGR2RGB)
        assert picture == thumbnail(rgb, segment(rgb, source="crop", red_cell=60).cells[0].cell)


def test_the_bytes_do_not_depend_on_the_number_of_workers(smear, extracted, tmp_path):
    again = extract(
        smear, tmp_path / "cells.parquet", ExtractSettings(preset="minimal", jobs=1, **SCALE)
    )
    assert digests(thumbnails_path(again.table)) == digests(thumbnails_path(extracted.table))


def test_a_resumed_run_and_a_folder_have_equal_thumbnails(smear, extracted, tmp_path, monkeypatch):
    monkeypatch.setattr(dataset, "IMAGES", 3)
    first = extract(smear, tmp_path / "cells.parquet", ExtractSettings(preset="minimal", **SCALE))
    expected = read_thumbnails(extracted.table)
    thumbnails_path(first.table).unlink()
    second = extract(smear, tmp_path / "cells.parquet", ExtractSettings(preset="minimal", **SCALE))
    assert second.reused == len(second.results)
    assert read_thumbnails(second.table) == expected
    # Its side file takes the place.
    folder = extract(smear, tmp_path / "cells", ExtractSettings(preset="minimal", **SCALE))
    assert sorted(path.name for path in thumbnails_path(folder.table).iterdir()) == [
        "part-000000.parquet",
        "part-000001.parquet",
    ]
    assert read_thumbnails(folder.table) == expected
    third = extract(smear, tmp_path / "cells.parquet", ExtractSettings(preset="minimal", **SCALE))
    assert thumbnails_path(third.table).is_file()
    assert not list(tmp_path.glob(".*.new"))


def test_only_the_wanted_cells_are_read_and_none_without_the_file(extracted, tmp_path):
    every = read_thumbnails(extracted.table)
    key = min(every)
    assert read_thumbnails(extracted.table, [key, ("gone.png", 1)]) == {key: every[key]}
    assert read_thumbnails(tmp_path / "cells.parquet") == {}


def test_another_file_with_this_name_is_an_error(tmp_path):
    (tmp_path / "cells.thumbnails.parquet").write_bytes(b"words")
    with pytest.raises(ModelError, match="does not hold the thumbnails"):
        read_thumbnails(tmp_path / "cells.parquet")


@pytest.mark.parametrize("size", [40, 160, 700])
def test_both_outlines_are_drawn_around_the_cell(size):
    made = synthetic_cell(np.random.default_rng(1), label="blast", size=size)
    picture = read(thumbnail(made.rgb, Cell(made.rgb, made.nucleus, made.cell).trimmed()))
    assert max(picture.shape[:2]) == SIDE
    red, green, blue = picture.astype(int).transpose(2, 0, 1)
    yellow, cyan = (green - blue > 60) & (red > 150), green - red > 60
    for line, least in ((yellow, 0.4), (cyan, 0.3)):
        rows, cols = np.nonzero(line)
        assert len(rows) > 60
        assert np.ptp(rows) > least * SIDE
        assert np.ptp(cols) > least * SIDE


def test_cells_at_a_corner_and_of_odd_shapes_are_drawn():
    rgb = np.full((30, 400, 3), 128, np.uint8)
    mask = np.zeros((30, 400), bool)
    mask[:1, :] = True
    cell = Cell(rgb, np.zeros_like(mask), mask).trimmed(0)
    assert max(read(thumbnail(rgb, cell)).shape[:2]) == SIDE
