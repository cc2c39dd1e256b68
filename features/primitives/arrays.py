"""Names of the array types that run through this room, and the quotient of two of them."""

from __future__ import annotations

from math import nan
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Bytes: TypeAlias = NDArray[np.uint8]
Mask: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float64]


def ratio(numerator: Floats, denominator: Floats, otherwise: float = nan) -> Floats:
    """Divide arrays of equal shape, with a stated value where the denominator is 0."""
    result = np.full(numerator.shape, otherwise)
    np.divide(numerator, denominator, out=result, where=denominator != 0)
    return result
