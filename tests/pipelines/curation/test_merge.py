"""Merged tables: what was measured alike is joined, once for each image, and described."""

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from support.tables.synthetic_tables import SIGNAL, column_dictionary, synthetic_table, write_table

from cli import main
from models.errors import ModelError
from pipelines.curation.merge import merge
from pipelines.outputs.read_table import read_table
from pipelines.outputs.sidecar import read_sidecar
from pipelines.train import train
from pipelines.training.training_settings import TrainingSettings


def written(folder, name, table, **changes):
    """Write a table of this name with its sidecar."""
    (folder / name).mkdir()
    path = write_table(folder / name, table)
    path = path.rename(folder / f"{name}.parquet")
    sidecar = json.loads((folder / name / "cells.json").read_text())
    sidecar["table"]["name"] = path.name
    sidecar["counts"] = {"images": len(table), "failed": 0, "cells": len(table)}
    path.with_suffix(".json").write_text(json.dumps(sidecar | changes))
    return path


def lab(seed, prefix):
    table = synthetic_table(6, 4, seed=seed, strength=3)
    for name in ("Metadata_Image", "Metadata_Subject", "Metadata_SHA256"):
        table[name] = prefix + table[name]
    return table


def test_drawn_tables_are_joined_and_each_image_is_kept_once(tmp_path):
    rng = np.random.default_rng(0)
    whole = pd.concat([lab(0, "a"), lab(1, "b"), lab(2, "c")], ignore_index=True)
    for draw in range(25):
        folder = tmp_path / str(draw)
        folder.mkdir()
        count = int(rng.integers(2, 5))
        parts = [
            whole.iloc[np.sort(rng.choice(len(whole), int(rng.integers(5, 60)), replace=False))]
            for _ in range(count)
        ]
        paths = [written(folder, f"t{at}", part) for at, part in enumerate(parts)]
        out = folder / f"all{('.parquet', '.csv')[draw % 2]}"
        done = merge(paths, out)
        found, sidecar = read_table(out), read_sidecar(out)
        expected = pd.concat(parts).drop_duplicates("Metadata_SHA256")
        assert sidecar["table"]["unchanged"]
        assert list(found["Metadata_SHA256"]) == list(expected["Metadata_SHA256"])
        np.testing.assert_allclose(found[SIGNAL], expected[SIGNAL])
        assert done.cells == sidecar["counts"]["cells"] == len(expected)
        assert sidecar["counts"]["images"] == sum(map(len, parts))
        assert sidecar["counts"]["excluded"] == sum(map(len, parts)) - len(expected)
        assert [one["name"] for one in sidecar["merged"]] == [path.name for path in paths]


def test_shared_subjects_are_one_person_unless_said_otherwise(tmp_path):
    one, two = lab(0, "a"), lab(1, "b")
    two["Metadata_Subject"] = one["Metadata_Subject"]
    two["Metadata_Image"] = one["Metadata_Image"]
    paths = [written(tmp_path, "one", one), written(tmp_path, "two", two)]
    same = merge(paths, tmp_path / "same.parquet")
    assert any(note.startswith("6 subjects are in several tables") for note in same.notes)
    assert read_table(same.table)["Metadata_Subject"].nunique() == 6
    images = read_table(same.table)["Metadata_Image"]
    assert images.is_unique
    assert images.iloc[0] == "one/aimages/0.png"
    apart = merge(paths, tmp_path / "apart.parquet", separate_subjects=True)
    assert read_table(apart.table)["Metadata_Subject"].nunique() == 12
    assert not any("subjects" in note for note in apart.notes)


def other_version():
    dictionary = column_dictionary()
    dictionary[SIGNAL]["version"] = 2
    return dictionary


@pytest.mark.parametrize(
    ("change", "sidecar", "line"),
    [
        (lambda t: t, {"columns": other_version()}, f"version 2 of column {SIGNAL}"),
        (lambda t: t.drop(columns=SIGNAL), {}, f"lacks column {SIGNAL}"),
        (lambda t: t, {"configuration": {"stain": "none"}}, "extracted with stain none"),
        (lambda t: t, {"configuration": {"pixel_size": 0.2}}, "a pixel of .* has 0.2 micrometres"),
        (lambda t: t, {"embedding": {"sha256": "a"}}, "embedding of another network"),
        (
            lambda t: t.assign(Metadata_SHA256=lab(0, "a")["Metadata_SHA256"]),
            {},
            r"is the same file as aimages/0.png of one, with label and subject blast and bS0",
        ),
    ],
)
def test_tables_that_do_not_fit_are_refused_in_one_line(tmp_path, change, sidecar, line):
    first = written(tmp_path, "one", lab(0, "a"))
    table = change(lab(1, "b"))
    if SIGNAL not in table:
        sidecar = {"columns": {k: v for k, v in column_dictionary().items() if k != SIGNAL}}
    second = written(tmp_path, "two", table, **sidecar)
    with pytest.raises(ModelError, match=line) as caught:
        merge([first, second], tmp_path / "all.parquet")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "all.parquet").exists()


@pytest.mark.parametrize(
    ("names", "out", "line"),
    [
        (["one"], "all.parquet", "1 table to merge"),
        (["one", "one"], "all.parquet", "is named twice"),
        (["one", "two"], "two.csv", "is one of the tables"),
        (["one", "two"], "all", "ends in ''"),
    ],
)
def test_names_that_do_not_fit_are_refused(tmp_path, names, out, line):
    with pytest.raises(ModelError, match=line):
        merge([tmp_path / f"{name}.parquet" for name in names], tmp_path / out)


def test_a_merged_table_trains_and_its_report_says_where_it_is_from(tmp_path):
    paths = [written(tmp_path, "one", lab(0, "a")), written(tmp_path, "two", lab(1, "b"))]
    (tmp_path / "one.errors.csv").write_text("image,stage,reason,remedy\nx.png,decode,no,none\n")
    out = tmp_path / "all.parquet"
    result = CliRunner().invoke(main, ["merge", *map(str, paths), "-o", str(out)])
    assert result.exit_code == 0
    assert "48 cells of 2 tables" in result.stdout
    assert list(pd.read_csv(tmp_path / "all.errors.csv")["table"]) == ["one"]
    settings = TrainingSettings(folds=2, repeats=1, estimator="logistic", audit_cells=0)
    card = (train(out, tmp_path / "model", settings).out / "card.md").read_text("utf-8")
    assert "merged tables one.parquet, two.parquet: 48 cells" in card
    assert "48 images found = 48 measured" in card
    assert "python cli.py merge one.parquet two.parquet -o all.parquet" in card
