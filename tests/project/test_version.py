"""One version: pyproject.toml's, which everything else takes or repeats."""

from __future__ import annotations

import json
import re
import tomllib
from importlib.metadata import PackageNotFoundError, version

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import Pipeline
from support.shared import ROOT

from cli import main
from models.learning.calibration import Calibration
from models.storage.bundle import Bundle, save_bundle
from pipelines.program_version import program_version


def _printed() -> str:
    return CliRunner().invoke(main, ["--version"]).output


def _cited() -> str:
    return (ROOT / "CITATION.cff").read_text(encoding="utf-8")


def _first_release() -> str:
    """The heading of the newest release; "Unreleased" is none."""
    return (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("found", "pattern"),
    [
        (lambda: version("blastometry"), "(.+)"),
        (_printed, r"version (\S+)"),
        (_cited, r"(?m)^version: (\S+)$"),
        (_first_release, r"(?m)^## \[?(\d[\w.]*)"),
    ],
    ids=["metadata", "--version", "CITATION.cff", "CHANGELOG.md"],
)
def test_every_place_has_the_version_of_pyproject(found, pattern):
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert re.search(pattern, found())[1] == wanted["version"]


def test_a_stored_model_has_the_version(tmp_path):
    machine = Pipeline([("model", DummyClassifier().fit(np.zeros((2, 1)), [0, 1]))])
    bundle = Bundle(
        machine, "svm", Calibration(1, (0, 0)), (), {}, ("blast", "normal"), "blast", 0.5
    )
    save_bundle(bundle, tmp_path / "model", cells=pd.DataFrame(), program_version=program_version())
    stored = json.loads((tmp_path / "model" / "bundle.json").read_bytes())
    assert stored["versions"]["blastometry"] == version("blastometry")


def test_the_documentation_takes_the_version_from_the_program():
    settings = (ROOT / "docs" / "conf.py").read_text(encoding="utf-8")
    assert "release = program_version()" in settings


def test_a_clone_that_is_not_installed_has_the_version_of_pyproject(monkeypatch):
    def absent(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.version", absent)
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert program_version() == wanted["version"]
    assert f"version {wanted['version']}" in _printed()
