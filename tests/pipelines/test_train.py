"""From a table on disk to a stored model: what comes out, and what is refused."""

import json

import numpy as np
import pandas as pd
import pytest
from support.synthetic_tables import (
    SIGNAL,
    WEAK_SIGNAL,
    column_dictionary,
    synthetic_table,
    write_table,
)

from data.errors import DataError
from models.dataset.training_set import training_set
from models.errors import ModelError
from models.storage.bundle import load_bundle, predict_probabilities
from pipelines.train import train
from pipelines.training.training_settings import TrainingSettings

DICTIONARY = column_dictionary()
QUICK = {"folds": 3, "repeats": 1, "estimator": "logistic"}


@pytest.mark.parametrize("estimator", ["svm", "xgboost", "logistic"])
def test_a_planted_signal_is_found_stored_and_used(tmp_path, estimator):
    table = synthetic_table(strength=3)
    path = write_table(tmp_path, table)
    report = train(
        path, tmp_path / "model", TrainingSettings(estimator=estimator, folds=3, repeats=2)
    )
    found = {figure.name: figure for figure in report.evaluation.figures}
    assert found["accuracy"].mean > 0.9
    assert found["accuracy"].baseline == 0.5
    assert found["AUROC"].mean > 0.95
    assert {row["feature"] for row in report.leading[:2]} == {SIGNAL, WEAK_SIGNAL}
    assert (report.cells, report.groups, report.positive) == (72, 12, "blast")
    assert report.class_counts == {"blast": 36, "normal": 36}
    assert sorted(path.name for path in report.out.iterdir()) == [
        "bundle.json", "card.md", "evaluation.json", "importance_groups.csv", "importances.csv",
        "importances.png", "neighbours.parquet", "pipeline.skops", "projection.parquet",
        "reference.parquet", "report.html",
    ]  # fmt: skip
    bundle = load_bundle(report.out, feature_versions=dict.fromkeys(DICTIONARY, 1))
    assert set(bundle.columns) == set(DICTIONARY)  # neither metadata nor background
    probabilities = predict_probabilities(bundle, synthetic_table(strength=3, seed=1))
    blast = probabilities[:, bundle.classes.index("blast")]
    assert ((blast > 0.5) == (table["Metadata_Label"] == "blast")).mean() > 0.9


def test_the_stored_evaluation_proves_its_splits(tmp_path):
    path = write_table(tmp_path, synthetic_table())
    report = train(path, tmp_path / "model", TrainingSettings(**QUICK | {"repeats": 2}))
    stored = json.loads((report.out / "evaluation.json").read_text())
    assert len(stored["splits"]) == 6
    for split in stored["splits"]:
        assert split["groups_on_both_sides"] == 0
        assert split["train_groups"] + split["test_groups"] == 12
        assert min(split["test_classes"].values()) > 0
    assert stored["training"]["group"] == "Metadata_Subject"
    measured = pd.read_csv(report.out / "importances.csv")
    assert len(measured) == len(DICTIONARY)


def test_one_repeat_has_no_spread_and_its_json_is_valid(tmp_path):
    path = write_table(tmp_path, synthetic_table())
    report = train(
        path, tmp_path / "model", TrainingSettings(estimator="logistic", folds=3, repeats=1)
    )
    stored = json.loads((report.out / "evaluation.json").read_text(), parse_constant=pytest.fail)
    assert stored["figures"][0]["spread"] is None


def test_equal_seeds_give_equal_bundles(tmp_path):
    path = write_table(tmp_path, synthetic_table())
    reports = [
        train(path, tmp_path / str(jobs), TrainingSettings(jobs=jobs, **QUICK)) for jobs in (1, 2)
    ]
    for file in ("bundle.json", "evaluation.json", "importances.csv", "importances.png"):
        one, other = ((report.out / file).read_bytes() for report in reports)
        assert one == other, file


def test_three_classes_and_csv(tmp_path):
    table = synthetic_table(18, classes=("eosinophil", "monocyte", "neutrophil"), strength=4)
    table["Metadata_Subject"] = [f"{int(s[1:]):03d}" for s in table["Metadata_Subject"]]
    path = write_table(tmp_path, table)
    table.to_csv(path.with_suffix(".csv"), index=False)
    from_csv = train(path.with_suffix(".csv"), tmp_path / "csv", TrainingSettings(**QUICK))
    from_parquet = train(path, tmp_path / "parquet", TrainingSettings(**QUICK))
    assert repr(from_csv.evaluation) == repr(from_parquet.evaluation)  # NaN differs from NaN
    assert from_csv.positive is None
    assert [row["class"] for row in from_csv.evaluation.classes] == [
        "eosinophil", "monocyte", "neutrophil",
    ]  # fmt: skip


