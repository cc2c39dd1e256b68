"""GLCM features of any grey-scale image and mask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..core.registry import FEATURES
from .cooccurrence.glcm import TEXTURE, aggregate, compute_glcm
from .image_levels import quantise_image


def cooccurrence_features(
    image: NDArray[np.integer[Any]],
    mask: NDArray[np.bool_],
    *,
    levels: int | None = 32,
    distance: int = 1,
    aggregation: Literal["mean", "range", "merged"] = "mean",
) -> Mapping[str, float]:
    """Return the 25 GLCM features of one grey-scale image inside a mask.

    Parameters
    ----------
    image : (rows, cols) integer
        Grey values from 0 to 255 if `levels` is a number; grey levels from 1 if it is None.
    mask : (rows, cols) bool
        Pixels to measure.
    levels : {32, 256} or None
        Number of grey levels of equal width; None keeps the image's own levels.
    distance : int
        Chebyshev distance in pixels.
    aggregation : {"mean", "range", "merged"}
        Mean or range of the features of the four directions, or features of the summed matrix.
        For one slice ``mean`` is IBSI's ``2D_avg`` and ``merged`` IBSI's ``2D_comb``.

    Returns
    -------
    mapping of str to float
        Values by feature name; NaN if there is no pair.

    Raises
    ------
    CellError
        If the image has a value outside the range that `levels` requires.
    """
    planes, parts, count = quantise_image(image, mask, levels)
    view = compute_glcm(planes, parts, (distance,), count)
    return {
        record.name: float(aggregate(record.function(view)[0, 0, 0], aggregation))
        for record in FEATURES.values()
        if record.family is TEXTURE
    }
