"""The commands that a report prints, read by the command line itself, are those that were given."""

import json
import shlex
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.synthetic_tables import synthetic_table, write_table

from cli import main
from pipelines.reporting.reproduction import commands
from pipelines.train import train

# Options that change no number, and arguments that are told in another way.
UNTOLD = {
    "train": {"table", "out", "jobs", "quiet", "no_groups"},
    "extract": {
        *("images", "out", "config", "resume", "fail_fast", "memory_limit", "scheduler", "jobs"),
        "quiet",
    },
}
EXTRACTED = {
    "preset": "full",
    "features": ["*_Gray_*", "Haematology"],
    "embedding": "my net.onnx",
    "embedding_set": ["mean=0.5,0.5,0.5", "size=8x8"],
    "source": "field",
    "mask_is": "cell",
    "pixel_size": 0.1234567,
    "max_pixels": 10,
    "max_bytes": 20,
    "stain": "none",
    "masks": "/home/me/my masks",
    "time_limit": 7.5,
}
TRAINED = {
    "estimator": "logistic",
    "label": "Metadata_cell type",
    "group": "Metadata_patient's name",
    "positive": "a $blast",
    "folds": 3,
    "repeats": 2,
    "seed": 7,
    "sensitivity": 0.8765432,
    "audit_cells": 7,
    "tune": 1,
    "select": 4,
}
ELSEWHERE = {"images": "IMAGES", "external": "OTHER_TABLE"}


def understood(line):
    """Values of the options of a command line, and its words."""
    python, program, name, *words = shlex.split(line)
    assert (python, program) == ("python", "cli.py")
    return name, main.commands[name].make_context(name, list(words)).params


def defaults(name):
    command = main.commands[name]
    return {one.name: one for one in command.params if one.name not in UNTOLD[name]}


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A model trained with no option as it is by default, of a table with a space in its name."""
    folder = tmp_path_factory.mktemp("commands")
    paths = []
    for name, seed in (("in", 0), ("out", 1)):
        (folder / name).mkdir()
        table = synthetic_table(strength=3, seed=seed, classes=("a $blast", "normal"))
        table["Metadata_Subject"] += name
        table["Metadata_SHA256"] += name
        names = {"Metadata_Label": TRAINED["label"], "Metadata_Subject": TRAINED["group"]}
        paths.append(write_table(folder / name, table.rename(columns=names)))
    sidecar = json.loads(paths[0].with_suffix(".json").read_bytes())
    sidecar["table"] = {"name": "my cells.parquet", "sha256": "ab" * 32}
    paths[0].with_suffix(".json").write_text(json.dumps(sidecar))
    (folder / "images").mkdir()
    cv2.imwrite(str(folder / "images" / "one.png"), np.full((9, 9, 3), 200, np.uint8))
    out = train(
        paths[0], folder / "model", external=paths[1], images=folder / "images", **TRAINED
    ).out
    return [json.loads((out / name).read_bytes()) for name in ("evaluation.json", "bundle.json")]


def test_every_option_of_train_that_was_given_is_printed(stored):
    name, told = understood(commands(*stored)[1])
    options = defaults(name)
    assert set(options) == {*TRAINED, *ELSEWHERE, "scheduler"}
    assert [key for key, value in TRAINED.items() if options[key].default == value] == []
    assert told["table"] == Path("my cells.parquet")
    assert {key: told[key] for key in TRAINED} == TRAINED
    assert {key: str(told[key]) for key in ELSEWHERE} == ELSEWHERE
    assert not told["no_groups"]
    assert told["scheduler"] is None


def test_a_cluster_and_a_split_by_cell_are_printed(stored):
    found, bundle = stored
    asked = {"audit_cells": 0, "images": False, "scheduler": True}
    other = {**found, "training": {**found["training"], "group": None}, "asked": asked}
    _, told = understood(commands({**other, "external": None}, bundle)[1])
    assert told["no_groups"]
    assert (told["scheduler"], told["audit_cells"]) == ("ADDRESS", 0)
    assert told["images"] is told["external"] is None


def test_a_model_of_an_earlier_version_has_its_commands(stored):
    found, bundle = stored
    earlier = {key: value for key, value in found.items() if key != "asked"}
    assert "--audit-cells" not in commands(earlier, bundle)[1]


def test_every_setting_of_extract_is_printed(stored):
    found, bundle = stored
    data = {**found["data"], "configuration": EXTRACTED}
    name, told = understood(commands({**found, "data": data}, bundle)[0])
    options = defaults(name)
    assert set(options) == set(EXTRACTED)
    assert [key for key, value in EXTRACTED.items() if options[key].default == value] == []
    assert told["out"] == Path("my cells.parquet")
    expected = {**EXTRACTED, "masks": Path("MASKS")}
    for key in ("features", "embedding_set"):
        expected[key] = tuple(EXTRACTED[key])
    assert {key: told[key] for key in expected} == expected


def test_limits_as_they_are_by_default_are_not_printed(stored):
    found, bundle = stored
    usual = {key: one.default for key, one in defaults("extract").items() if "_" in key}
    configuration = {key: usual[key] for key in ("max_pixels", "max_bytes", "time_limit")}
    data = {**found["data"], "configuration": configuration}
    line = commands({**found, "data": data}, bundle)[0]
    assert line == "python cli.py extract IMAGES -o 'my cells.parquet'"
