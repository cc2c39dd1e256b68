"""The command line: options, progress, and one clear line where something is wrong."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Literal

import click

from pipelines.options import (
    FILE,
    IMAGES,
    from_sidecar,
    learning_options,
    measuring_options,
    reading_options,
    split_words,
)
from pipelines.progress import SILENCE, Progress, ShownProgress

MISTAKE, SOME_FAILED, STOPPED = 2, 3, 130


class Commands(click.Group):
    """Turns the errors that a user can mend into one line and exit status 2."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401
        """Run the command."""
        try:
            return super().invoke(ctx)
        except ValueError as error:
            # The rooms' errors are told by their remedy: importing the classes would make every
            # --help wait for the libraries behind them.
            if not hasattr(error, "remedy"):
                raise
            click.echo(f"error: {error}", err=True)
            ctx.exit(MISTAKE)
        except KeyboardInterrupt:
            click.echo("stopped: run the same command again", err=True)
            ctx.exit(STOPPED)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="blastometry")
def main() -> None:
    """Measure blood cells, find blasts, show why.

    A research tool that assists a qualified reader; it makes no diagnosis.
    """


@contextmanager
def _progress(*, quiet: bool, resumable: bool = True) -> Iterator[Progress]:
    """Show progress on standard error; after Ctrl-C say that the next run goes on from there."""
    shown: Progress = SILENCE
    if not quiet:
        write = partial(click.echo, err=True, nl=False)
        shown = ShownProgress(write, terminal=sys.stderr.isatty())
    try:
        try:
            yield shown
        finally:
            shown.finish()
    except KeyboardInterrupt:
        if not resumable:
            raise
        click.echo("stopped: run the same command again to go on from here", err=True)
        raise SystemExit(STOPPED) from None


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
    show_default=True,
    help="The table, .parquet or .csv; without an ending, a folder of Parquet files.",
)
@click.option(
    "--preset",
    type=click.Choice(["minimal", "standard", "full"]),
    default="standard",
    show_default=True,
    help="How much to measure.",
)
@click.option(
    "--features",
    type=click.UNPROCESSED,  # words with commas between them, or a configuration's list
    metavar="NAME,…",
    callback=split_words,
    help="Only these families, or columns by name or pattern: AreaShape,Nuclei_LBP_*",
)
@click.option(
    "--stain",
    type=click.Choice(["none", "background", "standard"]),
    default="standard",
    show_default=True,
    help="Colours as photographed, divided by the empty slide, or on a scale of the cell's own.",
)
@click.option(
    "--embedding",
    metavar="lite0|FILE.onnx",
    help="Add what a network makes of each cell, beside the named features.",
)
@click.option(
    "--embedding-set",
    multiple=True,
    metavar="KEY=VALUE",
    help="How the network is fed, where its file does not tell: mean=, std=, size=, order=, fit=,"
    " output=.",
)
@measuring_options
@click.option("--fail-fast", is_flag=True, help="Stop at the first image that fails.")
@click.option(
    "--config",
    type=FILE,
    is_eager=True,
    expose_value=False,
    callback=from_sidecar,
    help="Take the options of an earlier run from its JSON file.",
)
def extract(images: Path, out: Path, *, quiet: bool, **options: Any) -> None:  # noqa: ANN401
    """Measure every image of a folder or CSV manifest: one row a cell."""
    from pipelines.extract import ExtractSettings
    from pipelines.extract import extract as run

    with _progress(quiet=quiet) as progress:
        done = run(images, out, ExtractSettings(**options), progress)
    if not quiet:
        listing = done.listing
        for note in listing.notes:
            click.echo(f"note: {note}")
        measured = len(done.results) - done.failed
        click.echo(
            f"{listing.layout}: {len(done.results)} images found = {measured} measured"
            f" ({done.reused} of them before, or as copies) + {done.failed} failed;"
            f" {len(listing.skipped)} other files skipped"
        )
        for warning in done.warnings:
            click.echo(f"warning: {warning}")
        click.echo(f"{done.cells} cells, {done.columns} features: {done.table}")
    _report_failures(done.failed, done.errors)


