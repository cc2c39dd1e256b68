"""The light that falls on a field: a smooth surface fitted to the empty slide.

Lamps and lenses light a field unevenly. The logarithm of the light of each channel is a polynomial
of row and column, fitted to the lightest pixels of every part of the image: quadratic in a crop,
quartic in a larger image, in which a lens darkens the corners.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ...primitives.arrays import Bytes, Floats
from ...primitives.kernels import compiled, inner
from ...primitives.optical_density import DENSITY_STEP

_SAMPLES, _LARGE_SAMPLES = 32, 44  # rows and columns of sampled pixels along the shorter side
_LARGE_SIDE = 400  # pixels of the shorter side, from which the surface is quartic
_QUADRATIC, _QUARTIC = 6, 15  # terms
# Half-widths, in natural log units, of the band of pixels around the surface that count as empty
# slide, one for each round of the fit.
_WIDTHS = np.geomspace(0.35, 0.04, 7)
_LATER_WIDTHS = np.geomspace(0.12, 0.04, 6)
_RIDGE, _LATER_RIDGE = 0.02, 0.002  # on all terms but the constant, for each sampled pixel
_LOG = np.log(np.arange(1, 257, dtype=np.float64))  # of level + 1
_RIM_SHARE = 0.2  # of the light; a black rim is darker in every channel
_LEAST_RIM = 0.005  # of the pixels


@dataclass(frozen=True, eq=False)
class Background:
    """The light of each channel over an image.

    Parameters
    ----------
    coefficients : (3, 15) float64
        For red, green and blue, of the terms 1, x, y, x^2, xy, y^2, x^3, x^2 y, x y^2, y^3, x^4,
        x^3 y, x^2 y^2, x y^3, y^4; x and y run from -1 to 1 across the columns and rows. The sum
        is the natural logarithm of (level + 1) of the empty slide.
    rim : (rows, cols) uint8 or None
        1 where the image shows the black rim of an eyepiece, at a reduced size; None without one.
    """

    coefficients: Floats
    rim: Bytes | None


@inner
def _fill_terms(x: float, y: float, terms: Floats) -> None:
    """Set the first 6 or all 15 terms of the polynomial at a place."""
    terms[0], terms[1], terms[2], terms[3], terms[4], terms[5] = 1.0, x, y, x * x, x * y, y * y
    if terms.size > 6:
        for degree in range(4):
            terms[6 + degree] = x ** (3 - degree) * y**degree
        for degree in range(5):
            terms[10 + degree] = x ** (4 - degree) * y**degree


@inner
def _solve(matrix: Floats, right: Floats) -> Floats:
    """Solve a symmetric positive system by Gaussian elimination: (n,)."""
    count = right.size
    for pivot in range(count):
        for row in range(pivot + 1, count):
            factor = matrix[row, pivot] / matrix[pivot, pivot]
            for col in range(pivot, count):
                matrix[row, col] -= factor * matrix[pivot, col]
            right[row] -= factor * right[pivot]
    for row in range(count - 1, -1, -1):
        for col in range(row + 1, count):
            right[row] -= matrix[row, col] * right[col]
        right[row] /= matrix[row, row]
    return right


@inner
def _weight(rest: float, climbing: bool) -> float:
    """Weight of a pixel by its height above the surface in half-widths of the band.

    Pixels above the surface count in a wider band, and four times while the surface climbs:
    the empty slide is the lightest.
    """
    if rest < 0:
        return 1 / (1 + rest**4)
    return (4.0 if climbing else 1.0) / (1 + (rest / 3) ** 4)


@compiled
def _fit_surface(
    sample: Bytes, kept: Bytes, logs: Floats, start: Floats, widths: Floats, ridge: float
) -> Floats:
    """Fit a surface to the light side of the pixels of a sampled image that are kept.

    `logs` (256,) is the logarithm of each level, `start` (6,) or (15,) the coefficients that the
    fit begins with, `widths` the half-widths of the band. Returns (3, 15).
    """
    rows, cols, _ = sample.shape
    size = start.size
    mean, terms = start.copy(), np.empty(start.size)
    surface = np.zeros((3, 15))
    for step in range(widths.size):
        matrix, right, count = np.zeros((size, size)), np.zeros((3, size)), 0
        for row in range(rows):
            y = (row + 0.5) / rows * 2 - 1
            for col in range(cols):
                if not kept[row, col]:
                    continue
                count += 1
                _fill_terms((col + 0.5) / cols * 2 - 1, y, terms)
                red, green, blue = (
                    logs[sample[row, col, 0]],
                    logs[sample[row, col, 1]],
                    logs[sample[row, col, 2]],
                )
                fitted = 0.0
                for term in range(size):
                    fitted += mean[term] * terms[term]
                rest = ((red + green + blue) / 3 - fitted) / widths[step]
                weight = _weight(rest, step < widths.size - 2)
                for one in range(size):
                    scaled = weight * terms[one]
                    for two in range(one + 1):
                        matrix[one, two] += scaled * terms[two]
                    right[0, one] += scaled * red
                    right[1, one] += scaled * green
                    right[2, one] += scaled * blue
        for one in range(size):
            for two in range(one):
                matrix[two, one] = matrix[one, two]
            matrix[one, one] += ridge * count if one > 0 else 1e-9
        for channel in range(3):
            surface[channel, :size] = _solve(matrix.copy(), right[channel].copy())
        for term in range(size):
            mean[term] = (surface[0, term] + surface[1, term] + surface[2, term]) / 3
    return surface


def _black_rim(sample: Bytes) -> Bytes | None:
    """Return the dark regions at the corners of a sampled image: (rows, cols) 0 or 1, or None."""
    bright = np.sort(sample.reshape(-1, 3), axis=0)[int(0.9 * (sample.size // 3 - 1))]
    corners = sample[[0, 0, -1, -1], [0, -1, 0, -1]]
    if not (corners <= _RIM_SHARE * bright).all(axis=1).any():
        return None
    dark = (sample <= _RIM_SHARE * bright).all(axis=2).astype(np.uint8)
    _, labels = cv2.connectedComponents(dark, connectivity=4)
    numbers = {int(labels[row, col]) for row in (0, -1) for col in (0, -1)} - {0}
    rim = np.isin(labels, sorted(numbers)).astype(np.uint8)
    return rim if rim.mean() > _LEAST_RIM else None


def fit_background(rgb: Bytes) -> Background:
    """Fit the light of an image to its empty slide.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8

    Returns
    -------
    Background
    """
    large = min(rgb.shape[:2]) >= _LARGE_SIDE
    step = max(1, min(rgb.shape[:2]) // (_LARGE_SAMPLES if large else _SAMPLES))
    sample = np.ascontiguousarray(rgb[step // 2 :: step, step // 2 :: step])
    rim = _black_rim(sample)
    kept = np.ones(sample.shape[:2], np.uint8)
    if rim is not None:
        kept = np.asarray(1 - cv2.dilate(rim, np.ones((3, 3), np.uint8)), np.uint8)
    brightness = np.sort(sample[kept > 0].sum(axis=1, dtype=np.int64)) // 3
    start = np.zeros(_QUADRATIC)
    start[0] = _LOG[brightness[int(0.9 * (brightness.size - 1))]]
    surface = _fit_surface(sample, kept, _LOG, start, _WIDTHS, _RIDGE)
    if large:
        start = surface.sum(axis=0) / 3
        surface = _fit_surface(sample, kept, _LOG, start, _LATER_WIDTHS, _LATER_RIDGE)
    return Background(surface, rim)


@inner
def _light(c: Floats, x: float, y: float) -> float:
    """Return the logarithm of the light at a place, from the (15,) coefficients of a channel."""
    zeroth = c[0] + y * (c[2] + y * (c[5] + y * (c[9] + y * c[14])))
    first = c[1] + y * (c[4] + y * (c[8] + y * c[13]))
    second, third = c[3] + y * (c[7] + y * c[12]), c[6] + y * c[11]
    return float(zeroth + x * (first + x * (second + x * (third + x * c[10]))))


@compiled
def _densities(rgb: Bytes, surface: Floats, logs: Floats) -> NDArray[np.float32]:
    """Surface minus log level of each pixel and channel: (3, rows, cols)."""
    rows, cols, _ = rgb.shape
    planes = np.empty((3, rows, cols), np.float32)
    for row in range(rows):
        y = (row + 0.5) / rows * 2 - 1
        for channel in range(3):
            for col in range(cols):
                x = (col + 0.5) / cols * 2 - 1
                light = _light(surface[channel], x, y)
                planes[channel, row, col] = light - logs[rgb[row, col, channel]]
    return planes


@compiled
def _density_levels(
    rgb: Bytes,
    surface: Floats,
    logs: Floats,
    place: tuple[int, int],
    shape: tuple[int, int],
    steps: float,
) -> Bytes:
    """Surface minus log level of each pixel of a window in steps: (rows, cols, 3)."""
    rows, cols, _ = rgb.shape
    levels = np.empty((rows, cols, 3), np.uint8)
    for row in range(rows):
        y = (row + place[0] + 0.5) / shape[0] * 2 - 1
        for channel in range(3):
            for col in range(cols):
                x = (col + place[1] + 0.5) / shape[1] * 2 - 1
                light = _light(surface[channel], x, y)
                level = (light - logs[rgb[row, col, channel]]) * steps + 0.5
                levels[row, col, channel] = np.uint8(min(max(level, 0.0), 255.0))
    return levels


def density_levels(
    rgb: Bytes, background: Background, box: tuple[slice, slice], shape: tuple[int, int]
) -> Bytes:
    """Return the optical density of a window of an image.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8
        The pixels of the window.
    background : Background
        Of the whole image.
    box : (slice, slice)
        Rows and columns of the window in the image.
    shape : (int, int)
        Rows and columns of the image.

    Returns
    -------
    (rows, cols, 3) uint8
        In steps of `features.primitives.optical_density.DENSITY_STEP`; 0 for pixels lighter than
        the background.
    """
    place = (box[0].start, box[1].start)
    return _density_levels(rgb, background.coefficients, _LOG, place, shape, 1 / DENSITY_STEP)


def densities(rgb: Bytes, background: Background) -> NDArray[np.float32]:
    """Return the optical density (natural log) of each channel against the background.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8
        The image that the background was fitted to, or a resized copy of it.
    background : Background

    Returns
    -------
    (3, rows, cols) float32
        Negative where the image is lighter than the background; 0 on a black rim.
    """
    planes = _densities(rgb, background.coefficients, _LOG)
    if background.rim is not None:
        rim = cv2.resize(background.rim, rgb.shape[1::-1], interpolation=cv2.INTER_NEAREST)
        reach = max(3, round(0.02 * min(rgb.shape[:2]))) | 1
        planes[:, cv2.dilate(rim, np.ones((reach, reach), np.uint8)) > 0] = 0
    return planes
