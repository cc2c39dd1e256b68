"""Quantisation of 8-bit planes to grey levels of equal width."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def quantise(planes: NDArray[np.uint8], levels: int) -> NDArray[np.uint16]:
    """Return zero-based grey levels of equal width: ``plane // (256 / levels)``.

    Parameters
    ----------
    planes : (…, rows, cols) uint8
        Grey values, 0 to 255.
    levels : int
        Number of grey levels; divides 256.

    Returns
    -------
    (…, rows, cols) uint16
        From 0 to ``levels - 1``.
    """
    return (planes // (256 // levels)).astype(np.uint16)
