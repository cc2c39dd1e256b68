"""Label images: one grey level per cell, as written by Cellpose, StarDist and QuPath."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .mask_background import MaskNumbers

# Largest distance of an inner pixel from 128, 255 or 0 (JPEG noise).
_TOLERANCE = 16
_MAX_OTHER = 0.1  # share of the inner pixels with other levels
_MAX_ISOLATED = 0.1  # share of the edge pixels whose level no neighbour has
_MAX_PARTS = 2  # connected parts per level
_SPECK = 0.1  # share of the largest part's area; smaller parts are ignored
_DARK = 64  # darker images get no tolerance for JPEG noise
_ENCLOSED = 0.9  # share of an outline along one other number: it lies inside that one

_SQUARE = np.ones((3, 3), np.uint8)


def is_label_image(mask: MaskNumbers) -> bool:
    """Whether a mask of several levels is a label image, not a soft mask of two or three.

    Only inner pixels count, whose eight neighbours have the same level; soft edges and most JPEG
    noise have none. In a label image more than a tenth of the inner foreground pixels differ from
    128 and from 255 by more than 16, and there are at least two levels.
    """
    numbers, level = mask.numbers, mask.level
    front = numbers > 0
    is_inner = front & inner(numbers)
    values, seen = numbers[is_inner], level[is_inner]
    if values.size == 0 or (values != np.rint(values)).any():
        return False
    other = (np.abs(seen.astype(np.int16) - 128) > _TOLERANCE) & (seen < 255 - _TOLERANCE)
    dim = front & (level <= _TOLERANCE)
    if level.max() >= _DARK and (mask.is_lossy or dim.sum() > (~front).sum()):
        bright = seen > _TOLERANCE  # dimmer pixels are noise of the background
        values, other = values[bright], other[bright]
    spread = 2 * _TOLERANCE if mask.is_lossy else 0
    return bool(other.size and other.mean() > _MAX_OTHER and np.ptp(values) > spread)


def renumber_labels(numbers: NDArray[Any]) -> NDArray[np.int32]:
    """Renumber the labels 1, 2, … in the order of their levels; 0 stays 0.

    Raises
    ------
    DataError
        If more than a tenth of the edge pixels have a level that no neighbour has (mixtures of two
        labels after interpolation); if the levels have more than two large connected parts each,
        or one is inside another (classes of pixels instead of cells).
    """
    from skimage.measure import label  # slow to import, and few masks need it

    edges = (numbers > 0) & ~inner(numbers)
    if (edges & _isolated(numbers)).sum() > _MAX_ISOLATED * edges.sum():
        raise DataError(
            f"the mask looks like a label image of {np.unique(numbers).size} levels, of which many "
            "occur only along edges: it was resized smoothly, or saved as JPEG",
            "give it as it was made, as PNG or TIFF; resize without interpolation",
        )
    levels, places = np.unique(numbers, return_inverse=True)
    labels = np.cumsum(levels > 0, dtype=np.int32)[places].reshape(numbers.shape)
    sizes = np.bincount(np.ravel(label(labels, connectivity=2)))[1:]
    parts = int((sizes > _SPECK * sizes.max()).sum())
    if parts > _MAX_PARTS * int(labels.max()):
        raise _kinds_of_pixels(f"{labels.max()} values in {parts} separate parts")
    pairs, shares = shared_outlines(labels)
    enclosed = np.flatnonzero((shares > _ENCLOSED) & (pairs > 0).all(axis=1))
    if enclosed.size:
        raise _kinds_of_pixels(f"{labels.max()} values, of which one is inside another")
    return labels


def _kinds_of_pixels(seen: str) -> DataError:
    return DataError(
        f"the mask has {seen}: kinds of pixels, not one value for each cell",
        "save background, cytoplasm and nucleus as 0, 128 and 255",
    )


def shared_outlines(labels: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return which labels touch, and how much of an outline each pair shares.

    Parameters
    ----------
    labels : (rows, cols) int32
        Not negative.

    Returns
    -------
    pairs : (n, 2) int64
        A label, and a label that touches it along an edge of a pixel; 0 is the background.
    shares : (n,) float64
        Share of the first label's outline, inside the image, that is along the second; in (0, 1].
    """
    both = []
    for one, two in (
        (labels[:, :-1], labels[:, 1:]),
        (labels[:-1], labels[1:]),
    ):
        differ = one != two
        both.append(np.stack([one[differ], two[differ]], axis=1))
    found = np.concatenate(both).astype(np.int64)
    found = np.concatenate([found, found[:, ::-1]])
    pairs, counts = np.unique(found, axis=0, return_counts=True)
    outlines = np.bincount(pairs[:, 0], counts, minlength=int(labels.max()) + 1)
    return pairs, counts / outlines[pairs[:, 0]]


def inner(numbers: NDArray[Any]) -> NDArray[np.bool_]:
    """Return the mask of pixels whose eight neighbours have the same level."""
    plane = numbers if numbers.dtype in (np.uint8, np.uint16) else numbers.astype(np.float64)
    return np.asarray(cv2.erode(plane, _SQUARE) == cv2.dilate(plane, _SQUARE))


def _isolated(numbers: NDArray[Any]) -> NDArray[np.bool_]:
    """Return the mask of pixels without a 4-neighbour of the same level."""
    alone = np.ones(numbers.shape, np.bool_)
    for one, two in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        same = numbers[one] == numbers[two]
        alone[one] &= ~same
        alone[two] &= ~same
    return alone
