"""Compare contenders on the same cells: figures, and differences of pairs with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..metrics.bootstrap import (
    DRAWS,
    cluster_bootstrap,
    difference_intervals,
    share_intervals,
)
from ..metrics.classification import figures, groups_behind_figures

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

FIGURES = ("accuracy", "balanced accuracy", "macro F1", "AUROC", "Brier score")


@dataclass(frozen=True)
class Interval:
    """A figure with its 95 % interval by a bootstrap of whole subjects."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Comparison:
    """Figures of the contenders, and the differences between pairs of them.

    Parameters
    ----------
    figures : mapping of str to mapping of str to Interval
        By contender, then by figure; means over repeats.
    differences : mapping of (str, str) to mapping of str to Interval
        First less second, on the same cells and in every draw of subjects.
    """

    figures: Mapping[str, Mapping[str, Interval]]
    differences: Mapping[tuple[str, str], Mapping[str, Interval]]


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
        Of the bootstrap: every contender is evaluated on each draw, so that a draw that is easy
        for both does not widen the interval of their difference.
    """

    def evaluate_draw(weights: Floats | None) -> dict[str, Floats]:
        found = {}
        for name, probabilities in contenders.items():
            each = [figures(target, one, positive, weights) for one in probabilities]
            for figure in FIGURES:
                found[_key(name, "", figure)] = np.mean([one[figure] for one in each], axis=0)
        for first, second in pairs:
            for figure in FIGURES:
                gap = found[_key(first, "", figure)] - found[_key(second, "", figure)]
                found[_key(first, second, figure)] = gap
        return found

    whole = evaluate_draw(None)
    behind = groups_behind_figures(target, groups, positive)
    of_share, of_difference = share_intervals(behind), difference_intervals(behind)

    def agreed(key: str, value: float) -> tuple[float, float]:
        first, second, figure = key.split("\t")
        if not second:
            return of_share(figure, value)
        if np.array_equal(contenders[first], contenders[second]):
            return value, value  # the same predictions differ on no cell
        return of_difference(figure, value)

    bounds = cluster_bootstrap(groups, evaluate_draw, draws=draws, seed=seed, agreed=agreed)

    def intervals(first: str, second: str) -> dict[str, Interval]:
        keys = {figure: _key(first, second, figure) for figure in FIGURES}
        return {name: Interval(float(whole[key]), *bounds[key]) for name, key in keys.items()}

    return Comparison(
        {name: intervals(name, "") for name in contenders},
        {(first, second): intervals(first, second) for first, second in pairs},
    )


def _key(first: str, second: str, figure: str) -> str:
    return "\t".join((first, second, figure))
