"""A bundle comes back whole, is used by name, and is refused by name where it does not fit."""

import io
import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from support.tables.synthetic_classes import synthetic_classes

from models.errors import ModelError
from models.learning.cross_validation import fit_calibrated
from models.learning.estimators import ESTIMATORS
from models.storage.bundle import (
    Bundle,
    check_target,
    load_bundle,
    predict_classes,
    predict_probabilities,
    save_bundle,
)
from models.storage.content_hash import content_hash
from models.storage.library_versions import library_versions
from models.storage.skops_pipeline import dump_pipeline
from models.storage.stored_predictions import CELLS
from models.storage.stored_predictions import FILE as PREDICTIONS

COLUMNS = tuple(f"Cells_Intensity_F{i}_Gray" for i in range(5))
VERSIONS = dict.fromkeys(COLUMNS, 1)


def made(name="logistic", classes=2):
    features, target, groups = synthetic_classes(classes)
    model = fit_calibrated(ESTIMATORS[name], features, target, groups, seed=0)
    bundle = Bundle(
        pipeline=model.pipeline,
        estimator=name,
        calibration=model.calibration,
        columns=COLUMNS,
        feature_versions=VERSIONS,
        classes=("blast", "normal", "other")[:classes],
        positive="blast",
        threshold=0.4,
        metadata={"cells": 96, "shares": {"blast": 0.5}},
    )
    return bundle, pd.DataFrame(features, columns=list(COLUMNS))


def save(bundle, table, folder, extra=None):
    save_bundle(bundle, folder, extra, cells=table, program_version="0.0")


@pytest.fixture
def stored(tmp_path):
    bundle, table = made()
    save(bundle, table, tmp_path / "model", {"evaluation.json": b"{}"})
    return tmp_path / "model", bundle, table


def edit(folder: Path, **changes):
    record = json.loads((folder / "bundle.json").read_text())
    record.update(changes)
    (folder / "bundle.json").write_text(json.dumps(record))
    return record


@pytest.mark.parametrize("name", sorted(ESTIMATORS))
@pytest.mark.parametrize("classes", [2, 3])
def test_a_bundle_comes_back_with_equal_probabilities(tmp_path, name, classes):
    bundle, table = made(name, classes)
    save(bundle, table, tmp_path / "model")
    back = load_bundle(tmp_path / "model", feature_versions=VERSIONS | {"more": 3})
    assert np.array_equal(predict_probabilities(back, table), predict_probabilities(bundle, table))
    for field in ("columns", "classes", "positive", "threshold", "calibration", "metadata"):
        assert getattr(back, field) == getattr(bundle, field)
    assert back.feature_versions == VERSIONS


def test_columns_are_taken_by_name(stored):
    folder, _, table = stored
    bundle = load_bundle(folder, feature_versions=VERSIONS)
    turned = table[list(COLUMNS[::-1])].assign(Metadata_Image="x", Cells_More_F_Gray=1.0)
    assert np.array_equal(
        predict_probabilities(bundle, turned), predict_probabilities(bundle, table)
    )


def test_a_missing_column_is_named(stored):
    _, bundle, table = stored
    with pytest.raises(ModelError, match=rf"lacks column {COLUMNS[2]} and 1 more"):
        predict_probabilities(bundle, table.drop(columns=[COLUMNS[2], COLUMNS[4]]))


def test_an_infinite_or_textual_column_is_named(stored):
    _, bundle, table = stored
    table.loc[3, COLUMNS[1]] = np.inf
    with pytest.raises(ModelError, match=rf"{COLUMNS[1]} is infinite at row 3"):
        predict_probabilities(bundle, table)
    with pytest.raises(ModelError, match=rf"{COLUMNS[1]} holds \w+ and not numbers"):
        predict_probabilities(bundle, table.astype({COLUMNS[1]: str}))


def test_no_rows_give_no_probabilities(stored):
    _, bundle, table = stored
    assert predict_probabilities(bundle, table.iloc[:0]).shape == (0, 2)


def test_classes_follow_the_stored_threshold(stored):
    _, bundle, _ = stored
    p = np.array([[0.41, 0.59], [0.39, 0.61]])
    assert predict_classes(bundle, p) == ["blast", "normal"]


def test_a_changed_feature_version_is_refused_by_name(stored):
    folder, _, _ = stored
    with pytest.raises(
        ModelError, match=rf"version 1 of column {COLUMNS[3]}, this installation .* version 2"
    ):
        load_bundle(folder, feature_versions=VERSIONS | {COLUMNS[3]: 2})
    with pytest.raises(ModelError, match=rf"column {COLUMNS[3]}, which this installation does not"):
        load_bundle(folder, feature_versions={k: 1 for k in COLUMNS if k != COLUMNS[3]})


