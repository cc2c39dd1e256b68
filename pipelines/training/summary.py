"""What `train` prints at its end, as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING

from ..html.wording import measure_name

if TYPE_CHECKING:
    import pandas as pd

    from models.evaluation.evaluate import Evaluation, Figure

# Rows that are printed of the clusters of correlated features, and of the families.
_LEADING = 5


@dataclass(frozen=True)
class TrainingReport:
    """The result of `train`.

    Parameters
    ----------
    out : Path
        Folder of the model.
    estimator : str
        Kind of model, in words.
    cells, columns, groups : int
        Size of the training data; `columns` counts the features of the model.
    class_counts : mapping of str to int
        Cells of each class.
    positive : str or None
        Class that sensitivity refers to.
    evaluation : Evaluation
        Figures with their spread over repeats and trivial baselines, classes, confusion, folds.
    random : list of Figure or None
        Figures of the same model under one random split: their lead over `evaluation` is the
        optimism of splitting cell by cell. None if `evaluation` is of random splits already.
    group_importances : DataFrame
        As `models.explanation.feature_groups.group_importances` returns it.
    notes : list of str
        What was left out or merged, and what limits the figures.
    seconds : float
        Duration.
    """

    out: Path
    estimator: str
    cells: int
    columns: int
    groups: int
    class_counts: Mapping[str, int]
    positive: str | None
    evaluation: Evaluation
    random: list[Figure] | None
    group_importances: pd.DataFrame
    notes: list[str]
    seconds: float


def training_summary(report: TrainingReport) -> str:
    """Return the figures with their spread and baselines, the leading features, and the notes."""
    counts = ", ".join(f"{count} {name}" for name, count in report.class_counts.items())
    lines = [
        f"{report.estimator}: {report.cells} cells ({counts}),"
        f" {report.groups} groups, {report.columns} features, {report.seconds:.0f} s",
        "",
        f"{'figure':32} {'mean':>6} {'95 % interval':>15} {'spread':>7} {'trivial':>8}"
        + (f" {'random split':>13}" if report.random else ""),
    ]
    random = {figure.name: f" {figure.mean:13.3f}" for figure in report.random or []}
    lines += [
        f"{figure.name:32} {figure.mean:6.3f} {f'{figure.low:.3f} to {figure.high:.3f}':>15}"
        f" {_spread(figure.spread):>7} {figure.baseline:8.3f}{random.get(figure.name, '')}"
        for figure in report.evaluation.figures
    ]
    lines += [*_leading_groups(report.group_importances), ""]
    lines += [f"note: {note}" for note in report.notes]
    lines += ["", f"model and report: {report.out}"]
    return "\n".join([*lines, f"other measures and single features: importances {report.out}"])


def _leading_groups(groups: pd.DataFrame) -> Iterator[str]:
    """Yield the leading clusters and families by the first measure.

    Single features are left out: the importance of correlated features is divided among them.
    """
    measure = next(name for name in groups.columns if name.endswith("_mean")).removesuffix("_mean")
    for level, heading in (("cluster", "clusters of correlated features"), ("family", "families")):
        yield ""
        yield (
            f"leading {heading} [number of features],"
            f" {measure_name(measure)}, mean +- standard deviation over folds:"
        )
        rows = groups[groups["level"] == level].head(_LEADING)
        for row in rows.to_dict("records"):
            gloss = "" if row["plain"] == row["title"] else f": {row['plain']}"
            yield (
                f"  {row[f'{measure}_mean']:7.4f} +-{row[f'{measure}_sd']:.4f}"
                f"  {row['title']} [{row['members']}]{gloss}"
            )


def _spread(value: float) -> str:
    """Return a spread over repeats, of which there may be one only."""
    return "-" if isnan(value) else f"{value:.3f}"
