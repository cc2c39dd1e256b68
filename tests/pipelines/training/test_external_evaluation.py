"""train --external: the model is tested once on cells of another table that are all new."""

import json

import pytest
from support.html_pages import read
from support.processes.recorded_progress import RecordedProgress
from support.tables.synthetic_tables import SIGNAL, column_dictionary, synthetic_table, write_table

from models.errors import ModelError
from models.metrics.classification import figures
from models.storage.bundle import load_bundle, predict_probabilities
from pipelines.outputs.read_table import read_table
from pipelines.train import train
from pipelines.training.training_settings import TrainingSettings

QUICK = {"folds": 3, "repeats": 1, "estimator": "logistic"}


def other(seed=1, subjects=12, **options):
    """Cells of other subjects, in other pictures."""
    table = synthetic_table(subjects, strength=3, seed=seed, **options)
    table["Metadata_Subject"] = "T" + table["Metadata_Subject"]
    table["Metadata_SHA256"] = "other" + table["Metadata_SHA256"]
    return table


def two(folder, table, outside, dictionary=None):
    paths = []
    for name, one in (("in", table), ("out", outside)):
        (folder / name).mkdir()
        paths.append(write_table(folder / name, one, dictionary))
    return paths


def test_external_cells_get_figures_as_on_the_folds_and_at_the_thresholds(tmp_path):
    paths = two(tmp_path, synthetic_table(strength=3), other())
    report = train(
        paths[0], tmp_path / "model", TrainingSettings(external=paths[1], sensitivity=0.9, **QUICK)
    )
    plain = train(paths[0], tmp_path / "plain", TrainingSettings(sensitivity=0.9, **QUICK))
    found, without = (
        json.loads((one.out / "evaluation.json").read_text(), parse_constant=pytest.fail)
        for one in (report, plain)
    )
    assert {**found, "external": None, "notes": []} == {**without, "notes": []}
    outside = found["external"]
    assert (outside["cells"], outside["groups"], outside["left_out"]) == (72, 12, [])
    named = {one["name"]: one for one in outside["figures"]}
    assert named["accuracy"]["mean"] > 0.9
    assert named["AUROC"]["low"] <= named["AUROC"]["mean"] <= named["AUROC"]["high"]
    bundle = json.loads((report.out / "bundle.json").read_text())
    point = outside["thresholds"]["stored"]
    assert point["threshold"] == bundle["threshold"] == outside["thresholds"]["stated"]["threshold"]
    counts = outside["confusion"]
    assert named["sensitivity"]["mean"] == pytest.approx(counts[0][0] / 36)
    low, high = point["sensitivity"][1:]
    assert low <= point["sensitivity"][0] <= high
    # At a threshold of 0.5, as on the folds; and separately at the model's threshold.
    cells, versions = read_table(paths[1]), dict.fromkeys(column_dictionary(), 1)
    probabilities = predict_probabilities(
        load_bundle(report.out, feature_versions=versions), cells
    )[:, 0]
    truth = cells["Metadata_Label"].to_numpy() == "blast"
    assert named["sensitivity"]["mean"] == pytest.approx((probabilities[truth] >= 0.5).mean())
    assert point["sensitivity"][0] == pytest.approx(
        (probabilities[truth] >= bundle["threshold"]).mean()
    )
    assert outside["subject_figures"]["positives"] == 6
    assert any("external table cells.parquet, 72 cells: balanced" in one for one in report.notes)
    _, words = read(report.out / "report.html")
    assert "External test cells.parquet: 72 cells (36 blast, 36 normal) in 12 groups" in words


def test_training_images_and_subjects_are_left_out_and_counted(tmp_path):
    table, outside = synthetic_table(), other()
    outside.loc[0, "Metadata_SHA256"] = table.loc[50, "Metadata_SHA256"]
    near = int(table.loc[30, "Metadata_PHash"], 16) ^ (1 << 40)
    outside.loc[1, "Metadata_PHash"] = f"{near:056x}"
    outside.loc[6:11, "Metadata_Subject"] = "S3"
    paths = two(tmp_path, table, outside)
    report = train(paths[0], tmp_path / "model", TrainingSettings(external=paths[1], **QUICK))
    found = json.loads((report.out / "evaluation.json").read_text())["external"]
    assert found["cells"] == 64
    assert found["left_out"] == [
        "8 of 72 cells of cells.parquet left out: 1 with the bytes of a training image, "
        "1 a near copy of a training image, 6 of a training subject"
    ]


