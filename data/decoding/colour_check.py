"""Whether a decoded picture is a colour photograph."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError

# Levels between the largest and the smallest channel of nearly all pixels of a grey picture.
_MAX_SPREAD, _SHARE = 8, 99.9
_LEAST_CONTRAST = 12  # a picture of fewer levels is blank, not grey


def check_colour(rgb: NDArray[np.uint8]) -> None:
    """Refuse a grey picture: without colour, nucleus and cytoplasm have no stain.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8

    Raises
    ------
    DataError
        If the channels of 99.9 % of the pixels differ by at most 8 levels, unless it is blank.
    """
    if np.ptp(rgb[..., 1]) < _LEAST_CONTRAST:
        return
    spread = rgb.max(axis=2) - rgb.min(axis=2)
    widest = float(np.percentile(spread, _SHARE))
    if widest <= _MAX_SPREAD:
        raise DataError(
            f"a grey picture: red, green and blue differ by at most {widest:.0f} levels",
            "give the colour photograph; if its channels were exported one by one, export it as "
            "RGB",
        )
