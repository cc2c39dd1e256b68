"""Intervals by a bootstrap of whole subjects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, stdtrit

from .wilson import wilson

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]

CONFIDENCE = 0.95
DRAWS = 500
MOST_WEIGHTS = 4_000_000
_NO_WIDTH = 1e-9  # of an interval: rounding of sums over draws

# The interval of a figure, by its name and value, where all draws agree.
Agreed = Callable[[str, float], tuple[float, float]]


def cluster_bootstrap(
    groups: Codes,
    figures: Callable[[Floats], Mapping[str, Floats]],
    *,
    draws: int = DRAWS,
    seed: int = 0,
    confidence: float = CONFIDENCE,
    agreed: Agreed | None = None,
) -> dict[str, tuple[float, float]]:
    """Expanded percentile intervals of figures when whole groups are drawn with replacement.

    Plain percentiles are too narrow where groups are few: they are those of the normal
    distribution for the variance of a sample. The expanded ones are as far out as Student's
    t and the unbiased variance would have them.

    Parameters
    ----------
    groups : (n,) int64
        Group (subject) of each cell.
    figures : callable
        Figures, (m,) each, of (m, n) weights: how often each cell was drawn.
    draws : int
    seed : int
    confidence : float
    agreed : callable, optional
        Interval of a figure whose draws agree, see `share_intervals` and `difference_intervals`:
        such draws say nothing about other subjects. NaN without it.

    Returns
    -------
    dict of str to (low, high)
        Draws in which a figure is NaN (a class was not drawn) are left out of its interval; NaN
        with a single group.

    References
    ----------
    Field & Welsh 2007, doi:10.1111/j.1467-9868.2007.00593.x; Hesterberg 2015,
    doi:10.1080/00031305.2015.1089789, section 4.
    """
    rng = np.random.default_rng(seed)
    names, member = np.unique(groups, return_inverse=True)
    even = np.full(len(names), 1 / len(names))
    at_once = max(1, MOST_WEIGHTS // len(groups))
    found: dict[str, list[Floats]] = {}
    for start in range(0, draws, at_once):
        size = min(at_once, draws - start)
        drawn = rng.multinomial(len(names), even, size=size)[:, member].astype(np.float64)
        for name, values in figures(drawn).items():
            found.setdefault(name, []).append(values)
    tail = expanded_percentile(len(names), confidence)
    intervals = {name: _percentiles(np.concatenate(parts), tail) for name, parts in found.items()}
    return {name: _with_width(name, interval, agreed) for name, interval in intervals.items()}


def share_intervals(groups: Mapping[str, int]) -> Agreed:
    """Return Wilson's interval of a figure in [0, 1], as a share of the groups behind it.

    A mean of values in [0, 1] varies at most as much as a share does.

    Parameters
    ----------
    groups : mapping of str to int
        Number of groups that each figure depends on.

    Examples
    --------
    >>> [round(limit, 3) for limit in share_intervals({"sensitivity": 4})("sensitivity", 1.0)]
    [0.51, 1.0]
    """

    def interval(name: str, value: float) -> tuple[float, float]:
        count = groups[name]
        return wilson(min(max(value, 0.0), 1.0) * count, count)

    return interval


def difference_intervals(groups: Mapping[str, int]) -> Agreed:
    """Return an interval of a difference between two figures in [0, 1] on the same groups.

    Its half-width is Wilson's upper limit of a share that was seen in none of the groups.

    Parameters
    ----------
    groups : mapping of str to int
        Number of groups that each figure depends on.
    """

    def interval(name: str, value: float) -> tuple[float, float]:
        reach = wilson(0, groups[name])[1]
        return max(-1.0, value - reach), min(1.0, value + reach)

    return interval


def _with_width(
    name: str, interval: tuple[float, float], agreed: Agreed | None
) -> tuple[float, float]:
    low, high = interval
    if np.isnan(low) or high - low > _NO_WIDTH:
        return interval
    return (float("nan"), float("nan")) if agreed is None else agreed(name, low)


def expanded_percentile(groups: int, confidence: float) -> float:
    """Share of the draws that an expanded percentile interval leaves out on either side.

    Examples
    --------
    >>> [round(expanded_percentile(n, 0.95), 4) for n in (5, 10, 20, 1000)]
    [0.001, 0.0086, 0.0159, 0.0248]
    """
    if groups < 2:
        return float("nan")
    t = stdtrit(groups - 1, (1 - confidence) / 2)
    return float(ndtr(sqrt(groups / (groups - 1)) * t))


def _percentiles(values: Floats, tail: float) -> tuple[float, float]:
    known = values[~np.isnan(values)]
    if not len(known) or np.isnan(tail):
        return float("nan"), float("nan")
    low, high = np.quantile(known, [tail, 1 - tail])
    return float(low), float(high)
