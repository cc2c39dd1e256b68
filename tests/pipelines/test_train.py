"""From a feature table to a stored model: figures, files and thresholds."""

import json

import numpy as np
import pandas as pd
import pytest
from support.tables.synthetic_tables import (
    SIGNAL,
    WEAK_SIGNAL,
    column_dictionary,
    synthetic_table,
    write_table,
)

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
    ranked = pd.read_csv(report.out / "importances.csv")["feature"]
    assert set(ranked.head(2)) == {SIGNAL, WEAK_SIGNAL}
    assert report.group_importances["name"].iloc[0] in {SIGNAL, WEAK_SIGNAL}
    assert (report.cells, report.groups, report.positive) == (72, 12, "blast")
    assert report.class_counts == {"blast": 36, "normal": 36}
    assert sorted(path.name for path in report.out.iterdir()) == [
        "bundle.json", "card.md", "evaluation.json", "importance_groups.csv", "importances.csv",
        "importances.png", "nearest_cells.parquet", "pipeline.skops", "projection.parquet",
        "reference.parquet", "report.html", "stored_predictions.parquet",
    ]  # fmt: skip
    bundle = load_bundle(report.out, feature_versions=dict.fromkeys(DICTIONARY, 1))
    assert set(bundle.columns) == set(DICTIONARY)  # neither metadata nor background
    probabilities = predict_probabilities(bundle, synthetic_table(strength=3, seed=1))
    blast = probabilities[:, bundle.classes.index("blast")]
    assert ((blast > 0.5) == (table["Metadata_Label"] == "blast")).mean() > 0.9


def test_no_group_is_on_both_sides_of_a_stored_split(tmp_path):
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


def test_a_table_without_groups_needs_an_option_and_gets_a_note(tmp_path):
    table = synthetic_table().drop(columns="Metadata_Subject")
    path = write_table(tmp_path, table)
    with pytest.raises(ModelError, match=r"no column Metadata_Subject; .*--no-groups"):
        train(path, tmp_path / "model", TrainingSettings(**QUICK))
    assert not (tmp_path / "model").exists()
    report = train(path, tmp_path / "model", TrainingSettings(no_groups=True, **QUICK))
    assert report.groups == 72
    assert any("cell by cell" in note for note in report.notes)


def test_the_random_split_profits_from_shifts_of_subjects(tmp_path):
    """Cells of a subject share a shift that is independent of the class."""
    table = synthetic_table(16, 8, strength=0.0)
    rng = np.random.default_rng(0)
    for name in DICTIONARY:
        shift = rng.normal(size=16) * 5
        table[name] += shift[np.repeat(np.arange(16), 8)]
    path = write_table(tmp_path, table)
    report = train(path, tmp_path / "model", TrainingSettings(estimator="svm", folds=4, repeats=2))
    grouped = {one.name: one for one in report.evaluation.figures}
    random = {one.name: one for one in report.random}
    assert random["AUROC"].mean > 0.9
    assert grouped["AUROC"].mean < 0.75
    assert grouped["AUROC"].low < 0.5 < grouped["AUROC"].high  # chance is in the interval
    stored = json.loads((report.out / "evaluation.json").read_text())
    assert stored["random_split"][0]["name"] == "accuracy"
    assert stored["subjects"][0]["accuracy"] <= stored["subjects"][-1]["accuracy"]
    assert len(stored["subjects"]) == 16


def test_the_requested_sensitivity_sets_the_threshold(tmp_path):
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
