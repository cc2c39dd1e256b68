"""The picture of a comparison: what each contender reached, the differences, and each family."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .importance_plot import COLOURS
from .saved_figure import save_figure

FIGURE = "balanced accuracy"


def comparison_picture(record: Mapping[str, Any]) -> bytes:
    """Draw what `pipelines.compare` found.

    Parameters
    ----------
    record : mapping
        As ``comparison.json`` holds it.

    Returns
    -------
    bytes
        A PNG: balanced accuracy of the contenders, paired differences in points, and each family
        of named features alone, with 95 % intervals.
    """
    estimators = list(record["estimators"])
    colours = {name: COLOURS[place] for place, name in enumerate(estimators)}
    main = [one for one in record["contenders"] if not one["family"]]
    alone = sorted(
        (one for one in record["contenders"] if one["family"]),
        key=lambda one: -one["figures"][FIGURE]["value"],
    )
    gaps = [
        one | {"set": f"{one['first']}\nminus {one['second']}"} for one in record["differences"]
    ]
    rows = [len(dict.fromkeys(one["set"] for one in part)) for part in (main, gaps, alone)]
    figure = Figure(figsize=(13, 1.6 + 0.42 * max(*rows[:2], round(0.6 * rows[2]))), dpi=150)
    figure.set_layout_engine("constrained")
    axes = figure.subplots(1, 3)
    for axis, part, title in zip(
        axes,
        (main, gaps, alone),
        (f"{FIGURE}", f"difference of {FIGURE}, paired", f"each family alone, {estimators[0]}"),
        strict=True,
    ):
        _intervals(axis, part, colours)
        axis.set_title(title, fontsize=10)
    axes[1].axvline(0, color="#333333", linewidth=0.9)
    figure.legend(
        *axes[0].get_legend_handles_labels(),
        loc="outside lower center",
        ncols=len(estimators),
        frameon=False,
        fontsize=9,
    )
    stream = io.BytesIO()
    save_figure(figure, stream, format="png", metadata={"Software": None})
    return stream.getvalue()


def _intervals(axis: Axes, part: Sequence[Mapping[str, Any]], colours: Mapping[str, str]) -> None:
    names = list(dict.fromkeys(one["set"] for one in part))
    present = [name for name in colours if any(one["estimator"] == name for one in part)]
    for place, estimator in enumerate(present):
        mine = [one for one in part if one["estimator"] == estimator]
        shift = 0.22 * (place - (len(present) - 1) / 2)
        middle = np.array([one["figures"][FIGURE]["value"] for one in mine])
        ends = np.array([[one["figures"][FIGURE][end] for one in mine] for end in ("low", "high")])
        axis.errorbar(
            middle,
            [names.index(one["set"]) + shift for one in mine],
            # a percentile interval need not hold the value itself
            xerr=np.abs(ends - middle),
            fmt="o",
            markersize=4,
            capsize=2,
            elinewidth=1,
            color=colours[estimator],
            label=estimator,
        )
    wrapped = [name.replace(" with ", "\nwith ", 1) for name in names]
    axis.set_yticks(np.arange(len(names)), wrapped, fontsize=8)
    axis.invert_yaxis()
    axis.locator_params(axis="x", nbins=6)
    axis.tick_params(axis="x", labelsize=8)
    axis.grid(axis="x", color="#dddddd", linewidth=0.6)
    axis.set_axisbelow(True)
    axis.spines[["top", "right"]].set_visible(False)
