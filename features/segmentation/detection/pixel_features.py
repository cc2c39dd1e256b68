"""What the map of white cells reads of each pixel: 43 bytes, relative to the field's own stain.

Densities are divided by the field's own density of stained pixels. Two planes compare a pixel with
the field's own cells: its distance from the commonest colour that absorbs little red light (the
red cells), and its place on the axis from that colour to the strangest dark object of the size of
a nucleus. All planes are bytes, and their blurs are exact on every machine.
"""

from __future__ import annotations

from math import pi
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ...primitives.arrays import Bytes, Floats
from ...primitives.kernels import compiled
from .red_cells import stained_pixels

PIXELS_PER_RED_CELL = 20.0  # the resolution at which white cells are searched
RED_CELL_AREA = pi * PIXELS_PER_RED_CELL**2 / 4  # pixels
_OFFSET, _UNIT = 40, 36  # levels of the density planes: at 0, and for the field's own density
_LEAST_DENSITY = 0.02  # natural log units; a field without stain has none to divide by
_LEAST_SPREAD = 0.15 * _UNIT
_LOW_RED = 0.6  # share of the stained pixels that absorb the least red light
_WINDOWS = (5, 9, 17)  # pixels; side of the means that are taken one after the other
_COARSE_WINDOW = 33
FEATURE_COUNT = 43


class FieldStain(NamedTuple):
    """The colours of a field, in levels of the density planes.

    Parameters
    ----------
    density : float
        Median of the mean density of the stained pixels, natural log units.
    red_cell : (3,) float64
        Median colour of the stained pixels that absorb little red light.
    spread : (3,) float64
        1.48 times their median absolute deviation.
    axis : (3,) float64
        From there to the strangest object of the size of a nucleus.
    """

    density: float
    red_cell: Floats
    spread: Floats
    axis: Floats


@compiled
def _relative_planes(planes: NDArray[np.float32], density: float, offset: int, unit: int) -> Bytes:
    """Return densities relative to the field's own: (3, rows, cols) uint8."""
    _, rows, cols = planes.shape
    relative = np.empty((3, rows, cols), np.uint8)
    for channel in range(3):
        for row in range(rows):
            for col in range(cols):
                level = offset + unit * planes[channel, row, col] / density + 0.5
                relative[channel, row, col] = np.uint8(min(max(level, 0.0), 255.0))
    return relative


@compiled
def _contrast_planes(relative: Bytes, red_cell: Floats, spread: Floats, axis: Floats) -> Bytes:
    """Return distance from the red cells' colour and place on the axis: (2, rows, cols) uint8."""
    _, rows, cols = relative.shape
    contrast = np.empty((2, rows, cols), np.uint8)
    length = 1e-3
    for channel in range(3):
        length += (axis[channel] / spread[channel]) ** 2
    for row in range(rows):
        for col in range(cols):
            square = along = 0.0
            for channel in range(3):
                offset = (relative[channel, row, col] - red_cell[channel]) / spread[channel]
                square += offset * offset
                along += offset * axis[channel] / spread[channel]
            contrast[0, row, col] = np.uint8(min(24 * np.sqrt(square) + 0.5, 255.0))
            contrast[1, row, col] = np.uint8(min(max(64.5 + 128 * along / length, 0.0), 255.0))
    return contrast


def _median(counts: NDArray[np.int64], share: float = 0.5) -> int:
    """Return the lowest level with at least a share of the counts at or below it."""
    sums = np.cumsum(counts)
    return int(np.searchsorted(sums, share * sums[-1]))


def _mean(plane: Bytes, window: int) -> Bytes:
    return np.asarray(cv2.blur(plane, (window, window)), np.uint8)


def _smooth(plane: Bytes) -> Bytes:
    return np.asarray(cv2.GaussianBlur(plane, (3, 3), 0.8), np.uint8)


def _cascade(plane: Bytes) -> list[Bytes]:
    """Return a plane at four scales, about 0.8, 1.6, 3 and 6 pixels of standard deviation."""
    scales = [_smooth(plane)]
    for window in _WINDOWS:
        scales.append(_mean(scales[-1], window))
    return scales


