"""--help: whole sentences at 80 columns, and for every option what it does and its default."""

from __future__ import annotations

import os
import sys

import click
import pytest
from click.testing import CliRunner

from cli import main
from pipelines.options import usable_cores

OPTIONS = [
    pytest.param(name, option, id=f"{name} {option.opts[-1]}")
    for name, command in main.commands.items()
    for option in command.params
    if isinstance(option, click.Option)
]


def shown(*arguments) -> str:
    """What is printed on a terminal of 80 columns, as one line."""
    result = CliRunner().invoke(main, [*arguments, "--help"], terminal_width=80)
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def test_the_summary_of_every_command_is_a_whole_sentence():
    text = shown()
    for name, command in main.commands.items():
        summary = (command.help or "").split("\n\n")[0].strip()
        assert summary.endswith("."), name
        assert f" {name} {summary}" in text, name
    assert "..." not in text.replace("[ARGS]...", "")


@pytest.mark.parametrize(("name", "option"), OPTIONS)
def test_every_option_says_what_it_does_and_its_default(name, option):
    context = click.Context(main.commands[name], info_name=name, parent=click.Context(main))
    context.show_default = True
    record = option.get_help_record(context)
    assert record is not None
    words = record[1]
    assert words[0].isupper(), words
    assert option.is_flag or "[default: " in words, words
    assert words.replace(" ", "") in shown(name).replace(" ", ""), words


def test_as_many_jobs_as_this_process_may_use_cores():
    for name in ("extract", "train", "compare", "predict", "segment", "demo"):
        (option,) = [one for one in main.commands[name].params if one.name == "jobs"]
        context = click.Context(main.commands[name])
        assert option.get_default(context) == usable_cores()
    assert 1 <= usable_cores() <= (os.cpu_count() or 1)
    if sys.platform == "linux":
        assert usable_cores() <= len(os.sched_getaffinity(0))
