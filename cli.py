"""The command line: options, progress, and errors of one line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from pipelines.options import (
    ABOVE_ZERO,
    FILE,
    IMAGES,
    JOBS,
    NETWORK,
    PIXEL_SIZE,
    QUIET,
    RESCALE,
    SEED,
    from_sidecar,
    learning_options,
    measuring_options,
    reading_options,
    split_words,
)
from pipelines.program_version import program_version
from pipelines.progress import SILENCE, Progress, shown_progress

if TYPE_CHECKING:
    from pipelines.measurement.objects import ObjectCounts
    from pipelines.series.scale import SeriesDecision

MISTAKE, SOME_FAILED, STOPPED = 2, 3, 130


class Commands(click.Group):
    """Prints errors that the user can correct as one line, with exit status 2."""

    def main(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """Run the program; characters that the console does not have are printed as escapes."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        return super().main(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401
        """Run the command."""
        try:
            return super().invoke(ctx)
        except ValueError as error:
            # The attribute marks our errors. Importing their classes would slow down --help.
            if not hasattr(error, "remedy"):
                raise
            click.echo(f"error: {error}", err=True)
            ctx.exit(MISTAKE)
        except KeyboardInterrupt:
            click.echo("stopped: run the same command again", err=True)
            ctx.exit(STOPPED)


def _print_version(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    """Print the version of an installation or of the clone, and stop."""
    if wanted and not context.resilient_parsing:
        click.echo(f"{context.find_root().info_name}, version {program_version()}")
        context.exit()


@click.group(
    cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "show_default": True}
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_print_version,
    help="Show the version and exit.",
)
def main() -> None:
    """Measure blood cells, find blasts, show why.

    A research tool that assists a qualified reader; it makes no diagnosis.
    """


@contextmanager
def _progress(*, quiet: bool, resumable: bool = True) -> Iterator[Progress]:
    """Show progress on standard error; after Ctrl-C say that the next run resumes."""
    write = partial(click.echo, err=True, nl=False)
    shown: AbstractContextManager[Progress] = (
        nullcontext(SILENCE) if quiet else shown_progress(write, terminal=sys.stderr.isatty())
    )
    try:
        with shown as progress:
            yield progress
    except KeyboardInterrupt:
        if not resumable:
            raise
        click.echo("stopped: run the same command again to go on from here", err=True)
        raise SystemExit(STOPPED) from None


def _report_series(decision: SeriesDecision) -> None:
    """Print what the images share, by what evidence, and what is doubtful in it."""
    for line in decision.lines:
        click.echo(line)
    for warning in decision.warnings:
        click.echo(f"warning: {warning}")


def _report_objects(objects: ObjectCounts) -> None:
    """Print what was found, left out, and how many images show no cell."""
    for line in objects.lines():
        click.echo(line)


def _report_failures(count: int, errors: Path | None) -> None:
    """Say how many images failed and leave with status 3."""
    if count:
        where = f": see {errors}" if errors else ""
        click.echo(f"{count} image{'s' * (count > 1)} failed{where}", err=True)
        raise SystemExit(SOME_FAILED)


