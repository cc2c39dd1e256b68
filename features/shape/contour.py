"""Contour features: elliptic Fourier descriptors, bending energy, concavities, radial distances.

The contour is the closed polygon through the centres of the outermost pixels of the compartment's
largest 8-connected component. Centroid and area are those of this component, so that the other
components of a nucleus have no influence.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from math import nan, pi, sqrt

import cv2
import numpy as np
from numpy.typing import NDArray

from ..core.registry import feature
from ..primitives.arrays import Floats
from ..primitives.kernels import compiled
from .concavities import convexity_defect_depths
from .region import AREA_SHAPE, Shape, largest_component

HARMONICS = 8
# Smallest depth of a counted concavity, as a share of the equivalent diameter.
MIN_DEFECT_DEPTH = 0.05


@compiled
def _fourier_coefficients(points: Floats, count: int) -> Floats:
    """Fourier coefficients of a closed polygon parametrised by arc length.

    Returns (2, 2 count + 1): real and imaginary parts for the frequencies -count to count. Complex
    numbers would triple the compilation time.
    """
    size = points.shape[0]
    total = 0.0
    for k in range(size):
        right = points[(k + 1) % size, 0] - points[k, 0]
        down = points[(k + 1) % size, 1] - points[k, 1]
        total += np.sqrt(right * right + down * down)
    sums = np.zeros((2, 2 * count + 1))
    arc_length = 0.0
    # Phase of the previous and of this corner as cosine and sine; harmonics are its powers.
    last_cos, last_sin = 1.0, 0.0
    for k in range(size):
        right = points[(k + 1) % size, 0] - points[k, 0]
        down = points[(k + 1) % size, 1] - points[k, 1]
        length = np.sqrt(right * right + down * down)
        across, along = right / length, down / length
        arc_length += length
        angle = -2 * np.pi * (arc_length / total)
        turn_cos, turn_sin = np.cos(angle), np.sin(angle)
        ahead_cos, ahead_sin = turn_cos, turn_sin
        behind_cos, behind_sin = last_cos, last_sin
        for n in range(1, count + 1):
            real, imaginary = ahead_cos - behind_cos, ahead_sin - behind_sin
            sums[0, count + n] += real * across - imaginary * along
            sums[1, count + n] += real * along + imaginary * across
            sums[0, count - n] += real * across + imaginary * along
            sums[1, count - n] += real * along - imaginary * across
            ahead_cos, ahead_sin = (
                ahead_cos * turn_cos - ahead_sin * turn_sin,
                ahead_cos * turn_sin + ahead_sin * turn_cos,
            )
            behind_cos, behind_sin = (
                behind_cos * last_cos - behind_sin * last_sin,
                behind_cos * last_sin + behind_sin * last_cos,
            )
        last_cos, last_sin = turn_cos, turn_sin
    for n in range(1, count + 1):
        scale = total / (4 * np.pi * np.pi * n * n)
        for part in range(2):
            sums[part, count + n] *= scale
            sums[part, count - n] *= scale
    return sums


@dataclass(frozen=True, eq=False)
class Contour:
    """The outer contour of one connected component.

    Parameters
    ----------
    points : (n, 2) float64
        Column and row of the centres of the contour pixels, in order.
    component : Shape
        The component that the contour surrounds.
    """

    points: Floats
    component: Shape

    @property
    def diameter(self) -> float:
        """Diameter of the disc with the component's area, pixels."""
        return sqrt(4 * self.component.area / pi)

    @cached_property
    def harmonics(self) -> NDArray[np.complex128]:
        """Fourier coefficients of the contour, frequencies -8 to 8, by arc length: (17,).

        They are exact for the polygon (Kuhl and Giardina); the coefficient of frequency 0 is 0.
        """
        real, imaginary = _fourier_coefficients(self.points, HARMONICS)
        return np.asarray(real + 1j * imaginary)

    @cached_property
    def ellipses(self) -> Floats:
        """Major and minor semi-axes of the ellipse of each harmonic, pixels: (2, 8)."""
        positive = np.abs(self.harmonics[HARMONICS + 1 :])
        negative = np.abs(self.harmonics[HARMONICS - 1 :: -1])
        return np.stack([positive + negative, np.abs(positive - negative)])

    @cached_property
    def defect_depths(self) -> Floats:
        """Depth of each point below the convex hull, pixels: (n,)."""
        return convexity_defect_depths(self.points)

    @cached_property
    def radii(self) -> Floats:
        """Distance of each point from the centroid / mean of these distances: (n,)."""
        row, col = self.component.centroid
        distances = np.sqrt((self.points[:, 0] - col) ** 2 + (self.points[:, 1] - row) ** 2)
        return np.asarray(distances / distances.mean())


@lru_cache(maxsize=2)
def contour_of(shape: Shape) -> Contour | None:
    """Return the contour of the largest component; None where it has fewer than two pixels.

    The last two contours are cached: the features of one shape are computed in succession.
    """
    component = largest_component(shape)
    pixels = component.mask.view(np.uint8)
    contours = cv2.findContours(pixels, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]
    if not contours or len(contours[0]) == 1:
        return None
    return Contour(contours[0][:, 0].astype(np.float64), component)


