"""The report's data flow, model card and guidelines: every row has a place that exists."""

import json
import re

import numpy as np
import pytest
from support.html_pages import read
from support.tables.synthetic_tables import synthetic_table, write_table

from models.errors import ModelError
from pipelines.outputs.sidecar import read_sidecar
from pipelines.report import report
from pipelines.reporting.data_flow import FlowStep, flow_steps
from pipelines.reporting.guidelines import AUTHOR, NOT_APPLICABLE, facts, guideline_items
from pipelines.reporting.reproduction import commands
from pipelines.train import train
from pipelines.training.training_settings import TrainingSettings

QUICK = {"folds": 3, "repeats": 1, "estimator": "logistic"}
# The items of the two guidelines, as their published lists number them.
NUMBERS = {
    "STARD-AI": [
        *map(str, range(1, 15)), *("15a", "15b", "15c", "15d", "16a", "16b", "16c", "17a", "17b"),
        *map(str, range(18, 26)), "26a", "26b", *map(str, range(27, 40)), "40a", "40b",
    ],
    "TRIPOD+AI": [
        *("1", "2", "3a", "3b", "3c", "4", "5a", "5b", "6a", "6b", "6c", "7", "8a", "8b", "8c"),
        *("9a", "9b", "9c", "10", "11", *(f"12{letter}" for letter in "abcdefg")),
        *("13", "14", "15", "16", "17", *(f"18{letter}" for letter in "abcdef"), "19"),
        *("20a", "20b", "20c", "21", "22", "23a", "23b", "24", "25", "26", "27a", "27b", "27c"),
    ],
}  # fmt: skip
# Headings that only some models have, each with what its section needs.
SOMETIMES = {"detection", "subjects", "shortcuts", "external-test"}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checklist")
    table = synthetic_table()
    table.loc[:3, "Metadata_Label"] = None
    several = np.where(np.arange(len(table)) % 2, "Olympus", "Canon")
    table["Metadata_Camera"] = np.where(table["Metadata_Label"] == "normal", "Canon", several)
    table["Metadata_Quality_OutOfFocus"] = np.arange(len(table)) % 5 == 0
    path = write_table(folder, table)
    sidecar = read_sidecar(path)
    sidecar["input"] = {
        "layout": "class folders",
        "root": "/home/somebody/private",
        "notes": ["a note of the listing"],
        "skipped": [{"file": f"{i}.txt", "reason": "no image"} for i in range(3)],
    }
    sidecar["counts"] = {"images": 75, "failed": 3, "cells": 72}
    sidecar["configuration"] = {
        "preset": "minimal", "stain": "standard", "features": [], "masks": "/home/somebody/masks",
        "max_pixels": 10,
    }  # fmt: skip
    path.with_suffix(".json").write_text(json.dumps(sidecar))
    path.with_suffix(".errors.csv").write_text(
        "image,stage,reason,remedy\na,decode,broken,-\nb,decode,broken,-\nc,segment,blank,-\n"
    )
    return train(path, folder / "model", TrainingSettings(**QUICK)).out


@pytest.mark.parametrize("guideline", NUMBERS)
def test_every_item_of_a_guideline_is_answered_or_left_with_a_reason(guideline):
    every = [one for one in guideline_items() if one.guideline == guideline]
    always = [one for one in every if not one.is_open and not set(one.sections) <= SOMETIMES]
    left = [one for one in every if one.is_open]
    assert not any({AUTHOR, NOT_APPLICABLE} & set(one.sections) for one in every if one not in left)
    numbers = [one.number for one in always + left]
    assert sorted(numbers) == sorted(NUMBERS[guideline])
    assert all(one.answer and one.content for one in every)
    assert {one.guideline for one in guideline_items()} == set(NUMBERS)


def test_every_row_links_to_a_section_of_the_page(model):
    page, words = read(model / "report.html")
    known = set(page.names)
    answered = [one for one in guideline_items() if not one.is_open]
    for item in answered:
        assert set(item.sections) <= known | SOMETIMES, item
    rows = len(answered) - 2  # external ones
    assert "main" in known
    assert len(page.links) == rows + len(known)  # contents name all but "main", and one link skips
    assert set(page.links) <= known
    assert "STARD-AI: 25 items that this page answers" in words
    assert not re.search(r"\{\w+\}", words)


