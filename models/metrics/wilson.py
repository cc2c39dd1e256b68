"""Confidence interval of a proportion."""

from __future__ import annotations

from functools import lru_cache
from math import floor, nan

from scipy.stats import binomtest


def wilson(successes: float, total: int) -> tuple[float, float]:
    """Return Wilson's 95 % score interval of a proportion.

    Parameters
    ----------
    successes : float
        From 0 to `total`; a mean over repeats need not be whole: its interval is interpolated
        linearly between those of the whole numbers next to it.
    total : int

    Returns
    -------
    low, high : float
        In [0, 1]; NaN where `total` is 0.

    References
    ----------
    Wilson 1927, doi:10.1080/01621459.1927.10502953; computed by `scipy.stats.binomtest`.

    Examples
    --------
    >>> [round(limit, 4) for limit in wilson(8, 10)]
    [0.4902, 0.9433]
    >>> wilson(0, 0)
    (nan, nan)
    """
    if total == 0:
        return nan, nan
    whole = floor(successes)
    part = successes - whole
    low, high = _of_whole_count(whole, total)
    if part == 0:
        return low, high
    next_low, next_high = _of_whole_count(whole + 1, total)
    return low + part * (next_low - low), high + part * (next_high - high)


# scipy also computes a p-value, a millisecond each; images and subjects repeat few counts.
@lru_cache(maxsize=10_000)
def _of_whole_count(successes: int, total: int) -> tuple[float, float]:
    interval = binomtest(successes, total).proportion_ci(0.95, method="wilson")
    return float(interval.low), float(interval.high)