@pytest.mark.parametrize("classes", [("a", "b", "c"), ("blast", "normal")])
def test_a_class_may_be_missing_in_the_external_table(tmp_path, classes):
    outside = other(classes=classes)
    left = outside[outside["Metadata_Label"] != classes[-1]]
    paths = two(tmp_path, synthetic_table(strength=3, classes=classes), left.reset_index(drop=True))
    report = train(
        paths[0], tmp_path / "model", TrainingSettings(external=paths[1], **QUICK | {"folds": 2})
    )
    found = json.loads((report.out / "evaluation.json").read_text(), parse_constant=pytest.fail)[
        "external"
    ]
    assert found["classes"][-1]["cells"] == 0
    assert found["classes"][-1]["sensitivity"] is None
    named = {one["name"]: one["mean"] for one in found["figures"]}
    assert named["accuracy"] > 0.5
    assert (named["AUROC"] is None) == (
        len(classes) == 2
    )  # no other class to compare the blasts with
    read(report.out / "report.html")


def test_figures_skip_an_absent_class():
    import numpy as np

    rng = np.random.default_rng(0)
    target = rng.integers(0, 2, 60)
    probabilities = rng.dirichlet([1, 1, 1], 60)
    found = figures(target, probabilities, None)
    each = [figures(target, probabilities, code)["AUROC"] for code in (0, 1)]
    assert found["AUROC"] == pytest.approx(np.mean(each))


def relabelled(table):
    return table.replace({"Metadata_Label": {"blast": "Blasts"}})


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (relabelled, r"labelled 'Blasts', the training table 'blast', 'normal'"),
        (lambda t: t.drop(columns="Metadata_Label"), "has no column Metadata_Label"),
        (lambda t: t.assign(Metadata_Label=""), "holds no label in Metadata_Label"),
        (lambda _: synthetic_table(), r"every cell of .* also occurs in the training table"),
        (lambda t: t.assign(Metadata_Subject=""), r"Metadata_Subject of .* is empty in 72 of 72"),
    ],
)
def test_an_unusable_external_table_is_refused_before_the_work(tmp_path, change, line):
    paths = two(tmp_path, synthetic_table(), change(other()))
    progress = RecordedProgress()
    with pytest.raises(ModelError, match=line) as caught:
        train(paths[0], tmp_path / "model", TrainingSettings(external=paths[1], **QUICK), progress)
    assert "\n" not in str(caught.value)
    assert [step for step, _, _ in progress.steps] == ["read the table"]
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda s: s["configuration"].update(stain="standard"), "with --stain standard, the train"),
        (lambda s: s["columns"][SIGNAL].update(version=2), f"version 2 of column {SIGNAL}, the tr"),
        (lambda s: s["columns"].pop(SIGNAL), f"lacks column {SIGNAL} of the training table"),
    ],
)
def test_a_table_of_another_extraction_is_refused(tmp_path, change, line):
    paths = two(tmp_path, synthetic_table(), other(), column_dictionary())
    sidecar = json.loads(paths[1].with_suffix(".json").read_text())
    change(sidecar)
    paths[1].with_suffix(".json").write_text(json.dumps(sidecar))
    with pytest.raises(ModelError, match=line):
        train(paths[0], tmp_path / "model", TrainingSettings(external=paths[1], **QUICK))


def test_a_table_without_subjects_is_tested_cell_by_cell_with_a_note(tmp_path):
    paths = two(tmp_path, synthetic_table(strength=3), other().drop(columns="Metadata_Subject"))
    report = train(paths[0], tmp_path / "model", TrainingSettings(external=paths[1], **QUICK))
    found = json.loads((report.out / "evaluation.json").read_text())["external"]
    assert found["groups"] == 72
    assert "names no subjects" in found["left_out"][0]
    assert found["subjects"] == []