def test_copies_across_subjects_stay_together_and_are_told(tmp_path):
    table = synthetic_table()
    table.loc[0, "Metadata_SHA256"] = table.loc[12, "Metadata_SHA256"]  # S0 = S2
    table.loc[6, "Metadata_PHash"] = table.loc[18, "Metadata_PHash"]  # S1 = S3
    near = int(table.loc[30, "Metadata_PHash"], 16) ^ (1 << 40)  # S5 nearly S7
    table.loc[42, "Metadata_PHash"] = f"{near:056x}"
    table.loc[48, "Metadata_SHA256"] = table.loc[54, "Metadata_SHA256"]  # S8 = S9, blast = normal
    report = train(write_table(tmp_path, table), tmp_path / "model", TrainingSettings(**QUICK))
    assert report.groups == 8
    assert any("S0 = S2; S1 = S3; S5 = S7; S8 = S9" in note for note in report.notes)
    named = "images/48.png (blast) = images/54.png (normal)"
    assert f"1 pictures occur under different labels: {named}" in report.notes
    assert any(one.startswith("4 pictures occur in 8 files") for one in report.notes)
    assert {one.name for one in report.evaluation.subjects} >= {"S0 = S2", "S4"}


def test_copies_of_a_picture_without_a_label_stay_together(tmp_path):
    table = synthetic_table()
    near = int(table.loc[0, "Metadata_PHash"], 16) ^ (1 << 40)
    table.loc[6, "Metadata_PHash"] = f"{near:056x}"  # S0 nearly S1
    table.loc[18, "Metadata_SHA256"] = "same"  # S3 by way of one without a label
    first, way = table.loc[[0]].copy(), table.loc[[20]].copy()
    way["Metadata_SHA256"] = "same"
    way["Metadata_PHash"] = f"{near ^ (1 << 80):056x}"
    extra = pd.concat([first, way]).assign(Metadata_Label=None, Metadata_Image=["u0", "u1"])
    whole = pd.concat([extra, table], ignore_index=True)
    report = train(write_table(tmp_path, whole), tmp_path / "model", TrainingSettings(**QUICK))
    assert any("S0 = S1 = S3" in note for note in report.notes)
    assert report.groups == 10


def test_copies_and_conflicts_within_a_subject_or_without_any_are_told_by_image(tmp_path):
    table = synthetic_table()
    table.loc[0, "Metadata_SHA256"] = table.loc[3, "Metadata_SHA256"]
    path = write_table(tmp_path, table)
    report = train(path, tmp_path / "model", TrainingSettings(**QUICK))
    assert any(one.startswith("1 pictures occur in 2 files (exact or") for one in report.notes)
    report = train(path, tmp_path / "cells", TrainingSettings(no_groups=True, **QUICK))
    assert any("images/0.png, row 1 = images/3.png, row 4" in one for one in report.notes)


def test_a_sensitivity_is_for_two_classes(tmp_path):
    path = write_table(tmp_path, synthetic_table(classes=("blast", "normal", "other")))
    with pytest.raises(ModelError, match=r"sensitivity of 0.9 asked for with 3 classes; leave"):
        train(path, tmp_path / "model", TrainingSettings(sensitivity=0.9, **QUICK))


def test_without_groups_the_user_must_say_so_and_is_told(tmp_path):
    table = synthetic_table().drop(columns="Metadata_Subject")
    path = write_table(tmp_path, table)
    with pytest.raises(ModelError, match=r"no column Metadata_Subject; .*--no-groups"):
        train(path, tmp_path / "model", TrainingSettings(**QUICK))
    assert not (tmp_path / "model").exists()
    report = train(path, tmp_path / "model", TrainingSettings(no_groups=True, **QUICK))
    assert report.groups == 72
    assert any("cell by cell" in note for note in report.notes)


def set_in(column, where, value):
    def change(table):
        table[column] = table[column].astype(object)
        table.loc[where, column] = value
        table[column] = table[column].infer_objects()
        return table

    return change