def test_the_answers_hold_figures_of_the_model(model):
    found = json.loads((model / "evaluation.json").read_bytes())
    bundle = json.loads((model / "bundle.json").read_bytes())
    known = facts(found, bundle)
    accuracy = next(one for one in found["figures"] if one["name"] == "balanced accuracy")
    assert known["accuracy"].startswith(f"balanced accuracy {accuracy['mean']:.3f} (")
    assert known["classes"] == "32 blast, 36 normal"
    assert known["estimator"] == "logistic regression"
    _, words = read(model / "report.html")
    assert known["accuracy"] in words


def test_nothing_is_lost_between_images_and_cells(model):
    _, words = read(model / "report.html")
    assert (
        "75 images found = 72 measured + 3 failed + 0 excluded; 3 other files. "
        "72 cells = 68 for training and testing + 4 without a label."
    ) in words
    assert "images that failed at because images decode broken 2 segment blank 1" in words
    assert "3 files that are not images Files that are not images reason files no image 3" in words
    assert "out of focus" in words
    assert "a note of the listing" in words
    text = (model / "report.html").read_text("utf-8")
    assert "somebody" not in text + (model / "evaluation.json").read_text("utf-8")


def test_the_diagram_shows_what_was_left_out(model):
    flow = {"images": 9, "measured": 7, "failed": 2, "excluded": 0, "cells": 8, "unlabelled": 1}
    assert flow_steps({**flow, "used": 7}, {"<blast>": 3, "normal": 4}) == [
        FlowStep("9 images found", "2 failed, 0 excluded"),
        FlowStep("7 images measured"),
        FlowStep("8 cells measured", "1 without a label"),
        FlowStep("7 cells for training and testing", classes="3 <blast>, 4 normal"),
    ]
    bare = flow_steps({**flow, "images": None, "used": 7}, {"a": 7})
    assert not any("images" in step.text for step in bare)
    _, words = read(model / "report.html")
    assert (
        "75 images found 3 failed, 0 excluded 72 images measured 72 cells measured 4 without a "
        "label 68 cells for training and testing 32 blast, 36 normal"
    ) in words


def test_the_commands_are_those_that_were_given(model):
    found = json.loads((model / "evaluation.json").read_bytes())
    bundle = json.loads((model / "bundle.json").read_bytes())
    assert commands(found, bundle) == [
        "python cli.py extract IMAGES -o cells.parquet --preset minimal --stain standard "
        "--max-pixels 10 --masks MASKS",
        "python cli.py train cells.parquet -o model --estimator logistic --label Metadata_Label "
        "--group Metadata_Subject --positive blast --folds 3 --repeats 1 --seed 0 "
        "--audit-cells 500",
    ]
    chosen = {**bundle, "threshold": bundle["training"]["operating"]["threshold"]}
    assert commands(found, chosen)[1].endswith("--sensitivity 0.95")


def test_the_card_states_intended_use_and_performance(model):
    text = (model / "card.md").read_text("utf-8")
    titles = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert titles == [
        "Intended use", "Uses that are not intended", "Data", "Performance", "Limits",
        "Shortcuts", "Threshold", "Reproduction",
    ]  # fmt: skip
    found = json.loads((model / "evaluation.json").read_bytes())
    for one in found["figures"]:
        if one["name"] in ("accuracy", "AUROC"):
            assert f"| {one['name']} | {one['mean']:.3f} | {one['low']:.3f} to" in text
    assert "assists a qualified reader" in text
    assert "Not for diagnosis" in text
    assert "There are only 12 groups" in text
    assert "All cells of normal are from one camera." in text
    assert "somebody" not in text


def test_names_are_escaped_in_the_card(tmp_path):
    table = synthetic_table(classes=("a|b", "<i>*c*"))
    done = train(
        write_table(tmp_path, table), tmp_path / "model", TrainingSettings(positive="a|b", **QUICK)
    )
    text = (done.out / "card.md").read_text("utf-8").split("## Reproduction")[0]
    assert "\\<i\\>\\*c\\*" in text
    assert "<i>" not in text


def test_a_table_without_a_record_of_its_images_is_named(tmp_path):
    done = train(
        write_table(tmp_path, synthetic_table()), tmp_path / "model", TrainingSettings(**QUICK)
    )
    _, words = read(done.out / "report.html")
    assert "The table does not record how many images it is from." in words
    assert "a feature table without a record of its images" in words


def test_a_model_of_an_earlier_program_is_refused_in_one_line(model, tmp_path):
    for path in model.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    found = json.loads((model / "evaluation.json").read_bytes())
    del found["data"]
    (tmp_path / "evaluation.json").write_text(json.dumps(found))
    with pytest.raises(ModelError, match="holds no record of data") as caught:
        report(tmp_path)
    assert "\n" not in str(caught.value)
