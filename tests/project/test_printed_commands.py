"""The commands printed in a report parse to the options that were given."""

import json
import shlex
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.tables.synthetic_tables import synthetic_table, write_table

from cli import main
from pipelines.reporting.reproduction import commands
from pipelines.train import train
from pipelines.training.training_settings import TrainingSettings

# Options without effect on numbers, and arguments that are printed in another form.
UNPRINTED = {
    "train": {"table", "out", "jobs", "quiet", "no_groups"},
    "extract": {
        *("images", "out", "config", "resume", "fail_fast", "memory_limit", "scheduler", "jobs"),
        "quiet",
    },
}
EXTRACT_OPTIONS = {
    "preset": "full",
    "features": ["*_Gray_*", "Haematology"],
    "embedding": "my net.onnx",
    "embedding_set": ["mean=0.5,0.5,0.5", "size=8x8"],
    "source": "field",
    "mask_is": "cell",
    "pixel_size": 0.1234567,
    "rescale_to": 0.2345678,
    "red_cell": 34.5,
    "keep": ("broken", "cut"),
    "max_pixels": 10,
    "max_bytes": 20,
    "stain": "none",
    "masks": "/home/me/my masks",
    "cell_labels": "/home/me/my labels.csv",
    "time_limit": 7.5,
}
TRAIN_OPTIONS = {
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
PLACEHOLDERS = {"images": "IMAGES", "external": "OTHER_TABLE"}


def parse_command(line):
    """Parse a command line; return the command's name and its option values."""
    python, program, name, *words = shlex.split(line)
    assert (python, program) == ("python", "cli.py")
    return name, main.commands[name].make_context(name, list(words)).params


def defaults(name):
    command = main.commands[name]
    return {one.name: one for one in command.params if one.name not in UNPRINTED[name]}


@pytest.fixture(scope="module")
def evaluation_and_bundle(tmp_path_factory):
    """Train with no option at its default, on a table with a space in its name; read the JSONs."""
    folder = tmp_path_factory.mktemp("commands")
    paths = []
    for name, seed in (("in", 0), ("out", 1)):
        (folder / name).mkdir()
        table = synthetic_table(strength=3, seed=seed, classes=("a $blast", "normal"))
        table["Metadata_Subject"] += name
        table["Metadata_SHA256"] += name
        names = {
            "Metadata_Label": TRAIN_OPTIONS["label"],
            "Metadata_Subject": TRAIN_OPTIONS["group"],
        }
        paths.append(write_table(folder / name, table.rename(columns=names)))
    for ending in (".parquet", ".json"):
        named = paths[0].with_suffix(ending)
        named.rename(named.with_stem("my cells"))
    paths[0] = paths[0].with_stem("my cells")
    (folder / "images").mkdir()
    cv2.imwrite(str(folder / "images" / "one.png"), np.full((9, 9, 3), 200, np.uint8))
    out = train(
        paths[0],
        folder / "model",
        TrainingSettings(external=paths[1], images=folder / "images", **TRAIN_OPTIONS),
    ).out
    return [json.loads((out / name).read_bytes()) for name in ("evaluation.json", "bundle.json")]


def test_every_given_option_of_train_is_printed(evaluation_and_bundle):
    name, parsed = parse_command(commands(*evaluation_and_bundle)[1])
    options = defaults(name)
    assert set(options) == {*TRAIN_OPTIONS, *PLACEHOLDERS, "scheduler"}
    assert [key for key, value in TRAIN_OPTIONS.items() if options[key].default == value] == []
    assert parsed["table"] == Path("my cells.parquet")
    assert {key: parsed[key] for key in TRAIN_OPTIONS} == TRAIN_OPTIONS
    assert {key: str(parsed[key]) for key in PLACEHOLDERS} == PLACEHOLDERS
    assert not parsed["no_groups"]
    assert parsed["scheduler"] is None


def test_scheduler_and_no_groups_are_printed(evaluation_and_bundle):
    found, bundle = evaluation_and_bundle
    options = {"audit_cells": 0, "images": False, "scheduler": True}
    changed = {**found, "training": {**found["training"], "group": None}, "options": options}
    _, parsed = parse_command(commands({**changed, "external": None}, bundle)[1])
    assert parsed["no_groups"]
    assert (parsed["scheduler"], parsed["audit_cells"]) == ("ADDRESS", 0)
    assert parsed["images"] is parsed["external"] is None


def test_a_model_of_an_earlier_version_has_commands(evaluation_and_bundle):
    found, bundle = evaluation_and_bundle
    earlier = {key: value for key, value in found.items() if key != "options"}
    assert "--audit-cells" not in commands(earlier, bundle)[1]


def test_every_setting_of_extract_is_printed(evaluation_and_bundle):
    found, bundle = evaluation_and_bundle
    data = {**found["data"], "configuration": EXTRACT_OPTIONS}
    name, parsed = parse_command(commands({**found, "data": data}, bundle)[0])
    options = defaults(name)
    assert set(options) == set(EXTRACT_OPTIONS)
    assert [key for key, value in EXTRACT_OPTIONS.items() if options[key].default == value] == []
    assert parsed["out"] == Path("my cells.parquet")
    expected = {
        **EXTRACT_OPTIONS,
        "masks": Path("MASKS"),
        "cell_labels": Path("CELL_LABELS"),
    }
    for key in ("features", "embedding_set"):
        expected[key] = tuple(EXTRACT_OPTIONS[key])
    assert {key: parsed[key] for key in expected} == expected


def test_default_limits_are_not_printed(evaluation_and_bundle):
    found, bundle = evaluation_and_bundle
    default_values = {key: one.default for key, one in defaults("extract").items() if "_" in key}
    configuration = {key: default_values[key] for key in ("max_pixels", "max_bytes", "time_limit")}
    data = {**found["data"], "configuration": configuration}
    line = commands({**found, "data": data}, bundle)[0]
    assert line == "python cli.py extract IMAGES -o 'my cells.parquet'"