@main.command()
@click.argument("table", type=FILE)
@click.option(
    "-o", "--out", type=FILE, default="model", show_default=True, help="Folder of the model."
)
@click.option(
    "--estimator",
    type=click.Choice(["svm", "xgboost", "logistic"]),
    default="xgboost",
    show_default=True,
)
@click.option(
    "--sensitivity",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Choose the model's threshold for this sensitivity, inside the training data.",
)
@click.option(
    "--images", type=IMAGES, help="Where the images lie now, for the shortcut audit to read them."
)
@click.option(
    "--audit-cells",
    type=click.IntRange(0),
    default=500,
    show_default=True,
    help="Cells that the shortcut audit measures again without colour and so on; 0 for none.",
)
@click.option(
    "--tune",
    type=click.IntRange(1),
    metavar="N",
    help="Try N configurations beside the default, inside each fold.",
)
@click.option(
    "--select",
    type=click.IntRange(1),
    metavar="K",
    help="Go by at most K features, chosen inside each fold.",
)
@click.option(
    "--external",
    type=FILE,
    metavar="TABLE",
    help="Test the final model once on another table, which has no part in anything else.",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Train xgboost on a Dask cluster, tcp://host:8786, from a folder of Parquet files.",
)
@learning_options
def train(table: Path, out: Path, *, quiet: bool, **options: Any) -> None:  # noqa: ANN401
    """Judge a model by grouped cross-validation, fit it on everything, and store it."""
    from pipelines.train import train as run
    from pipelines.training.summary import training_summary

    with _progress(quiet=quiet, resumable=False) as progress:
        report = run(table, out, progress=progress.begin, **options)
    if not quiet:
        click.echo(training_summary(report))


@main.command()
@click.argument("table", type=FILE)
@click.option("-o", "--out", type=FILE, default="comparison", show_default=True)
@click.option(
    "--estimator",
    "estimators",
    type=click.Choice(["svm", "xgboost", "logistic"]),
    multiple=True,
    default=("svm", "xgboost"),
    show_default=True,
    help="Each one; families alone are judged with the first.",
)
@click.option("--images", type=FILE, help="Where the images lie now, to measure what a cell costs.")
@learning_options
def compare(table: Path, out: Path, *, quiet: bool, **options: Any) -> None:  # noqa: ANN401
    """Set named features against a network's embedding, and both together, on the same folds."""
    from pipelines.compare import compare as run
    from pipelines.comparison.page import outcome

    with _progress(quiet=quiet, resumable=False) as progress:
        contest = run(table, out, progress=progress.begin, **options)
    if not quiet:
        for line in outcome(contest.record):
            click.echo(line)
        click.echo(f"comparison: {contest.out / 'comparison.html'}")


@main.command()
@click.argument("model", type=FILE)
def report(model: Path) -> None:
    """Write a model's report again, from what train stored."""
    from pipelines.report import report as run

    click.echo(run(model))


@main.command()
@click.argument("model", type=FILE)
@click.option(
    "--by",
    type=click.Choice(["cluster", "family", "compartment", "feature"]),
    default="cluster",
    show_default=True,
    help="What to rank: clusters of correlated features, families, compartments, single features.",
)
@click.option(
    "--top", type=click.IntRange(1), default=15, show_default=True, help="Number of rows to show."
)
@click.option("--plot", type=FILE, metavar="FILE", help="Draw them too: a .png, .svg or .pdf file.")
def importances(model: Path, **options: Any) -> None:  # noqa: ANN401
    """Rank the features of a model by every measure of importance."""
    from pipelines.importances import importances as run

    done = run(model, **options)
    click.echo(done.text())
    if done.plot:
        click.echo(f"plot: {done.plot}")


