"""Masks of two or three numbers: which they are, and whether the highest is a nucleus."""

from __future__ import annotations

from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .label_images import inner, shared_outlines
from .mask_background import MaskNumbers

_MAX_STRAY = 0.01  # share of the pixels of a mask of three numbers that have another
_RIM = 0.5  # share of the pixels between two numbers with one more, which is then a thin rim
# Share of an outline: of a nucleus along its cytoplasm, at least; of a part inside another one.
_NESTED, _INSIDE = 0.5, 0.75
_TOLERANCE = 16  # levels from 128 and 255


class Nested(Enum):
    """Whether the highest of three numbers is inside the middle one, or the other way round."""

    YES = "nucleus in its cytoplasm"
    NO = "two cells"
    REVERSED = "middle number inside the highest"


def distinct_values(mask: MaskNumbers) -> tuple[float, ...] | None:
    """Return the two or three numbers of a mask, ascending from 0, or None if there are more.

    Numbers of single pixels (soft edges, slips of a pen) do not count: a number needs a pixel
    whose eight neighbours have it too, or to be that of most pixels between two others.
    """
    values = _distinct(mask.numbers, mask.is_lossy)
    return None if values is None else tuple(float(value) for value in values)


def _distinct(numbers: NDArray[Any], is_lossy: bool) -> NDArray[Any] | None:
    values = np.unique(numbers)
    if len(values) <= 3:
        return values
    if is_lossy:
        return None
    values = np.unique(numbers[inner(numbers)])
    if len(values) == 2 and values[0] == 0:
        others, counts = np.unique(numbers[~np.isin(numbers, values)], return_counts=True)
        rim = others[counts.argmax()]
        if counts.max() >= _RIM * counts.sum() and rim < values[1]:
            values = np.array([0, rim, values[1]])
        elif values[1] < numbers.max():
            return None
    if len(values) not in (2, 3) or values[0] != 0:
        return None
    stray = ~np.isin(numbers, values)
    return values if len(values) == 2 or stray.mean() <= _MAX_STRAY else None


def nesting(mask: MaskNumbers, middle: float, high: float) -> Nested:
    """Say how the parts with the two numbers of a mask are placed to each other.

    The levels 128 and 255 are cytoplasm and nucleus wherever they touch; other numbers if at least
    half of the outline of the highest is along the middle one.
    """
    codes = np.zeros(mask.numbers.shape, np.int32)
    codes[mask.numbers > middle / 2] = 1
    codes[mask.numbers > (middle + high) / 2] = 2
    pairs, shares = shared_outlines(codes)
    found = {(int(a), int(b)): float(share) for (a, b), share in zip(pairs, shares, strict=True)}
    high_along_middle, middle_along_high = found.get((2, 1), 0.0), found.get((1, 2), 0.0)
    if middle_along_high >= _INSIDE and high_along_middle < _NESTED:
        return Nested.REVERSED
    levels = (_level(mask, middle), _level(mask, high))
    are_levels = abs(levels[0] - 128) <= _TOLERANCE and levels[1] >= 255 - _TOLERANCE
    needed = 0.0 if are_levels else _NESTED
    return Nested.YES if high_along_middle > 0 and high_along_middle >= needed else Nested.NO


def _level(mask: MaskNumbers, number: float) -> int:
    """Return the level at 8 bits of a number of the mask."""
    return int(mask.level[mask.numbers == number][0])
