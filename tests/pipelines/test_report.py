"""The report: one page that needs no network, with complete figures and escaped names."""

import json
import re

import numpy as np
import pytest
from jinja2 import UndefinedError
from support.html_pages import read
from support.tables.synthetic_tables import DICTIONARY_OF_EIGHT, synthetic_table, write_table

from models.errors import ModelError
from pipelines.html.elements import FeatureName, Table
from pipelines.html.number_text import interval, number
from pipelines.html.render import environment
from pipelines.report import report
from pipelines.train import train
from pipelines.training.training_settings import TrainingSettings

QUICK = {"folds": 3, "repeats": 2, "estimator": "logistic"}


def first(estimate):
    value, low, high = estimate
    return value, (low, high)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    return train(
        write_table(folder, synthetic_table()), folder / "model", TrainingSettings(**QUICK)
    )


def test_the_page_is_complete_and_fetches_nothing(model):
    page, words = read(model.out / "report.html")
    assert page.fetched == []
    assert not re.search(r"@import|url\((?!#)", (model.out / "report.html").read_text("utf-8"))
    for title in ("Cross-validation folds", "Detection of blast", "Subjects", "Compact model"):
        assert title in words
    assert "It makes no diagnosis" in words
    assert "Groups on both sides of a fold, over all 6 folds: 0." in words


def test_the_page_shows_the_stored_figures(model):
    _, words = read(model.out / "report.html")
    for one in model.evaluation.figures:
        numbers = f"{number(one.mean)} {number(one.spread)} {interval(one.low, one.high)}"
        assert f"{one.name} {numbers} {number(one.baseline)}" in words


def test_the_page_is_written_again_with_the_same_bytes(model):
    before = (model.out / "report.html").read_bytes()
    (model.out / "report.html").unlink()
    assert report(model.out).read_bytes() == before
    assert not list(model.out.glob(".*"))


def test_names_are_escaped(tmp_path):
    table = synthetic_table(classes=("<script>alert(1)</script>", "a & b"))
    table["Metadata_Subject"] = "<b>" + table["Metadata_Subject"]
    path = write_table(tmp_path, table)
    done = train(path, tmp_path / "model", TrainingSettings(positive="a & b", **QUICK))
    text = (done.out / "report.html").read_text("utf-8")
    assert "<script" not in text
    assert "<b>" not in text
    _, words = read(done.out / "report.html")
    assert "Detection of a & b" in words


def test_several_classes_have_no_positive_and_are_reported(tmp_path):
    table = synthetic_table(18, classes=("eosinophil", "monocyte", "neutrophil"))
    done = train(
        write_table(tmp_path, table), tmp_path / "model", TrainingSettings(no_groups=True, **QUICK)
    )
    _, words = read(done.out / "report.html")
    assert "Detection of" not in words
    assert "Cells were split one by one" in words
    assert "score of monocyte" in words
    note = json.loads((done.out / "evaluation.json").read_text())["figures_note"]
    assert "Brier score are unweighted means over the 3 classes, each against the rest" in note
    assert "is 3 times as large" in note
    card = (done.out / "card.md").read_text("utf-8")
    for text in (words, card):
        assert note in text
        assert "resampling single cells (with their copies)" in text
    assert "cross-validation by cell, bootstrap of single cells (with their copies)" in words
    for text in (
        "whole subjects",
        "whole groups",
        "net benefit",
        "if its probability is at least",
        "predictive values at",
    ):
        assert text not in words + card


def test_a_positive_class_and_subjects_are_named(model):
    _, words = read(model.out / "report.html")
    card = (model.out / "card.md").read_text("utf-8").replace("\\", "")
    for text in (words, card):
        assert "resampling whole subjects (Metadata_Subject)" in text
        assert "against the rest" not in text
    assert "by Metadata_Subject, bootstrap of whole subjects (Metadata_Subject)" in words
    assert "classified as blast if its probability is at least 0.500" in words
    assert "net benefit compared with classifying all cells as positive" in words
    assert json.loads((model.out / "evaluation.json").read_text())["figures_note"] is None


