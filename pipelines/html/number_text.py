"""Numbers as text for pages and cards."""

from __future__ import annotations

import re
from math import floor, isfinite, log10


def number(value: object) -> str:
    """Text of a value: three decimals (four of a small one), a dash for an unknown one.

    A pair is an interval.

    Examples
    --------
    >>> [number(x) for x in (0.12345, -0.00123, 7, "text", None, (0.1, 0.25))]
    ['0.123', '-0.0012', '7', 'text', '-', '0.100 to 0.250']
    """
    if isinstance(value, tuple):
        return interval(*value)
    if value is None or (isinstance(value, float) and not isfinite(value)):
        return "-"
    if not isinstance(value, float):
        return str(value)
    return f"{value:.4f}" if 0 < abs(value) < 0.01 else f"{value:.3f}"


def interval(low: float | None, high: float | None) -> str:
    """Text of an interval.

    Examples
    --------
    >>> interval(0.1, 0.25), interval(None, 1.0)
    ('0.100 to 0.250', '-')
    """
    return "-" if low is None or high is None else f"{low:.3f} to {high:.3f}"


def percent(share: float, decimals: int = 0) -> str:
    """Text of a share.

    Examples
    --------
    >>> percent(0.954), percent(0.00123, 2), percent(1e-6, 2)
    ('95 %', '0.12 %', 'less than 0.01 %')
    """
    least = 0.1**decimals
    if 0 < 100 * share < least:
        return f"less than {least:.{decimals}f} %"
    return f"{100 * share:.{decimals}f} %"


def significant(value: float, scale: float | None = None) -> str:
    """Text of a number to calculate with: six significant digits.

    Parameters
    ----------
    value : float
    scale : float, optional
        Divisor of differences to `value`: where it is the smaller, it has the six digits.

    Examples
    --------
    >>> significant(-1.23456789e-6), significant(21874.123456), significant(21874.123456, 0.5)
    ('-1.23457e-06', '21874.1', '21874.123456')
    """
    digits = 6
    if scale and value:
        digits += max(0, floor(log10(abs(value))) - floor(log10(abs(scale))))
    return f"{value:.{digits}g}"


def pieces(text: str) -> list[str]:
    """Split a column name, hash or path where a narrow table cell may break it.

    A name with underscores breaks after each, and before a capital; a run of at least 30
    characters breaks every twelve. Other words stay whole.

    Examples
    --------
    >>> pieces("Cells_AreaShape < 1")
    ['Cells_', 'Area', 'Shape < 1']
    >>> pieces("IntensityDistribution")
    ['IntensityDistribution']
    >>> pieces("0123456789abcdef0123456789abcdef")
    ['0123456789ab', 'cdef01234567', '89abcdef']
    """
    marked = re.sub(r"[^\s_]*_\S*", lambda name: _PARTS.sub("\0", name[0]), text)
    marked = re.sub(r"[^\s\0]{30,}", lambda run: re.sub(".{12}(?=.)", "\\g<0>\0", run[0]), marked)
    return marked.split("\0")


# Behind an underscore, and between a small letter and a capital.
_PARTS = re.compile("(?<=_)|(?<=[a-z])(?=[A-Z])")
