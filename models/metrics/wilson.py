"""The interval of a plain proportion."""

from __future__ import annotations

from math import nan, sqrt
from statistics import NormalDist


def wilson(successes: float, total: int, level: float = 0.95) -> tuple[float, float]:
    """Return Wilson's score interval of a proportion (1927, doi:10.1080/01621459.1927.10502953).

    `successes` may be a mean over repeats.

    Examples
    --------
    >>> [round(limit, 4) for limit in wilson(8, 10)]
    [0.4902, 0.9433]
    >>> wilson(0, 0)
    (nan, nan)
    """
    if total == 0:
        return nan, nan
    z = NormalDist().inv_cdf((1 + level) / 2)
    share, spread = successes / total, z * z / total
    middle = share + spread / 2
    half = z * sqrt((share * (1 - share) + spread / 4) / total)
    return max(0.0, (middle - half) / (1 + spread)), min(1.0, (middle + half) / (1 + spread))