def test_subjects_are_shown_with_their_predictions(model):
    _, words = read(model.out / "report.html")
    found = model.evaluation.subject_figures
    for name, value, (low, high), trivial in (
        ("balanced accuracy", *first(found.balanced_accuracy), "0.500"),
        ("AUROC of the mean log odds", found.auroc_logit, found.auroc_logit_interval, "0.500"),
        (
            "AUROC of the share of positive cells",
            found.auroc_share,
            found.auroc_share_interval,
            "0.500",
        ),
        ("average precision of the mean log odds", *first(found.average_precision), "0.500"),
    ):
        numbers = f"{number(value)} {interval(low, high)} bootstrap of subjects {trivial}"
        assert f"{name} {numbers}" in words
    assert "classified as blast 95 % interval (Wilson) mean log odds" in words
    for one in model.evaluation.subjects:
        right = f"{number(one.accuracy)} {interval(one.low, one.high)}"
        called = f"{number(one.positive_share)} {interval(one.positive_low, one.positive_high)}"
        row = f"{one.name} {one.classes[0]} {one.cells} {right} {called} {number(one.mean_logit)}"
        assert row in words


@pytest.mark.parametrize("width", [0.0, 0.1])
def test_a_bootstrap_without_an_error_is_not_shown_as_certain(model, tmp_path, width):
    for path in model.out.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    found = json.loads((tmp_path / "evaluation.json").read_text())
    whole = found["subject_figures"]
    for name in ("balanced_accuracy", "average_precision"):
        whole[name] = [0.95, 0.9, 1.0]
    whole["auroc_share_interval"] = [0.9, 1.0]
    found["operating"]["sensitivity"] = [0.9, 0.8, 1.0]
    found["operating"]["specificity"] = [1.0, 1.0 - width, 1.0]
    whole["auroc_logit_interval"] = [1.0 - width, 1.0]
    (tmp_path / "evaluation.json").write_text(json.dumps(found))
    _, words = read(report(tmp_path))
    assert words.count("interval without width") == (2 if width == 0 else 0)


def test_a_model_stored_before_subjects_had_these_intervals_is_still_reported(model, tmp_path):
    for path in model.out.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    found = json.loads((tmp_path / "evaluation.json").read_text())
    del found["figures_note"]
    for one in found["subjects"]:
        del one["positive_low"], one["positive_high"]
    for name in ("auroc_logit_interval", "auroc_share_interval", "balanced_accuracy"):
        del found["subject_figures"][name]
    del found["subject_figures"]["average_precision"]
    (tmp_path / "evaluation.json").write_text(json.dumps(found))
    _, words = read(report(tmp_path))
    area = number(found["subject_figures"]["auroc_logit"])
    assert f"AUROC of the mean log odds {area} - bootstrap" in words
    share, odds = (number(found["subjects"][0][name]) for name in ("positive_share", "mean_logit"))
    assert f"{share} - {odds}" in words


def test_subjects_of_several_classes_are_not_called_positive(tmp_path):
    table = synthetic_table(18, classes=("eosinophil", "monocyte", "neutrophil"))
    done = train(write_table(tmp_path, table), tmp_path / "model", TrainingSettings(**QUICK))
    _, words = read(done.out / "report.html")
    assert "subject class cells correct 95 % interval (Wilson) S" in words
    assert "mean log odds" not in words
    (one, *_) = json.loads((done.out / "evaluation.json").read_text())["subjects"]
    assert [one[name] for name in ("positive_share", "positive_low", "positive_high")] == [None] * 3


def test_a_gap_to_the_random_split_is_explained(tmp_path):
    table = synthetic_table(16, 8, strength=0.0)
    rng = np.random.default_rng(0)
    for name in DICTIONARY_OF_EIGHT:
        table[name] += (rng.normal(size=16) * 5)[np.repeat(np.arange(16), 8)]
    done = train(
        write_table(tmp_path, table),
        tmp_path / "model",
        TrainingSettings(estimator="svm", folds=4, repeats=1),
    )
    assert "It recognises subjects, not only cells" in read(done.out / "report.html")[1]