@pytest.mark.parametrize(
    ("change", "options", "line"),
    [
        (set_in("Metadata_Subject", [3], None), {}, r"is empty in 1 of 72 rows; fill it, name"),
        (lambda t: t.drop(columns="Metadata_Label"), {}, r"no column Metadata_Label; .*--label"),
        (lambda t: t.drop(columns=SIGNAL), {}, rf"lacks column {SIGNAL}, which its sidecar"),
        (lambda t: t.assign(Age=3), {}, r"does not describe column Age"),
        (lambda t: t.assign(Metadata_Label="blast"), {}, r"holds only the class 'blast'"),
        (set_in("Metadata_Label", slice(None), None), {}, r"holds no label; give labels"),
        (set_in("Metadata_Label", [0], "Blast"), {}, r"'Blast' and 'blast' .* differ in case"),
        (lambda t: t.replace({"blast": "all"}), {}, r"neither class \('all', 'normal'\).*--pos"),
        (lambda t: t, {"positive": "ALL"}, r"'ALL' is none of the classes; choose one of 'blast'"),
        (lambda t: t, {"folds": 7}, r"7 folds need 7 subjects of each class, 'blast' has 6"),
        (lambda t: t.assign(Metadata_Subject="S0"), {}, r"class 'blast' has 1 of the subjects"),
        (set_in(SIGNAL, [5], np.inf), {}, rf"column {SIGNAL} is infinite at row 5"),
        (lambda t: t.astype({SIGNAL: str}), {}, rf"column {SIGNAL} holds .* and not numbers"),
        (lambda t: t.assign(**dict.fromkeys(DICTIONARY, 1.0)), {}, r"none of the 8 .* varies"),
        (lambda t: t, {"label": "Metadata_Kind"}, r"no column Metadata_Kind"),
        (lambda t: t, {"group": "Metadata_Bed"}, r"no column Metadata_Bed; name another column"),
        (lambda t: t.iloc[:0], {}, r"has no rows"),
        (
            lambda t: t.assign(Metadata_PHash=["d", "e"] * 36),
            {},
            r"hashes of another kind, such as",
        ),
    ],
)
def test_what_does_not_serve_is_refused_in_one_line(tmp_path, change, options, line):
    path = write_table(tmp_path, change(synthetic_table()), DICTIONARY)
    with pytest.raises(ModelError, match=line) as caught:
        train(path, tmp_path / "model", TrainingSettings(**QUICK | options))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("sidecar", "line"),
    [
        (None, "cells.json is missing"),
        ("{", "cells.json cannot be read"),
        ('{"format": 9}', "format 9, wanted 1"),
        ('{"format": 1}', "no column dictionary"),
        ("[]", "format None, wanted 1"),
        ('{"format": 1, "columns": {}}', "does not describe column"),
    ],
)
def test_a_table_without_its_sidecar_is_refused(tmp_path, sidecar, line):
    path = write_table(tmp_path, synthetic_table())
    path.with_suffix(".json").unlink()
    if sidecar is not None:
        path.with_suffix(".json").write_text(sidecar)
    with pytest.raises(ModelError, match=line):
        train(path, tmp_path / "model", TrainingSettings(**QUICK))


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("cells.parquet", b"no parquet", "cannot be read"),
        ("cells.csv", b"", "cannot be read"),
        ("cells.xlsx", b"", "ends in '.xlsx'; give the table that extract wrote"),
        ("nowhere.parquet", None, "does not exist"),
    ],
)
def test_a_table_that_is_none_is_refused(tmp_path, name, content, line):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    path.with_suffix(".json").write_text(json.dumps({"format": 1, "columns": DICTIONARY}))
    with pytest.raises(ModelError, match=line) as caught:
        train(path, tmp_path / "model", TrainingSettings(**QUICK))
    assert "\n" not in str(caught.value)


def test_a_folder_of_images_is_no_table(tmp_path):
    with pytest.raises(ModelError, match="holds no Parquet file; give the table"):
        train(tmp_path, tmp_path / "model", TrainingSettings(**QUICK))


def test_images_that_are_nowhere_are_told_before_the_work_or_at_its_end(tmp_path):
    path = write_table(tmp_path, synthetic_table())
    with pytest.raises(DataError, match="none does not exist; correct the path"):
        train(path, tmp_path / "model", TrainingSettings(images=tmp_path / "none", **QUICK))
    asked = train(path, tmp_path / "model", TrainingSettings(**QUICK | {"repeats": 1}))
    assert any("Nothing was measured again from the pictures: " in note for note in asked.notes)


def test_an_output_that_is_in_use_is_refused_before_the_work(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "notes.txt").write_text("mine")
    with pytest.raises(ModelError, match="other files"):
        train(tmp_path / "nowhere.parquet", tmp_path / "model", TrainingSettings(**QUICK))


