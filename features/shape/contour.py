"""The outline as a curve: elliptic Fourier descriptors, bending, concavities, radial lengths.

The curve is the closed polygon through the centres of the outermost pixels of the compartment's
largest 8-connected part. Centroid and area are that part's too, so that a nucleus in several parts
is measured by its largest as if it were alone.
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
# A concavity counts where it is deeper than this share of the equivalent diameter.
MIN_DEFECT_DEPTH = 0.05


@compiled
def _harmonics(points: Floats, count: int) -> Floats:
    """Fourier coefficients of a closed polygon by arc length, of frequency -count to count.

    Real and imaginary parts, (2, 2 count + 1): the compiler takes thrice as long over complex
    numbers.
    """
    size = points.shape[0]
    total = 0.0
    for k in range(size):
        right = points[(k + 1) % size, 0] - points[k, 0]
        down = points[(k + 1) % size, 1] - points[k, 1]
        total += np.sqrt(right * right + down * down)
    sums = np.zeros((2, 2 * count + 1))
    way = 0.0
    # The turn of the last corner and of this one, as cosine and sine; their powers below.
    last_cos, last_sin = 1.0, 0.0
    for k in range(size):
        right = points[(k + 1) % size, 0] - points[k, 0]
        down = points[(k + 1) % size, 1] - points[k, 1]
        length = np.sqrt(right * right + down * down)
        across, along = right / length, down / length
        way += length
        angle = -2 * np.pi * (way / total)
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
    """The outermost pixels of a mask, in order around it.

    Parameters
    ----------
    points : (n, 2) float64
        Column and row of their centres.
    part : Shape
        The part of the mask that they surround.
    """

    points: Floats
    part: Shape

    @property
    def diameter(self) -> float:
        """Diameter of the disc with the part's area, pixels."""
        return sqrt(4 * self.part.area / pi)

    @cached_property
    def harmonics(self) -> NDArray[np.complex128]:
        """Fourier coefficients of the curve by arc length, of frequency -8 to 8: (17,).

        Exact for the polygon (Kuhl and Giardina); that of frequency 0 is set to 0.
        """
        real, imaginary = _harmonics(self.points, HARMONICS)
        return np.asarray(real + 1j * imaginary)

    @cached_property
    def ellipses(self) -> Floats:
        """Major and minor semi-axes of the ellipse of each harmonic: (2, 8)."""
        ahead = np.abs(self.harmonics[HARMONICS + 1 :])
        back = np.abs(self.harmonics[HARMONICS - 1 :: -1])
        return np.stack([ahead + back, np.abs(ahead - back)])

    @cached_property
    def defect_depths(self) -> Floats:
        """Distance of each point from the side of the convex hull that faces it: (n,)."""
        return convexity_defect_depths(self.points)

    @cached_property
    def radii(self) -> Floats:
        """Distance of each point from the centroid over the mean of these distances: (n,)."""
        row, col = self.part.centroid
        distances = np.sqrt((self.points[:, 0] - col) ** 2 + (self.points[:, 1] - row) ** 2)
        return np.asarray(distances / distances.mean())


@lru_cache(maxsize=2)
def contour_of(shape: Shape) -> Contour | None:
    """Return the outline of the largest part of a mask; None for less than two pixels.

    The last two are kept: features of one shape are evaluated one after another.
    """
    part = largest_component(shape)
    pixels = part.mask.view(np.uint8)
    contours = cv2.findContours(pixels, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]
    if not contours or len(contours[0]) == 1:
        return None
    return Contour(contours[0][:, 0].astype(np.float64), part)


_MOTION_INVARIANT = "translation, rotation by 90 degrees, flips"
curve = partial(
    feature,
    AREA_SHAPE,
    version=2,
    preset="full",
    unit="1",
    nan="empty compartment, or no two pixels that touch",
    invariances=f"{_MOTION_INVARIANT}; scale, within sampling",
)
_FOURIER = "Kuhl 1982, doi:10.1016/0146-664X(82)90034-X; axes of each harmonic's ellipse"


