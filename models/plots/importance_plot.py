"""Figures of feature importances, as PNG, SVG or PDF files."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from .saved_figure import save_figure

Floats = NDArray[np.float64]

# Okabe and Ito's colours, which stay apart for colour-blind readers
COLOURS = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#D55E00",
    "#8C6BB1",
    "#666666",
)
AXIS_LABELS: Mapping[str, str] = {
    "permutation": "rise of log loss when shuffled (nats)",
    "gain": "share of total gain",
    "coefficient": "mean |coefficient|, unit variance",
    "shap": "mean |SHAP value| (log-odds)",
}


# Below this no value of the measure can be: an error bar ends there.
LOWEST: Mapping[str, float] = {"gain": 0.0, "coefficient": 0.0, "shap": 0.0}
# Characters of a gloss below the name of a bar.
LONGEST_GLOSS = 80
# Characters of a line of such a name.
LONGEST_LINE = 56

FileFormat = Literal["png", "svg", "pdf"]
# What matplotlib writes about itself and the date; without it equal figures are equal bytes.
_LEFT_OUT: Mapping[FileFormat, tuple[str, ...]] = {
    "png": ("Software",),
    "svg": ("Creator", "Date", "Format", "Type"),
    "pdf": ("Creator", "Producer", "CreationDate"),
}


def importance_picture(
    table: pd.DataFrame, *, title: str, top: int = 20, file_format: FileFormat = "png"
) -> bytes:
    """Draw the leading rows: a bar for each measure, with one standard deviation over folds.

    Parameters
    ----------
    table : DataFrame
        As `importance.importances` returns it, or one level of what
        `feature_groups.group_importances` returns. Single features are coloured by family; the
        number of features of a group is in brackets.
    title : str
    top : int
        Rows shown.
    file_format : {"png", "svg", "pdf"}

    Returns
    -------
    bytes
        The file.
    """
    measures = [name.removesuffix("_mean") for name in table.columns if name.endswith("_mean")]
    shown = table.head(top).iloc[::-1]
    kinds = shown["family" if "family" in shown else "level"]
    names = list(dict.fromkeys(kinds.iloc[::-1]))
    colours = {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(names)}
    figure = Figure(
        figsize=(5.2 + 3.2 * len(measures), 1.9 + 0.42 * len(shown)), layout="constrained"
    )
    axes = figure.subplots(1, len(measures), sharey=True, squeeze=False)[0]
    for axis, measure in zip(axes, measures, strict=True):
        _bars(axis, shown, measure, [colours[name] for name in kinds])
    glosses = shown["plain"].where(shown["plain"] != shown["title"], "")
    name_bars(axes[0], _bar_names(shown), list(glosses))
    if "family" in shown:
        figure.legend(
            handles=[Patch(color=colours[name], label=name) for name in names],
            loc="outside lower center",
            ncols=min(len(names), 5),
            frameon=False,
            fontsize=9,
        )
    figure.suptitle(title, fontsize=11)
    stream = io.BytesIO()
    metadata = dict.fromkeys(_LEFT_OUT[file_format])
    save_figure(figure, stream, format=file_format, dpi=150, metadata=metadata)
    return stream.getvalue()


def _bar_names(shown: pd.DataFrame) -> list[str]:
    """Titles, with the number of features of a group."""
    if "members" not in shown:
        return list(shown["title"])
    rows = zip(shown["title"], shown["members"], strict=True)
    return [f"{title} [{members}]" for title, members in rows]


def name_bars(axis: Axes, titles: Sequence[str], glosses: Sequence[str]) -> None:
    """Write the name of each horizontal bar on the left, and below it, smaller, what it means."""
    axis.set_yticks(np.arange(len(titles)), [""] * len(titles))
    for place, (title, gloss) in enumerate(zip(titles, glosses, strict=True)):
        name = "\n".join(textwrap.wrap(title, LONGEST_LINE)[:2])
        meaning = textwrap.shorten(gloss, LONGEST_GLOSS, placeholder="…")
        for text, rise, size, colour in (
            (name, 5 if gloss else 0, 8 if "\n" in name else 9, "#000000"),
            (meaning, -6, 7, "#555555"),
        ):
            axis.annotate(
                text,
                (0, place),
                (-7, rise),
                xycoords=("axes fraction", "data"),
                textcoords="offset points",
                ha="right",
                va="center",
                fontsize=size,
                color=colour,
            )


def whiskers(values: Floats, spread: Floats, measure: str) -> Floats:
    """Lengths of the error bars to the left and to the right, within the range of the measure.

    Parameters
    ----------
    values, spread : (n,) float64
        Mean and standard deviation.
    measure : str

    Returns
    -------
    (2, n) float64

    Examples
    --------
    >>> whiskers(np.array([0.2, 0.5]), np.array([0.3, 0.1]), "gain").tolist()
    [[0.2, 0.1], [0.3, 0.1]]
    >>> whiskers(np.array([0.2]), np.array([0.3]), "permutation").tolist()
    [[0.3], [0.3]]
    """
    room = values - LOWEST.get(measure, -np.inf)
    return np.stack([np.minimum(spread, room), spread])


def _bars(axis: Axes, shown: pd.DataFrame, measure: str, colours: list[str]) -> None:
    values = shown[f"{measure}_mean"].to_numpy()
    axis.barh(
        np.arange(len(shown)),
        values,
        xerr=whiskers(values, shown[f"{measure}_sd"].to_numpy(), measure),
        color=colours,
        error_kw={"ecolor": "#333333", "elinewidth": 0.9, "capsize": 2},
        height=0.72,
    )
    axis.axvline(0, color="#333333", linewidth=0.8)
    axis.set_ylim(-0.6, len(shown) - 0.4)
    axis.set_xlabel(AXIS_LABELS[measure], fontsize=9)
    axis.set_title(measure, fontsize=10)
    axis.tick_params(axis="x", labelsize=8)
    axis.locator_params(axis="x", nbins=5)
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(axis="x", color="#dddddd", linewidth=0.6)
    axis.set_axisbelow(True)
