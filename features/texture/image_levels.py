"""Grey levels of one image and mask, in the form that the counting kernels read."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import CellError
from ..primitives.quantise import quantise


def quantise_image(
    image: NDArray[np.integer[Any]], mask: NDArray[np.bool_], levels: int | None
) -> tuple[NDArray[np.uint16], NDArray[np.uint8], int]:
    """Return zero-based grey levels (1, rows, cols), the mask as uint8, and the number of levels.

    Parameters
    ----------
    image : (rows, cols) integer
        Grey values from 0 to 255 if `levels` is a number; grey levels from 1 if it is None.
    mask : (rows, cols) bool
        Pixels to measure.
    levels : {32, 256} or None
        Number of grey levels of equal width; None keeps the image's own levels.

    Raises
    ------
    CellError
        If the image has a value outside the range that `levels` requires.
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