@curve(
    plain="coarse to fine waviness of the outline",
    range="[0, inf)",
    components=tuple(str(n) for n in range(2, HARMONICS + 1)),
    reference=_FOURIER,
    vetted="closed form; formula in numpy",
)
def elliptic_fourier_major(shape: Shape) -> Floats:
    """Major axis of each elliptic Fourier harmonic of the largest part over that of the first."""
    contour = contour_of(shape)
    if contour is None:
        return np.full(HARMONICS - 1, nan)
    return np.asarray(contour.ellipses[0, 1:] / contour.ellipses[0, 0])


@curve(
    plain="coarse to fine waviness of the outline",
    range="[0, inf)",
    components=tuple(str(n) for n in range(1, HARMONICS + 1)),
    reference=_FOURIER,
    vetted="closed form; formula in numpy",
)
def elliptic_fourier_minor(shape: Shape) -> Floats:
    """Minor axis of each elliptic Fourier harmonic of the largest part over the first's major."""
    contour = contour_of(shape)
    if contour is None:
        return np.full(HARMONICS, nan)
    return np.asarray(contour.ellipses[1] / contour.ellipses[0, 0])


_SQUARED = np.arange(-HARMONICS, HARMONICS + 1) ** 2


@curve(
    plain="bending of the outline",
    range="[1, 64]",
    reference="Young 1974, doi:10.1016/S0019-9958(74)91038-9, from 8 harmonics",
    vetted="closed form; formula in numpy",
)
def bending_energy(shape: Shape) -> float:
    """Mean squared curvature of the largest part's 8 harmonics, times its squared size; disc 1.

    Mean squared second over mean squared first derivative along the contour.
    """
    contour = contour_of(shape)
    if contour is None:
        return nan
    power = np.abs(contour.harmonics) ** 2
    return float((_SQUARED**2 @ power) / (_SQUARED @ power))


@curve(
    plain="number of indentations",
    range="integers from 0",
    version=3,
    reference="points of the outline deeper than 5 % of the equivalent diameter within its hull",
    vetted="by hand; OpenCV",
)
def concavity_count(shape: Shape) -> float:
    """Number of stretches of the largest part's outline that lie deep within its convex hull."""
    contour = contour_of(shape)
    if contour is None:
        return nan
    deep = contour.defect_depths > MIN_DEFECT_DEPTH * contour.diameter
    return float((deep & ~np.roll(deep, 1)).sum())


@curve(
    plain="depth of the deepest indentation",
    range="[0, inf)",
    version=3,
    reference="greatest distance of the outline from its convex hull",
    vetted="by hand; OpenCV",
)
def concavity_depth(shape: Shape) -> float:
    """Greatest distance of the largest part's outline from its hull, over its diameter."""
    contour = contour_of(shape)
    return nan if contour is None else float(contour.defect_depths.max()) / contour.diameter


radial = partial(
    curve,
    reference="Kilday 1993, doi:10.1109/42.251116",
    vetted="by hand",
)


@radial(plain="departure from a circle", range="[0, inf)")
def radial_deviation(shape: Shape) -> float:
    """Standard deviation over mean of the largest part's outline's distances from its centroid."""
    contour = contour_of(shape)
    return nan if contour is None else float(contour.radii.std())


@radial(plain="share of the outline outside its mean circle", range="[0, 1)")
def radial_area_ratio(shape: Shape) -> float:
    """Mean excess of the largest part's outline's radii over their mean, in means."""
    contour = contour_of(shape)
    return nan if contour is None else float(np.maximum(contour.radii - 1, 0).mean())


@radial(plain="lobes of the outline", range="even integers from 0", invariances=_MOTION_INVARIANT)
def radial_zero_crossings(shape: Shape) -> float:
    """How often the largest part's outline crosses the circle of its mean radius.

    A round outline crosses it from pixel to pixel, so that a larger disc has more crossings.
    """
    contour = contour_of(shape)
    if contour is None:
        return nan
    # A point on the circle counts as inside, whatever the last bit of its distance.
    outside = contour.radii > 1 + 1e-9
    return float((outside != np.roll(outside, 1)).sum())


@radial(plain="roughness of the outline", range="[0, inf)", invariances=_MOTION_INVARIANT)
def radial_roughness(shape: Shape) -> float:
    """Mean step between successive radii of the largest part's outline, over the mean radius.

    Steps are from pixel to pixel: on a cell twice as large they are half as long beside the radius.
    """
    contour = contour_of(shape)
    if contour is None:
        return nan
    return float(np.abs(contour.radii - np.roll(contour.radii, 1)).mean())
