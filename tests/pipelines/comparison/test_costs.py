"""The cost of a cell: which images count, and what is returned without any."""

from __future__ import annotations

import numpy as np
import pytest
from support.files.synthetic_folders import png
from support.tables.onnx_models import plane_means

from data.synthetic import synthetic_cell
from pipelines.comparison.costs import measure_cost
from pipelines.measurement.network import choose_network
from pipelines.measurement.settings import ReadingSettings

COLUMNS = ("Nuclei_AreaShape_Area", "Cells_Intensity_Mean_Gray")


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    path = tmp_path_factory.mktemp("network") / "means.onnx"
    path.write_bytes(plane_means())
    return choose_network(str(path))


def test_images_that_cannot_be_read_are_skipped(tmp_path, network):
    paths = [tmp_path / name for name in ("0.png", "1.png", "2.png")]
    paths[0].write_bytes(b"no image")
    for number, path in enumerate(paths[1:]):
        cell = synthetic_cell(np.random.default_rng(number), label="normal", size=64)
        path.write_bytes(png(cell.rgb))
    cost = measure_cost(paths, COLUMNS, network, ReadingSettings(source="crop"))
    assert cost is not None
    assert cost.cells == 2
    assert min(cost.finding, cost.handcrafted, cost.embedding) >= 0
    assert cost.megabytes > 1


def test_without_a_cell_there_is_no_cost(tmp_path, network):
    path = tmp_path / "broken.png"
    path.write_bytes(b"no image")
    assert measure_cost([path], COLUMNS, network, ReadingSettings()) is None
    large = tmp_path / "large.png"
    large.write_bytes(png(np.full((64, 64, 3), 200, np.uint8)))
    assert measure_cost([large], COLUMNS, network, ReadingSettings(max_pixels=10)) is None
