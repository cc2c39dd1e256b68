"""explain, and the warnings of predict, through the command line, on synthetic cells."""

import re
import shutil
from dataclasses import fields

import cv2
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from support.cells.drawn_cells import field_drawing
from support.files.synthetic_folders import png, write_smear
from support.html_pages import read

from cli import main
from features.segmentation.quality import Quality
from models.explanation.nearest_cells import NearestCell
from models.explanation.novelty import NoveltyScore, load_novelty
from models.explanation.training_reference import load_reference, make_reference
from models.learning.calibration import Calibration
from models.storage.bundle import Bundle
from pipelines.cell_explanation.cell_sheet import calibration_words, cell_warnings
from pipelines.explain import ExplainSettings, explain
from pipelines.extract import ExtractSettings, extract
from pipelines.html.wording import FLAGS, percentile_words
from pipelines.outputs.thumbnails import read_thumbnails, thumbnails_path
from pipelines.report import report
from pipelines.train import train
from pipelines.training.stored_cells import CELLS
from pipelines.training.training_settings import TrainingSettings


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    return write_smear(tmp_path_factory.mktemp("smear") / "images", subjects=6, cells=5)


@pytest.fixture(scope="module")
def table(images, tmp_path_factory):
    rows = [
        f"{path.relative_to(images).as_posix()},{path.parent.name},{path.name.split('_')[0]}"
        for path in sorted(images.glob("*/*.png"))
    ]
    manifest = images / "list.csv"
    manifest.write_text("\n".join(["image,label,subject", *rows]), "utf-8")
    out = tmp_path_factory.mktemp("table") / "cells.parquet"
    return extract(manifest, out, ExtractSettings(preset="minimal", jobs=2)).table


@pytest.fixture(scope="module")
def models(table, tmp_path_factory):
    """One of each kind: its folder."""
    folder = tmp_path_factory.mktemp("models")
    return {
        name: train(
            table,
            folder / name,
            TrainingSettings(estimator=name, folds=2, repeats=1, audit_cells=0),
        ).out
        for name in ("logistic", "svm", "xgboost")
    }


@pytest.fixture(scope="module")
def one(images):
    return min(images.glob("blast/*.png"))


@pytest.mark.parametrize("name", ["logistic", "svm", "xgboost"])
def test_a_sheet_is_complete(models, one, tmp_path, name):
    out = tmp_path / "sheet.html"
    result = run("explain", models[name], one, "-o", out)
    assert result.exit_code == 0, result.output
    assert f"sheet: {out}" in result.stdout
    page, words = read(out)
    assert page.fetched == []
    text = out.read_text("utf-8")
    assert not re.search(r"@import|url\((?!#)|<script", text)
    assert text.count("data:image/jpeg;base64,") == 2 + 5  # the cell twice, its five neighbours
    assert "makes no diagnosis" in words
    assert "Evidence for blast and for normal" in words
    assert "percentile of normal" in words
    assert re.search(r"Of the \d+ training cells .* were blast: \d+ % \(95 % interval", words)
    assert "A training cell has the same measurements" in words
    assert ("which does not add up" in words) == (name == "svm")
    assert ("base value, before any feature of the cell" in words) == (name != "svm")


def test_the_rows_of_the_sheet_add_up(models, one, tmp_path):
    for name in ("logistic", "xgboost"):
        (cell,) = explain(models[name], one, tmp_path / "sheet.html").cells
        assert len(cell.reasons) <= 10
        total = cell.explained.base + cell.rest + sum(row.contribution for row in cell.reasons)
        assert total == pytest.approx(cell.explained.log_odds)
        sizes = [abs(row.contribution) for row in cell.reasons]
        assert sizes == sorted(sizes, reverse=True)
        share = cell.probabilities[0]
        assert cell.explained.log_odds == pytest.approx(np.log(share / (1 - share)), abs=1e-4)


def test_a_field_has_a_section_for_each_cell_and_one_can_be_chosen(models, tmp_path):
    picture = tmp_path / "field.png"
    picture.write_bytes(png(field_drawing(1).photograph()))
    every = explain(
        models["logistic"], picture, tmp_path / "all.html", ExplainSettings(source="field")
    )
    count = len(every.cells)
    assert count > 1
    page, words = read(every.page)
    assert [name for name in page.names if name.startswith("cell-")] == [
        f"cell-{number}" for number in range(1, count + 1)
    ]
    assert f"{count} of {count} cells" in words
    result = run(
        "explain",
        models["logistic"],
        picture,
        "-o",
        tmp_path / "second.html",
        "--source",
        "field",
        "--cell",
        2,
    )
    assert result.exit_code == 0
    page, words = read(tmp_path / "second.html")
    assert [name for name in page.names if name.startswith("cell-")] == ["cell-2"]
    again = explain(
        models["logistic"],
        picture,
        tmp_path / "second.html",
        ExplainSettings(source="field", cell=2),
    ).cells[0]
    assert again.probabilities == pytest.approx(every.cells[1].probabilities)


