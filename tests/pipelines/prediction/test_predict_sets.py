"""Predict on a feature table, on images of another scale, and on sets unlike the training cells."""

import json
import shutil

import cv2
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from support.files.synthetic_folders import write_smear

from cli import main
from data.errors import DataError
from models.errors import ModelError
from pipelines.explain import ExplainSettings, explain
from pipelines.extract import ExtractSettings, extract
from pipelines.measurement.settings import ReadingSettings
from pipelines.predict import PredictSettings, predict
from pipelines.prediction.pixel_size import reading_for_model
from pipelines.prediction.table_cells import is_feature_table
from pipelines.train import train
from pipelines.training.training_settings import TrainingSettings

SIZE = 0.1
TRAINING = TrainingSettings(estimator="logistic", folds=2, repeats=1, audit_cells=0, no_groups=True)


# The diameter of the drawn red cells: the scale does not depend on what else is predicted.
RED_CELL = 60.0
CROPS = {"jobs": 2, "source": "crop", "red_cell": RED_CELL, "keep": ("broken", "platelets")}


@pytest.fixture(scope="module")
def smear(tmp_path_factory):
    return write_smear(tmp_path_factory.mktemp("smear") / "images", subjects=6, cells=4)


@pytest.fixture(scope="module")
def table(smear, tmp_path_factory):
    out = tmp_path_factory.mktemp("table") / "cells.parquet"
    settings = ExtractSettings(preset="minimal", pixel_size=SIZE, **CROPS)
    return extract(smear, out, settings).table


@pytest.fixture(scope="module")
def model(table):
    train(table, table.parent / "model", TRAINING)
    return table.parent / "model"


def varied(smear, folder, change):
    """Write every image of a smear after a change."""
    for path in smear.glob("*/*.png"):
        target = folder / path.relative_to(smear)
        target.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(target), change(cv2.imread(str(path))))
    return folder


def resized(factor):
    return lambda image: cv2.resize(
        image, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC
    )


def bluer(image):
    return (image * np.array([1.0, 0.9, 0.75])).astype(np.uint8)  # blue, green, red


@pytest.mark.parametrize("form", ["parquet", "csv", "folder", "copied", "concatenated"])
def test_a_table_in_any_form_gets_the_predictions_of_its_images(
    smear, table, model, tmp_path, form
):
    images = predict(model, smear, tmp_path / "images.csv", PredictSettings(**CROPS))
    given = table
    if form in {"csv", "folder"}:
        given = tmp_path / {"csv": "cells.csv", "folder": "cells"}[form]
        extract(smear, given, ExtractSettings(preset="minimal", pixel_size=SIZE, **CROPS))
    elif form in {"copied", "concatenated"}:
        given = tmp_path / "edited.parquet"
        shutil.copy(table, given)
        if form == "concatenated":
            frame = pd.read_parquet(table)
            pd.concat([frame.iloc[:9], frame.iloc[9:].reset_index(drop=True)]).to_parquet(given)
        shutil.copy(table.with_suffix(".json"), given.with_suffix(".json"))
    done = predict(model, given, tmp_path / "table.csv")
    for one, other in zip(done.files.every, images.files.every, strict=True):
        if one.name != "table.csv" or form != "csv":
            assert one.read_bytes() == other.read_bytes(), one.name
    assert (done.images, done.failed, done.warnings) == (24, 0, ())
    notes = " ".join(done.notes)
    assert ("is not the table that was written" in notes) == (form == "concatenated"), notes
    pd.testing.assert_frame_equal(
        pd.read_csv(done.files.table), pd.read_csv(images.files.table), atol=1e-6
    )


