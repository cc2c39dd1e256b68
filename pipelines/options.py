"""Options that several commands share, and how their values are parsed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from .measurement.settings import KINDS, FolderSettings, ReadingSettings

FILE = click.Path(path_type=Path)
ABOVE_ZERO = click.FloatRange(min=0, min_open=True)

Command = Callable[..., Any]


class Images(click.Path):
    """A path, or a URL as the user wrote it."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:  # noqa: ANN401
        """Return a URL as a string, anything else as a path."""
        return value if "://" in str(value) else super().convert(value, param, ctx)


IMAGES = Images()


def from_sidecar(ctx: click.Context, _: click.Parameter, path: Path | None) -> None:
    """Make images, options and table of an earlier run the defaults of this one."""
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
            f"{path} {reason}; give the .json that extract wrote with its table"
        ) from error
    known = {parameter.name for parameter in ctx.command.params}
    ctx.default_map = {name: value for name, value in options.items() if name in known}


def split_words(_: click.Context, __: click.Parameter, value: Any) -> tuple[str, ...]:  # noqa: ANN401
    """Split a comma-separated list; return a list from a sidecar as it is.

    Raises
    ------
    click.BadParameter
        If there is no name in it (an empty shell variable), or something other than names.
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


def kept_kinds(context: click.Context, option: click.Parameter, value: Any) -> tuple[str, ...]:  # noqa: ANN401
    """Return the names of the objects that are kept, in a fixed order.

    Raises
    ------
    click.BadParameter
        If there is another word than the names and ``all``.
    """
    words = split_words(context, option, value)
    known = tuple(name for name in KINDS if name != "white")
    unknown = sorted({*words} - {*known, "all"})
    if unknown:
        raise click.BadParameter(f"{unknown[0]!r} is none of {', '.join(known)}, all")
    return tuple(name for name in known if "all" in words or name in words)


def usable_cores() -> int:
    """Return the number of cores that this process may use."""
    from joblib import cpu_count

    return int(cpu_count())


JOBS = click.option(
    "-j",
    "--jobs",
    type=click.IntRange(1),
    default=usable_cores,
    show_default="the cores of this machine",
    help="Number of images or fits that are processed at the same time.",
)
QUIET = click.option(
    "-q", "--quiet", is_flag=True, help="Print errors only: no progress, no summary."
)
SEED = click.option(
    "--seed", type=int, default=0, help="Seed of everything random; equal seeds, equal results."
)
PIXEL_SIZE = click.option(
    "--pixel-size",
    type=ABOVE_ZERO,
    show_default="unknown",
    help="Micrometres per pixel. It changes no value (lengths are in pixels): extract records it,"
    " and predict compares it with that of the model.",
)
RESCALE = click.option(
    "--rescale",
    is_flag=True,
    help="Resize the images to the size of a pixel that the model was trained with.",
)
NETWORK = click.option(
    "--embedding",
    metavar="FILE.onnx",
    show_default="none; lite0 is found without it",
    help="File of the network that the model was trained with.",
)


def _with_options(command: Command, options: Sequence[Callable[[Command], Command]]) -> Command:
    for option in reversed(options):
        command = option(command)
    return command


def reading_options(command: Command) -> Command:
    """Add the options of every command that reads an image."""
    options = (
        click.option(
            "--masks",
            type=FILE,
            show_default="none",
            help="Folder of masks with the same relative paths as the images.",
        ),
        click.option(
            "--mask-is",
            type=click.Choice(["nucleus", "cell"]),
            show_default="must be given for such masks",
            help="What a mask with two values marks.",
        ),
        click.option(
            "--source",
            type=click.Choice(["auto", "crop", "field"]),
            default=ReadingSettings.source,
            help="Whether an image shows one cell (crop) or several (field).",
        ),
        click.option(
            "--red-cell",
            type=ABOVE_ZERO,
            metavar="PIXELS",
            show_default="by --pixel-size, or measured",
            help="Diameter of a red cell in pixels, by which the cells are found.",
        ),
        click.option(
            "--keep",
            type=click.UNPROCESSED,  # words with commas between them, or a configuration's list
            metavar="KIND,…",
            callback=kept_kinds,
            show_default="white cells only",
            help="Keep these objects like white cells: broken, platelets, cut, or all.",
        ),
        click.option(
            "--max-pixels",
            type=click.IntRange(1),
            default=ReadingSettings.max_pixels,
            help="Refuse an image of more pixels.",
        ),
        click.option(
            "--max-bytes",
            type=click.IntRange(1),
            default=ReadingSettings.max_bytes,
            help="Refuse a file of more bytes.",
        ),
    )
    return _with_options(command, options)


def measuring_options(command: Command) -> Command:
    """Add the options of every command that processes many images."""
    options = (
        click.option(
            "--time-limit",
            type=ABOVE_ZERO,
            default=FolderSettings.time_limit,
            help="Seconds that one image may take.",
        ),
        click.option(
            "--memory-limit",
            type=ABOVE_ZERO,
            show_default="an equal share of the machine's memory",
            help="Gigabytes (10^9 bytes) that a worker may use; on Linux only.",
        ),
        click.option(
            "--resume/--overwrite",
            default=FolderSettings.resume,
            help="Keep the results of an earlier run, or compute everything again.",
        ),
        JOBS,
        click.option(
            "--scheduler",
            metavar="ADDRESS",
            show_default="none: this machine",
            help="Work on the Dask cluster of this address, such as tcp://host:8786.",
        ),
        QUIET,
    )
    return reading_options(_with_options(command, options))


def learning_options(command: Command) -> Command:
    """Add the options of every command that cross-validates."""
    options = (
        click.option("--label", default="Metadata_Label", help="Column of the class."),
        click.option(
            "--group",
            default="Metadata_Subject",
            help="Column of the subject. Cells of one subject stay on one side of every split.",
        ),
        click.option("--no-groups", is_flag=True, help="Split at random, cell by cell."),
        click.option(
            "--positive",
            metavar="CLASS",
            show_default="blast, if there is such a class",
            help="Class that sensitivity and AUROC refer to.",
        ),
        click.option(
            "--folds", type=click.IntRange(2), default=5, help="Number of folds of a split."
        ),
        click.option(
            "--repeats", type=click.IntRange(1), default=3, help="Number of different splits."
        ),
        SEED,
        JOBS,
        QUIET,
    )
    return _with_options(command, options)
