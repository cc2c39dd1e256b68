"""Moments of the mask: Zernike magnitudes, central and normalised central moments."""

from __future__ import annotations

from functools import partial
from math import comb, factorial, nan, pi

import numpy as np
from numpy.typing import NDArray

from ..core.registry import feature
from ..primitives.arrays import Floats
from ..primitives.kernels import compiled
from ..primitives.masks import FIRST, LAST, ROW
from .region import AREA_SHAPE, Shape

DEGREE = 9
ORDERS = tuple(
    (n, repetition)
    for n in range(DEGREE + 1)
    for repetition in range(n + 1)
    if (n - repetition) % 2 == 0
)
_MOMENTS = ((2, 0), (1, 1), (0, 2), (3, 0), (2, 1), (1, 2), (0, 3))


def _polynomial(n: int, repetition: int) -> NDArray[np.complex128]:
    """Coefficients of the conjugate Zernike polynomial by powers of row and column: (10, 10).

    With order n and repetition m the polynomial is ``(n + 1) / pi R(r) exp(-i m angle)``. Here
    ``r^m exp(-i m angle) = (col - i row)^m``; the other factor of R is a polynomial in
    ``r^2 = row^2 + col^2``.
    """
    weights = np.zeros((DEGREE + 1, DEGREE + 1), dtype=np.complex128)
    for s in range((n - repetition) // 2 + 1):
        power = (n - repetition) // 2 - s
        radial = (
            (-1) ** s
            * factorial(n - s)
            / (factorial(s) * factorial((n + repetition) // 2 - s) * factorial(power))
        )
        for k in range(power + 1):
            for m in range(repetition + 1):
                term = comb(power, k) * comb(repetition, m) * (-1j) ** m
                weights[2 * k + m, 2 * (power - k) + repetition - m] += radial * term
    return weights * (n + 1) / pi


POLYNOMIALS = np.stack([_polynomial(*order) for order in ORDERS]).reshape(len(ORDERS), -1)


@compiled
def disc_moments(
    mask: NDArray[np.uint8], rows: NDArray[np.int64], row: float, col: float
) -> Floats:
    """Return the sums of ``y^p x^q`` over the mask's pixels: (10, 10), p first.

    The coordinates are relative to (row, col) and scaled so that the farthest pixel has distance
    1. `rows` is `Shape.rows`. The sum over a run of pixels in a row is the difference of two
    cumulative sums; these start at the mask's first column, since high powers of coordinates
    outside the unit disc would cancel numerically.
    """
    farthest, first, stop = 0.0, mask.shape[1], 0
    for index in range(rows.shape[0]):
        first, stop = min(first, rows[index, FIRST]), max(stop, rows[index, LAST] + 1)
        down = rows[index, ROW] - row
        across = max(abs(rows[index, FIRST] - col), abs(rows[index, LAST] - col))
        farthest = max(farthest, down * down + across * across)
    radius = np.sqrt(farthest)
    totals = np.zeros((stop - first + 1, DEGREE + 1))
    for place in range(stop - first):
        x, power = (first + place - col) / radius, 1.0
        for q in range(DEGREE + 1):
            totals[place + 1, q] = totals[place, q] + power
            power *= x
    moments = np.zeros((DEGREE + 1, DEGREE + 1))
    across = np.empty(DEGREE + 1)
    for index in range(rows.shape[0]):
        line = mask[rows[index, ROW]]
        across[:] = 0.0
        before = False
        for place in range(rows[index, FIRST], rows[index, LAST] + 2):
            here = place < stop and line[place] != 0
            if here != before:
                sign = -1.0 if here else 1.0
                for q in range(DEGREE + 1):
                    across[q] += sign * totals[place - first, q]
                before = here
        y, power = (rows[index, ROW] - row) / radius, 1.0
        for p in range(DEGREE + 1):
            for q in range(DEGREE + 1):
                moments[p, q] += power * across[q]
            power *= y
    return moments


@feature(
    AREA_SHAPE,
    unit="1",
    plain="shape, independent of rotation",
    range="[0, 3.2]",
    components=tuple(f"{n}_{repetition}" for n, repetition in ORDERS),
    nan="empty compartment or a single pixel",
    invariances="translation, rotation by 90 degrees, flips; scale, within sampling",
    reference="Khotanzad 1990, doi:10.1109/34.55109; mahotas zernike_moments",
    vetted="mahotas",
    version=3,
)
def zernike(shape: Shape) -> Floats:
    """Magnitude of the mask's Zernike moment, by order (0 to 9) and repetition.

    The unit disc is centred on the centroid and reaches the farthest pixel centre. Values are
    rounded to 12 decimals: the moments of order 0 (1 / pi) and 1 (0) are equal for every mask,
    except for rounding errors.
    """
    if shape.empty or shape.area == 1:
        return np.full(len(ORDERS), nan)
    moments = disc_moments(shape.mask.view(np.uint8), shape.rows, *shape.centroid)
    # Standardisation of a column would amplify rounding errors of a constant.
    return np.asarray(np.round(np.abs(POLYNOMIALS @ moments.ravel()) / shape.area, 12))


moment = partial(
    feature,
    AREA_SHAPE,
    components=tuple(f"{p}{q}" for p, q in _MOMENTS),
    preset="full",
    plain="spread and asymmetry of the shape",
    range="(-inf, inf)",
    vetted="scikit-image",
)


@moment(
    unit="px^(2 + order)",
    invariances="translation",
    reference="Hu 1962, doi:10.1109/TIT.1962.1057692; scikit-image moments_central",
    vetted="scikit-image; Nyxus's table",
)
def central_moment(shape: Shape) -> Floats:
    """Central moment: sum of (row - mean row)^p (col - mean col)^q over the pixels, by p and q."""
    return np.array([shape.central[order] for order in _MOMENTS])


@moment(
    unit="1",
    invariances="translation; scale, within sampling",
    reference="Hu 1962, doi:10.1109/TIT.1962.1057692; scikit-image moments_normalized",
    vetted="scikit-image; Nyxus's table",
)
def normalised_central_moment(shape: Shape) -> Floats:
    """Normalised central moment: central moment / area^(1 + (p + q) / 2), by p and q."""
    return np.array([shape.normalised[order] for order in _MOMENTS])
