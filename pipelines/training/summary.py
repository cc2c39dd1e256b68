"""What train says at its end, as text for a terminal."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .train import TrainingReport


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
