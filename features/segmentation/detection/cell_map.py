"""The map of white cells: for each pixel 0 (elsewhere), 0.5 (cytoplasm) to 1 (nucleus)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...primitives.arrays import Bytes
from .boosted_trees import ByteTrees, sum_of_levels
from .pixel_features import pixel_features

NUCLEUS, CELL = 158, 76  # levels of the map, in 1/255
_EARLY, _LEAST = 12, 0.05  # a pixel whose sum of the first 12 trees is below 0.05 is background


def map_white_cells(planes: NDArray[np.float32], trees: ByteTrees) -> tuple[Bytes, Bytes]:
    """Map the white cells of a field.

    Parameters
    ----------
    planes : (3, rows, cols) float32
        Optical densities at `PIXELS_PER_RED_CELL`, see `background.densities`.
    trees : ByteTrees

    Returns
    -------
    cells : (rows, cols) uint8
        The map in 1/255.
    features : (n, rows, cols) uint8
        See `features.segmentation.detection.pixel_features.pixel_features`.
    """
    features = pixel_features(planes)
    pixels = np.ascontiguousarray(features.reshape(features.shape[0], -1).T)
    levels = sum_of_levels(trees, pixels, _EARLY, _LEAST) * 255
    cells = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    return cells.reshape(features.shape[1:]), features
