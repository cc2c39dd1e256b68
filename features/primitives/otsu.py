"""Otsu's threshold, of a plane and of a histogram."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .arrays import Bytes
from .kernels import compiled


def otsu_of_plane(plane: Bytes) -> int:
    """Return Otsu's threshold (1979) of a plane: levels above it are the upper class."""
    return int(cv2.threshold(plane, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[0])


@compiled
def otsu_threshold(counts: NDArray[np.int64]) -> int:
    """Return Otsu's threshold of a (256,) histogram; 0 if only one level has pixels.

    Equal to OpenCV's: the level with the greatest variance between the classes, neither empty.
    """
    least_share = 2.0**-23  # of the pixels, in each class
    total, mean = 0, 0.0
    for level in range(256):
        total += counts[level]
        mean += level * float(counts[level])
    scale = 1.0 / total
    mean *= scale
    largest, threshold = 0.0, 0
    lower, lower_mean = 0.0, 0.0
    for level in range(256):
        share = counts[level] * scale
        lower_mean *= lower
        lower += share
        upper = 1.0 - lower
        if min(lower, upper) < least_share or max(lower, upper) > 1.0 - least_share:
            continue
        lower_mean = (lower_mean + level * share) / lower
        upper_mean = (mean - lower * lower_mean) / upper
        distance = lower_mean - upper_mean
        between = lower * upper * distance * distance
        if between > largest:
            largest, threshold = between, level
    return threshold