def measure_field_stain(planes: NDArray[np.float32]) -> tuple[FieldStain, Bytes]:
    """Measure the colours of a field.

    Parameters
    ----------
    planes : (3, rows, cols) float32
        Optical densities at `PIXELS_PER_RED_CELL`, see `background.densities`.

    Returns
    -------
    stain : FieldStain
    relative : (3, rows, cols) uint8
        The densities divided by the field's own.
    """
    mean = (planes[0] + planes[1] + planes[2]) / 3
    stained = stained_pixels(mean) > 0
    if np.count_nonzero(stained) < 30:
        stained = np.ones_like(stained)
    order = np.sort(mean[stained])
    density = max(float(order[order.size // 2]), _LEAST_DENSITY)
    relative = _relative_planes(planes, density, _OFFSET, _UNIT)
    pixels = relative[:, stained]
    pale = pixels[:, pixels[0] <= _median(np.bincount(pixels[0], minlength=256), _LOW_RED)]
    red_cell, spread = np.empty(3), np.empty(3)
    for channel in range(3):
        middle = _median(np.bincount(pale[channel], minlength=256))
        apart = np.abs(pale[channel].astype(np.int16) - middle)
        deviation = _median(np.bincount(apart, minlength=256))
        red_cell[channel], spread[channel] = middle, max(1.48 * deviation, _LEAST_SPREAD)
    blurred = np.stack([_cascade(plane)[2] for plane in relative])
    offsets = [(blurred[c].astype(np.float64) - red_cell[c]) / spread[c] for c in (0, 1)]
    place = int(np.argmax(offsets[0] + offsets[1] / 2))
    strangest = blurred.reshape(3, -1)[:, place]
    return FieldStain(density, red_cell, spread, strangest - red_cell), relative


def _ranks(plane: Bytes) -> Bytes:
    """Return the rank of each level among the pixels of a plane, from 0 to 255."""
    counts = np.bincount(plane.ravel(), minlength=256)
    middle = np.cumsum(counts) - counts / 2
    return np.asarray(np.rint(255 * middle / plane.size), np.uint8)[plane]


def _slopes(plane: Bytes) -> Bytes:
    """Return half of the sum of the absolute derivatives of a plane along rows and columns."""
    down, right = (cv2.convertScaleAbs(cv2.Sobel(plane, cv2.CV_16S, *d)) for d in ((0, 1), (1, 0)))
    return np.asarray(cv2.addWeighted(down, 0.5, right, 0.5, 0), np.uint8)


def _difference(one: Bytes, two: Bytes) -> Bytes:
    """Return one plane minus another, around 128."""
    return np.asarray(cv2.addWeighted(one, 1, two, -1, 128), np.uint8)


def _field_levels(stain: FieldStain) -> list[int]:
    """Return six levels that describe the whole field."""
    length = float(np.sqrt(((stain.axis / stain.spread) ** 2).sum()))
    levels = [10 * length, *(128 + stain.axis), stain.red_cell[0], stain.red_cell[2]]
    return [int(min(max(level, 0), 255)) for level in levels]


def pixel_features(planes: NDArray[np.float32]) -> Bytes:
    """Return the features of each pixel, in a fixed order.

    Four scales each of the three densities, the distance from the red cells' colour and the place
    on the axis; a coarse mean of green, red and axis; ranks of axis, distance and red at two
    scales; slopes at two scales; local deviation of red and green; green minus blue and red minus
    green at two scales; six levels of the whole field.

    Parameters
    ----------
    planes : (3, rows, cols) float32
        Optical densities at `PIXELS_PER_RED_CELL`, see `background.densities`.

    Returns
    -------
    (FEATURE_COUNT, rows, cols) uint8
    """
    stain, relative = measure_field_stain(planes)
    contrast = _contrast_planes(relative, stain.red_cell, stain.spread, stain.axis)
    red, green, blue, distance, axis = (_cascade(plane) for plane in (*relative, *contrast))
    features = [*red, *green, *blue, *distance, *axis]
    features += [_mean(scales[3], _COARSE_WINDOW) for scales in (green, axis, red)]
    features += [_ranks(scales[k]) for scales in (axis, distance, red) for k in (0, 2)]
    slopes = _mean(_slopes(green[0]), 5)
    features += [slopes, _mean(slopes, 11)]
    features += [
        _mean(np.asarray(cv2.absdiff(plane, scales[2]), np.uint8), 9)
        for plane, scales in ((relative[0], red), (relative[1], green))
    ]
    for one, two in ((green, blue), (red, green)):
        features += [_difference(one[k], two[k]) for k in (0, 2)]
    shape = relative.shape[1:]
    features += [np.full(shape, level, np.uint8) for level in _field_levels(stain)]
    return np.stack(features)
