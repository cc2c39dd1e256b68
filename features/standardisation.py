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

from .arrays import Bytes, Floats
from .cell import Cell
from .kernels import level_counts
from .stain import background, cut_out

Stain = Literal["none", "background", "standard"]
STAINS: tuple[Stain, ...] = ("none", "background", "standard")

# Raised whenever the same pixels come out otherwise.
STANDARDISATION_VERSION = 1

# The empty slide after standardisation, red, green, blue level.
_SLIDE = np.array([235.0, 230.0, 228.0])
# Optical density (natural log, red green blue) that the palest and the darkest twentieth of a cell
# come to: that of a well stained lymphocyte. Any others would do, as long as they are everyone's.
_PALE = np.array([0.20, 0.30, 0.10])
_DARK = np.array([0.95, 1.40, 0.60])
_TAIL = 0.05
# A channel in which a cell varies less than this is not stretched to noise.
_LEAST_SPREAD = 0.05


def slide_colour(rgb: Bytes) -> Floats:
    """Colour of the empty slide of a picture; white where the cell was cut out on black.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8

    Returns
    -------
    (3,) float64
        Red, green and blue level.
    """
    return np.full(3, 255.0) if cut_out(rgb) is not None else background(rgb)


def standardised(cell: Cell, stain: Stain, slide: Floats) -> Cell:
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
        pale, dark = _tails(cell, density)
        gain = (_DARK - _PALE) / np.maximum(dark - pale, _LEAST_SPREAD)
        density = _PALE + (density - pale) * gain
    table = np.rint(_SLIDE * np.exp(-np.maximum(density, 0.0)))
    lut = np.clip(table, 0, 255).astype(np.uint8).reshape(1, 256, 3)
    return replace(cell, rgb=np.asarray(cv2.LUT(cell.rgb, lut), dtype=np.uint8))


def _tails(cell: Cell, density: Floats) -> tuple[Floats, Floats]:
    """Return the optical density of a cell's palest and darkest twentieth: (3,) each."""
    counts = level_counts(cell.rgb, cell.cell.view(np.uint8))
    share = np.cumsum(counts, axis=1) / counts[0].sum()
    each = range(3)
    dark = [density[np.searchsorted(share[channel], _TAIL), channel] for channel in each]
    pale = [density[np.searchsorted(share[channel], 1 - _TAIL), channel] for channel in each]
    return np.array(pale), np.array(dark)
