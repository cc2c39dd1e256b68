"""Outline a cell that was cut out on black."""

from __future__ import annotations

import cv2
import numpy as np

from ..errors import CellError
from ..primitives.arrays import Bytes
from ..primitives.components import keep_large_components
from ..primitives.masks import equivalent_diameter
from ..primitives.opening import disc
from ..primitives.optical_density import chromatin_plane, optical_density, smooth_noise
from ..primitives.otsu import otsu_of_plane
from .nucleus_outline import nuclear_mask, smooth_chromatin
from .quality import CellOutline
from .regions import fill_small_holes, open_mask

_LEAST_CHROMATIN_RATIO = 1.8  # of nucleus to cytoplasm; below it, a cut-out cell is all nucleus


def outline_cut_out_cell(rgb: Bytes, foreground: Bytes) -> CellOutline:
    """Smooth the mask of a cell that was cut out on black, and find its nucleus.

    The image has no empty slide, so the background of the optical density is white.
    """
    cell = open_mask(foreground, max(1, round(0.08 * equivalent_diameter(foreground))))
    cell = keep_large_components(cell if cell.any() else foreground, 1.0)
    cell = fill_small_holes(cell, float(cell.size))
    density = optical_density(smooth_noise(rgb), np.full(3, 255.0))
    size = equivalent_diameter(cell)
    chromatin = smooth_chromatin(chromatin_plane(density), size)
    # The blur mixes black into the outermost pixels.
    interior = np.asarray(cv2.erode(cell, disc(2), borderValue=0), dtype=np.uint8)
    levels = np.ascontiguousarray(chromatin[interior > 0][:, None])
    if levels.size == 0:
        raise CellError(
            f"the cell on black has {cv2.countNonZero(cell)} pixels, none of them 2 pixels from "
            "its edge",
            "enlarge it",
        )
    level = otsu_of_plane(levels)
    upper, lower = levels[levels > level], levels[levels <= level]
    one_class = min(upper.size, lower.size) == 0
    if one_class or upper.mean() < _LEAST_CHROMATIN_RATIO * max(float(lower.mean()), 1.0):
        level = int(0.75 * float(np.median(levels)))  # hardly any cytoplasm
    nucleus = keep_large_components(nuclear_mask(chromatin, level, size) & interior, 0.1)
    return CellOutline(np.s_[0 : rgb.shape[0], 0 : rgb.shape[1]], density, nucleus, cell)
