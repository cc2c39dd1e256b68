"""The project's imports, read from the source: top-level, inside functions and type-only."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path, PurePosixPath

from support.shared import ROOT

PACKAGES = ("data", "features", "models", "pipelines")


def source_files() -> list[PurePosixPath]:
    """Return every module of the program, relative to the project's root."""
    paths = [
        ROOT / "cli.py",
        *(path for package in PACKAGES for path in (ROOT / package).rglob("*.py")),
    ]
    return sorted(PurePosixPath(path.relative_to(ROOT).as_posix()) for path in paths)


def module_name(path: PurePosixPath) -> str:
    """Return the dotted name under which a file is imported."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(path: PurePosixPath) -> str:
    """Return the room of a file: its folder, or the file itself directly inside a package.

    The commands of ``pipelines`` are one room, and so are the modules directly inside a package.
    """
    if len(path.parts) > 2:
        return str(path.parent)
    if path.parts[0] == "pipelines" and path.stem not in (
        "installed",
        "program_version",
        "progress",
    ):
        return "pipelines"
    return str(path.parent if path.stem == "__init__" else path.with_suffix(""))


def imports() -> dict[PurePosixPath, set[PurePosixPath]]:
    """Return the files that each file imports, whatever the kind of import."""
    files = {module_name(path): path for path in source_files()}
    return {
        path: {files[name] for name in _imported(path, set(files)) if files[name] != path}
        for path in files.values()
    }


def _imported(path: PurePosixPath, modules: set[str]) -> Iterator[str]:
    tree = ast.parse(Path(ROOT / path).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom):
            package = path.parent.parts[: len(path.parent.parts) - node.level + 1]
            base = ".".join((*(package if node.level else ()), *filter(None, [node.module])))
            for alias in node.names:
                submodule = f"{base}.{alias.name}"
                if submodule in modules:
                    yield submodule
                elif base in modules:
                    yield base


def cycle(arrows: dict[str, set[str]]) -> list[str]:
    """Return one cycle of a graph, or an empty list."""
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found
    return []