def test_a_cell_unlike_the_training_cells_is_flagged_by_both_commands(models, one, tmp_path):
    rgb = cv2.cvtColor(cv2.imread(str(one)), cv2.COLOR_BGR2RGB)
    strange = tmp_path / "strange.png"
    strange.write_bytes(png(cv2.resize(rgb, None, fx=6, fy=6)))  # six times as large
    result = run(
        "explain", models["logistic"], strange, "--source", "crop", "-o", tmp_path / "sheet.html"
    )
    assert "warning: This cell is unlike the training cells" in result.stdout
    assert "This cell is unlike the training cells" in read(tmp_path / "sheet.html")[1]
    shutil.copy(one, tmp_path / "usual.png")
    (tmp_path / "list.csv").write_text("image\nstrange.png\nusual.png\n", "utf-8")
    options = ("--source", "crop", "-o", tmp_path / "p.csv")
    result = run("predict", models["logistic"], tmp_path / "list.csv", *options)
    assert "2 cells of 2 images, 1 unlike the training cells" in result.stdout
    cells = pd.read_csv(tmp_path / "p.csv").set_index("Metadata_Image")
    assert cells["Unlike_Training"].to_dict() == {"strange.png": 1, "usual.png": 0}
    assert cells.loc["strange.png", "Unlike_Training_Distance"] > 1
    assert cells.loc["usual.png", "Unlike_Training_Distance"] < 1
    usual = load_reference(models["logistic"]).usual
    assert cells.loc["usual.png", "Unlike_Training_Share"] <= usual


