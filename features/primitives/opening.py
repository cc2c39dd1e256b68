"""Morphological opening of masks with discs, by OpenCV."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from .arrays import Bytes


@cache
def disc(radius: int) -> Bytes:
    """Return the disc-shaped structuring element of a radius in pixels: (side, side) uint8."""
    size = 2 * radius + 1
    element = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    element.setflags(write=False)
    return np.asarray(element, dtype=np.uint8)


def open_with_disc(mask: Bytes, radius: int, wider: int = 0) -> Bytes:
    """Open a mask with a disc, and dilate the result with another.

    Parameters
    ----------
    mask : (rows, cols) uint8, 0 or 1
        Pixels outside the image have no influence.
    radius, wider : int
        Radii of the two discs in pixels.

    Returns
    -------
    (rows, cols) uint8, 0 or 1
    """
    opened = cv2.morphologyEx(mask, cv2.MORPH_OPEN, disc(radius))
    if wider:
        opened = cv2.dilate(opened, disc(wider))
    return np.asarray(opened, dtype=np.uint8)
