"""The page of the commands: their own help texts."""

from __future__ import annotations

import click

from cli import main

WIDTH = 96


def commands_page() -> str:
    """Return the page as Markdown: a heading and the help text of every command."""
    parts = [
        "# Commands\n",
        "`python cli.py` in a clone and the installed command `blastometry` are the same. The exit"
        " status is 0 where all went well, 2 for a mistake that one line explains, 3 where the run"
        " ended but some images failed, 130 where Ctrl-C stopped it.\n",
    ]
    root = click.Context(main, info_name="blastometry", terminal_width=WIDTH)
    for name in main.list_commands(root):
        command = main.commands[name]
        context = click.Context(command, root, name, terminal_width=WIDTH)
        parts.append(f"## {name}\n\n```text\n{command.get_help(context)}\n```\n")
    return "\n".join(parts)
