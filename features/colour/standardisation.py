"""Colour that survives another slide: a cell's absorbance on a scale of its own.

Stain, thickness, lamp and camera scale and shift the optical density of each channel, and differ
from slide to slide more than blasts differ from normal cells. Nothing here is learnt from other
images, so nothing of a test image can leak into a model.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from ..core.cell import Cell
from ..primitives.arrays import Bytes, Floats
from ..primitives.kernels import compiled, rgb_histograms
from ..primitives.optical_density import estimate_background, foreground_on_black

Stain = Literal["none", "background", "standard"]
STAINS: tuple[Stain, ...] = ("none", "background", "standard")

# Raised whenever the same pixels come out otherwise.
STANDARDISATION_VERSION = 1

# The empty slide after standardisation, red, green, blue level.
_TARGET_BACKGROUND = np.array([235.0, 230.0, 228.0])
# Optical density (natural log, red green blue) that the palest and the darkest twentieth of a cell
# come to: that of a well stained lymphocyte. Any others would do, as long as they are everyone's.
_TARGET_LOW = np.array([0.20, 0.30, 0.10])
_TARGET_HIGH = np.array([0.95, 1.40, 0.60])
_TAIL = 0.05
# A channel in which a cell varies less than this is not stretched to noise.
_LEAST_SPREAD = 0.05


def background_colour(rgb: Bytes) -> Floats:
    """Colour of the empty slide of a picture; white where the cell was cut out on black.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8

    Returns
    -------
    (3,) float64
        Red, green and blue level.
    """
    return np.full(3, 255.0) if foreground_on_black(rgb) is not None else estimate_background(rgb)


def standardise(cell: Cell, stain: Stain, slide: Floats) -> Cell:
    """Return the cell with the colours that its features are to see.

    Parameters
    ----------
    cell : Cell
    stain : {"none", "background", "standard"}
        As photographed; divided by the image's own empty slide; or with the optical density of
        each channel stretched so that the 5th and the 95th percentile of this cell's pixels come
        to fixed values. The last keeps the pattern of a cell and the proportions between its
        parts, and gives up how dark and how blue it is as a whole.
    slide : (3,) float64
        Colour of the empty slide, see `slide_colour`.
    """
    if stain == "none":
        return cell
    levels = np.arange(1.0, 257.0)[:, None]
    density = np.log((slide + 1) / levels)
    if stain == "standard":
        pale, dark = _density_percentiles(cell, density)
        gain = (_TARGET_HIGH - _TARGET_LOW) / np.maximum(dark - pale, _LEAST_SPREAD)
        density = _TARGET_LOW + (density - pale) * gain
    table = np.rint(_TARGET_BACKGROUND * np.exp(-np.maximum(density, 0.0)))  # within 0..235
    lut = table.astype(np.uint8).reshape(1, 256, 3)
    return replace(cell, rgb=np.asarray(cv2.LUT(cell.rgb, lut), dtype=np.uint8))


def _density_percentiles(cell: Cell, density: Floats) -> tuple[Floats, Floats]:
    """Return the optical density of a cell's palest and darkest twentieth: (3,) each."""
    shares = np.array([_TAIL, 1 - _TAIL])
    dark, pale = density[quantile_levels(cell.rgb, cell.cell.view(np.uint8), shares), np.arange(3)]
    return pale, dark


@compiled
def quantile_levels(rgb: Bytes, mask: Bytes, shares: Floats) -> NDArray[np.int64]:
    """Find the least level of red, green and blue up to which each share of a mask lies: (n, 3)."""
    counts = rgb_histograms(rgb, mask)
    total = counts[0].sum()
    levels = np.zeros((shares.size, 3), np.int64)
    for channel in range(3):
        for index in range(shares.size):
            level, reached = 0, counts[channel, 0]
            while reached / total < shares[index]:
                level += 1
                reached += counts[channel, level]
            levels[index, channel] = level
    return levels
