"""Imports go down only: cli, then pipelines, then data, features and models, all strangers."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from support.shared import ROOT

BELOW = {
    "cli.py": {"pipelines"},
    "pipelines": {"data", "features", "models"},
    "data": set(),
    "features": set(),
    "models": set(),
}
ROOMS = {"cli", *BELOW} - {"cli.py"}
FILES = sorted(ROOT.glob("cli.py")) + sorted(
    path for room in BELOW for path in (ROOT / room).glob("**/*.py")
)


def _imported_rooms(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add((node.module or "").split(".")[0])
    return names & ROOMS


def _room(path: Path) -> str:
    return path.relative_to(ROOT).parts[0]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_imports_only_from_below(path):
    assert _imported_rooms(path) <= BELOW[_room(path)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_relative_import_stays_in_its_room(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            assert node.level <= len(path.relative_to(ROOT).parts) - 1


def test_only_the_command_line_prints():
    for path in FILES:
        if path.name != "cli.py":
            calls = [
                node
                for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
                if isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "print"
            ]
            assert not calls, path


def test_there_are_files_to_look_at():
    assert {_room(path) for path in FILES} == set(BELOW)
