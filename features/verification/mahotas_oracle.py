"""Haralick, Zernike and local binary patterns by mahotas: arrays in, named values out.

mahotas is imported by the functions: it has no wheel for some machines.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..primitives.arrays import Bytes, Floats, Mask

# Columns of mahotas.features.haralick, in its order, by the names of our features.
HARALICK_COLUMNS = (
    "AngularSecondMoment",
    "Contrast",
    "Correlation",
    "Variance",
    "InverseDifferenceMoment",
    "SumAverage",
    "SumVariance",
    "SumEntropy",
    "Entropy",
    "DifferenceVariance",
    "DifferenceEntropy",
    "InfoMeas1",
    "InfoMeas2",
)
_ANGLES = [0, 3, 2, 1]  # mahotas counts 45 degrees downwards, where rows grow
_ZERNIKE_DEGREE = 9


def haralick(levels: NDArray[np.integer], distance: int = 1) -> dict[str, Floats]:
    """Compute Haralick's thirteen features of each direction.

    Parameters
    ----------
    levels : (rows, cols) integer
        Grey levels from 1; 0 outside the mask.
    distance : int
        Pixels between the two of a pair, along rows, columns or diagonals.

    Returns
    -------
    dict of str to (4,) float64
        `HARALICK_COLUMNS` at 0, 45, 90 and 135 degrees; NaN where no direction has a pair.
    """
    import mahotas

    try:
        four = mahotas.features.haralick(
            levels, ignore_zeros=True, use_x_minus_y_variance=True, distance=distance
        )
    except ValueError:  # raised where no direction has a pair inside the mask
        four = np.full((4, len(HARALICK_COLUMNS)), np.nan)
    return dict(zip(HARALICK_COLUMNS, four[_ANGLES].T, strict=True))


def zernike_magnitudes(mask: Mask) -> Floats:
    """Compute the Zernike magnitudes of a mask to degree 9, in the disc about its centroid.

    Parameters
    ----------
    mask : (rows, cols) bool
        At least two pixels.

    Returns
    -------
    (30,) float64
        By degree, then by number of turns. The disc reaches the farthest pixel centre.
    """
    import mahotas

    pixels = np.argwhere(mask)
    centroid = pixels.mean(axis=0)
    # Slightly more than the farthest pixel, which mahotas would drop by rounding.
    radius = np.hypot(*(pixels - centroid).T).max() * (1 + 1e-13)
    values = mahotas.features.zernike_moments(
        mask, radius, degree=_ZERNIKE_DEGREE, cm=tuple(centroid)
    )
    return np.asarray(values, dtype=np.float64)


def uniform_pattern_shares(plane: Bytes, points: int, radius: int, inside: Mask) -> Floats:
    """Compute the shares of the uniform local binary patterns.

    mahotas counts the neighbours that are brighter, we count those that are at least as bright:
    on inverted levels its code is the complement of ours. mahotas 1.4.19 also takes other
    neighbours: its `interpolate.shift` does not interpolate and is one pixel off.

    Parameters
    ----------
    plane : (rows, cols) uint8
        Grey levels.
    points, radius : int
        Number of neighbours and their distance in pixels.
    inside : (rows, cols) bool
        Pixels to count.

    Returns
    -------
    (points + 2,) float64
        Share of the pixels with 0, 1, ... `points` neighbours at least as bright in one run, then
        of all other patterns; NaN if no pixel is inside.
    """
    from mahotas.features.lbp import lbp_transform

    darker = np.asarray(lbp_transform(255 - plane, radius, points), dtype=np.uint32)[inside]
    turned = darker >> 1 | (darker & 1) << (points - 1)
    uniform = np.bitwise_count(darker ^ turned) <= 2
    patterns = np.where(uniform, points - np.bitwise_count(darker).astype(int), points + 1)
    counts = np.bincount(patterns, minlength=points + 2)
    return counts / counts.sum() if counts.sum() else np.full(points + 2, np.nan)