@main.command()
@click.argument("images", type=IMAGES)
@click.option(
    "-o",
    "--out",
    type=FILE,
    default="cells.parquet",
    help="Table to write: .parquet, .csv, or a folder of Parquet files if it has no ending.",
)
@click.option(
    "--preset",
    type=click.Choice(["minimal", "standard", "full"]),
    default="standard",
    help="How many features to measure.",
)
@click.option(
    "--features",
    type=click.UNPROCESSED,  # words with commas between them, or a configuration's list
    metavar="NAME,…",
    callback=split_words,
    show_default="all of the preset",
    help="Measure only these families or columns, such as AreaShape,Nuclei_LBP_*",
)
@click.option(
    "--stain",
    type=click.Choice(["none", "background", "standard"]),
    default="standard",
    help="Colours as photographed (none), divided by the empty slide (background), or brought to a"
    " standard scale as well (standard).",
)
@click.option(
    "--embedding",
    metavar="lite0|FILE.onnx",
    show_default="none",
    help="Add the values that this network gives for each cell.",
)
@click.option(
    "--embedding-set",
    multiple=True,
    metavar="KEY=VALUE",
    show_default="as the network's file says",
    help="Input of the network: mean=, std=, size=, order=, fit=, output=. May be repeated.",
)
@click.option(
    "--cell-labels",
    type=FILE,
    show_default="none",
    help="Labels of single cells of fields: a CSV with image, label, and x, y or a box, or a folder"
    " of .xyc files.",
)
@PIXEL_SIZE
@click.option(
    "--rescale-to",
    type=ABOVE_ZERO,
    metavar="UM",
    show_default="as photographed",
    help="Resize the images to this many micrometres per pixel; needs --pixel-size.",
)
@measuring_options
@click.option("--fail-fast", is_flag=True, help="Stop at the first image that fails.")
@click.option(
    "--config",
    type=FILE,
    is_eager=True,
    expose_value=False,
    callback=from_sidecar,
    show_default="none",
    help="Take images and options from the JSON file of an earlier run.",
)
def extract(images: Path, out: Path, *, quiet: bool, **options: Any) -> None:  # noqa: ANN401
    """Measure the cells of a folder or manifest of images."""
    from pipelines.extract import ExtractSettings
    from pipelines.extract import extract as run
    from pipelines.measurement.label_lines import label_lines

    with _progress(quiet=quiet) as progress:
        done = run(images, out, ExtractSettings(**options), progress)
    if not quiet:
        listing = done.listing
        for line in label_lines(listing):
            click.echo(line)
        _report_series(done.series)
        for note in listing.notes:
            click.echo(f"note: {note}")
        measured = len(done.results) - done.failed
        click.echo(
            f"{listing.layout}: {len(done.results)} images found = {measured} measured"
            f" ({done.reused} of them before, or as copies) + {done.failed} failed;"
            f" {len(listing.skipped)} other files skipped"
        )
        _report_objects(done.objects)
        for warning in done.warnings:
            click.echo(f"warning: {warning}")
        click.echo(f"{done.cells} cells, {done.columns} features: {done.table}")
    _report_failures(done.failed, done.errors)


@main.command()
@click.argument("table", type=FILE)
@click.option("-o", "--out", type=FILE, default="model", help="Folder of the model to write.")
@click.option(
    "--estimator",
    type=click.Choice(["svm", "xgboost", "logistic"]),
    default="xgboost",
    help="Kind of model.",
)
@click.option(
    "--sensitivity",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    show_default="none: probability 0.5",
    help="Sensitivity, from 0 to 1, for which the threshold is chosen on the training data.",
)
@click.option(
    "--images",
    type=IMAGES,
    show_default="where extract read them",
    help="Where the images of the table are now; the shortcut audit reads them.",
)
@click.option(
    "--audit-cells",
    type=click.IntRange(0),
    default=500,
    help="Largest number of cells that the shortcut audit measures again; 0 for none.",
)
@click.option(
    "--tune",
    type=click.IntRange(1),
    metavar="N",
    show_default="none",
    help="Number of other configurations to try, inside each fold.",
)
@click.option(
    "--select",
    type=click.IntRange(1),
    metavar="K",
    show_default="all",
    help="Largest number of features of the model, selected inside each fold.",
)
@click.option(
    "--external",
    type=FILE,
    metavar="TABLE",
    show_default="none",
    help="Test the final model once on this table, which is used for nothing else.",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    show_default="none: this machine",
    help="Train xgboost on the Dask cluster of this address, such as tcp://host:8786, from a folder"
    " of Parquet files.",
)
@learning_options
def train(table: Path, out: Path, *, quiet: bool, **options: Any) -> None:  # noqa: ANN401
    """Train a model on a feature table, validate and store it.

    The validation is a cross-validation grouped by subject. The stored model is fitted on all
    cells.
    """
    from pipelines.train import train as run
    from pipelines.training.summary import training_summary
    from pipelines.training.training_settings import TrainingSettings

    with _progress(quiet=quiet, resumable=False) as progress:
        report = run(table, out, TrainingSettings(**options), progress)
    if not quiet:
        click.echo(training_summary(report))


