"""Contenders judged on the same cells: figures, and differences of pairs with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .figures import accuracy, class_sensitivity, confusion, decide, macro_f1
from .intervals import cluster_bootstrap
from .probability_figures import auroc

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

DRAWS = 500
FIGURES = ("accuracy", "balanced accuracy", "macro F1", "AUROC")


@dataclass(frozen=True)
class Interval:
    """A figure with its 95 % interval by a bootstrap of whole subjects."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Comparison:
    """What the contenders reached, and by how much one surpasses another.

    Parameters
    ----------
    figures : mapping of str to mapping of str to Interval
        By contender, then by figure; means over repeats.
    differences : mapping of (str, str) to mapping of str to Interval
        First less second, on the same cells and in every draw of subjects.
    """

    figures: Mapping[str, Mapping[str, Interval]]
    differences: Mapping[tuple[str, str], Mapping[str, Interval]]


def brief_figures(target: Codes, probabilities: Floats, positive: int | None) -> dict[str, float]:
    """Figures that a comparison goes by.

    Parameters
    ----------
    target : (n,) int64
    probabilities : (n, classes) float64
    positive : int or None
        Whose AUROC; without one the mean over the classes that occur, each against the rest.
    """
    classes = probabilities.shape[1]
    counts = confusion(target, decide(probabilities, positive), classes)
    of = list(range(classes)) if positive is None else [positive]
    areas = [auroc(target == code, probabilities[:, code]) for code in of]
    known = [area for area in areas if not np.isnan(area)]
    return {
        "accuracy": accuracy(counts),
        "balanced accuracy": float(np.nanmean(class_sensitivity(counts))),
        "macro F1": macro_f1(counts),
        "AUROC": float(np.mean(known)) if known else float("nan"),
    }


def compare(
    target: Codes,
    contenders: Mapping[str, Floats],
    groups: Codes,
    positive: int | None,
    pairs: Sequence[tuple[str, str]],
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> Comparison:
    """Compare contenders on the same cells.

    Parameters
    ----------
    target : (n,) int64
    contenders : mapping of str to (repeats, n, classes) float64
        Out-of-fold probabilities on identical folds.
    groups : (n,) int64
        Subjects, drawn whole.
    positive : int or None
    pairs : sequence of (str, str)
        Differences to take, first less second.
    draws, seed : int
        Of the bootstrap: every contender is judged on each draw, so that what makes a draw easy
        for both does not widen the interval of their difference.
    """

    def judged(rows: Codes) -> dict[tuple[str, str, str], float]:
        found = {}
        for name, probabilities in contenders.items():
            each = [brief_figures(target[rows], one[rows], positive) for one in probabilities]
            for figure in FIGURES:
                found[name, "", figure] = float(np.mean([one[figure] for one in each]))
        for first, second in pairs:
            for figure in FIGURES:
                found[first, second, figure] = found[first, "", figure] - found[second, "", figure]
        return found

    whole = judged(np.arange(len(target)))
    keys = list(whole)

    def numbered(rows: Codes) -> dict[str, float]:
        return {str(number): value for number, value in enumerate(judged(rows).values())}

    bounds = cluster_bootstrap(groups, numbered, draws=draws, seed=seed)
    found = {key: Interval(whole[key], *bounds[str(n)]) for n, key in enumerate(keys)}
    return Comparison(
        {name: {figure: found[name, "", figure] for figure in FIGURES} for name in contenders},
        {pair: {figure: found[*pair, figure] for figure in FIGURES} for pair in pairs},
    )
