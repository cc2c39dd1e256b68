"""CONTRIBUTING.md names files, decorators and types that exist."""

from __future__ import annotations

import re

import pytest
from support.shared import ROOT

from features.haematology import nucleus_ratios

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
# Files that the examples create.
CREATED = {
    "features/shape/symmetry.py",
    "tests/oracles/shape/rows_symmetry.py",
    "data/layouts/raabin.py",
}
PATHS = sorted(
    set(re.findall(r"(?<![\w./])(?:[\w.-]+/)+[\w.-]*\w\.(?:py|md|html|csv|css)\b", TEXT))
)
FOLDERS = sorted(set(re.findall(r"`((?:[\w.-]+/)+)`", TEXT)))


def test_the_guide_names_paths():
    assert set(PATHS) >= CREATED
    assert "features/haematology/nucleus_ratios.py" in PATHS
    assert "pipelines/html/templates/" in FOLDERS


@pytest.mark.parametrize("path", sorted({*PATHS, *FOLDERS} - CREATED))
def test_a_named_path_exists(path):
    assert (ROOT / path).exists()


@pytest.mark.parametrize("path", sorted(CREATED))
def test_a_file_of_an_example_is_new(path):
    assert not (ROOT / path).exists()
    assert (ROOT / path).parent.is_dir()


def test_the_example_of_a_feature_uses_names_of_its_file():
    example = TEXT.split("## Add a feature")[1].split("## Add a family")[0]
    decorators = re.findall(r"@(\w+)\(", example)
    types = re.findall(r"parts: (\w+)\)", example)
    assert decorators
    assert types
    for name in {*decorators, *types}:
        assert hasattr(nucleus_ratios, name), name
    parts = getattr(nucleus_ratios, types[0])
    for name in re.findall(r"parts\.(\w+)", example):
        assert hasattr(parts, name), name
