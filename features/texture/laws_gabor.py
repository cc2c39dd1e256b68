"""Filter banks: Laws' texture energies and Gabor filters.

Laws' masks count only where all their 25 pixels lie in the compartment; Gabor filters take what
lies outside as the compartment's mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import combinations_with_replacement, pairwise
from math import pi, sqrt

import cv2
import numpy as np

from ..core.cell import COMPARTMENTS, Cell
from ..core.registry import Axes, Family, feature
from ..primitives.arrays import Bytes, Floats, Mask
from ..primitives.channels import TEXTURE_CHANNELS
from ..primitives.masks import erode

# Level, edge, spot, wave and ripple.
VECTORS = {
    "L": (1, 4, 6, 4, 1),
    "E": (-1, -2, 0, 2, 1),
    "S": (-1, 0, 2, 0, -1),
    "W": (-1, 2, 0, -2, 1),
    "R": (1, -4, 6, -4, 1),
}
PAIRS = tuple(pair for pair in combinations_with_replacement(VECTORS, 2) if pair != ("L", "L"))


@dataclass(frozen=True, eq=False)
class Energies:
    """Mean responses of a filter bank: (compartments, channels, …) float64."""

    means: Floats


def laws_energies(plane: Bytes, masks: list[Mask]) -> Floats:
    """Mean absolute response to each pair of vectors, both ways round: (masks, 14).

    Parameters
    ----------
    plane : (rows, cols) uint8
        Grey levels.
    masks : list of (rows, cols) bool
        Compartments.
    """
    places = [np.flatnonzero(erode(mask, 5)) for mask in masks]
    every, ends = np.concatenate(places), np.cumsum([0, *(place.size for place in places)])
    out = np.full((len(masks), len(PAIRS)), np.nan)
    for number, pair in enumerate(PAIRS):
        down, right = (np.array(VECTORS[word], np.float32) for word in pair)
        response = np.abs(cv2.sepFilter2D(plane, cv2.CV_32F, right, down))
        if pair[0] != pair[1]:
            response += np.abs(cv2.sepFilter2D(plane, cv2.CV_32F, down, right))
            response /= 2
        chosen = response.ravel()[every]
        for row, (start, stop) in enumerate(pairwise(ends)):
            if stop > start:
                out[row, number] = chosen[start:stop].mean(dtype=np.float64)
    return out


def _waves(wavelength: int, turn: float) -> tuple[Floats, Floats, Floats]:
    """Gaussian, and its products with cosine and sine of a wave, that pixels off by `turn` see."""
    place = np.arange(-wavelength, wavelength + 1)
    weights = np.exp(-(place**2) / (2 * (wavelength / 2) ** 2))
    weights /= weights.sum()
    phase = 2 * pi * place * turn / wavelength
    return weights, weights * np.cos(phase), weights * np.sin(phase)


def _filtered(plane: Floats, down: Floats, right: Floats) -> Floats:
    return np.asarray(
        cv2.sepFilter2D(plane, cv2.CV_64F, right, down, borderType=cv2.BORDER_CONSTANT)
    )


def gabor_amplitudes(plane: Floats, wavelength: int) -> list[Floats]:
    """Amplitudes of the responses to stripes at 0, 90, 45 and 135 degrees: (rows, cols) each.

    Parameters
    ----------
    plane : (rows, cols) float64
        Levels about a mean of 0, which is what lies beyond the border too.
    wavelength : int
        In pixels. The Gaussian has a standard deviation of half of it and is cut off at a whole
        one; the wave's mean under it is taken away. As the Gaussian is round, a filter of any
        direction is a sum of products of a filter along rows and one along columns.
    """
    flat, cosine, sine = _waves(wavelength, 1.0)
    _, slant_cosine, slant_sine = _waves(wavelength, sqrt(0.5))
    local = _filtered(plane, flat, flat)
    mean = float(cosine.sum()) * local
    slant_mean = float(slant_cosine.sum()) ** 2 * local
    both = _filtered(plane, slant_cosine, slant_cosine) - slant_mean
    neither = _filtered(plane, slant_sine, slant_sine)
    one = _filtered(plane, slant_cosine, slant_sine)
    other = _filtered(plane, slant_sine, slant_cosine)
    pairs = [
        (_filtered(plane, flat, cosine) - mean, _filtered(plane, flat, sine)),
        (_filtered(plane, cosine, flat) - mean, _filtered(plane, sine, flat)),
        (both - neither, one + other),
        (both + neither, one - other),
    ]
    return [np.asarray(cv2.magnitude(*pair), dtype=np.float64) for pair in pairs]


def gabor_energies(plane: Bytes, mask: Mask, wavelength: int) -> tuple[float, float]:
    """Mean and range over four directions of the mean amplitude, NaN for an empty mask.

    Parameters
    ----------
    plane : (rows, cols) uint8
        Grey levels.
    mask : (rows, cols) bool
        The compartment; outside it the plane is taken as its mean.
    wavelength : int
        In pixels.
    """
    if not mask.any():
        return np.nan, np.nan
    left, top, cols, rows = cv2.boundingRect(mask.view(np.uint8))
    box = np.s_[top : top + rows, left : left + cols]
    inside = np.ascontiguousarray(mask[box])
    centred = np.where(inside, plane[box] - plane[box][inside].mean(dtype=np.float64), 0.0)
    amplitudes = gabor_amplitudes(centred, wavelength)
    means = [cv2.mean(each, inside.view(np.uint8))[0] for each in amplitudes]
    return float(np.mean(means)), float(np.ptp(means))


def _laws_view(cell: Cell, axes: Axes) -> Energies:
    masks = [cell.mask(word) for word in axes.compartments]
    means = [laws_energies(cell.plane(channel), masks) for channel in axes.channels]
    return Energies(np.stack(means, axis=1))


def _gabor_view(cell: Cell, axes: Axes) -> Energies:
    means = [
        [
            [
                gabor_energies(cell.plane(channel), cell.mask(word), int(wavelength))
                for wavelength in axes.parameters
            ]
            for channel in axes.channels
        ]
        for word in axes.compartments
    ]
    return Energies(np.array(means))


LAWS = Family(
    name="Laws",
    title="Laws' texture energies: edges, spots, waves and ripples of 5 pixels",
    compartments=COMPARTMENTS,
    view=_laws_view,
    channels=TEXTURE_CHANNELS,
    membership=lambda channel, _: "full" if channel == "Gray" else "named",
)

GABOR = Family(
    name="Gabor",
    title="Gabor filters: stripes of 4 and of 8 pixels, in four directions",
    compartments=COMPARTMENTS,
    view=_gabor_view,
    channels=TEXTURE_CHANNELS,
    parameters=("4", "8"),
    membership=lambda channel, size: "full" if (channel, size) == ("Gray", "4") else "named",
)


@feature(
    LAWS,
    unit="level",
    plain="strength of edges, spots, waves and ripples",
    range="[0, inf)",
    components=tuple(f"{first}5{second}5" for first, second in PAIRS),
    nan="no pixel whose 5x5 square lies in the compartment",
    reference="Laws 1980, doi:10.1117/12.959169",
    vetted="by hand; formula in scipy",
)
def energy(view: Energies) -> Floats:
    """Mean absolute response to a pair of Laws' vectors, mean of both ways round."""
    return view.means


gabor = partial(
    feature,
    GABOR,
    unit="level",
    reference="Jain 1991, doi:10.1016/0031-3203(91)90143-S; wavelengths in px, Gaussian of half "
    "a wavelength",
    vetted="formula in scipy; formula in scikit-image",
)


@gabor(plain="strength of stripes", range="[0, 255]")
def amplitude(view: Energies) -> Floats:
    """Mean amplitude of Gabor filters of one wavelength over four directions."""
    return view.means[..., 0]


@gabor(plain="one-sidedness of stripes", range="[0, 255]")
def amplitude_range(view: Energies) -> Floats:
    """Range over four directions of the mean amplitude of Gabor filters of one wavelength."""
    return view.means[..., 1]
