"""Options that several commands share, and how their values are read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from .measurement.settings import FolderSettings, ReadingSettings

FILE = click.Path(path_type=Path)
ABOVE_ZERO = click.FloatRange(min=0, min_open=True)

Command = Callable[..., Any]


class Images(click.Path):
    """A path, or a URL as it is written."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:  # noqa: ANN401
        """Tell the two apart."""
        return value if "://" in str(value) else super().convert(value, param, ctx)


IMAGES = Images()


def from_sidecar(ctx: click.Context, _: click.Parameter, path: Path | None) -> None:
    """Take images, options and table of an earlier run as the defaults of this one."""
    if path is None:
        return
    try:
        record = json.loads(path.read_bytes())
        places = {
            "images": record["input"]["images"],
            "masks": record["input"]["masks"],
            "out": str(path.with_name(record["table"]["name"])),
        }
        options = dict(record["configuration"]) | places
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = "does not exist" if isinstance(error, FileNotFoundError) else "is not a sidecar"
        raise click.BadParameter(
            f"{path} {reason}; give the .json that extract wrote beside its table"
        ) from error
    known = {parameter.name for parameter in ctx.command.params}
    ctx.default_map = {name: value for name, value in options.items() if name in known}


def split_words(_: click.Context, __: click.Parameter, value: Any) -> tuple[str, ...]:  # noqa: ANN401
    """Split a comma-separated list; a list from a sidecar is one already.

    Raises
    ------
    click.BadParameter
        If it names nothing, as where a shell variable is not set, or holds other things than names.
    """
    if isinstance(value, str):
        words = tuple(word.strip() for word in value.split(",") if word.strip())
        if not words:
            raise click.BadParameter(f"{value!r} names nothing; leave the option out to have all")
        return words
    if not isinstance(value, list | tuple | None) or not all(
        isinstance(word, str) for word in value or ()
    ):
        raise click.BadParameter(f"{value!r} is no list of names; write them with commas between")
    return tuple(value or ())


def reading_options(command: Command) -> Command:
    """Options of every command that reads an image."""
    options = [
        click.option("--masks", type=FILE, help="Folder of masks at the images' relative paths."),
        click.option(
            "--mask-is",
            type=click.Choice(["nucleus", "cell"]),
            help="What a two-valued mask marks.",
        ),
        click.option(
            "--source",
            type=click.Choice(["auto", "crop", "field"]),
            default=ReadingSettings.source,
            show_default=True,
            help="Whether an image is one cell or a field of several.",
        ),
        click.option("--pixel-size", type=ABOVE_ZERO, help="Micrometres per pixel."),
        click.option(
            "--max-pixels",
            type=click.IntRange(1),
            default=ReadingSettings.max_pixels,
            show_default=True,
        ),
        click.option(
            "--max-bytes",
            type=click.IntRange(1),
            default=ReadingSettings.max_bytes,
            show_default=True,
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def measuring_options(command: Command) -> Command:
    """Options of every command that works through many images."""
    options = [
        click.option(
            "--time-limit",
            type=ABOVE_ZERO,
            default=FolderSettings.time_limit,
            show_default=True,
            help="Seconds that one image may take.",
        ),
        click.option(
            "--memory-limit",
            type=ABOVE_ZERO,
            help="GB that a worker may use (Linux); an equal share of the machine's by default.",
        ),
        click.option(
            "--resume/--overwrite",
            default=FolderSettings.resume,
            show_default=True,
            help="Keep what an earlier run did, or do everything again.",
        ),
        click.option("-j", "--jobs", type=click.IntRange(1), default=1, show_default=True),
        click.option(
            "--scheduler",
            metavar="ADDRESS",
            help="Work on a Dask cluster, tcp://host:8786, instead of this machine.",
        ),
        click.option("-q", "--quiet", is_flag=True, help="Print errors only."),
    ]
    for option in reversed(options):
        command = option(command)
    return reading_options(command)


def learning_options(command: Command) -> Command:
    """Options of every command that cross-validates."""
    options = [
        click.option(
            "--label", default="Metadata_Label", show_default=True, help="Column of the class."
        ),
        click.option(
            "--group",
            default="Metadata_Subject",
            show_default=True,
            help="Column whose values are kept on one side of every split.",
        ),
        click.option("--no-groups", is_flag=True, help="Split at random, cell by cell."),
        click.option(
            "--positive",
            help="The class that sensitivity and AUROC refer to; blast where there is one.",
        ),
        click.option("--folds", type=click.IntRange(2), default=5, show_default=True),
        click.option("--repeats", type=click.IntRange(1), default=3, show_default=True),
        click.option("--seed", type=int, default=0, show_default=True),
        click.option("-j", "--jobs", type=click.IntRange(1), default=1, show_default=True),
        click.option("-q", "--quiet", is_flag=True, help="Print errors only."),
    ]
    for option in reversed(options):
        command = option(command)
    return command
