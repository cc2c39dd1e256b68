"""The report's pictures, as SVG text."""

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

from .importance_plot import AXIS_LABELS, COLOURS, name_bars, whiskers
from .saved_figure import save_figure

# Matplotlib's own metadata hold the time; without them equal figures are equal text.
METADATA = ("Creator", "Date", "Format", "Type")
MODEL, TRIVIAL = COLOURS[0], "#888888"


def roc_picture(operating: Mapping[str, Any]) -> str:
    """ROC curve of the positive class, with the operating threshold.

    Parameters
    ----------
    operating : mapping
        The record of `probability_quality.OperatingPoint`.
    """
    figure, axis = _panel()
    x, y = np.array(operating["roc"]).T
    axis.plot(x, y, color=MODEL, drawstyle="steps-post", label="model")
    axis.plot([0, 1], [0, 1], color=TRIVIAL, linestyle="--", label="chance")
    point = (1 - operating["specificity"][0], operating["sensitivity"][0])
    axis.plot(*point, "o", color=COLOURS[5], label=f"threshold for {operating['stated']:.0%}")
    _axes(axis, "ROC", "1 - specificity", "sensitivity")
    axis.legend(loc="lower right", frameon=False, fontsize=8)
    return _svg(figure)


def precision_recall_picture(operating: Mapping[str, Any], positives: float) -> str:
    """Precision-recall curve of the positive class.

    Parameters
    ----------
    operating : mapping
        The record of `probability_quality.OperatingPoint`.
    positives : float
        Share of positive cells: the precision if every cell is classified as positive.
    """
    figure, axis = _panel()
    x, y = np.array(operating["precision_recall"]).T
    axis.plot(x, y, color=MODEL, label="model")
    axis.axhline(positives, color=TRIVIAL, linestyle="--", label="all cells positive")
    _axes(axis, "Precision and recall", "sensitivity (recall)", "precision (PPV)")
    axis.legend(loc="lower left", frameon=False, fontsize=8)
    return _svg(figure)


def decision_curve_picture(operating: Mapping[str, Any]) -> str:
    """Decision curve of the positive class: net benefit against the threshold.

    Parameters
    ----------
    operating : mapping
        The record of `probability_quality.OperatingPoint`.
    """
    figure, axis = _panel()
    rows = pd.DataFrame(operating["decision_curve"])
    axis.plot(rows["threshold"], rows["model"], color=MODEL, label="model")
    axis.plot(rows["threshold"], rows["all"], color=TRIVIAL, linestyle="--", label="all positive")
    axis.axhline(0, color="#bbbbbb", linewidth=0.8, label="none positive")
    _axes(axis, "Decision curve", "threshold probability", "net benefit")
    axis.set_ylim(-0.05, max(0.05, float(rows["model"].max()) * 1.1))
    axis.legend(loc="lower left", frameon=False, fontsize=8)
    return _svg(figure)


def calibration_picture(calibrated: Mapping[str, Any], positive: str | None) -> str:
    """Observed frequency against mean probability, in bins, above the number of cells of each bin.

    Parameters
    ----------
    calibrated : mapping
        The record of `probability_quality.CalibrationQuality`.
    positive : str or None
        The positive class; without one, the frequency is that of correct classifications.
    """
    bins = pd.DataFrame(calibrated["bins"])
    figure = Figure(figsize=(4.2, 3.9), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
    upper.plot([0, 1], [0, 1], color=TRIVIAL, linestyle="--", label="perfect")
    upper.plot(bins["probability"], bins["share"], "o-", color=MODEL, label="model")
    _axes(upper, "Calibration", "", f"share of {positive}" if positive else "share correct")
    upper.legend(loc="upper left", frameon=False, fontsize=8)
    lower.bar(bins["probability"], bins["cells"], width=0.03, color=MODEL)
    lower.set_xlabel("mean probability")
    lower.set_ylabel("cells")
    lower.spines[["top", "right"]].set_visible(False)
    return _svg(figure)


def confusion_picture(counts: Sequence[Sequence[float]], classes: Sequence[str]) -> str:
    """Confusion matrix; the colour is the share of the true class, the text the number of cells."""
    matrix: NDArray[np.float64] = np.array(counts, dtype=np.float64)
    share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1e-12)
    longest = max(map(len, classes))
    side = 2.0 + 0.55 * len(classes) + 0.07 * longest
    figure = Figure(figsize=(side, side), layout="constrained")
    axis = figure.subplots()
    axis.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for (row, column), value in np.ndenumerate(matrix):
        dark = share[row, column] > 0.55
        text = f"{value:.0f}" if float(value).is_integer() else f"{value:.1f}"
        axis.text(column, row, text, ha="center", va="center", color="w" if dark else "#222222")
    turned = 45 if len(classes) > 3 or longest > 8 else 0
    axis.set_xticks(
        range(len(classes)), classes, rotation=turned, ha="right" if turned else "center"
    )
    axis.set_yticks(range(len(classes)), classes)
    axis.set_xlabel("predicted class")
    axis.set_ylabel("true class")
    return _svg(figure)


def groups_picture(table: pd.DataFrame, level: str, measure: str, top: int = 12) -> str:
    """Bars of the leading sets of features of a level, with one standard deviation over folds.

    Parameters
    ----------
    table : DataFrame
        As `feature_groups.group_importances` returns it.
    level : {"cluster", "family", "compartment"}
    measure : str
    top : int
        Sets shown.
    """
    shown = table[table["level"] == level]
    shown = shown.nlargest(top, f"{measure}_mean").iloc[::-1]
    glosses = [
        "" if plain == title else plain
        for title, plain in zip(shown["title"], shown["plain"], strict=True)
    ]
    height = 0.42 if any(glosses) else 0.3
    figure = Figure(figsize=(9.0, 1.0 + height * len(shown)), layout="constrained")
    axis = figure.subplots()
    values = shown[f"{measure}_mean"].to_numpy()
    axis.barh(
        np.arange(len(shown)),
        values,
        xerr=whiskers(values, shown[f"{measure}_sd"].to_numpy(), measure),
        color=COLOURS[{"cluster": 0, "family": 2, "compartment": 1}[level]],
        error_kw={"ecolor": "#333333", "elinewidth": 0.9, "capsize": 2},
        height=0.7,
    )
    titles = [
        f"{title} [{members}]"
        for title, members in zip(shown["title"], shown["members"], strict=True)
    ]
    name_bars(axis, titles, glosses)
    axis.axvline(0, color="#333333", linewidth=0.8)
    axis.set_xlabel(AXIS_LABELS[measure])
    axis.spines[["top", "right"]].set_visible(False)
    return _svg(figure)


def _panel() -> tuple[Figure, Axes]:
    figure = Figure(figsize=(3.7, 3.5), layout="constrained")
    return figure, figure.subplots()


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
    with mpl.rc_context({"svg.fonttype": "none"}):
        save_figure(figure, stream, format="svg", metadata=dict.fromkeys(METADATA))
    text = stream.getvalue()
    return text[text.index("<svg") :]
