"""Embeddings from image to table, model and prediction, with networks of known answers."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from support.files.synthetic_folders import png, write_smear
from support.tables.onnx_models import (
    class_scores,
    needs_lite0,
    needs_onnxruntime,
    plane_means,
    write_model,
)

from cli import main
from features.embedding.embedding_columns import Embedding, cell_window, embed, view_images
from features.embedding.network import Network
from features.embedding.network_input import Preprocessing
from features.segmentation.segment import Segmentation, from_masks

pytestmark = needs_onnxruntime
SETTINGS = Preprocessing(4, 4, (0.2, 0.4, 0.6), (1.0, 1.0, 1.0), "RGB", "pad", "values")
TINY = Embedding("tiny", "0" * 64, 3, SETTINGS)


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def field(seed: int = 0) -> np.ndarray:
    """A bright field with three cells, one of them at the rim."""
    row, col = np.mgrid[:300, :400]
    rgb = np.full((300, 400, 3), (235, 228, 232), dtype=np.uint8)
    for centre_row, centre_col in ((90, 100), (200, 250), (40, 385)):
        away = np.hypot(row - centre_row, col - centre_col)
        rgb[away < 34] = (190, 170, 210)
        rgb[away < 25] = (95, 60, 140)
    noise = np.random.default_rng(seed).integers(-6, 7, rgb.shape)
    return np.clip(rgb + noise, 0, 255).astype(np.uint8)


def segmented() -> Segmentation:
    """The three cells of `field`."""
    row, col = np.mgrid[:300, :400]
    away = np.min(
        [np.hypot(row - r, col - c) for r, c in ((90, 100), (200, 250), (40, 385))], axis=0
    )
    return from_masks(field(), away < 25, away < 34)


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return write_model(tmp_path_factory.mktemp("network"), plane_means())


@pytest.fixture(scope="module")
def smear(tmp_path_factory):
    folder = write_smear(tmp_path_factory.mktemp("smear") / "images", subjects=6, cells=3)
    rows = [
        f"{path.relative_to(folder).as_posix()},{path.parent.name},{path.name.split('_')[0]}"
        for path in sorted(folder.glob("*/*.png"))
    ]
    (folder / "list.csv").write_text("\n".join(["image,label,subject", *rows]), "utf-8")
    return folder / "list.csv"


@pytest.fixture(scope="module")
def table(smear, network, tmp_path_factory):
    out = tmp_path_factory.mktemp("table") / "cells.parquet"
    options = ("--preset", "minimal", "--embedding", network)
    assert run("extract", smear, "-o", out, *options).exit_code == 0
    return out


@pytest.fixture(scope="module")
def model(table, tmp_path_factory):
    out = tmp_path_factory.mktemp("model") / "model"
    options = ("--estimator", "logistic", "--folds", 2, "--repeats", 1)
    assert run("train", table, "-o", out, *options).exit_code == 0
    return out


def test_the_view_is_the_whole_crop_or_a_square_around_a_cell_of_a_field():
    found = segmented()
    assert len(found.cells) == 3
    for one in found.cells:
        rows, cols = cell_window(field(), one.cell, "field")
        assert 0 <= rows.start < rows.stop <= 300
        assert 0 <= cols.start < cols.stop <= 400
        if cols.stop < 400:  # the third is cut by the rim
            side = 2 * max(one.cell.cell.shape)
            assert rows.stop - rows.start == cols.stop - cols.start == pytest.approx(side, abs=1)
    assert cell_window(field(), found.cells[0].cell, "crop") == (slice(0, 300), slice(0, 400))


def test_the_cell_view_has_a_blank_background_and_the_image_view_its_own():
    rgb = field()
    cell = segmented().cells[1].cell
    masked, whole = view_images(rgb, cell, "field", TINY)
    box = cell_window(rgb, cell, "field")
    assert np.array_equal(whole, rgb[box])
    inside = np.zeros(rgb.shape[:2], dtype=bool)
    (top, left), (rows, cols) = cell.origin, cell.cell.shape
    inside[top : top + rows, left : left + cols] = cell.cell
    assert np.array_equal(masked[inside[box]], rgb[box][inside[box]])
    assert (masked[~inside[box]] == (51, 102, 153)).all()


def test_values_equal_the_network_output_for_each_view_of_each_cell():
    rgb = field()
    found = segmented()
    cells = [one.cell for one in found.cells]
    values = embed(Network(plane_means(), "tiny"), TINY, rgb, cells, found.source)
    assert values.shape == (3, 6)
    for cell, row in zip(cells, values, strict=True):
        shown = [
            SETTINGS.apply(one).mean(axis=(1, 2)) for one in view_images(rgb, cell, "field", TINY)
        ]
        assert row == pytest.approx(np.concatenate(shown), abs=1e-5)


def test_many_cells_are_run_in_small_batches(monkeypatch):
    rgb = field()
    cells = [segmented().cells[0].cell] * 37
    network, sizes = Network(plane_means(), "tiny"), []
    original = network.run
    monkeypatch.setattr(network, "run", lambda x, out: (sizes.append(len(x)), original(x, out))[1])
    assert embed(network, TINY, rgb, cells, "field").shape == (37, 6)
    assert max(sizes) <= 8
    assert sum(sizes) == 2 * 37
    assert embed(network, TINY, rgb, [], "field").shape == (0, 6)


def test_embedding_columns_follow_the_named_features_and_are_described(table):
    cells = pd.read_parquet(table)
    names = [name for name in cells if "Embedding" in name]
    views = ("Cells", "Image")
    assert names == [f"{view}_Embedding_tiny_{index:04d}" for view in views for index in range(3)]
    assert list(cells.columns[-6:]) == names
    assert cells[names].notna().all(axis=None)
    sidecar = json.loads(table.with_suffix(".json").read_bytes())
    assert sidecar["embedding"]["name"] == "tiny"
    assert len(sidecar["embedding"]["sha256"]) == 64
    assert sidecar["embedding"]["preprocessing"]["mean"] == [0.0, 0.0, 0.0]
    assert sidecar["columns"][names[0]]["family"] == "Embedding"
    assert [name for name in sidecar["columns"] if name in names] == names


def test_the_background_changes_the_image_view_only(tmp_path, network):
    rgb = field()[30:150, 40:160]
    row, col = np.mgrid[:120, :120]
    cell = np.hypot(row - 60, col - 60) < 34
    mask = np.where(np.hypot(row - 60, col - 60) < 25, 255, np.where(cell, 128, 0))
    values = []
    for name, level in (("a", 235), ("b", 120)):
        (tmp_path / name).mkdir()
        (tmp_path / f"{name}_masks").mkdir()
        picture = rgb.copy()
        picture[~cell] = level
        (tmp_path / name / "x.png").write_bytes(png(picture))
        grey = np.repeat(mask[..., None], 3, axis=2).astype(np.uint8)
        (tmp_path / f"{name}_masks" / "x.png").write_bytes(png(grey))
        out = tmp_path / f"{name}.csv"
        options = ("--masks", tmp_path / f"{name}_masks", "--features", "Embedding")
        done = run("extract", tmp_path / name, "-o", out, *options, "--embedding", network)
        assert done.exit_code == 0, done.output
        values.append(pd.read_csv(out).iloc[0])
    names = [f"{view}_Embedding_tiny_{i:04d}" for view in ("Cells", "Image") for i in range(3)]
    kept_out = ("Metadata_", "Background_")
    assert [name for name in values[0].index if not name.startswith(kept_out)] == names
    assert values[0][names[:3]].tolist() == values[1][names[:3]].tolist()
    assert (values[0][names[3:]] != values[1][names[3:]]).all()


def test_another_network_or_preprocessing_is_measured_again(smear, network, tmp_path):
    out = tmp_path / "cells.parquet"
    first = run("extract", smear, "-o", out, "--features", "Embedding", "--embedding", network)
    assert "(0 of them before, or as copies)" in first.output
    again = run("extract", smear, "-o", out, "--features", "Embedding", "--embedding", network)
    assert "(18 of them before, or as copies)" in again.output
    before = pd.read_parquet(out)
    options = ("--embedding", network, "--embedding-set", "mean=0.5,0.5,0.5")
    changed = run("extract", smear, "-o", out, "--features", "Embedding", *options)
    assert "(0 of them before, or as copies)" in changed.output
    name = "Image_Embedding_tiny_0000"
    assert pd.read_parquet(out)[name].to_numpy() == pytest.approx(before[name] - 0.5, abs=1e-6)


def test_a_sidecar_makes_the_same_table_again(table, smear, tmp_path):
    out = tmp_path / "again.parquet"
    options = ("--config", table.with_suffix(".json"))
    assert run("extract", smear, "-o", out, *options).exit_code == 0
    pd.testing.assert_frame_equal(pd.read_parquet(out), pd.read_parquet(table))


def test_a_model_stores_its_network_and_predicts_with_it_only(smear, model, network, tmp_path):
    record = json.loads((model / "bundle.json").read_bytes())
    assert record["training"]["embedding"]["name"] == "tiny"
    assert {"Cells_Embedding_tiny_0000"} <= set(record["columns"])
    assert not any(name.startswith("Image_") for name in record["columns"])
    out = tmp_path / "p.csv"
    done = run("predict", model, smear, "-o", out, "--embedding", network)
    assert done.exit_code == 0, done.output
    found = pd.read_csv(out)
    assert (found["Predicted"] == found["Metadata_Label"]).mean() > 0.8  # trained on these

    refused = run("predict", model, smear, "-o", out)
    assert refused.exit_code == 2
    assert "needs the network tiny; give its file with --embedding" in refused.output
    other = write_model(tmp_path, plane_means(mean="0.5,0.5,0.5"))
    refused = run("predict", model, smear, "-o", out, "--embedding", other)
    assert refused.exit_code == 2
    assert "the model was trained with" in refused.output
    assert len(refused.output.splitlines()) == 1


def test_a_model_without_a_network_refuses_one(smear, network, tmp_path):
    table, model = tmp_path / "cells.parquet", tmp_path / "model"
    run("extract", smear, "-o", table, "--preset", "minimal", "--features", "AreaShape", "-q")
    run("train", table, "-o", model, "--estimator", "logistic", "--folds", 2, "--repeats", 1)
    assert "embedding" not in json.loads((model / "bundle.json").read_bytes())["training"]
    done = run("predict", model, smear, "-o", tmp_path / "p.csv", "--embedding", network)
    assert done.exit_code == 2
    assert "uses no network" in done.output


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--features", "Embedding"], "need a network; add --embedding lite0"),
        (["--embedding-set", "size=4"], "--embedding-set needs a network; add --embedding lite0"),
        (["--embedding", "lite9"], "'lite9' is not a network"),
        (
            ["--embedding", "NET", "--embedding-set", "size"],
            "--embedding-set 'size' is not KEY=VALUE",
        ),
        (["--embedding", "NET", "--embedding-set", "size=9"], "size=9, its input takes (4, 4)"),
    ],
)
def test_a_mistake_gives_one_line_and_status_2(smear, network, tmp_path, options, line):
    given = [str(network) if word == "NET" else word for word in options]
    done = run("extract", smear, "-o", tmp_path / "c.parquet", *given)
    assert done.exit_code == 2
    assert line in done.output
    assert len(done.output.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_a_thousand_values_give_a_warning(smear, tmp_path):
    place = write_model(tmp_path, class_scores(), "imagenet.onnx")
    out = tmp_path / "c.parquet"
    done = run("extract", smear, "-o", out, "--features", "Embedding", "--embedding", place)
    assert done.exit_code == 0
    assert "warning:" in done.output
    assert "num_classes=0" in done.output


@needs_lite0
def test_the_default_network_through_extract_in_workers(smear, tmp_path):
    out = tmp_path / "c.parquet"
    options = ("--features", "Embedding", "--embedding", "lite0", "-j", 2)
    done = run("extract", smear, "-o", out, *options)
    assert done.exit_code == 0, done.output
    cells = pd.read_parquet(out)
    names = [name for name in cells if name.startswith("Cells_Embedding_lite0_")]
    assert len(names) == 1280
    assert cells[names].to_numpy().std(axis=0).max() > 0.1
