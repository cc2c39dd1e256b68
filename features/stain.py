"""Romanowsky stain in optical density against the image's own background."""

from __future__ import annotations

import cv2
import numpy as np

from .cell import Mask
from .colour import Bytes, Floats

DENSITY_STEP = 0.01  # optical density (natural log) of one grey level of the density planes
_BLACK = 24  # darker than this in every channel is the blackened surround of a cut-out cell


def cut_out(rgb: Bytes) -> Mask | None:
    """Return the mask of a cell that lies on black, or None where the image is a photograph.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8

    Returns
    -------
    (rows, cols) bool or None
        Pixels that are not black, if at least two thirds of the outermost pixels are exactly as
        dark as a blackened surround and something else is left.
    """
    brightest = np.asarray(rgb.max(axis=2))
    black = brightest <= _BLACK
    rim = np.concatenate((black[0], black[-1], black[:, 0], black[:, -1]))
    if rim.mean() < 2 / 3 or black.all():
        return None
    return ~black


def background(rgb: Bytes) -> Floats:
    """Colour of the empty slide: the brightest frequent level of green, which every cell absorbs.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8

    Returns
    -------
    (3,) float64
        Red, green and blue level in [0, 255].
    """
    green = np.ascontiguousarray(rgb[:, :, 1])
    counts = np.bincount(green.ravel(), minlength=256).astype(np.float64)
    from_the_top = np.cumsum(counts[::-1])[::-1]
    # Two per cent of the pixels may be brighter than the slide: reflections, a printed arrow.
    top = int(np.flatnonzero(from_the_top >= 0.02 * green.size)[-1])
    smooth = np.convolve(counts, np.ones(9), mode="same")
    low = int(0.75 * top)
    peak = low + int(np.argmax(smooth[low : top + 5]))
    empty = np.abs(green.astype(np.int16) - peak) <= 6
    return np.asarray(np.median(rgb[empty], axis=0), dtype=np.float64)


def density(rgb: Bytes, slide: Floats) -> Bytes:
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
    levels = np.arange(1, 257, dtype=np.float64)[:, None]
    table = np.log((slide[None, :] + 1) / levels) / DENSITY_STEP
    lut = np.clip(np.rint(table), 0, 255).astype(np.uint8).reshape(1, 256, 3)
    return np.asarray(cv2.LUT(rgb, lut), dtype=np.uint8)


def chromatin(optical: Bytes) -> Bytes:
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
    """
    return np.asarray(cv2.subtract(optical[:, :, 1], optical[:, :, 2]), dtype=np.uint8)