@main.command()
@click.argument("table", type=FILE)
@click.option("-o", "--out", type=FILE, default="comparison", help="Folder to write.")
@click.option(
    "--estimator",
    "estimators",
    type=click.Choice(["svm", "xgboost", "logistic"]),
    multiple=True,
    default=("svm", "xgboost"),
    help="Kind of model; may be repeated. Single families are compared with the first.",
)
@click.option(
    "--images",
    type=FILE,
    show_default="where extract read them",
    help="Where the images of the table are now; a few are measured for the time of a cell.",
)
@learning_options
def compare(table: Path, out: Path, *, quiet: bool, **options: Any) -> None:  # noqa: ANN401
    """Compare named features with a network's embedding.

    Models on each of them and on both together are validated on the same folds.
    """
    from pipelines.compare import compare as run
    from pipelines.comparison.comparison_settings import ComparisonSettings
    from pipelines.comparison.page import summary

    with _progress(quiet=quiet, resumable=False) as progress:
        result = run(table, out, ComparisonSettings(**options), progress)
    if not quiet:
        for line in summary(result.record):
            click.echo(line)
        click.echo(f"comparison: {result.out / 'comparison.html'}")


@main.command()
@click.argument("tables", type=FILE, nargs=-1, required=True)
@click.option(
    "-o",
    "--out",
    type=FILE,
    default="merged.parquet",
    help="Table to write: .parquet or .csv.",
)
@click.option(
    "--separate-subjects",
    is_flag=True,
    help="Equal subjects of two tables are different persons: the table's name is put before them.",
)
def merge(tables: tuple[Path, ...], out: Path, *, separate_subjects: bool) -> None:
    """Join feature tables that were measured alike.

    An image that several tables have is kept once.
    """
    from pipelines.curation.merge import merge as run

    done = run(tables, out, separate_subjects=separate_subjects)
    for note in done.notes:
        click.echo(f"note: {note}")
    click.echo(f"{done.cells} cells of {len(tables)} tables: {done.table}")


@main.command()
@click.argument("model", type=FILE)
def report(model: Path) -> None:
    """Write the report of a model again."""
    from pipelines.report import report as run

    click.echo(run(model))


@main.command()
@click.argument("model", type=FILE)
@click.option(
    "--by",
    type=click.Choice(["cluster", "family", "compartment", "feature"]),
    default="cluster",
    help="Rank clusters of correlated features, families, compartments or single features.",
)
@click.option("--top", type=click.IntRange(1), default=15, help="Number of rows.")
@click.option(
    "--plot",
    type=FILE,
    metavar="FILE",
    show_default="none",
    help="Figure to write: .png, .svg or .pdf.",
)
def importances(model: Path, **options: Any) -> None:  # noqa: ANN401
    """Rank the features of a model by every importance."""
    from pipelines.importances import importances as run

    done = run(model, **options)
    click.echo(done.text())
    if done.plot:
        click.echo(f"plot: {done.plot}")


@main.command()
@click.argument("model", type=FILE)
@click.argument("images", type=IMAGES, metavar="IMAGES|TABLE")
@click.option(
    "-o",
    "--out",
    type=FILE,
    default="predictions.csv",
    help="Table to write; summaries of images and subjects are written next to it.",
)
@NETWORK
@PIXEL_SIZE
@RESCALE
@measuring_options
def predict(
    model: Path,
    images: Path | str,
    out: Path,
    *,
    quiet: bool,
    **options: Any,  # noqa: ANN401
) -> None:
    """Predict the class of each cell of images or of a table.

    Summaries of images and subjects are written as well. A warning says if the cells as a set are
    unlike the training cells.
    """
    from pipelines.predict import PredictSettings
    from pipelines.predict import predict as run

    with _progress(quiet=quiet) as progress:
        done = run(model, images, out, PredictSettings(**options), progress)
    files = done.files
    if not quiet:
        if done.series is not None and done.objects is not None:
            _report_series(done.series)
            _report_objects(done.objects)
        for note in done.notes:
            click.echo(f"note: {note}")
        click.echo(
            f"{len(done.cells)} cells of {done.images} images, {done.judgement.unlike} unlike the"
            f" training cells (column Unlike_Training): {files.table}"
        )
        click.echo(f"summaries: {files.by_image}, {files.by_subject}")
    for warning in done.warnings:
        click.echo(f"warning: {warning}", err=True)
    _report_failures(done.failed, files.errors)


