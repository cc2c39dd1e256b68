"""Array types of `features`, and the division of two arrays."""

from __future__ import annotations

from math import nan
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Bytes: TypeAlias = NDArray[np.uint8]
Mask: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float64]


def ratio(numerator: Floats, denominator: Floats, undefined: float = nan) -> Floats:
    """Divide arrays of equal shape; return `undefined` where the denominator is 0."""
    result = np.full(numerator.shape, undefined)
    np.divide(numerator, denominator, out=result, where=denominator != 0)
    return result
