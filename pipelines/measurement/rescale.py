"""Resize images and masks to another size of a pixel."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from data.errors import DataError

Bytes = NDArray[np.uint8]
# A mask, or a label image.
GivenMask: TypeAlias = NDArray[np.bool_] | NDArray[np.int32]


def rescale_image(rgb: Bytes, scale: float, max_pixels: int) -> Bytes:
    """Resize an image: pixel areas are averaged to shrink it, cubic splines enlarge it.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8
    scale : float
        New pixels for each old one, along a side; 1 returns the image itself.
    max_pixels : int

    Raises
    ------
    DataError
        If the new image would have more pixels than allowed, or none.
    """
    import cv2

    if scale == 1:
        return rgb
    rows, cols = (round(size * scale) for size in rgb.shape[:2])
    if not 1 <= rows * cols <= max_pixels:
        raise DataError(
            f"the image of {rgb.shape[0]} x {rgb.shape[1]} pixels would have {rows} x {cols} after"
            f" resizing by {scale:.3g}, the limit is {max_pixels} pixels",
            "correct --pixel-size, or raise --max-pixels",
        )
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(rgb, (cols, rows), interpolation=way), dtype=np.uint8)


def rescale_mask(mask: GivenMask | None, shape: tuple[int, ...]) -> GivenMask | None:
    """Resize a mask or a label image, if there is one, to (rows, cols) by its nearest pixels."""
    import cv2

    if mask is None or mask.shape == shape:
        return mask
    # Without truth values and wide integers, which OpenCV does not resize.
    plain = mask.astype(np.float64)
    resized = np.asarray(cv2.resize(plain, shape[::-1], interpolation=cv2.INTER_NEAREST_EXACT))
    return resized.astype(np.bool_) if mask.dtype == np.bool_ else resized.astype(np.int32)


def place_in_file(point: tuple[float, float], scale: float) -> tuple[float, float]:
    """Return row and column in the file's pixels of a point in the resized image.

    Examples
    --------
    >>> place_in_file((0.5, 9.5), 2.0)
    (0.0, 4.5)
    """
    if scale == 1:
        return point
    row, col = point
    return (row + 0.5) / scale - 0.5, (col + 0.5) / scale - 0.5


def box_in_file(box: tuple[int, int, int, int], scale: float) -> tuple[int, int, int, int]:
    """Return top, left, rows and columns in the file's pixels of a box in the resized image.

    Examples
    --------
    >>> box_in_file((20, 4, 9, 10), 2.0)
    (10, 2, 4, 5)
    """
    if scale == 1:
        return box
    top, left, rows, cols = (round(one / scale) for one in box)
    return top, left, rows, cols
