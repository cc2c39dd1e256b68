"""Cells of copied images stay in one group."""

import pandas as pd
from support.tables.synthetic_tables import (
    synthetic_table,
    write_table,
)

from pipelines.train import train
from pipelines.training.training_settings import TrainingSettings

QUICK = {"folds": 3, "repeats": 1, "estimator": "logistic"}


def test_copies_across_subjects_are_one_group_and_noted(tmp_path):
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


def test_copies_of_an_image_without_a_label_are_one_group(tmp_path):
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


def test_copies_within_a_subject_or_without_subjects_are_noted_by_image(tmp_path):
    table = synthetic_table()
    table.loc[0, "Metadata_SHA256"] = table.loc[3, "Metadata_SHA256"]
    path = write_table(tmp_path, table)
    report = train(path, tmp_path / "model", TrainingSettings(**QUICK))
    assert any(one.startswith("1 pictures occur in 2 files (exact or") for one in report.notes)
    report = train(path, tmp_path / "cells", TrainingSettings(no_groups=True, **QUICK))
    assert any("images/0.png, row 1 = images/3.png, row 4" in one for one in report.notes)
