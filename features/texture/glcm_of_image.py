"""Co-occurrence features of any grey image, not only of a cell."""

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
    """Return the 25 co-occurrence features of one grey image inside a mask.

    Parameters
    ----------
    image : (rows, cols) integer
        Grey levels: 0 to 255 where `levels` is a number, any levels from 1 where it is None.
    mask : (rows, cols) bool
        Which pixels count.
    levels : {32, 256} or None
        How many levels of equal width the 256 are brought to; None takes the image as it is.
    distance : int
        Chebyshev distance, pixels.
    aggregation : {"mean", "range", "merged"}
        Of the four directions: mean or range of the features, or features of the summed matrix
        (IBSI ``2D_avg`` and ``2D_comb`` for one slice are ``mean`` and ``merged``).

    Returns
    -------
    mapping of str to float
        By feature name; NaN where there is no pair.

    Raises
    ------
    CellError
        If the image has levels outside what `levels` says.
    """
    planes, parts, count = quantise_image(image, mask, levels)
    view = compute_glcm(planes, parts, (distance,), count)
    return {
        record.name: float(aggregate(record.function(view)[0, 0, 0], aggregation))
        for record in FEATURES.values()
        if record.family is TEXTURE
    }