def drawn_versions(rng):
    """Return versions of the three libraries: as here, another patch, another minor, or none."""
    here = json.loads(json.dumps(library_versions()))
    for name, version in list(here.items()):
        major, minor, *_ = version.split(".")
        kind = rng.integers(4)
        if kind == 1:
            here[name] = f"{major}.{minor}.{90 + rng.integers(9)}"
        elif kind == 2:
            here[name] = f"{major}.{int(minor) + 1 + rng.integers(9)}.0"
        elif kind == 3:
            del here[name]
    return here


@pytest.mark.parametrize("name", sorted(ESTIMATORS))
def test_drawn_library_versions_are_noted_where_the_model_uses_the_library(tmp_path, name):
    rng = np.random.default_rng(0)
    bundle, table = made(name)
    save(bundle, table, tmp_path / "model")
    used = {"scikit-learn", "skops"} | ({"xgboost"} if name == "xgboost" else set())
    for _ in range(40):
        versions = drawn_versions(rng)
        edit(tmp_path / "model", versions=versions)
        back = load_bundle(tmp_path / "model", feature_versions=VERSIONS)
        other = {one for one in used if versions.get(one) != library_versions()[one]}
        assert len(back.notes) == bool(other)
        for one in used | {"xgboost"}:
            assert (
                f"{one} {versions.get(one, 'of an unknown version')} (here " in "".join(back.notes)
            ) == (one in other)


@pytest.mark.parametrize("name", sorted(ESTIMATORS))
@pytest.mark.parametrize("classes", [2, 3])
def test_a_model_that_predicts_otherwise_than_when_it_was_trained_is_refused(
    tmp_path, name, classes
):
    bundle, table = made(name, classes)
    save(bundle, table, tmp_path / "model")
    path = tmp_path / "model" / PREDICTIONS
    right = pd.read_parquet(path)
    assert len(right) == CELLS
    assert np.allclose(
        right[[f"Probability_{at}" for at in range(classes)]],
        predict_probabilities(bundle, right),
        rtol=0,
        atol=1e-12,
    )
    rng = np.random.default_rng(1)
    for _ in range(20):
        wrong = right.copy()
        row, column = rng.integers(CELLS), f"Probability_{rng.integers(classes)}"
        change = rng.choice([-1, 1]) * rng.uniform(2e-4, 0.5)
        wrong.loc[row, column] += change
        wrong.to_parquet(path, index=False)
        edit(tmp_path / "model", versions={"scikit-learn": "1.2.3"})
        with pytest.raises(ModelError, match=r"other probabilities than .*scikit-learn 1\.2\.3"):
            load_bundle(tmp_path / "model", feature_versions=VERSIONS)


@pytest.mark.parametrize("error", [AttributeError("no _parts"), TypeError("missing"), ImportError])
def test_a_model_that_the_libraries_cannot_build_or_use_is_refused(stored, monkeypatch, error):
    folder, bundle, _ = stored

    def fails(*_args, **_options):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr("skops.io.loads", fails)
        with pytest.raises(ModelError, match="cannot be built with the libraries"):
            load_bundle(folder, feature_versions=VERSIONS)
    if error is not ImportError:
        monkeypatch.setattr(type(bundle.pipeline["model"]), "decision_function", fails)
        with pytest.raises(ModelError, match="cannot predict here"):
            load_bundle(folder, feature_versions=VERSIONS)


def test_another_format_is_refused_with_seen_and_wanted(stored):
    folder, _, _ = stored
    edit(folder, format=7)
    with pytest.raises(ModelError, match="bundle format 7, wanted 1"):
        load_bundle(folder, feature_versions=VERSIONS)


def swap_pipeline(folder: Path, pipeline: object, honest_hash: bool = True):
    data = skops.io.dumps(pipeline)
    (folder / "pipeline.skops").write_bytes(data)
    if honest_hash:
        edit(folder, pipeline={"file": "pipeline.skops", "content_sha256": content_hash(data)})


def test_a_skops_file_with_an_extra_type_is_refused_by_name(stored):
    folder, bundle, _ = stored
    for extra, name in (
        (FunctionTransformer(os.getcwd), "getcwd"),
        (SelectKBest(f_classif), "f_classif"),
    ):
        crafted = Pipeline([("extra", extra), *bundle.pipeline.steps])
        swap_pipeline(folder, crafted)
        with pytest.raises(ModelError, match=rf"holds the type \S*{name}, which is not trusted"):
            load_bundle(folder, feature_versions=VERSIONS)


def test_a_class_named_in_the_schema_only_is_refused_by_name(stored):
    folder, bundle, _ = stored
    source = zipfile.ZipFile(io.BytesIO(skops.io.dumps(bundle.pipeline)))
    schema = source.read("schema.json").decode().replace("LogisticRegression", "Popen")
    schema = schema.replace("sklearn.linear_model._logistic", "subprocess")
    with zipfile.ZipFile(folder / "pipeline.skops", "w") as crafted:
        for name in source.namelist():
            crafted.writestr(name, schema if name == "schema.json" else source.read(name))
    data = (folder / "pipeline.skops").read_bytes()
    edit(folder, pipeline={"file": "pipeline.skops", "content_sha256": content_hash(data)})
    with pytest.raises(ModelError, match=r"subprocess\.Popen, which is not trusted"):
        load_bundle(folder, feature_versions=VERSIONS)


