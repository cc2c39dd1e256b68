"""Every command that the documentation shows is one that the command line understands."""

from __future__ import annotations

import json
import re
import shlex

import pytest
from click import UsageError
from support.shared import ROOT

from cli import main
from features.core.catalogue import describe_column

PAGES = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "docs/guides/*.md", "docs/examples/*.py")
    for path in ROOT.glob(pattern)
)
COMMAND = re.compile(r"(?:python cli\.py|(?<![\w./])(?<!from )blastometry) ([a-z][^\n`]*)")
# A line of a code block, or text between backticks.
CODE = re.compile(r"^```\w*\n(.*?)^```|`([^`\n]+)`", re.MULTILINE | re.DOTALL)


def commands(text: str) -> list[str]:
    """Return the words after the program's name in every piece of code of a page."""
    pieces = [block or inline for block, inline in CODE.findall(text)]
    return [found for piece in pieces for found in COMMAND.findall(piece)]


# What `--config cells.json` reads.
SIDECAR = {
    "input": {"images": "smears", "masks": None},
    "table": {"name": "cells.parquet"},
    "configuration": {},
}
SHOWN = [
    (path.relative_to(ROOT).as_posix(), line)
    for path in PAGES
    for line in commands(path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("line", [pytest.param(line, id=f"{page}: {line}") for page, line in SHOWN])
def test_a_command_is_understood(line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cells.json").write_text(json.dumps(SIDECAR))
    understood(line)


def understood(line: str) -> None:
    """Parse a command line as the program would, without running it."""
    name, *words = shlex.split(line.split(" && ")[0])
    main.commands[name].make_context(name, words)


def test_the_pages_show_every_command():
    assert {line.split()[0] for _, line in SHOWN} >= set(main.commands) - {"serve"}


@pytest.mark.parametrize(
    "line", ["extract IMAGES --no-such-option", "train", "extract IMAGES --preset huge"]
)
def test_a_wrong_command_would_be_noticed(line):
    with pytest.raises(UsageError):
        understood(line)


def test_the_features_of_the_readme_are_as_the_catalogue_says():
    rows = re.findall(
        r"^\| (.+) \| `(\w+)` \| (.+) \|$",
        (ROOT / "README.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    assert len(rows) == 5
    for title, column, vetted in rows:
        record = describe_column(column)
        assert (title, vetted) == (record["title"], record["vetted"].replace("; ", ", "))
