"""Predict, segment and the catalogue, through the command line."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from support.files.synthetic_folders import png, write_smear

from cli import main
from data.drawn_fields.camera import Camera
from data.drawn_fields.content import FieldContent
from data.drawn_fields.draw import draw_field
from features import FEATURES, PRESETS, parse_column, preset_columns
from models.metrics.wilson import wilson
from pipelines.extract import ExtractSettings, extract
from pipelines.measurement.measure_image import ImageMeasurer
from pipelines.train import train
from pipelines.training.training_settings import TrainingSettings

NO_CELL = FieldContent(white_cells=0, platelets=0, crowding=0.1, overlap=0.0)


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def smear(tmp_path_factory):
    folder = tmp_path_factory.mktemp("smear") / "images"
    write_smear(folder, subjects=6, cells=5)
    rows = [
        f"{path.relative_to(folder).as_posix()},{path.parent.name},{path.name.split('_')[0]}"
        for path in sorted(folder.glob("*/*.png"))
    ]
    (folder / "list.csv").write_text("\n".join(["image,label,subject", *rows]), "utf-8")
    return folder / "list.csv"


@pytest.fixture(scope="module")
def model(smear, tmp_path_factory):
    out = tmp_path_factory.mktemp("model")
    table = extract(smear, out / "cells.parquet", ExtractSettings(preset="minimal", jobs=2)).table
    train(table, out / "model", TrainingSettings(estimator="logistic", folds=2, repeats=1))
    return out / "model"


def test_every_cell_gets_a_probability_and_every_subject_a_share(smear, model, tmp_path):
    out = tmp_path / "p.csv"
    assert run("predict", model, smear, "-o", out, "-j", 2, "-q").exit_code == 0
    cells = pd.read_csv(out)
    total = cells["Probability_blast"] + cells["Probability_normal"]
    assert np.allclose(total, 1, atol=2e-6)
    assert len(cells) == 30
    agreed = (cells["Predicted"] == cells["Metadata_Label"]).mean()
    assert agreed > 0.7  # it was trained on these
    subjects = pd.read_csv(tmp_path / "p.subjects.csv")
    for row in subjects.to_dict("records"):
        mine = cells[cells["Metadata_Subject"] == row["Metadata_Subject"]]
        count = int((mine["Predicted"] == "blast").sum())
        low, high = wilson(count, len(mine))
        assert (row["Cells"], row["Cells_blast"]) == (len(mine), count)
        assert row["Share_blast_Low"] == pytest.approx(low, abs=1e-4)
        assert row["Share_blast_High"] == pytest.approx(high, abs=1e-4)
    assert len(pd.read_csv(tmp_path / "p.images.csv")) == 30


def test_an_image_without_cells_has_a_line_in_the_summary(model, tmp_path):
    folder = tmp_path / "images"
    write_smear(folder, subjects=1, cells=1)
    drawn = draw_field(0, shape=(420, 520), content=NO_CELL, camera=Camera(red_cell=36))
    (folder / "empty.png").write_bytes(png(drawn.rgb))
    done = run("predict", model, folder, "-o", tmp_path / "p.csv")
    assert done.exit_code == 0, done.stderr
    assert "1 image without a white cell" in done.stdout
    cells = pd.read_csv(tmp_path / "p.csv")
    assert set(cells["Metadata_Object"]) == {"white cell"}
    images = pd.read_csv(tmp_path / "p.images.csv").set_index("Metadata_Image")
    assert len(images) == cells["Metadata_Image"].nunique() + 1
    assert images.loc["empty.png", "Cells"] == 0
    assert images.loc["empty.png"].filter(like="Share_").isna().all()


def test_images_without_cells_only_give_empty_tables(model, tmp_path):
    drawn = draw_field(0, shape=(420, 520), content=NO_CELL, camera=Camera(red_cell=36))
    (tmp_path / "empty.png").write_bytes(png(drawn.rgb))
    done = run("predict", model, tmp_path / "empty.png", "-o", tmp_path / "p.csv")
    assert done.exit_code == 0, done.stderr
    assert pd.read_csv(tmp_path / "p.csv").empty
    assert pd.read_csv(tmp_path / "p.images.csv")["Cells"].tolist() == [0]
    assert pd.read_csv(tmp_path / "p.subjects.csv").empty


def test_an_image_without_cells_has_no_sheet(model, tmp_path):
    drawn = draw_field(0, shape=(420, 520), content=NO_CELL, camera=Camera(red_cell=36))
    image, page = tmp_path / "empty.png", tmp_path / "s.html"
    image.write_bytes(png(drawn.rgb))
    done = run("explain", model, image, "-o", page)
    assert (done.exit_code, page.exists()) == (0, False), done.stderr
    assert done.stdout.endswith(f"{image} shows no cell: no sheet\n")
    done = run("explain", model, image, "-o", page, "--cell", 1)
    assert done.exit_code == 2
    assert "has no cell 1" in done.stderr


def test_only_the_columns_of_the_model_are_measured(smear, model, tmp_path, monkeypatch):
    measured = []
    digest = ImageMeasurer.__init__

    def spy(self, settings, *rest):
        measured.append(settings.columns)
        digest(self, settings, *rest)

    monkeypatch.setattr(ImageMeasurer, "__init__", spy)
    run("predict", model, smear, "-o", tmp_path / "p.csv", "-q")
    columns = tuple(json.loads((model / "bundle.json").read_bytes())["columns"])
    assert measured == [columns]
    assert set(columns) <= set(preset_columns("minimal"))


def test_cells_are_standardised_as_in_training(smear, model, tmp_path, monkeypatch):
    other = tmp_path / "model"
    shutil.copytree(model, other)
    record = json.loads((other / "bundle.json").read_bytes())
    assert record["training"]["stain"] == "standard"
    record["training"]["stain"] = "none"
    (other / "bundle.json").write_text(json.dumps(record), "utf-8")
    stains = []
    start = ImageMeasurer.__init__

    def spy(self, settings, *rest):
        stains.append(settings.stain)
        start(self, settings, *rest)

    monkeypatch.setattr(ImageMeasurer, "__init__", spy)
    assert run("predict", other, smear, "-o", tmp_path / "p.csv", "-q").exit_code == 0
    assert stains == ["none"]


def test_a_bundle_from_another_version_is_refused(smear, model, tmp_path):
    other = tmp_path / "model"
    shutil.copytree(model, other)
    record = json.loads((other / "bundle.json").read_bytes())
    name = next(iter(record["columns"]))
    record["columns"][name] = 99
    (other / "bundle.json").write_text(json.dumps(record), "utf-8")
    result = run("predict", other, smear, "-o", tmp_path / "p.csv")
    assert result.exit_code == 2
    assert name in result.stderr
    assert "99" in result.stderr
    assert result.stderr.strip().count("\n") == 0
    assert not (tmp_path / "p.csv").exists()


def test_the_report_is_written_again(model, tmp_path):
    other = tmp_path / "model"
    shutil.copytree(model, other)
    (other / "report.html").unlink()
    result = run("report", other)
    assert (result.exit_code, result.stdout.strip()) == (0, str(other / "report.html"))
    assert (other / "report.html").read_bytes() == (model / "report.html").read_bytes()


def test_no_model_is_one_line(smear, tmp_path):
    result = run("predict", tmp_path / "none", smear, "-o", tmp_path / "p.csv")
    assert (result.exit_code, result.stderr.strip().count("\n")) == (2, 0)


def test_a_missing_table_is_named_itself(tmp_path):
    result = run("train", tmp_path / "none.parquet", "-o", tmp_path / "model")
    assert result.exit_code == 2
    assert "none.parquet does not exist" in result.stderr


def test_written_masks_give_the_same_table(smear, tmp_path):
    result = run("segment", smear, "-o", tmp_path / "masks")
    assert result.exit_code == 0
    images = smear.parent
    for path in images.glob("*/*.png"):
        where = path.relative_to(images)
        labels = cv2.imread(str(tmp_path / "masks" / "labels" / where), cv2.IMREAD_GRAYSCALE)
        assert set(np.unique(labels)) <= {0, 128, 255}
        assert (labels == 255).sum() > 500
        picture = cv2.imread(str(tmp_path / "masks" / "overlays" / where))
        assert picture.shape == cv2.imread(str(path)).shape
        assert (picture != cv2.imread(str(path))).any()
    options = {"preset": "minimal", "jobs": 2}
    found = extract(smear, tmp_path / "found.parquet", ExtractSettings(**options))
    labels = tmp_path / "masks" / "labels"
    given = extract(smear, tmp_path / "given.parquet", ExtractSettings(masks=labels, **options))
    columns = list(preset_columns("minimal"))
    pd.testing.assert_frame_equal(
        pd.read_parquet(found.table)[columns], pd.read_parquet(given.table)[columns]
    )


def test_an_image_without_a_cell_fails_in_segment_too(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    cv2.imwrite(str(folder / "white.png"), np.full((64, 64, 3), 255, np.uint8))
    result = run("segment", folder, "-o", tmp_path / "masks", "-q")
    assert result.exit_code == 3
    assert list(pd.read_csv(tmp_path / "masks" / "errors.csv")["image"]) == ["white.png"]


def test_the_catalogue_names_every_feature():
    every = json.loads(run("features", "--format", "json").stdout)
    assert [record["name"] for record in every] == list(FEATURES)
    rows = run("features", "--format", "markdown").stdout.splitlines()
    text = run("features").stdout
    for record in every:
        assert record["name"] in text
        word = record["name"].partition("_")[2]
        facts = ("definition", "unit", "range", "invariances", "nan", "reference", "ibsi")
        described = [record[fact].replace("|", "&#124;") for fact in (*facts, "vetted")]
        named = f"{record['title']} | {record['plain']} | {word}"
        assert f"| {named} | {' | '.join(described)} |" in rows
        assert f"{record['title']}: {record['plain']}\n    {record['name']}  " in text


def test_a_feature_is_listed_under_the_smallest_preset_that_has_a_column_of_it():
    records = {one["name"]: one for one in json.loads(run("features", "--format", "json").stdout)}
    for preset in reversed(PRESETS):
        for column in preset_columns(preset):
            records[parse_column(column).feature.key]["smallest"] = preset
    for record in records.values():
        assert record["preset"] == record.get("smallest", "named"), record["name"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Texture_Contrast", "Mean squared difference"),
        ("Nuclei_Texture_Contrast_Lstar_d1_32_mean", "(Lstar, d=1)"),
        ("Nuclei_Intensity_Mean_bstar", "CIELAB unit"),
        ("Nuclei_*_Gray_d1_32_mean", "Nuclei_Haralick_Contrast_Gray_d1_32_mean"),
    ],
)
@pytest.mark.parametrize("style", ["table", "markdown", "json"])
def test_the_catalogue_describes_one_name(name, words, style):
    assert words in run("features", name, "--format", style).stdout


def test_an_unknown_name_is_one_line():
    result = run("features", "Nuclei_Texture_Beauty")
    assert (result.exit_code, result.stderr.strip().count("\n")) == (2, 0)
    assert "Nuclei_Texture_Beauty" in result.stderr


def test_help_needs_no_heavy_library():
    root = Path(__file__).resolve().parents[2]
    code = (
        "import sys, runpy\nsys.argv = ['cli.py', 'extract', '--help']\n"
        "try:\n runpy.run_path('cli.py', run_name='__main__')\nexcept SystemExit:\n pass\n"
        "heavy = {'numpy', 'cv2', 'numba', 'sklearn', 'pandas', 'pyarrow'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, cwd=root, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
