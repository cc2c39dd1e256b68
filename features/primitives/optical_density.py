"""Romanowsky stain as optical density against the empty slide."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from .arrays import Bytes, Floats
from .kernels import compiled
from .otsu import otsu_threshold
from .slide_background import estimate_background

DENSITY_STEP = 0.01  # optical density (natural log) of one level of a density plane


@lru_cache(maxsize=1024)
def _density_table(background: float) -> Bytes:
    """Return the density of each level of a channel against the background's level: (256,)."""
    levels = np.arange(1, 257, dtype=np.float64)
    table = np.log((background + 1) / levels) / DENSITY_STEP
    return np.clip(np.rint(table), 0, 255).astype(np.uint8)


@compiled
def _density_planes(
    rgb: Bytes, red: Bytes, green: Bytes, blue: Bytes
) -> tuple[Bytes, Bytes, NDArray[np.int64]]:
    """Look up the densities of three channels in (256,) tables.

    Returns them (rows, cols, 3); the chromatin plane (rows, cols), green minus blue, not below 0;
    and its histogram (256,).
    """
    rows, cols, _ = rgb.shape
    density, chromatin = np.empty((rows, cols, 3), np.uint8), np.empty((rows, cols), np.uint8)
    # Four histograms: increments of equal neighbouring levels need not wait for each other.
    histograms = np.zeros((4, 256), np.int64)
    for row in range(rows):
        for col in range(cols):
            high, low = green[rgb[row, col, 1]], blue[rgb[row, col, 2]]
            density[row, col, 0] = red[rgb[row, col, 0]]
            density[row, col, 1] = high
            density[row, col, 2] = low
            difference = high - low if high > low else np.uint8(0)
            chromatin[row, col] = difference
            histograms[col & 3, difference] += 1
    counts: NDArray[np.int64] = histograms.sum(axis=0)
    return density, chromatin, counts


def optical_density(rgb: Bytes, background: Floats) -> Bytes:
    """Return the optical density of each channel against the empty slide.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8
    background : (3,) float64
        Colour of the empty slide, see `features.primitives.slide_background`.

    Returns
    -------
    (rows, cols, 3) uint8
        ``ln((background + 1) / (level + 1))`` in steps of 0.01: 0 for pixels brighter than the
        background, 255 for densities from 2.55.
    """
    return _density_planes(rgb, *map(_density_table, background.tolist()))[0]


def chromatin_plane(density: Bytes) -> Bytes:
    """Green minus blue density: high in nuclei, low in cytoplasm, near zero in red cells.

    Azure-stained chromatin absorbs green far more than blue, haemoglobin absorbs both equally;
    neutral shadows (uneven light, dust) cancel.

    Parameters
    ----------
    density : (rows, cols, 3) uint8
        See `optical_density`.

    Returns
    -------
    (rows, cols) uint8
        In steps of 0.01; 0 if blue absorbs more.
    """
    green, blue = cv2.extractChannel(density, 1), cv2.extractChannel(density, 2)
    return np.asarray(cv2.subtract(green, blue), dtype=np.uint8)


def stain_density(density: Bytes) -> Bytes:
    """Return the density that separates cells, pale ones included, from the empty slide.

    The greater of the mean density ``(red + 2 green + blue) / 4`` and ``1.5 (green - blue)``;
    uneven light cancels in the second.

    Parameters
    ----------
    density : (rows, cols, 3) uint8
        See `optical_density`.

    Returns
    -------
    (rows, cols) uint8
    """
    red, green, blue = cv2.split(density)
    mean = cv2.addWeighted(cv2.addWeighted(red, 0.5, blue, 0.5, 0), 0.5, green, 0.5, 0)
    return np.asarray(cv2.max(mean, cv2.addWeighted(green, 1.5, blue, -1.5, 0)), dtype=np.uint8)


class StainPlanes(NamedTuple):
    """The planes of an image that the segmentation reads.

    Parameters
    ----------
    background : (3,) float64
        Colour of the empty slide.
    density : (rows, cols, 3) uint8
        Optical density of the smoothed image, see `optical_density`.
    chromatin : (rows, cols) uint8
        See `chromatin_plane`.
    threshold : int
        Otsu's threshold of the chromatin: pixels above it are nuclear.
    """

    background: Floats
    density: Bytes
    chromatin: Bytes
    threshold: int


def smooth_noise(rgb: Bytes) -> Bytes:
    """Blur pixel noise with a 5x5 Gaussian kernel, sigma 0.9 pixels: (rows, cols, 3) uint8."""
    return np.asarray(cv2.GaussianBlur(rgb, (5, 5), 0.9), dtype=np.uint8)


def measure_stain(rgb: Bytes, fallback: Floats | None = None) -> StainPlanes:
    """Measure the stain of an image.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8
    fallback : (3,) float64, optional
        Background of the whole field. It replaces the estimate from this window if the window's
        green level is below 80 % of it: crowded cells leave hardly any empty slide.

    Returns
    -------
    StainPlanes
    """
    smooth = smooth_noise(rgb)
    background = estimate_background(smooth)
    if fallback is not None and background[1] < 0.8 * fallback[1]:
        background = fallback
    density, chromatin, counts = _density_planes(smooth, *map(_density_table, background.tolist()))
    return StainPlanes(background, density, chromatin, otsu_threshold(counts))
