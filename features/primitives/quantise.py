"""Grey levels of equal width, zero-based, as the texture matrices need them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import CellError


def quantise(planes: NDArray[np.uint8], levels: int) -> NDArray[np.uint16]:
    """Return zero-based levels of equal width: ``plane // (256 / levels)``."""
    return (planes // (256 // levels)).astype(np.uint16)


def quantise_image(
    image: NDArray[np.integer[Any]], mask: NDArray[np.bool_], levels: int | None
) -> tuple[NDArray[np.uint16], NDArray[np.uint8], int]:
    """Return the zero-based levels (1, rows, cols), the parts of a lone mask and the level count.

    Parameters
    ----------
    image : (rows, cols) integer
        Grey levels: 0 to 255 where `levels` is a number, any levels from 1 where it is None.
    mask : (rows, cols) bool
        Which pixels count.
    levels : {32, 256} or None
        How many levels of equal width the 256 are brought to; None takes the image as it is.

    Raises
    ------
    CellError
        If the image has levels outside what `levels` says.
    """
    lowest, highest = (1, 65535) if levels is None else (0, 255)
    inside = image[mask]
    if inside.size and (inside.min() < lowest or inside.max() > highest):
        raise CellError(
            f"the levels run from {inside.min()} to {inside.max()}",
            f"give levels from {lowest} to {highest}",
        )
    parts = mask.astype(np.uint8)
    if levels is not None:
        return quantise(np.where(mask, image, 0).astype(np.uint8), levels)[None], parts, levels
    count = int(inside.max()) if inside.size else 1
    plane = np.where(mask, image, 1).astype(np.uint16) - np.uint16(1)
    return plane[None], parts, count
