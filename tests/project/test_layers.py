"""Imports go down only: between packages, between rooms, between files; lazy and type-only too."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from support.import_graph import PACKAGES, cycle, imports, room_of, source_files
from support.shared import ROOT

# What a package may import; data, features and models do not import each other.
BELOW = {
    "cli": {"pipelines"},
    "pipelines": {"data", "features", "models"},
    "data": set(),
    "features": set(),
    "models": set(),
}

# The floors from the ground up: a room imports rooms of lower floors only.
FLOORS = (
    (
        "data/drawn_fields", "data/errors", "data/fingerprints",
        "data/limits", "data/printable", "data/synthetic",
        "features/errors", "features/primitives",
        "models/errors", "models/metrics", "models/plots", "models/to_json",
        "pipelines/html", "pipelines/installed", "pipelines/program_version", "pipelines/progress",
    ),
    (
        "data/decoding", "features/core", "features/segmentation/detection", "models/dataset",
        "models/learning",
    ),
    (
        "data/files", "features/embedding", "features/segmentation", "features/shape",
        "features/texture/cooccurrence", "models/evaluation", "models/storage",
    ),
    ("data/layouts", "features/colour", "features/haematology", "models/explanation"),
    ("data/listing", "features/texture"),
    ("data", "features", "features/verification", "models"),
    ("pipelines/drawing", "pipelines/workers"),
    ("pipelines/measurement",),
    ("pipelines/outputs", "pipelines/series"),
    ("pipelines/curation", "pipelines/prediction", "pipelines/training"),
    ("pipelines/cluster_training", "pipelines/validation"),
    ("pipelines/comparison", "pipelines/reporting"),
    ("pipelines/cell_explanation",),
    ("pipelines",),
    ("cli",),
)  # fmt: skip
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
# Files in one folder; the design allows about fifteen.
MOST_FILES = 16

ARROWS = imports()
FILES = source_files()


def _arrows_between(name_of) -> dict[str, set[str]]:
    arrows: dict[str, set[str]] = {name_of(path): set() for path in FILES}
    for path, imported in ARROWS.items():
        arrows[name_of(path)] |= {name_of(other) for other in imported} - {name_of(path)}
    return arrows


def test_every_room_has_a_floor_and_every_floor_exists():
    assert {room_of(path) for path in FILES} == set(FLOOR)
    assert sum(map(len, FLOORS)) == len(FLOOR)


@pytest.mark.parametrize("path", FILES, ids=str)
def test_a_file_imports_only_from_lower_floors(path):
    here = room_of(path)
    package = path.parts[0].removesuffix(".py")
    for other in ARROWS[path]:
        room = room_of(other)
        assert room == here or FLOOR[room] < FLOOR[here], f"{path} imports {other}"
        assert other.parts[0] in BELOW[package] | {package}, f"{path} imports {other}"


def test_no_two_rooms_import_each_other():
    assert cycle(_arrows_between(room_of)) == []


def test_no_two_files_import_each_other():
    assert cycle(_arrows_between(str)) == []


def test_a_cycle_would_be_found():
    assert set(cycle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}})) == {"a", "b", "c"}


def test_imports_of_every_kind_are_counted():
    """At the top, inside a function, and under ``TYPE_CHECKING``: one known arrow of each."""
    named = {str(path): {str(other) for other in found} for path, found in ARROWS.items()}
    assert "features/errors.py" in named["features/core/cell.py"]
    assert "pipelines/extract.py" in named["cli.py"]
    assert "features/core/cell.py" in named["pipelines/measurement/thumbnail.py"]


def test_a_room_is_small_and_has_a_docstring():
    for folder in {path.parent for path in FILES if len(path.parts) > 1}:
        modules = [path for path in FILES if path.parent == folder]
        assert len(modules) <= MOST_FILES, folder
        assert _docstring(folder), folder


@pytest.mark.parametrize("room", [room for room in FLOOR if "/" in room and (ROOT / room).is_dir()])
def test_a_room_imports_what_its_docstring_allows(room):
    allowed = {name.replace(".", "/") for name in re.findall(r"`([\w.]+)`", _docstring(room))}
    for other in _arrows_between(room_of)[room]:
        assert {other, *map(str, Path(other).parents)} & allowed, f"{room} imports {other}"


def _docstring(folder) -> str:
    tree = ast.parse((ROOT / folder / "__init__.py").read_text("utf-8"))
    return ast.get_docstring(tree) or ""


def test_no_two_rooms_have_one_name():
    names = [Path(room).name for room in FLOOR if room not in {*PACKAGES, "cli"}]
    assert sorted(set(names) - {"errors"}) == sorted(name for name in names if name != "errors")


def test_only_the_command_line_prints():
    for path in FILES:
        if str(path) != "cli.py":
            calls = [
                node
                for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8")))
                if isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "print"
            ]
            assert not calls, path
