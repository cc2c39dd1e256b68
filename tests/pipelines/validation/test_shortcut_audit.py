"""Planted confounders: the shortcut audit names them."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest
from support.files.synthetic_folders import png
from support.processes.recorded_progress import RecordedProgress
from support.tables.synthetic_tables import column_dictionary, synthetic_table

from data.synthetic import synthetic_cell
from models.dataset.training_set import training_set
from models.evaluation.evaluate import Figure, repeated_figures
from models.evaluation.shortcuts import even_sample
from models.learning.cross_validation import cross_validate, pooled
from models.learning.estimators import ESTIMATORS
from pipelines.extract import ExtractSettings, extract
from pipelines.train import train
from pipelines.training.training_settings import TrainingSettings
from pipelines.training.training_table import TrainingTable
from pipelines.validation.fit_progress import FitProgress
from pipelines.validation.pixel_audit import _interpret_variant
from pipelines.validation.protocol import Protocol
from pipelines.validation.remeasure import PixelAuditSettings
from pipelines.validation.shortcut_audit import (
    audit_shortcuts,
    pixel_audit_fits,
    plan_shortcuts,
)

SUBJECTS, CELLS = 12, 7
PROTOCOL = Protocol(folds=3, repeats=1, seed=0, jobs=1, sensitivity=0.95)


def balanced(figures):
    return next(one for one in figures if one["name"] == "balanced accuracy")


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """Cells of one kind; the label, a stain and a corner pixel depend on the subject."""
    folder = tmp_path_factory.mktemp("images")
    rng = np.random.default_rng(0)
    label = rng.permutation(np.arange(SUBJECTS) % 2)
    stain_factors = rng.uniform(0.45, 1.0, (SUBJECTS, 3))
    lines = ["image,label,subject"]
    for subject in range(SUBJECTS):
        for number in range(CELLS):
            cell = synthetic_cell(
                np.random.default_rng((subject, number)), label="normal", size=100
            )
            rgb = np.rint(cell.rgb * stain_factors[subject]).astype(np.uint8)
            rgb[0, -1] = 255 * label[subject]
            name = f"{subject:02d}_{number}.png"
            (folder / name).write_bytes(png(rgb))
            lines.append(f"{name},{('normal', 'blast')[label[subject]]},P{subject}")
    (folder / "list.csv").write_text("\n".join(lines), "utf-8")
    out = tmp_path_factory.mktemp("table") / "cells.parquet"
    extract(
        folder / "list.csv", out, ExtractSettings(features=["*_Intensity_Mean_*"], stain="none")
    )
    return out


@pytest.fixture(scope="module")
def trained(planted, tmp_path_factory):
    model = tmp_path_factory.mktemp("model") / "model"
    done = train(planted, model, TrainingSettings(folds=3, repeats=1, audit_cells=40))
    page = re.sub(r"<[^>]+>", " ", (model / "report.html").read_text("utf-8"))
    return json.loads((model / "evaluation.json").read_text()), page, done.notes


def test_a_corner_pixel_equal_to_the_label_is_reported(trained):
    found, page, notes = trained
    by_name = {one["name"]: one for one in found["shortcuts"]}
    corner = by_name["corner pixels only"]
    assert corner["figures"]["balanced accuracy"] == 1.0
    assert corner["warning"]
    words = "hortcut: corner pixels only reach at least as much as the model does"
    assert any(words in note for note in notes)
    _links, top, below = page.split("Cross-validation folds", 2)
    assert words in top
    assert words in below
    quality = by_name["file properties, sharpness and quality flags only"]
    assert quality["finding"] is None or quality["share_of_lead"] > 0.8


def test_a_stain_of_each_subject_inflates_the_random_split(trained):
    found, *_ = trained
    grouped, at_random = balanced(found["figures"]), balanced(found["random_split"])
    assert at_random["mean"] > 0.8
    assert at_random["mean"] - grouped["mean"] > 0.25
    # the label is the subject's, so that of a new subject cannot be predicted
    assert grouped["low"] < grouped["baseline"] < grouped["high"]


def test_cells_are_measured_again_on_variants_of_the_images(trained):
    found, page, _ = trained
    again = [one for one in found["shortcuts"] if "sample" in one]
    assert [one["name"] for one in again] == [
        "grey pictures",
        "pixels shuffled inside nucleus and cytoplasm",
        "stain jittered in the cells left out",
    ]
    assert all(one["sample"]["cells"] == 40 for one in again)
    shuffled = again[1]
    # statistics of levels do not depend on the positions of the pixels
    assert shuffled["figures"] == shuffled["sample"]["figures"]
    assert found["shortcuts_note"] is None
    assert "of 40 cells" in page


@pytest.mark.parametrize(
    ("name", "share", "lead", "words"),
    [
        ("grey pictures", 1.0, 0.0, None),
        ("grey pictures", 1.1, 0.2, "as much as the model. Colour is hardly needed"),
        ("grey pictures", 0.92, 0.2, "92% of what it reaches beyond chance"),
        ("stain jittered in the cells left out", 0.0, -0.1, None),
        ("stain jittered in the cells left out", 0.3, 0.2, "30% of what the model reaches"),
        ("stain jittered in the cells left out", 1.0, 0.2, None),
    ],
)
def test_variants_say_nothing_about_a_model_without_a_lead(name, share, lead, words):
    finding = _interpret_variant(name, share, lead)
    assert finding is None if words is None else words in finding


def test_columns_kept_out_by_the_sidecar_are_not_used_for_training(planted):
    table = pd.read_parquet(planted)
    sidecar = json.loads(planted.with_suffix(".json").read_text("utf-8"))
    data = training_set(table, sidecar["columns"])
    kept_out = set(sidecar["kept_out"])
    assert kept_out <= set(table.columns)
    assert not kept_out & set(data.columns)
    everything = {**sidecar["columns"], **{name: {} for name in kept_out}}
    assert training_set(table, everything).columns == data.columns


def test_labels_permuted_by_subject_stay_inside_the_chance_interval():
    """Cells of a subject are similar, and its label is random."""
    inside = 0
    for seed in range(12):
        table = synthetic_table(subjects=24, cells=6, strength=3, seed=seed)
        rng = np.random.default_rng(seed)
        names = table["Metadata_Subject"].unique()
        label = dict(zip(names, rng.permutation(["blast", "normal"] * 12), strict=True))
        table["Metadata_Label"] = table["Metadata_Subject"].map(label)
        data = training_set(table, column_dictionary())
        done = cross_validate(
            ESTIMATORS["logistic"],
            data.features,
            data.target,
            data.groups,
            classes=data.classes,
            folds=4,
            repeats=1,
            positive=data.positive,
        )
        figures = repeated_figures(
            data.target, pooled(done, len(data.target)), data.positive, data.groups
        )
        reached = next(one for one in figures if one.name == "balanced accuracy")
        inside += reached.low <= 0.5 <= reached.high
    assert inside >= 10


def model_of(value):
    return [Figure("balanced accuracy", value, np.nan, 0.5, np.nan, np.nan)]


def audited(table, model=0.9, remeasured=0):
    columns = column_dictionary()
    cells = TrainingTable(
        {"columns": columns}, table, training_set(table, columns), ESTIMATORS["logistic"]
    )
    trials, shown = plan_shortcuts(cells), RecordedProgress()
    pixels = PixelAuditSettings(cells.sidecar, None, remeasured)
    total = sum(trial.fits(cells, PROTOCOL) for trial in trials)
    total += pixel_audit_fits(cells, PROTOCOL) if remeasured else 0
    progress = FitProgress(shown, "audit", total)
    found = audit_shortcuts(trials, cells, PROTOCOL, model_of(model), pixels, progress)
    assert shown.counts[-1] == (total, total, 0)
    return found


def test_an_uninformative_background_is_not_suspicious():
    """Whatever the performance of the model."""
    found = audited(synthetic_table(strength=0), model=0.5)
    background = next(one for one in found.shortcuts if one["name"] == "background pixels only")
    assert background["finding"] is None
    assert not background["warning"]


@pytest.mark.parametrize("model", [0.3, 0.5, 0.55])
def test_without_a_lead_no_share_is_reported(model):
    """A model at chance does not show whether colour is needed."""
    table = synthetic_table(strength=4)
    findings = {one["name"]: one["finding"] for one in audited(table, model).shortcuts}
    sentences = [words for words in findings.values() if words]
    assert bool(findings["shape and size only"]) is (model > 0.5)
    assert all("at least as much as the model does" in words for words in sentences)
    table["Background_Intensity_Mean_Gray"] = 1.0 * (table["Metadata_Label"] == "blast")
    findings = {one["name"]: one["finding"] for one in audited(table, model).shortcuts}
    assert "at least as much as the model does" in findings["background pixels only"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda table: table.assign(Background_Intensity_Mean_Gray=0.0),
            "the same in all images",
        ),
        (
            lambda table: table.drop(columns="Background_Intensity_Mean_Gray"),
            "no columns on the background",
        ),
    ],
)
def test_a_background_that_cannot_be_audited_gets_a_note(change, words):
    assert words in str(audited(change(synthetic_table())).note)


def test_slides_are_another_split():
    """Each slide has cells of one class and a different background."""
    table = synthetic_table(subjects=12, cells=6)
    slide = table["Metadata_Subject"].str[1:].astype(int) % 4
    table["Metadata_Slide"] = "g" + slide.astype(str)
    for number in range(4):
        table[f"Background_Slide{number}"] = (slide == number) * 1.0
    found = audited(table)
    background = next(one for one in found.shortcuts if one["name"] == "background pixels only")
    reached = {name: one["balanced accuracy"] for name, one in background["splits"].items()}
    assert set(reached) == {"at random, cell by cell", "by Metadata_Slide"}
    assert background["figures"]["balanced accuracy"] == 1.0
    assert reached["at random, cell by cell"] == 1.0
    assert reached["by Metadata_Slide"] <= 0.6
    assert f"{reached['by Metadata_Slide']:.2f} split by Metadata_Slide" in background["finding"]


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (0, "it was not asked for"),
        (10, "this installation measures version None; extract the table again."),
    ],
)
def test_a_note_says_why_nothing_was_measured_again(cells, words):
    found = audited(synthetic_table(), remeasured=cells)
    assert words in str(found.note)
    assert "\n" not in found.note
    assert not any("sample" in one for one in found.shortcuts)


def test_a_sample_keeps_the_classes_and_spreads_over_the_groups():
    rng = np.random.default_rng(0)
    target = (np.arange(1000) % 10 == 0).astype(np.int64)
    groups = rng.integers(0, 30, 1000)
    rows = even_sample(target, groups, 200, seed=1)
    assert rows.tolist() == sorted(set(rows.tolist()))
    assert np.bincount(target[rows]).tolist() == [180, 20]
    assert len(np.unique(groups[rows][target[rows] == 0])) == 30
    assert len(np.unique(groups[rows][target[rows] == 1])) == min(
        20, len(np.unique(groups[target == 1]))
    )
    assert (even_sample(target, groups, 200, seed=1) == rows).all()
    assert (even_sample(target, groups, 5000, seed=1) == np.arange(1000)).all()