def test_the_label_and_the_subject_are_those_of_the_training(table, tmp_path):
    frame = pd.read_parquet(table)
    other = tmp_path / "other.csv"
    frame = frame.rename(columns={"Metadata_Label": "Metadata_kind"})
    frame["Metadata_patient"] = [f"0{at % 4}" for at in range(len(frame))]
    frame.drop(columns=["Metadata_SHA256", "Metadata_Quality_OutOfFocus"]).to_csv(other)
    shutil.copy(table.with_suffix(".json"), other.with_suffix(".json"))
    settings = TrainingSettings(
        label="Metadata_kind", group="Metadata_patient", estimator="logistic", folds=2, repeats=1,
        audit_cells=0,
    )  # fmt: skip
    train(other, tmp_path / "model", settings)
    done = predict(tmp_path / "model", other, tmp_path / "p.csv")
    assert {cell.subject for cell in done.cells} == {"00", "01", "02", "03"}
    assert [cell.label for cell in done.cells] == list(frame["Metadata_kind"])
    assert list(pd.read_csv(done.files.by_subject, dtype=str)["Metadata_Subject"]) == [
        "00", "01", "02", "03",
    ]  # fmt: skip


def changed(record, change):
    change(record)
    return record


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            lambda s: s["configuration"].update(stain="none"),
            "--stain none, the training .* standard",
        ),
        (lambda s: s["columns"].pop("Cells_AreaShape_Area"), "lacks column Cells_AreaShape_Area"),
        (
            lambda s: s["columns"]["Cells_AreaShape_Area"].update(version=9),
            "holds version 9 of column Cells_AreaShape_Area, the model needs version",
        ),
        (
            lambda s: s["configuration"].update(pixel_size=0.2),
            "have 0.2 .* trained on 0.1; extract",
        ),
    ],
)
def test_a_table_that_was_measured_in_another_way_is_refused(table, model, tmp_path, change, line):
    other = tmp_path / "cells.parquet"
    shutil.copy(table, other)
    sidecar = changed(json.loads(table.with_suffix(".json").read_text("utf-8")), change)
    other.with_suffix(".json").write_text(json.dumps(sidecar), "utf-8")
    with pytest.raises((ModelError, DataError), match=line):
        predict(model, other, tmp_path / "p.csv")


@pytest.mark.parametrize(
    ("option", "value"),
    [("masks", "."), ("mask_is", "cell"), ("source", "crop"), ("rescale", True), ("max_pixels", 9)],
)
def test_an_option_without_effect_on_a_table_is_refused(table, model, tmp_path, option, value):
    with pytest.raises(DataError, match=f"--{option.replace('_', '-')} has no effect"):
        predict(model, table, tmp_path / "p.csv", PredictSettings(**{option: value}))


def test_a_manifest_and_a_folder_of_images_are_no_tables(smear, table, tmp_path):
    (tmp_path / "list.csv").write_text("image,label,Metadata_Imaged\na.png,x,1\n")
    (tmp_path / "other.csv").write_text("\ufeffMetadata_Image;Metadata_Cell\na.png;1\n", "utf-8")
    assert [is_feature_table(one) for one in (smear, tmp_path / "list.csv", "s3://bucket/x")] == [
        False, False, False,
    ]  # fmt: skip
    assert is_feature_table(table)
    assert is_feature_table(tmp_path / "other.csv")


def test_drawn_pixel_sizes_are_compared_refused_or_resized():
    rng = np.random.default_rng(0)
    for _ in range(300):
        trained_on, seen = (
            None if rng.random() < 0.2 else float(rng.uniform(0.03, 0.5)) for _ in range(2)
        )
        if rng.random() < 0.3 and trained_on:
            seen = trained_on * float(rng.uniform(0.96, 1.04))
        rescale = bool(rng.random() < 0.5)
        reading = ReadingSettings(pixel_size=seen)
        known = trained_on is not None and seen is not None
        if (rescale and not known) or (known and not rescale and abs(seen / trained_on - 1) > 0.05):
            with pytest.raises(DataError, match=r"--(rescale|pixel-size)"):
                reading_for_model(reading, trained_on, rescale=rescale)
            continue
        found, notes = reading_for_model(reading, trained_on, rescale=rescale)
        assert found.scale == (seen / trained_on if rescale else 1)
        one_unknown = (trained_on is None) != (seen is None)
        assert len(notes) == one_unknown