def test_every_link_has_one_target(model):
    page, _ = read(model.out / "report.html")
    assert {"data", "hardest-cells", "model-card", "reproduction", "guidelines"} <= set(page.links)
    assert set(page.links) <= set(page.names)
    assert len(page.names) == len(set(page.names))


@pytest.mark.parametrize("file", ["evaluation.json", "bundle.json", "importances.csv"])
def test_a_folder_without_its_files_is_refused(model, tmp_path, file):
    for path in model.out.iterdir():
        if path.name != file:
            (tmp_path / path.name).write_bytes(path.read_bytes())
    with pytest.raises(ModelError, match="cannot be read as a model") as caught:
        report(tmp_path)
    assert "\n" not in str(caught.value)


def test_what_is_no_folder_is_refused(tmp_path):
    with pytest.raises(ModelError, match="none is no folder; name the folder that train wrote"):
        report(tmp_path / "none")


def test_numbers_are_text_of_three_decimals_and_gaps_are_dashes():
    assert number(0.12345) == "0.123"
    assert number(-0.00123) == "-0.0012"
    assert number(0.0) == "0.000"
    assert number(float("nan")) == number(None) == "-"
    assert interval(None, 1.0) == "-"
    assert interval(0.1, 0.25) == "0.100 to 0.250"


def drawn(table):
    template = '{% import "macros.html" as page %}{{ page.table(table) }}'
    return environment().from_string(template).render(table=table)


def test_a_table_aligns_numbers_right_and_escapes_texts():
    text = drawn(Table("<c>", ["name", "value"], [["<a>", 1.0], ["b", None]]))
    assert text.count('class="n"') == 3
    assert "&lt;a&gt;" in text
    assert "<a>" not in text + drawn(Table("", ["<a>"], [[FeatureName("<a>", "<a>", "<a>")]]))


def test_a_value_that_a_template_lacks_is_an_error():
    with pytest.raises(UndefinedError, match="'table' is undefined"):
        environment().from_string("{{ table }}").render()


def test_the_stored_evaluation_is_plain_json(model):
    json.loads((model.out / "evaluation.json").read_text(), parse_constant=pytest.fail)


def test_a_share_above_one_is_shown_in_words(model, tmp_path):
    for path in model.out.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    found = json.loads((model.out / "evaluation.json").read_text())
    found["shortcuts"][0]["share_of_lead"] = 41.75
    (tmp_path / "evaluation.json").write_text(json.dumps(found))
    section = report(tmp_path).read_text("utf-8").partition('id="shortcuts"')[2]
    assert '<td class="n">over 1</td>' in section  # aligned right, like the other numbers
    assert "41.75" not in section


@pytest.mark.parametrize("planted", [True, False])
def test_a_planted_shortcut_is_named(tmp_path, planted):
    """A background value that equals the label suffices to predict it."""
    table = synthetic_table(strength=4)
    if planted:
        table["Background_Intensity_Mean_Gray"] = (table["Metadata_Label"] == "blast") * 1.0
    table["Metadata_Quality_OutOfFocus"] = np.arange(len(table)) % 5 == 0
    done = train(write_table(tmp_path, table), tmp_path / "model", TrainingSettings(**QUICK))
    _, words = read(done.out / "report.html")
    text = "Shortcut: background pixels only reach at least as much as the model does"
    assert (text in words) == planted
    found = json.loads((done.out / "evaluation.json").read_text())["shortcuts"]
    by_name = {one["name"]: one for one in found}
    assert by_name["background pixels only"]["columns"] == 1
    assert by_name["file properties, sharpness and quality flags only"]["share_of_lead"] < 0.5
    assert by_name["shape and size only"]["figures"]["AUROC"] > 0.9
    assert not by_name["shape and size only"]["suspicious"]