def test_what_is_left_out_is_told():
    table = synthetic_table()
    table["Cytoplasm_Texture_Noise0_Gray"] = np.resize([1 / 3, np.nextafter(1 / 3, 1)], 72)
    table["Cytoplasm_Texture_Noise1_Gray"] = np.nan
    table.loc[[0, 1], "Metadata_Label"] = None
    table.loc[2, "Metadata_Label"] = " "
    table.loc[[70, 71], "Metadata_Subject"] = "S0"
    data = training_set(table, DICTIONARY)
    assert data.notes == (
        "3 cells without a value in Metadata_Label left out",
        "1 of 12 values of Metadata_Subject have cells of several classes",
        "1 columns without any value left out",
        "1 constant columns left out",
    )
    assert data.features.shape == (69, 6)
    assert len(data.columns) == 6
    assert data.rows.tolist() == list(range(3, 72))


def test_a_constant_with_gaps_is_kept():
    table = synthetic_table()
    table["Cytoplasm_Texture_Noise0_Gray"] = np.where(np.arange(72) % 2, 4.0, np.nan)
    assert "Cytoplasm_Texture_Noise0_Gray" in training_set(table, DICTIONARY).columns


@pytest.mark.parametrize(
    ("classes", "positive", "expected"),
    [
        (("blast", "normal"), None, "blast"),
        (("blast", "normal"), "normal", "normal"),
        (("all", "hem"), "all", "all"),
        (("a", "b", "c"), None, None),
        (("a", "b", "c"), "b", "b"),
        (("a", "blast", "c"), None, "blast"),
    ],
)
def test_the_positive_class(classes, positive, expected):
    data = training_set(synthetic_table(classes=classes), DICTIONARY, positive=positive)
    assert (None if data.positive is None else data.classes[data.positive]) == expected


def test_numeric_labels_become_names():
    table = synthetic_table()
    table["Metadata_Label"] = (table["Metadata_Label"] == "blast").astype(int)
    assert training_set(table, DICTIONARY, positive="1").classes == ("0", "1")


def test_a_doubled_column_is_refused():
    table = synthetic_table()
    with pytest.raises(ModelError, match=f"column {SIGNAL} occurs twice"):
        training_set(pd.concat([table, table[[SIGNAL]]], axis=1), DICTIONARY)


def test_figures_have_intervals_and_stand_beside_the_random_split(tmp_path):
    """Cells of a subject share a tint that tells nothing of others: a random split profits."""
    table = synthetic_table(16, 8, strength=0.0)
    rng = np.random.default_rng(0)
    for name in DICTIONARY:
        tint = rng.normal(size=16) * 5
        table[name] += tint[np.repeat(np.arange(16), 8)]
    path = write_table(tmp_path, table)
    report = train(path, tmp_path / "model", TrainingSettings(estimator="svm", folds=4, repeats=2))
    grouped = {one.name: one for one in report.evaluation.figures}
    random = {one.name: one for one in report.random}
    assert random["AUROC"].mean > 0.9
    assert grouped["AUROC"].mean < 0.75
    assert grouped["AUROC"].low < 0.5 < grouped["AUROC"].high  # chance lies in the interval
    stored = json.loads((report.out / "evaluation.json").read_text())
    assert stored["random_split"][0]["name"] == "accuracy"
    assert stored["subjects"][0]["accuracy"] <= stored["subjects"][-1]["accuracy"]
    assert len(stored["subjects"]) == 16


def test_the_stated_sensitivity_sets_the_threshold(tmp_path):
    path = write_table(tmp_path, synthetic_table(24, strength=1.0))
    report = train(path, tmp_path / "high", TrainingSettings(sensitivity=0.99, **QUICK))
    versions = dict.fromkeys(DICTIONARY, 1)
    bundle = load_bundle(report.out, feature_versions=versions)
    assert bundle.threshold < 0.5
    assert bundle.metadata["operating"] == {"stated": 0.99, "threshold": bundle.threshold}
    assert report.evaluation.operating.sensitivity[0] > 0.93
    usual = train(path, tmp_path / "usual", TrainingSettings(**QUICK))
    assert load_bundle(usual.out, feature_versions=versions).threshold == 0.5
    assert usual.evaluation.operating.stated == 0.95
    with pytest.raises(ModelError, match="sensitivity 95"):
        train(path, tmp_path / "wrong", TrainingSettings(sensitivity=95, **QUICK))