@pytest.mark.parametrize("factor", [2.0, 1.5])
def test_images_of_another_scale_are_refused_or_resized(smear, model, tmp_path, factor):
    folder = varied(smear, tmp_path / "large", resized(factor))
    usual = predict(model, smear, tmp_path / "usual.csv", PredictSettings(**CROPS))
    size = SIZE / factor
    crops = CROPS | {"red_cell": RED_CELL * factor}
    with pytest.raises(DataError, match=f"have {size:g} .* trained on 0.1; add --rescale"):
        predict(model, folder, tmp_path / "p.csv", PredictSettings(pixel_size=size, **crops))
    settings = PredictSettings(pixel_size=size, rescale=True, **crops)
    done = predict(model, folder, tmp_path / "p.csv", settings)
    assert "times as large" not in "".join(done.warnings)  # resizing can change the sharpness
    assert done.notes == ()
    for cell, same in zip(done.cells, usual.cells, strict=True):
        assert cell.probabilities[0] == pytest.approx(same.probabilities[0], abs=0.2)
        # in the pixels of the file
        assert np.allclose((np.array(cell.centroid) + 0.5) / factor - 0.5, same.centroid, atol=1)
    (image, *_) = sorted(folder.glob("*/*.png"))
    with pytest.raises(DataError, match="add --rescale"):
        explain(model, image, tmp_path / "s.html", ExplainSettings(pixel_size=size))
    settings = ExplainSettings(
        pixel_size=size, rescale=True, source="crop", red_cell=RED_CELL * factor
    )
    shown = explain(model, image, tmp_path / "s.html", settings)
    assert shown.cells[0].probabilities[0] == pytest.approx(
        done.cells[0].probabilities[0], abs=0.05
    )


def test_extract_can_resize_images_and_their_masks(smear, table, tmp_path):
    folder = varied(smear, tmp_path / "large", resized(2))
    settings = ExtractSettings(
        preset="minimal", pixel_size=SIZE / 2, rescale_to=SIZE, **CROPS | {"red_cell": 2 * RED_CELL}
    )
    done = extract(folder, tmp_path / "c.parquet", settings)
    area, usual = (pd.read_parquet(path)["Cells_AreaShape_Area"] for path in (done.table, table))
    assert (area / usual).median() == pytest.approx(1, abs=0.03)
    with pytest.raises(DataError, match=r"to be resized to 0.1 .* state it with --pixel-size"):
        extract(folder, tmp_path / "d.parquet", ExtractSettings(rescale_to=SIZE))


SETS = {
    "twice as large": (resized(2.0), "times as large (area): another magnification?"),
    "half as large": (resized(0.5), "times as large (area): another magnification?"),
    "out of focus": (
        lambda image: cv2.GaussianBlur(image, (0, 0), 4),
        "times as sharp: another focus or magnification?",
    ),
    "bluer": (bluer, "the background has other colours: another stain, lamp or camera?"),
}


@pytest.mark.parametrize("name", SETS)
def test_a_set_of_another_magnification_stain_or_focus_gets_one_loud_line(
    smear, model, tmp_path, name
):
    change, words = SETS[name]
    folder = varied(smear, tmp_path / "images", change)
    out = tmp_path / "p.csv"
    arguments = ["predict", model, folder, "-o", out, "--source", "crop", "-q"]
    result = CliRunner().invoke(main, [str(one) for one in arguments])
    assert result.exit_code == 0
    assert result.stdout == ""
    (line,) = result.stderr.strip().splitlines()
    assert line.startswith("warning: THESE CELLS AS A SET ARE UNLIKE THE TRAINING CELLS: ")
    assert words in line
    moved = pd.read_csv(tmp_path / "p.moved.csv")
    assert len(moved)
    outside = (moved["Set_Median"] < moved["Training_Low"]) | (
        moved["Set_Median"] > moved["Training_High"]
    )
    assert outside.all()


def test_the_training_images_are_no_other_set(smear, model, tmp_path):
    done = predict(model, smear, tmp_path / "p.csv", PredictSettings(**CROPS))
    assert done.warnings == ()
    assert pd.read_csv(done.files.moved).empty
    assert any("0.1 micrometres per pixel; those of these images" in one for one in done.notes)
