"""The report's pictures, as SVG text to be put into a page."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from .importance_plot import AXIS_LABELS, COLOURS

# What matplotlib would write about itself, and when; without it equal figures are equal text.
METADATA = ("Creator", "Date", "Format", "Type")
MODEL, TRIVIAL = COLOURS[0], "#888888"


def curves_picture(operating: Mapping[str, Any], positives: float) -> str:
    """ROC, precision-recall and decision curve of the positive class, side by side.

    Parameters
    ----------
    operating : mapping
        The record of `models.evaluation.probability_quality.OperatingPoint`.
    positives : float
        Share of positive cells, the precision of calling everything.
    """
    figure = Figure(figsize=(9.6, 3.3), layout="constrained")
    roc, precision, benefit = figure.subplots(1, 3)
    x, y = np.array(operating["roc"]).T
    roc.plot(x, y, color=MODEL, drawstyle="steps-post", label="model")
    roc.plot([0, 1], [0, 1], color=TRIVIAL, linestyle="--", label="chance")
    point = (1 - operating["specificity"][0], operating["sensitivity"][0])
    roc.plot(*point, "o", color=COLOURS[5], label=f"threshold for {operating['stated']:.0%}")
    _axes(roc, "ROC", "1 - specificity", "sensitivity")
    x, y = np.array(operating["precision_recall"]).T
    precision.plot(x, y, color=MODEL, label="model")
    precision.axhline(positives, color=TRIVIAL, linestyle="--", label="call every cell")
    _axes(precision, "Precision and recall", "sensitivity (recall)", "precision (PPV)")
    rows = pd.DataFrame(operating["decision_curve"])
    benefit.plot(rows["threshold"], rows["model"], color=MODEL, label="model")
    benefit.plot(rows["threshold"], rows["all"], color=TRIVIAL, linestyle="--", label="call all")
    benefit.axhline(0, color="#bbbbbb", linewidth=0.8, label="call none")
    _axes(benefit, "Decision curve", "threshold probability", "net benefit")
    benefit.set_ylim(-0.05, max(0.05, float(rows["model"].max()) * 1.1))
    for axis, place in ((roc, "lower right"), (precision, "lower left"), (benefit, "lower left")):
        axis.legend(loc=place, frameon=False, fontsize=8)
    return _svg(figure)


def calibration_picture(calibrated: Mapping[str, Any], of: str) -> str:
    """Share of positives against mean probability, in bins; the counts beneath."""
    bins = pd.DataFrame(calibrated["bins"])
    figure = Figure(figsize=(4.2, 3.9), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
    upper.plot([0, 1], [0, 1], color=TRIVIAL, linestyle="--", label="perfect")
    upper.plot(bins["probability"], bins["share"], "o-", color=MODEL, label="model")
    _axes(upper, "Calibration", "", f"share that is {of}")
    upper.legend(loc="upper left", frameon=False, fontsize=8)
    lower.bar(bins["probability"], bins["cells"], width=0.03, color=MODEL)
    lower.set_xlabel("mean probability")
    lower.set_ylabel("cells")
    lower.spines[["top", "right"]].set_visible(False)
    return _svg(figure)


def confusion_picture(counts: Sequence[Sequence[float]], classes: Sequence[str]) -> str:
    """Confusion matrix: colour is the share of the true class, text the mean count of cells."""
    matrix: NDArray[np.float64] = np.array(counts, dtype=np.float64)
    share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1e-12)
    side = 2.0 + 0.55 * len(classes)
    figure = Figure(figsize=(side, side), layout="constrained")
    axis = figure.subplots()
    axis.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for (row, column), value in np.ndenumerate(matrix):
        dark = share[row, column] > 0.55
        text = f"{value:.0f}" if float(value).is_integer() else f"{value:.1f}"
        axis.text(column, row, text, ha="center", va="center", color="w" if dark else "#222222")
    turned = 45 if len(classes) > 3 else 0
    axis.set_xticks(
        range(len(classes)), classes, rotation=turned, ha="right" if turned else "center"
    )
    axis.set_yticks(range(len(classes)), classes)
    axis.set_xlabel("decided")
    axis.set_ylabel("true")
    return _svg(figure)


def groups_picture(table: pd.DataFrame, level: str, measure: str, top: int = 12) -> str:
    """Bars of the leading sets of features of a level, with whiskers of one deviation."""
    shown = table[table["level"] == level]
    shown = shown.nlargest(top, f"{measure}_mean").iloc[::-1]
    figure = Figure(figsize=(9.0, 1.0 + 0.3 * len(shown)), layout="constrained")
    axis = figure.subplots()
    axis.barh(
        np.arange(len(shown)),
        shown[f"{measure}_mean"],
        xerr=shown[f"{measure}_sd"],
        color=COLOURS[{"cluster": 0, "family": 2, "compartment": 1}[level]],
        error_kw={"ecolor": "#333333", "elinewidth": 0.9, "capsize": 2},
        height=0.7,
    )
    labels = [
        f"{title} [{members}]"
        for title, members in zip(shown["title"], shown["members"], strict=True)
    ]
    axis.set_yticks(np.arange(len(shown)), labels)
    axis.axvline(0, color="#333333", linewidth=0.8)
    axis.set_xlabel(AXIS_LABELS[measure])
    axis.spines[["top", "right"]].set_visible(False)
    return _svg(figure)


def _axes(axis: Axes, title: str, x: str, y: str) -> None:
    axis.set_title(title, fontsize=10)
    axis.set_xlabel(x)
    axis.set_ylabel(y)
    axis.set_xlim(-0.02, 1.02)
    axis.set_ylim(-0.02, 1.02)
    axis.spines[["top", "right"]].set_visible(False)


def _svg(figure: Figure) -> str:
    """Text from ``<svg`` on; equal for equal figures."""
    stream = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "blastometry"}):
        figure.savefig(stream, format="svg", metadata=dict.fromkeys(METADATA))
    text = stream.getvalue()
    return text[text.index("<svg") :]