_MOTION_INVARIANT = "translation, rotation by 90 degrees, flips"
contour_feature = partial(
    feature,
    AREA_SHAPE,
    version=2,
    preset="full",
    unit="1",
    nan="empty compartment, or no two pixels that touch",
    invariances=f"{_MOTION_INVARIANT}; scale, within sampling",
)
_FOURIER = "Kuhl 1982, doi:10.1016/0146-664X(82)90034-X; axes of each harmonic's ellipse"


@contour_feature(
    plain="coarse to fine waviness of the outline",
    range="[0, inf)",
    components=tuple(str(n) for n in range(2, HARMONICS + 1)),
    reference=_FOURIER,
    vetted="closed form; formula in numpy",
)
def elliptic_fourier_major(shape: Shape) -> Floats:
    """Major axis of each elliptic Fourier harmonic / major axis of the first, largest component."""
    contour = contour_of(shape)
    if contour is None:
        return np.full(HARMONICS - 1, nan)
    return np.asarray(contour.ellipses[0, 1:] / contour.ellipses[0, 0])


@contour_feature(
    plain="coarse to fine waviness of the outline",
    range="[0, inf)",
    components=tuple(str(n) for n in range(1, HARMONICS + 1)),
    reference=_FOURIER,
    vetted="closed form; formula in numpy",
)
def elliptic_fourier_minor(shape: Shape) -> Floats:
    """Minor axis of each elliptic Fourier harmonic / major axis of the first, largest component."""
    contour = contour_of(shape)
    if contour is None:
        return np.full(HARMONICS, nan)
    return np.asarray(contour.ellipses[1] / contour.ellipses[0, 0])


_SQUARED = np.arange(-HARMONICS, HARMONICS + 1) ** 2


@contour_feature(
    plain="bending of the outline",
    range="[1, 64]",
    reference="Young 1974, doi:10.1016/S0019-9958(74)91038-9, from 8 harmonics",
    vetted="closed form; formula in numpy",
)
def bending_energy(shape: Shape) -> float:
    """Mean squared curvature of the largest component's contour from 8 harmonics; 1 for a disc.

    It is the mean squared second derivative / mean squared first derivative, both with respect
    to arc length scaled to 2 pi.
    """
    contour = contour_of(shape)
    if contour is None:
        return nan
    power = np.abs(contour.harmonics) ** 2
    return float((_SQUARED**2 @ power) / (_SQUARED @ power))


@contour_feature(
    plain="number of indentations",
    range="integers from 0",
    version=3,
    reference="runs of contour points deeper below the hull than 5 % of the equivalent diameter",
    vetted="by hand; OpenCV",
)
def concavity_count(shape: Shape) -> float:
    """Number of concavities deeper than 5 % of the equivalent diameter, largest component."""
    contour = contour_of(shape)
    if contour is None:
        return nan
    deep = contour.defect_depths > MIN_DEFECT_DEPTH * contour.diameter
    return float((deep & ~np.roll(deep, 1)).sum())


@contour_feature(
    plain="depth of the deepest indentation",
    range="[0, inf)",
    version=3,
    reference="largest convexity defect; OpenCV convexityDefects",
    vetted="by hand; OpenCV",
)
def concavity_depth(shape: Shape) -> float:
    """Largest depth below the convex hull / equivalent diameter, largest component."""
    contour = contour_of(shape)
    return nan if contour is None else float(contour.defect_depths.max()) / contour.diameter


radial_feature = partial(
    contour_feature,
    reference="Kilday 1993, doi:10.1109/42.251116",
    vetted="by hand",
)


@radial_feature(plain="deviation from a circle", range="[0, inf)")
def radial_deviation(shape: Shape) -> float:
    """Standard deviation / mean of the centroid-to-contour distance, largest component."""
    contour = contour_of(shape)
    return nan if contour is None else float(contour.radii.std())


@radial_feature(plain="excess of the outline over its mean circle", range="[0, 1)")
def radial_area_ratio(shape: Shape) -> float:
    """Mean of max(r / mean r - 1, 0), r the centroid-to-contour distance, largest component."""
    contour = contour_of(shape)
    return nan if contour is None else float(np.maximum(contour.radii - 1, 0).mean())


@radial_feature(
    plain="lobes of the outline", range="even integers from 0", invariances=_MOTION_INVARIANT
)
def radial_zero_crossings(shape: Shape) -> float:
    """Number of times the largest component's contour crosses the circle of its mean radius.

    A digital disc crosses this circle at many pixels, so that a larger disc has more crossings.
    """
    contour = contour_of(shape)
    if contour is None:
        return nan
    # Points on the circle count as inside, independent of rounding.
    outside = contour.radii > 1 + 1e-9
    return float((outside != np.roll(outside, 1)).sum())


@radial_feature(plain="roughness of the outline", range="[0, inf)", invariances=_MOTION_INVARIANT)
def radial_roughness(shape: Shape) -> float:
    """Mean absolute difference of successive radii / mean radius, largest component.

    Successive radii belong to neighbouring contour pixels: doubling the cell halves the value.
    """
    contour = contour_of(shape)
    if contour is None:
        return nan
    return float(np.abs(contour.radii - np.roll(contour.radii, 1)).mean())
