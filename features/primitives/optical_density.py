"""Romanowsky stain in optical density against the image's own background."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np

from .arrays import Bytes, Floats
from .counting import background_levels, dark_border_share, density_planes, otsu_threshold

DENSITY_STEP = 0.01  # optical density (natural log) of one grey level of the density planes
_GRID = 120  # lines and columns of pixels that suffice to know the slide
_BRIGHTER = 0.02  # this share may be brighter than the slide: reflections, a printed arrow
# The empty slide is even within 4 %: a relative width is indifferent to the exposure.
_SPREAD = np.maximum(2, np.rint(0.04 * np.arange(256))).astype(np.int64)
_FREQUENT = 0.25  # a peak this high beside the highest is one of its own
_BLACK = 24  # not brighter than this in any channel: the blackened surround of a cut-out cell


def otsu_of_plane(plane: Bytes) -> int:
    """Level that separates two classes best (Otsu 1979): the upper class lies above it."""
    return int(cv2.threshold(plane, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[0])


def foreground_on_black(rgb: Bytes) -> Bytes | None:
    """Mask of a cell that lies on black, or None where the image is a photograph.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8

    Returns
    -------
    (rows, cols) uint8, 0 or 1, or None
        Pixels that are not black, where two thirds of the outermost ones are and not all are.
    """
    if dark_border_share(rgb, _BLACK) < 2 / 3:
        return None
    black = cv2.inRange(rgb, np.zeros(3), np.full(3, float(_BLACK)))
    if black.all():
        return None
    return np.asarray(black == 0, dtype=np.uint8)


def estimate_background(rgb: Bytes) -> Floats:
    """Colour of the empty slide: the brightest frequent level of green, which every cell absorbs.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8

    Returns
    -------
    (3,) float64
        Red, green and blue level in [0, 255].
    """
    step = max(1, min(rgb.shape[:2]) // _GRID)
    return background_levels(rgb, step, _SPREAD, _BRIGHTER, _FREQUENT)


@lru_cache(maxsize=1024)
def _density_table(slide: float) -> Bytes:
    """Density of every level of a channel against the slide's level: (256,)."""
    levels = np.arange(1, 257, dtype=np.float64)
    table = np.log((slide + 1) / levels) / DENSITY_STEP
    return np.clip(np.rint(table), 0, 255).astype(np.uint8)


def optical_density(rgb: Bytes, slide: Floats) -> Bytes:
    """Optical density of every channel against the empty slide.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8
    slide : (3,) float64
        Colour of the empty slide, see `background`.

    Returns
    -------
    (rows, cols, 3) uint8
        ``ln((slide + 1) / (level + 1))`` in steps of 0.01, 0 where brighter than the slide,
        255 from 2.55 on.
    """
    return density_planes(rgb, *map(_density_table, slide.tolist()))[0]


def chromatin_plane(optical: Bytes) -> Bytes:
    """Green minus blue density: high in nuclei, low in cytoplasm, near zero in red cells.

    Azure-stained chromatin absorbs green far more than blue, haemoglobin both alike; a neutral
    shadow (uneven light, dust) cancels.

    Parameters
    ----------
    optical : (rows, cols, 3) uint8
        See `density`.

    Returns
    -------
    (rows, cols) uint8
        In steps of 0.01, 0 where blue absorbs more.
    """
    green, blue = cv2.extractChannel(optical, 1), cv2.extractChannel(optical, 2)
    return np.asarray(cv2.subtract(green, blue), dtype=np.uint8)


def stain_density(optical: Bytes) -> Bytes:
    """Density that tells a pale cell from the slide.

    The greater of the mean density (green twice) and 1.5 times green minus blue, which uneven
    light leaves alone.

    Parameters
    ----------
    optical : (rows, cols, 3) uint8
        See `density`.

    Returns
    -------
    (rows, cols) uint8
    """
    red, green, blue = cv2.split(optical)
    mean = cv2.addWeighted(cv2.addWeighted(red, 0.5, blue, 0.5, 0), 0.5, green, 0.5, 0)
    return np.asarray(cv2.max(mean, cv2.addWeighted(green, 1.5, blue, -1.5, 0)), dtype=np.uint8)


class StainPlanes(NamedTuple):
    """What the steps of the segmentation read of an image.

    Parameters
    ----------
    background : (3,) float64
        Colour of the empty slide.
    density : (rows, cols, 3) uint8
        Optical density of the smoothed image, see `optical_density`.
    chromatin : (rows, cols) uint8
        See `chromatin_plane`.
    threshold : int
        A pixel whose chromatin level is above this is nuclear.
    """

    background: Floats
    density: Bytes
    chromatin: Bytes
    threshold: int


def measure_stain(rgb: Bytes, least: Floats | None = None) -> StainPlanes:
    """Measure the stain of an image.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8
    least : (3,) float64, optional
        Colour of the slide elsewhere: taken where this image is darker by a fifth, because hardly
        any empty slide is left between crowded cells.

    Returns
    -------
    Stain
    """
    smooth = np.asarray(cv2.GaussianBlur(rgb, (5, 5), 0.9), dtype=np.uint8)
    slide = estimate_background(smooth)
    if least is not None and slide[1] < 0.8 * least[1]:
        slide = least
    optical, plane, counts = density_planes(smooth, *map(_density_table, slide.tolist()))
    return StainPlanes(slide, optical, plane, otsu_threshold(counts))