@main.command()
@click.argument("model", type=FILE)
@click.argument("image", type=FILE)
@click.option("-o", "--out", type=FILE, default="sheet.html", help="Page to write.")
@click.option(
    "--cell",
    type=click.IntRange(1),
    metavar="N",
    show_default="all",
    help="Number of the only cell to explain, as extract counts them.",
)
@NETWORK
@PIXEL_SIZE
@RESCALE
@reading_options
@QUIET
def explain(model: Path, image: Path, out: Path, *, quiet: bool, **options: Any) -> None:  # noqa: ANN401
    """Explain the prediction of a model for the cells of an image."""
    from pipelines.explain import ExplainSettings
    from pipelines.explain import explain as run

    done = run(model, image, out, ExplainSettings(**options))
    if not quiet:
        for note in done.notes:
            click.echo(f"note: {note}")
        for cell in done.cells:
            chance = max(cell.probabilities)
            click.echo(f"cell {cell.number}: {cell.decided}, probability {chance:.3f}")
            for text in cell.warnings:
                click.echo(f"warning: {text}")
        click.echo(f"sheet: {done.page}" if done.page else f"{image} shows no cell: no sheet")


@main.command()
@click.argument("images", type=IMAGES)
@click.option(
    "-o",
    "--out",
    type=FILE,
    default="masks",
    help="Folder to write: label images in labels/, pictures in overlays/.",
)
@click.option(
    "--debug", is_flag=True, help="Write pictures of the steps of every image in steps/ as well."
)
@measuring_options
def segment(images: Path, out: Path, *, quiet: bool, **options: Any) -> None:  # noqa: ANN401
    """Write masks of cells, and pictures of them to check.

    They are the masks that extract uses; corrected ones can be given back with --masks.
    """
    from pipelines.segment import SegmentSettings
    from pipelines.segment import segment as run

    with _progress(quiet=quiet) as progress:
        done = run(images, out, SegmentSettings(**options), progress)
    if not quiet:
        _report_series(done.series)
        _report_objects(done.objects)
        for warning in done.warnings:
            click.echo(f"warning: {warning}")
        click.echo(f"{done.cells} cells of {done.images} images: {done.labels}, {done.overlays}")
        if done.steps:
            click.echo(f"steps: {done.steps}")
    _report_failures(done.failed, done.errors)


@main.command()
@click.argument("names", nargs=-1)
@click.option(
    "--format",
    "style",
    type=click.Choice(["table", "markdown", "json"]),
    default="table",
    help="Text, a Markdown page, or JSON.",
)
def features(names: tuple[str, ...], style: Literal["table", "markdown", "json"]) -> None:
    """Print what features, families and columns mean.

    NAMES are families, features (Texture_Contrast), columns, or patterns with *; without one, all
    features are printed.
    """
    from pipelines.catalogue import catalogue as run

    click.echo(run(names, style))


@main.command()
@click.argument("images", type=IMAGES, required=False)
@click.option("--peers", is_flag=True, help="Compare with mahotas and scikit-image instead.")
@click.option(
    "--sample",
    type=click.IntRange(1),
    default=20,
    help="With --peers: the largest number of cells.",
)
def verify(images: Path | str | None, *, peers: bool, sample: int) -> None:
    """Compare features with published values or other packages.

    Without --peers: the IBSI digital phantom and cells with known values. With --peers: the cells
    of IMAGES (a folder, a manifest or an image; by default synthetic cells), measured with mahotas
    and scikit-image too. Exit status 1: something disagrees.
    """
    from pipelines.verify import verify as run
    from pipelines.verify import verify_peers

    if images is not None and not peers:
        raise click.UsageError(f"{images} needs --peers: without it no image is measured")
    done = verify_peers(images, sample) if peers else run()
    click.echo(done.text())
    if done.disagreements:
        raise SystemExit(1)


@main.command()
@click.option("-o", "--out", type=FILE, default="demo", help="Folder to write.")
@SEED
@JOBS
@QUIET
def demo(out: Path, *, quiet: bool, **options: Any) -> None:  # noqa: ANN401
    """Measure synthetic cells and train a model on them."""
    from pipelines.demo import demo as run
    from pipelines.training.summary import training_summary

    with _progress(quiet=quiet) as progress:
        report = run(out, progress=progress, **options)
    if not quiet:
        click.echo(training_summary(report))


if __name__ == "__main__":
    main(prog_name="blastometry")
