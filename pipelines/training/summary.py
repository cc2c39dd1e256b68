"""What train says at its end, as text for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from models.evaluation.evaluate import Evaluation, Figure


@dataclass(frozen=True)
class TrainingReport:
    """What the command prints.

    Parameters
    ----------
    out : Path
        The bundle's folder.
    estimator : str
        In words.
    cells, columns, groups : int
        What was learnt from.
    class_counts : mapping of str to int
        Cells of each class.
    positive : str or None
        The class that sensitivity refers to.
    evaluation : Evaluation
        Figures with their spread over repeats and trivial baselines, classes, confusion, folds.
    random : list of Figure or None
        The same model under one random split: its lead over `evaluation` is the optimism of
        splitting cell by cell. None where the split was so.
    leading : list of mapping
        The ten leading features: ``feature``, ``plain``, ``measure``, ``mean``, ``sd``.
    notes : list of str
        What was left out, merged, or should make the reader careful.
    seconds : float
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
    leading: list[dict[str, Any]]
    notes: list[str]
    seconds: float


def training_summary(report: TrainingReport) -> str:
    """Return the figures with their spread and their trivial baselines, and what they rest on."""
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
    lines += ["", f"leading features ({report.leading[0]['measure']}):"]
    lines += [f"  {one['mean']:8.4f}  {one['plain']}  [{one['feature']}]" for one in report.leading]
    lines += [f"note: {note}" for note in report.notes]
    return "\n".join([*lines, "", f"model and report: {report.out}"])


def _spread(value: float) -> str:
    """Return a spread over repeats, of which there may be one only."""
    return "-" if isnan(value) else f"{value:.3f}"