def test_measurements_are_worded_for_a_reader(models, one, tmp_path):
    """The nucleus of the given mask fills 95 % of its cell."""
    mask = np.zeros(cv2.imread(str(one)).shape[:2], np.uint8)
    centre = (mask.shape[1] // 2, mask.shape[0] // 2)
    cv2.circle(mask, centre, 40, 128, -1)
    cv2.circle(mask, centre, 39, 255, -1)
    folder = tmp_path / "masks"
    folder.mkdir()
    cv2.imwrite(str(folder / one.name), mask)
    found = explain(models["logistic"], one, tmp_path / "s.html", ExplainSettings(masks=folder))
    (cell,) = found.cells
    words_of = {row.feature: row.words for row in cell.reasons}
    ratio = "Cells_Haematology_NucleusToCellAreaRatio"
    words = words_of.get(ratio, "")
    assert words.startswith("nucleus fills 95 % of the cell: ")
    reference = load_reference(models["logistic"])
    assert percentile_words(reference.percentile(ratio, "normal", 0.95), "normal") in words


def test_percentiles_in_words_are_those_of_a_reference_made_by_hand():
    values = np.concatenate([np.arange(101.0), 1000 + np.arange(101.0)])[:, None]
    reference = make_reference(values, np.repeat([0, 1], 101), ["x"], ("normal", "blast"))
    expected = {
        97.0: "97th percentile of normal",
        21.0: "21st percentile of normal",
        -1.0: "below 99 % of normal",
        1050.0: "above 99 % of normal",
    }
    for value, words in expected.items():
        assert percentile_words(reference.percentile("x", "normal", value), "normal") == words
    assert percentile_words(float("nan"), "normal") == "no percentile among normal"


def test_the_calibration_shown_is_that_of_the_nearest_bin():
    bins = [
        {"cells": 20, "probability": 0.1, "share": 0.05},
        {"cells": 10, "probability": 0.9, "share": 0.8},
    ]
    bundle = Bundle(None, "svm", Calibration(1, (0, 0)), (), {}, ("blast", "normal"), "blast", 0.5)
    words = calibration_words({"calibrated": {"bins": bins}}, bundle, [0.7, 0.3])
    assert "Of the 10 training cells" in words
    assert "8 were blast: 80 % (95 % interval 49 % to 94 %, Wilson)" in words  # Wilson's of 8 in 10
    none = Bundle(None, "svm", Calibration(1, (0,) * 3), (), {}, ("a", "b", "c"), None, 0.5)
    words = calibration_words({"calibrated": {"bins": bins}}, none, [0.1, 0.7, 0.2])
    assert "8 were of the predicted class" in words


def test_every_warning_is_shown(models):
    novelty = load_novelty(models["logistic"])
    usual = novelty.nearest_cells.usual
    calm, strange = NoveltyScore(0.01, 0.5, unlike=False), NoveltyScore(0.6, 3.0, unlike=True)
    near = [NearestCell("i", 1, name, None, 0.3 * usual) for name in ("a", "a", "b", "b", "b")]
    copy = [NearestCell("i", 1, "b", None, 1e-6 * usual), *near[1:]]
    assert cell_warnings(calm, novelty, near, "b", {"smudge": False}) == ()
    (text,) = cell_warnings(calm, novelty, near, "a", {})
    assert text == "The nearest training cells disagree: 2 of 5 are a."
    (text,) = cell_warnings(calm, novelty, copy, "b", {})
    assert text.startswith("A training cell has the same measurements")
    (text,) = cell_warnings(strange, novelty, near, "b", {})
    assert "60 % of its measurements" in text
    assert "3.0 times the usual maximum" in text
    assert len(cell_warnings(calm, novelty, near, "b", dict.fromkeys(FLAGS, True))) == len(FLAGS)
    assert set(FLAGS) == {one.name for one in fields(Quality)}


def test_of_several_classes_the_two_most_probable_are_compared(table, one, tmp_path):
    frame = pd.read_parquet(table)
    subjects = sorted(set(frame["Metadata_Subject"]))
    classes = ("<b>a", "b & c", "c")
    names = {subject: classes[place % 3] for place, subject in enumerate(subjects)}
    frame["Metadata_Label"] = frame["Metadata_Subject"].map(names)
    frame.to_parquet(tmp_path / "cells.parquet")
    shutil.copy(table.with_suffix(".json"), tmp_path / "cells.json")
    done = train(
        tmp_path / "cells.parquet",
        tmp_path / "model",
        TrainingSettings(estimator="logistic", folds=2, repeats=1, audit_cells=0),
    )
    (cell,) = explain(done.out, one, tmp_path / "sheet.html").cells
    order = np.argsort(cell.probabilities)[::-1]
    assert (cell.of, cell.against) == (classes[order[0]], classes[order[1]])
    assert cell.decided == cell.of
    assert "<b>a" not in (tmp_path / "sheet.html").read_text("utf-8")
    _, words = read(tmp_path / "sheet.html")
    assert all(name in words for name in classes)
    assert f"Evidence for {cell.of} and for {cell.against}" in words
    assert "were of the predicted class" in words


def test_values_without_names_are_one_reason_without_a_column(models, one, tmp_path):
    model = tmp_path / "model"
    shutil.copytree(models["logistic"], model)
    single, groups = (model / f"importance{name}.csv" for name in ("s", "_groups"))
    table = pd.read_csv(single)
    nameless = table["family"] == "Intensity"
    table.loc[nameless, "cluster"] = "Embedding"
    table.to_csv(single, index=False)
    table = pd.read_csv(groups)
    table.loc[len(table)] = {"level": "cluster", "name": "Embedding", "plain": "some values"}
    table.to_csv(groups, index=False)
    (cell,) = explain(model, one, tmp_path / "sheet.html").cells
    (found,) = [row for row in cell.reasons if not row.feature]
    assert (found.words, found.others) == ("some values", nameless.sum() - 1)
    assert not any("Intensity" in row.feature for row in cell.reasons)


def test_bad_input_is_one_line(models, one, images, tmp_path):
    model, out = models["logistic"], tmp_path / "s.html"
    white = tmp_path / "white.png"
    cv2.imwrite(str(white), np.full((64, 64, 3), 255, np.uint8))
    broken = tmp_path / "broken.png"
    broken.write_bytes(one.read_bytes()[:200])
    bare = tmp_path / "bare"
    shutil.copytree(model, bare)
    (bare / "nearest_cells.parquet").unlink()
    earlier = tmp_path / "earlier"  # its features had no standard names
    shutil.copytree(model, earlier)
    importances = pd.read_csv(earlier / "importances.csv", keep_default_na=False)
    importances.drop(columns="title").to_csv(earlier / "importances.csv", index=False)
    cases = [
        ((tmp_path / "none", one, "-o", out), "is no model"),
        ((one, one, "-o", out), "is no model"),
        ((model, tmp_path / "none.png", "-o", out), "does not exist"),
        ((model, images, "-o", out), "give one image"),
        ((model, white, "-o", out), "blank"),
        ((model, broken, "-o", out), "decode"),
        ((model, one, "-o", tmp_path / "s.pdf"), "give a name that ends in .html"),
        ((model, one, "-o", out, "--cell", 2), "has no cell 2; give a number from 1 to 1"),
        ((model, one, "-o", out, "--embedding", "net.onnx"), "uses no network"),
        ((bare, one, "-o", out), "nearest_cells.parquet cannot be read"),
        ((earlier, one, "-o", out), "'title'"),
    ]
    for arguments, words in cases:
        result = run("explain", *arguments)
        assert result.exit_code == 2, (arguments, result.output)
        assert result.stderr.startswith("error: "), result.stderr
        assert words in result.stderr
        assert result.stderr.strip().count("\n") == 0
    assert not out.exists()


def test_a_model_keeps_pictures_of_its_hardest_cells_and_of_others(models, table):
    own = read_thumbnails(table)
    kept = read_thumbnails(models["xgboost"] / CELLS)
    assert len(kept) == 30
    assert kept == own
    _, words = read(models["xgboost"] / "report.html")
    assert "There are no pictures" not in words
    assert (models["xgboost"] / "report.html").read_text("utf-8").count("data:image/jpeg") == 24


def test_a_model_without_pictures_has_sheets_and_a_report(models, one, tmp_path):
    model = tmp_path / "model"
    shutil.copytree(models["logistic"], model)
    thumbnails_path(model / CELLS).unlink()
    _, words = read(report(model))
    assert "There are no pictures: the table came without its file of thumbnails" in words
    assert "probability of the true class" in words
    assert "no picture" in read(explain(model, one, tmp_path / "sheet.html").page)[1]