@main.command()
@click.argument("model", type=FILE)
@click.argument("images", type=IMAGES)
@click.option("-o", "--out", type=FILE, default="predictions.csv", show_default=True)
@click.option(
    "--embedding",
    metavar="FILE.onnx",
    help="The network that the model was trained with; lite0 needs no telling.",
)
@measuring_options
def predict(
    model: Path,
    images: Path,
    out: Path,
    *,
    quiet: bool,
    **options: Any,  # noqa: ANN401
) -> None:
    """Give every cell a probability and a class, and every image and subject a summary."""
    from pipelines.predict import PredictSettings
    from pipelines.predict import predict as run

    with _progress(quiet=quiet) as progress:
        done = run(model, images, out, PredictSettings(**options), progress)
    if not quiet:
        for note in done.notes:
            click.echo(f"note: {note}")
        click.echo(
            f"{done.cells} cells of {done.images} images, {done.unlike} unlike the training cells"
            f" (column Unlike_Training): {done.table}"
        )
        click.echo(f"summaries: {done.by_image}, {done.by_subject}")
    _report_failures(done.failed, done.errors)


@main.command()
@click.argument("model", type=FILE)
@click.argument("image", type=FILE)
@click.option("-o", "--out", type=FILE, default="sheet.html", show_default=True)
@click.option("--cell", type=click.IntRange(1), help="Only this one of several cells.")
@click.option(
    "--embedding",
    metavar="FILE.onnx",
    help="The network that the model was trained with; lite0 needs no telling.",
)
@reading_options
@click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
def explain(model: Path, image: Path, out: Path, *, quiet: bool, **options: Any) -> None:  # noqa: ANN401
    """Say in a page what a model goes by in one cell, and how far to trust it there."""
    from pipelines.explain import ExplainSettings
    from pipelines.explain import explain as run

    done = run(model, image, out, ExplainSettings(**options))
    if not quiet:
        for cell in done.cells:
            chance = max(cell.probabilities)
            click.echo(f"cell {cell.number}: {cell.decided}, probability {chance:.3f}")
            for text in cell.warnings:
                click.echo(f"warning: {text}")
        click.echo(f"sheet: {done.page}")


@main.command()
@click.argument("images", type=IMAGES)
@click.option(
    "-o",
    "--out",
    type=FILE,
    default="masks",
    show_default=True,
    help="Folder of labels/ and overlays/.",
)
@measuring_options
def segment(images: Path, out: Path, *, quiet: bool, **options: Any) -> None:  # noqa: ANN401
    """Write the masks that extract would use, and pictures of them, to look at and correct."""
    from pipelines.measurement.settings import FolderSettings
    from pipelines.segment import segment as run

    with _progress(quiet=quiet) as progress:
        done = run(images, out, FolderSettings(**options), progress)
    if not quiet:
        for warning in done.warnings:
            click.echo(f"warning: {warning}")
        click.echo(f"{done.cells} cells of {done.images} images: {done.labels}, {done.overlays}")
    _report_failures(done.failed, done.errors)


@main.command()
@click.argument("names", nargs=-1)
@click.option(
    "--format",
    "style",
    type=click.Choice(["table", "markdown", "json"]),
    default="table",
    show_default=True,
)
def features(names: tuple[str, ...], style: Literal["table", "markdown", "json"]) -> None:
    """Print the catalogue of features, or what single features, families or columns mean."""
    from pipelines.catalogue import catalogue as run

    click.echo(run(names, style))


@main.command()
@click.argument("images", type=IMAGES, required=False)
@click.option("--peers", is_flag=True, help="Compare with mahotas and scikit-image instead.")
@click.option(
    "--sample",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    help="With --peers: the largest number of cells.",
)
def verify(images: Path | str | None, *, peers: bool, sample: int) -> None:
    """Compare this installation with published values, closed forms, other packages.

    With --peers, the cells of IMAGES (a folder, a manifest or an image; without it synthetic
    cells) are measured with mahotas and scikit-image too. Exit status 1: something disagrees.
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
@click.option("-o", "--out", type=FILE, default="demo", show_default=True, help="Folder to write.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("-j", "--jobs", type=click.IntRange(1), default=2, show_default=True)
@click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
def demo(out: Path, *, quiet: bool, **options: Any) -> None:  # noqa: ANN401
    """Draw synthetic cells, measure them, train a model, and show what it goes by."""
    from pipelines.demo import demo as run
    from pipelines.training.summary import training_summary

    with _progress(quiet=quiet) as progress:
        report = run(out, progress=progress, **options)
    if not quiet:
        click.echo(training_summary(report))


if __name__ == "__main__":
    main(prog_name="blastometry")