def test_another_pipeline_is_refused_by_its_hash(stored):
    folder, _, _ = stored
    swap_pipeline(folder, made("svm")[0].pipeline, honest_hash=False)
    with pytest.raises(ModelError, match="content hash"):
        load_bundle(folder, feature_versions=VERSIONS)


def test_a_pipeline_of_other_width_or_kind_is_refused(stored):
    folder, bundle, _ = stored
    for wrong in (bundle.pipeline["scale"], Pipeline(bundle.pipeline.steps[-1:])):
        swap_pipeline(folder, wrong)
        if isinstance(wrong, Pipeline):
            wrong.fit(np.eye(4), [0, 1, 0, 1])
            swap_pipeline(folder, wrong)
        with pytest.raises(ModelError, match="no Pipeline of 5 columns"):
            load_bundle(folder, feature_versions=VERSIONS)


@pytest.mark.parametrize(
    ("file", "content", "line"),
    [
        ("bundle.json", b"{", "cannot be read"),
        ("bundle.json", b"[1]", "holds no record"),
        ("bundle.json", b'{"format": 1}', "is damaged: KeyError"),
        ("pipeline.skops", b"", "is damaged"),
        ("pipeline.skops", b"PK nonsense", "is damaged"),
        ("bundle.json", None, "is no model: bundle.json is missing"),
        ("pipeline.skops", None, "cannot be read: No such file"),
        ("stored_predictions.parquet", None, "stored_predictions.parquet cannot be read"),
        ("stored_predictions.parquet", b"PAR", "stored_predictions.parquet cannot be read"),
    ],
)
def test_a_damaged_bundle_is_refused_in_one_line(stored, file, content, line):
    folder, _, _ = stored
    if content is None:
        (folder / file).unlink()
    else:
        (folder / file).write_bytes(content)
    with pytest.raises(ModelError, match=line) as caught:
        load_bundle(folder, feature_versions=VERSIONS)
    assert "\n" not in str(caught.value)


def test_an_unknown_estimator_is_refused(stored):
    folder, _, _ = stored
    edit(folder, estimator="forest")
    with pytest.raises(ModelError, match="'forest', wanted one of svm"):
        load_bundle(folder, feature_versions=VERSIONS)


def test_the_content_hash_ignores_addresses_and_depends_on_every_number():
    one, _ = made("xgboost")
    other, _ = made("xgboost")
    assert dump_pipeline(one.pipeline)[1] == dump_pipeline(other.pipeline)[1]
    linear, _ = made()
    before = dump_pipeline(linear.pipeline)[1]
    linear.pipeline["model"].coef_[0, 0] += 1e-9
    assert dump_pipeline(linear.pipeline)[1] != before


def test_a_part_that_the_schema_does_not_name_changes_the_hash():
    data, seen = dump_pipeline(made()[0].pipeline)
    stream = io.BytesIO(data)
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("more.npy", b"x")
    assert content_hash(stream.getvalue()) != seen


def test_a_model_is_replaced_whole_and_no_other_file_remains(stored):
    folder, _, table = stored
    bundle, _ = made("svm")
    save(bundle, table, folder)
    names = ["bundle.json", "pipeline.skops", "stored_predictions.parquet"]
    assert sorted(path.name for path in folder.iterdir()) == names
    assert [path.name for path in folder.parent.iterdir()] == ["model"]
    back = load_bundle(folder, feature_versions=VERSIONS)
    assert back.estimator == "svm"
    assert predict_probabilities(back, table).shape == (len(table), 2)


def test_a_write_that_fails_leaves_the_old_model(stored, monkeypatch):
    folder, _, _ = stored
    real = Path.rename

    def fails(self, target):
        if self.name == "new":
            raise OSError(28, "No space left on device")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", fails)
    with pytest.raises(ModelError, match="cannot be written: No space left"):
        save(*made("svm"), folder)
    monkeypatch.undo()
    assert load_bundle(folder, feature_versions=VERSIONS).estimator == "logistic"
    assert [path.name for path in folder.parent.iterdir()] == ["model"]


def test_a_folder_with_other_files_is_not_changed(tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("years of work")
    with pytest.raises(ModelError, match="holds other files than a model's"):
        save(*made(), tmp_path / "thesis")
    with pytest.raises(ModelError, match="is a file"):
        check_target(tmp_path / "thesis" / "chapter.txt")
    (tmp_path / "empty").mkdir()
    check_target(tmp_path / "empty")
    check_target(tmp_path / "new" / "deep")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root writes anywhere")
def test_a_read_only_folder_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(ModelError, match="cannot be written to"):
        check_target(tmp_path / "model")
    tmp_path.chmod(0o700)


def test_a_folder_that_refuses_writing_is_refused_before_the_work(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(ModelError, match="cannot be written to"):
        check_target(tmp_path / "model")
