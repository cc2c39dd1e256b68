"""Tables, settings and folders that train refuses."""

import json

import numpy as np
import pytest
from support.tables.synthetic_tables import (
    SIGNAL,
    column_dictionary,
    synthetic_table,
    write_table,
)

from data.errors import DataError
from models.errors import ModelError
from pipelines.train import train
from pipelines.training.training_settings import TrainingSettings

DICTIONARY = column_dictionary()
QUICK = {"folds": 3, "repeats": 1, "estimator": "logistic"}


def test_a_sensitivity_needs_two_classes(tmp_path):
    path = write_table(tmp_path, synthetic_table(classes=("blast", "normal", "other")))
    with pytest.raises(ModelError, match=r"sensitivity of 0.9 asked for with 3 classes; leave"):
        train(path, tmp_path / "model", TrainingSettings(sensitivity=0.9, **QUICK))


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
def test_an_unusable_table_or_setting_is_refused_in_one_line(tmp_path, change, options, line):
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
        ('{"format": 9}', "format 9, expected 1"),
        ('{"format": 1}', "no column dictionary"),
        ("[]", "format None, expected 1"),
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
def test_a_file_that_is_no_table_is_refused(tmp_path, name, content, line):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    path.with_suffix(".json").write_text(json.dumps({"format": 1, "columns": DICTIONARY}))
    with pytest.raises(ModelError, match=line) as caught:
        train(path, tmp_path / "model", TrainingSettings(**QUICK))
    assert "\n" not in str(caught.value)


def test_a_folder_of_images_is_refused(tmp_path):
    with pytest.raises(ModelError, match="holds no Parquet file; give the table"):
        train(tmp_path, tmp_path / "model", TrainingSettings(**QUICK))


def test_missing_images_are_an_error_before_the_work_or_a_note(tmp_path):
    path = write_table(tmp_path, synthetic_table())
    with pytest.raises(DataError, match="none does not exist; correct the path"):
        train(path, tmp_path / "model", TrainingSettings(images=tmp_path / "none", **QUICK))
    report = train(path, tmp_path / "model", TrainingSettings(**QUICK | {"repeats": 1}))
    assert any("Nothing was measured again from the images: " in note for note in report.notes)


def test_a_folder_with_other_files_is_refused_before_the_work(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "notes.txt").write_text("mine")
    with pytest.raises(ModelError, match="other files"):
        train(tmp_path / "nowhere.parquet", tmp_path / "model", TrainingSettings(**QUICK))
