"""Filter banks: Laws' texture energies and Gabor filters.

Laws' responses count at pixels whose 5x5 neighbourhood is in the compartment. For Gabor filters,
pixels outside the compartment are set to its mean.
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
    """Return the mean absolute response to each pair of Laws' vectors: (masks, 14).

    The responses to ``a b^T`` and ``b a^T`` are averaged.

    Parameters
    ----------
    plane : (rows, cols) uint8
        Grey values.
    masks : list of (rows, cols) bool
        Compartments.
    """
    positions = [np.flatnonzero(erode(mask, 5)) for mask in masks]
    all_positions, ends = (
        np.concatenate(positions),
        np.cumsum([0, *(each.size for each in positions)]),
    )
    out = np.full((len(masks), len(PAIRS)), np.nan)
    for number, pair in enumerate(PAIRS):
        down, right = (np.array(VECTORS[word], np.float32) for word in pair)
        response = np.abs(cv2.sepFilter2D(plane, cv2.CV_32F, right, down))
        if pair[0] != pair[1]:
            response += np.abs(cv2.sepFilter2D(plane, cv2.CV_32F, down, right))
            response /= 2
        chosen = response.ravel()[all_positions]
        for row, (start, stop) in enumerate(pairwise(ends)):
            if stop > start:
                out[row, number] = chosen[start:stop].mean(dtype=np.float64)
    return out


def _gabor_kernels(wavelength: int, frequency_factor: float) -> tuple[Floats, Floats, Floats]:
    """Return a Gaussian kernel and its products with cosine and sine: (2 wavelength + 1,) each.

    The frequency is `frequency_factor` / wavelength.
    """
    offset = np.arange(-wavelength, wavelength + 1)
    weights = np.exp(-(offset**2) / (2 * (wavelength / 2) ** 2))
    weights /= weights.sum()
    phase = 2 * pi * offset * frequency_factor / wavelength
    return weights, weights * np.cos(phase), weights * np.sin(phase)


def _filtered(plane: Floats, down: Floats, right: Floats) -> Floats:
    return np.asarray(
        cv2.sepFilter2D(plane, cv2.CV_64F, right, down, borderType=cv2.BORDER_CONSTANT)
    )


def gabor_amplitudes(plane: Floats, wavelength: int) -> list[Floats]:
    """Return the Gabor response amplitudes at 0, 90, 45 and 135 degrees: (rows, cols) each.

    Parameters
    ----------
    plane : (rows, cols) float64
        Grey values minus their mean; pixels beyond the border count as 0.
    wavelength : int
        In pixels. The Gaussian has standard deviation wavelength / 2 and is truncated at one
        wavelength; the cosine kernel is made free of a constant component. The Gaussian is
        isotropic, so that each filter is a sum of separable filters.
    """
    gaussian, cosine, sine = _gabor_kernels(wavelength, 1.0)
    _, diagonal_cosine, diagonal_sine = _gabor_kernels(wavelength, sqrt(0.5))
    smoothed = _filtered(plane, gaussian, gaussian)
    mean = float(cosine.sum()) * smoothed
    diagonal_mean = float(diagonal_cosine.sum()) ** 2 * smoothed
    cosine_cosine = _filtered(plane, diagonal_cosine, diagonal_cosine) - diagonal_mean
    sine_sine = _filtered(plane, diagonal_sine, diagonal_sine)
    cosine_sine = _filtered(plane, diagonal_cosine, diagonal_sine)
    sine_cosine = _filtered(plane, diagonal_sine, diagonal_cosine)
    pairs = [
        (_filtered(plane, gaussian, cosine) - mean, _filtered(plane, gaussian, sine)),
        (_filtered(plane, cosine, gaussian) - mean, _filtered(plane, sine, gaussian)),
        (cosine_cosine - sine_sine, cosine_sine + sine_cosine),
        (cosine_cosine + sine_sine, cosine_sine - sine_cosine),
    ]
    return [np.asarray(cv2.magnitude(*pair), dtype=np.float64) for pair in pairs]


def gabor_energies(plane: Bytes, mask: Mask, wavelength: int) -> tuple[float, float]:
    """Return mean and range over four directions of the mean amplitude; NaN for an empty mask.

    Parameters
    ----------
    plane : (rows, cols) uint8
        Grey values.
    mask : (rows, cols) bool
        The compartment; pixels outside it are set to its mean.
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
    title="Laws' texture energies: edges, spots, waves and ripples in 5x5 pixels",
    compartments=COMPARTMENTS,
    view=_laws_view,
    channels=TEXTURE_CHANNELS,
    membership=lambda channel, _: "full" if channel == "Gray" else "named",
)

GABOR = Family(
    name="Gabor",
    title="Gabor filters: stripes of 4 and 8 pixels wavelength in four directions",
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
    nan="no pixel whose 5x5 square is in the compartment",
    reference="Laws 1980, doi:10.1117/12.959169",
    vetted="by hand; formula in scipy",
)
def energy(view: Energies) -> Floats:
    """Mean absolute response to Laws' masks a b^T and b a^T of a pair of vectors a, b."""
    return view.means


gabor = partial(
    feature,
    GABOR,
    unit="level",
    reference="Jain 1991, doi:10.1016/0031-3203(91)90143-S; wavelengths in px, Gaussian with "
    "standard deviation wavelength / 2",
    vetted="formula in scipy; formula in scikit-image",
)


@gabor(plain="strength of stripes", range="[0, 255]")
def amplitude(view: Energies) -> Floats:
    """Mean over four directions of the mean amplitude of the Gabor response."""
    return view.means[..., 0]


@gabor(plain="preference of stripes for one direction", range="[0, 255]")
def amplitude_range(view: Energies) -> Floats:
    """Range over four directions of the mean amplitude of the Gabor response."""
    return view.means[..., 1]
