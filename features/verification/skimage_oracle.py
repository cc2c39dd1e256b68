"""Shape, intensity, co-occurrence and local binary patterns by scikit-image.

Arrays in, named values out. The names are those of scikit-image's properties.
"""

from __future__ import annotations

from math import log, pi, sqrt

import numpy as np
from numpy.typing import NDArray

from ..primitives.arrays import Bytes, Floats, Mask

# Powers of row and column of the central moments that we compare.
MOMENT_ORDERS = ((2, 0), (1, 1), (0, 2), (3, 0), (2, 1), (1, 2), (0, 3))
# At 0, 45, 90 and 135 degrees; scikit-image counts angles downwards, where rows grow.
_ANGLES = (0, 3 * pi / 4, pi / 2, pi / 4)
_PROPERTIES = (
    "contrast",
    "dissimilarity",
    "homogeneity",
    "ASM",
    "correlation",
    "variance",
)


def shape_properties(mask: Mask) -> dict[str, float | Floats]:
    """Measure a mask with ``regionprops`` and ``perimeter_crofton``.

    Parameters
    ----------
    mask : (rows, cols) bool
        At least one pixel.

    Returns
    -------
    dict of str to float, or to (7,) float64 for the moments
        Properties by their names; lengths in pixels.
    """
    from skimage.measure import euler_number, perimeter_crofton, regionprops

    (part,) = regionprops(mask.astype(np.uint8))
    top, left, bottom, right = part.bbox
    crofton = float(perimeter_crofton(np.pad(mask, 1), 4))
    values = {
        "area": part.area,
        "area_convex": part.area_convex,
        "axis_major_length": part.axis_major_length,
        "axis_minor_length": part.axis_minor_length,
        "axis_minor_length / axis_major_length": (
            part.axis_minor_length / part.axis_major_length if part.axis_major_length else np.nan
        ),
        "bbox columns": right - left,
        "bbox rows": bottom - top,
        "eccentricity": part.eccentricity,
        "equivalent_diameter_area": part.equivalent_diameter_area,
        "euler_number": euler_number(mask, 2),
        "extent": part.extent,
        "feret_diameter_max": part.feret_diameter_max,
        "orientation in degrees": np.degrees(part.orientation),
        "perimeter": part.perimeter,
        "perimeter_crofton": crofton,
        "4 pi area / perimeter_crofton^2": 4 * pi * part.area / crofton**2,
        "solidity": part.solidity,
    }
    central, normalised = part.moments_central, part.moments_normalized
    return {name: float(value) for name, value in values.items()} | {
        "moments_hu": np.asarray(part.moments_hu),
        "moments_central": np.array([central[order] for order in MOMENT_ORDERS]),
        "moments_normalized": np.array([normalised[order] for order in MOMENT_ORDERS]),
    }


def intensity_properties(mask: Mask, plane: NDArray[np.generic]) -> dict[str, float]:
    """Measure the levels inside a mask with ``regionprops``.

    Parameters
    ----------
    mask : (rows, cols) bool
        At least one pixel.
    plane : (rows, cols) number
        Levels.

    Returns
    -------
    dict of str to float
        Mean, population standard deviation, lowest and highest level, in the plane's unit.
    """
    from skimage.measure import regionprops

    (part,) = regionprops(mask.astype(np.uint8), plane)
    names = ("intensity_mean", "intensity_std", "intensity_min", "intensity_max")
    return {name: float(getattr(part, name)) for name in names}


def cooccurrence_properties(
    levels: NDArray[np.integer], count: int, distance: int = 1
) -> dict[str, Floats]:
    """Compute the properties of the co-occurrence matrix of each direction.

    ``graycomatrix`` takes no mask: the pairs with a pixel outside are removed from its matrix.

    Parameters
    ----------
    levels : (rows, cols) integer
        Grey levels from 1; 0 outside the mask.
    count : int
        Highest level, at most 255.
    distance : int
        Pixels between the two of a pair, along rows, columns or diagonals.

    Returns
    -------
    dict of str to (4,) float64
        What ``graycoprops`` returns at 0, 45, 90 and 135 degrees; brought to our conventions where
        the name is a formula, as in ``mean + 1``.
    """
    from skimage.feature import graycomatrix, graycoprops

    matrices = []
    for angle in _ANGLES:
        # Its distance is Euclidean.
        away = distance if angle in {0, pi / 2} else distance * sqrt(2)
        counts = graycomatrix(levels.astype(np.uint8), [away], [angle], count + 1, symmetric=True)
        matrices.append(counts[1:, 1:, 0, 0])
    matrix = np.stack(matrices, axis=-1)[:, :, None]
    values = {name: graycoprops(matrix, name)[0] for name in _PROPERTIES}
    return values | {
        "energy^2": graycoprops(matrix, "energy")[0] ** 2,
        "mean + 1": graycoprops(matrix, "mean")[0] + 1,  # its levels begin at 0
        "entropy / ln 2": graycoprops(matrix, "entropy")[0] / log(2),
    }


def uniform_pattern_shares(plane: Bytes, points: int, radius: int, inside: Mask) -> Floats:
    """Compute the shares of the uniform local binary patterns.

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
    from skimage.feature import local_binary_pattern

    codes = local_binary_pattern(plane, points, radius, "uniform")[inside].astype(int)
    counts = np.bincount(codes, minlength=points + 2)
    return counts / counts.sum() if counts.sum() else np.full(points + 2, np.nan)
