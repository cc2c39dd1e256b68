"""Intervals by a bootstrap of whole subjects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, stdtrit

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]

CONFIDENCE = 0.95
DRAWS = 500
MOST_WEIGHTS = 4_000_000


def cluster_bootstrap(
    groups: Codes,
    figures: Callable[[Floats], Mapping[str, Floats]],
    *,
    draws: int = DRAWS,
    seed: int = 0,
    confidence: float = CONFIDENCE,
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
    return {name: _percentiles(np.concatenate(parts), tail) for name, parts in found.items()}


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
