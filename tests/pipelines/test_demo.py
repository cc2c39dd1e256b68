"""The demo runs the whole job, and states everywhere that its cells are synthetic."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from click.testing import CliRunner

from cli import main
from pipelines import demo


def test_the_demo_is_labelled_as_synthetic_wherever_it_shows(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "SUBJECTS", 10)
    monkeypatch.setattr(demo, "CELLS", 3)
    result = CliRunner().invoke(main, ["demo", "-o", str(tmp_path / "demo")])
    assert result.exit_code == 0, result.output
    assert "these cells are synthetic" in result.stdout
    table = pd.read_parquet(tmp_path / "demo" / "cells.parquet")
    assert set(table["Metadata_OriginalLabel"]) == {"synthetic blast", "synthetic normal"}
    model = tmp_path / "demo" / "model"
    assert "these cells are synthetic" in (model / "report.html").read_text("utf-8")
    notes = json.loads((model / "evaluation.json").read_bytes())["notes"]
    assert any("these cells are synthetic" in note for note in notes)
    fields = {path.name for path in (tmp_path / "demo" / "fields").iterdir()}
    assert len(fields) == len(demo.FIELDS)
    assert all(name.startswith("synthetic_field_") for name in fields)
    overlays = {path.name for path in (tmp_path / "demo" / "outlines" / "overlays").iterdir()}
    assert overlays == fields


@pytest.mark.parametrize("folder", ["images", "fields"])
def test_the_demo_does_not_change_a_folder_with_other_files(tmp_path, folder):
    images = tmp_path / "demo" / folder
    images.mkdir(parents=True)
    (images / "mine.png").write_bytes(b"")
    result = CliRunner().invoke(main, ["demo", "-o", str(tmp_path / "demo")])
    assert result.exit_code == 2
    assert "holds other files" in result.stderr
    assert [path.name for path in images.iterdir()] == ["mine.png"]
