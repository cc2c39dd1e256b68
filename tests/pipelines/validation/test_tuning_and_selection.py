"""train --tune and --select: choices are reported, stored, and used to predict."""

import json

import pytest
from support.html_pages import read
from support.processes.recorded_progress import RecordedProgress
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

QUICK = {"folds": 3, "repeats": 1, "estimator": "logistic"}
VERSIONS = dict.fromkeys(column_dictionary(), 1)


def stored(report):
    return json.loads((report.out / "evaluation.json").read_text(), parse_constant=pytest.fail)


PROGRESS = RecordedProgress()


@pytest.fixture(scope="module")
def chosen(tmp_path_factory):
    folder = tmp_path_factory.mktemp("choices")
    path = write_table(folder, synthetic_table(strength=3))
    return train(path, folder / "model", TrainingSettings(tune=2, select=3, **QUICK), PROGRESS)


@pytest.mark.usefixtures("chosen")
def test_training_counts_every_fit_of_a_total_known_at_the_beginning():
    (read, train_step, store) = PROGRESS.steps
    assert (read[0], store[0]) == ("read the table", "store the model")
    step, total, unit = train_step
    assert (step, unit) == ("train", "fits")
    done = [count for count, _, _ in PROGRESS.counts]
    assert done == sorted(set(done))
    # Three fits for each of 3 folds of the grouped and the random split, and for the final model.
    assert [done[2], done[5], done[-2]] == [9, 18, total - 3]
    assert PROGRESS.counts[-1] == (total, total, 0)


def test_every_fold_records_its_settings_and_the_default(chosen):
    tuning = stored(chosen)["tuning"]
    assert tuning["candidates"] == 2
    assert len(tuning["folds"]) == 3
    settings = [one["settings"] for one in tuning["folds"]] + [tuning["final"]]
    assert all(set(one) <= {"model__C"} for one in settings)
    found = {one.name: one for one in chosen.evaluation.figures}
    for name, gap in tuning["difference"].items():
        assert gap["low"] <= gap["value"] <= gap["high"]
        assert gap["value"] == pytest.approx(found[name].mean - tuning["default"][name]["value"])


def test_the_selection_finds_the_signal_in_every_fold(chosen):
    selection = stored(chosen)["selection"]
    share = {one["feature"]: one["share"] for one in selection["features"]}
    assert share[SIGNAL] == share[WEAK_SIGNAL] == 1
    assert selection["counts"] == [3, 3, 3]
    assert sum(share.values()) == pytest.approx(3)
    assert 0 < selection["stability"] < 1


def test_the_bundle_needs_only_the_selected_columns(chosen):
    bundle = load_bundle(chosen.out, feature_versions=VERSIONS)
    assert len(bundle.columns) == chosen.columns == 3
    assert {SIGNAL, WEAK_SIGNAL} < set(bundle.columns) == set(stored(chosen)["selection"]["final"])
    table = synthetic_table(strength=3, seed=1)
    probabilities = predict_probabilities(bundle, table[list(bundle.columns)])
    blast = probabilities[:, bundle.classes.index("blast")] > 0.5
    assert (blast == (table["Metadata_Label"] == "blast")).mean() > 0.9


def test_the_report_describes_both(chosen):
    _, words = read(chosen.out / "report.html")
    assert "Inside each training part 2 drawn configurations and the default" in words
    assert "points of balanced accuracy" in words
    assert "at most 3 features were chosen" in words
    assert "all cells" in words


@pytest.mark.parametrize("estimator", ["svm", "xgboost"])
def test_other_estimators_tune_and_select_for_three_classes(tmp_path, estimator):
    table = synthetic_table(12, 4, classes=("a", "b", "c"), strength=4)
    options = QUICK | {"estimator": estimator, "folds": 2}
    report = train(
        write_table(tmp_path, table),
        tmp_path / "model",
        TrainingSettings(select=2, tune=1, **options),
    )
    bundle = load_bundle(report.out, feature_versions=VERSIONS)
    assert set(bundle.columns) == {SIGNAL, WEAK_SIGNAL}
    assert predict_probabilities(bundle, table).shape == (48, 3)


def test_without_the_options_nothing_is_recorded(tmp_path):
    report = train(
        write_table(tmp_path, synthetic_table()), tmp_path / "model", TrainingSettings(**QUICK)
    )
    record = stored(report)
    assert [record[name] for name in ("tuning", "selection", "external")] == [None] * 3


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"tune": 0}, "0 configurations to try asked for; ask for at least 1"),
        ({"select": -1}, "-1 features asked for; ask for at least 1"),
    ],
)
def test_numbers_below_one_are_refused(tmp_path, options, line):
    path = write_table(tmp_path, synthetic_table())
    with pytest.raises(ModelError, match=line):
        train(path, tmp_path / "model", TrainingSettings(**QUICK, **options))
