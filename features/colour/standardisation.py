"""Stain standardisation: the optical density of a cell on a fixed scale.

Stain, thickness, lamp and camera scale and shift the optical density of each channel. They differ
from slide to slide more than blasts differ from normal cells. No parameter is fitted to other
images, so no information from a test image can leak into a model.
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
from ..primitives.slide_background import estimate_background, foreground_on_black

Stain = Literal["none", "background", "standard"]
STAINS: tuple[Stain, ...] = ("none", "background", "standard")

# Increased when equal pixels give a different result.
STANDARDISATION_VERSION = 1

# Red, green and blue level of the empty slide after standardisation.
_TARGET_BACKGROUND = np.array([235.0, 230.0, 228.0])
# Optical density (natural log; red, green, blue) to which the 5th and the 95th percentile of a cell
# are mapped: those of a well stained lymphocyte. The choice is arbitrary, but equal for all cells.
_TARGET_LOW = np.array([0.20, 0.30, 0.10])
_TARGET_HIGH = np.array([0.95, 1.40, 0.60])
_TAIL = 0.05
# Least difference of the two percentiles: the noise of a flat channel is not amplified.
_LEAST_SPREAD = 0.05


def background_colour(rgb: Bytes) -> Floats:
    """Return the colour of the empty slide of an image; white if the cell was cut out on black.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8

    Returns
    -------
    (3,) float64
        Red, green and blue level.
    """
    return np.full(3, 255.0) if foreground_on_black(rgb) is not None else estimate_background(rgb)


def standardise(cell: Cell, stain: Stain, background: Floats) -> Cell:
    """Return a cell with standardised colours.

    Parameters
    ----------
    cell : Cell
    stain : {"none", "background", "standard"}
        ``none``: the colours are not changed. ``background``: optical densities are relative to the
        image's own empty slide. ``standard``: also, the density of each channel is scaled linearly
        so that its 5th and 95th percentile in this cell have fixed values. This keeps the texture
        of a cell and the differences between its compartments, and removes its overall darkness
        and hue.
    background : (3,) float64
        Colour of the empty slide, see `background_colour`.
    """
    if stain == "none":
        return cell
    levels = np.arange(1.0, 257.0)[:, None]
    density = np.log((background + 1) / levels)
    if stain == "standard":
        low, high = _density_percentiles(cell, density)
        gain = (_TARGET_HIGH - _TARGET_LOW) / np.maximum(high - low, _LEAST_SPREAD)
        density = _TARGET_LOW + (density - low) * gain
    table = np.rint(_TARGET_BACKGROUND * np.exp(-np.maximum(density, 0.0)))  # within 0..235
    lut = table.astype(np.uint8).reshape(1, 256, 3)
    return replace(cell, rgb=np.asarray(cv2.LUT(cell.rgb, lut), dtype=np.uint8))


def _density_percentiles(cell: Cell, density: Floats) -> tuple[Floats, Floats]:
    """Return the optical density of the 5th and 95th percentile in a cell: (3,) each."""
    shares = np.array([_TAIL, 1 - _TAIL])
    high, low = density[quantile_levels(cell.rgb, cell.cell.view(np.uint8), shares), np.arange(3)]
    return low, high


@compiled
def quantile_levels(rgb: Bytes, mask: Bytes, shares: Floats) -> NDArray[np.int64]:
    """Return the lowest levels of red, green and blue with a share of the mask at or below.

    Returns (shares, 3).
    """
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
