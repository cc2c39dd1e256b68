"""Label images: one grey level per cell, as written by Cellpose, StarDist and QuPath."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .images import grey_samples

# Largest distance of an inner pixel from 128, 255 or 0 (JPEG noise).
_TOLERANCE = 16
_MAX_OTHER = 0.1  # share of the inner pixels with other levels
_NESTED = 0.5  # minimum share of the rim of the nuclei that is cytoplasm
_MAX_ISOLATED = 0.1  # share of the edge pixels whose level no neighbour has
_MAX_PARTS = 2  # connected parts per level
_SPECK = 0.1  # share of the largest part's area; smaller parts are ignored
_DARK = 64  # darker images get no tolerance for JPEG noise
_LOSSY = (b"\xff\xd8\xff", b"RIFF")

_SQUARE = np.ones((3, 3), np.uint8)


def label_samples(content: bytes, level: NDArray[np.uint8]) -> NDArray[Any] | None:
    """Return the samples of a label image, or None for a mask of two or three levels.

    Only inner pixels count, whose eight neighbours have the same level; soft edges and most JPEG
    noise have none. In a label image more than a tenth of the inner foreground pixels differ from
    128 and from 255 by more than 16, and there are at least two levels. An image of the levels 0,
    1 and 2 is a label image if less than half of the rim of level 2 has level 1; in a mask the
    cytoplasm surrounds the nuclei.

    Parameters
    ----------
    content : bytes
        A grey image that `data.decoding.images.decode_rgb` has decoded.
    level : (rows, cols) uint8
        The same image at 8 bits.

    Returns
    -------
    (rows, cols) of integers, or None
        At their stored bit depth.
    """
    samples = _stored(content, level)
    if samples.max() <= 2:
        return samples if _are_labels(samples == 1, samples == 2) else None
    front = samples > samples.min()
    inner = front & _inner(samples)
    values, seen = samples[inner], level[inner]
    if values.size == 0:
        return None
    other = (np.abs(seen.astype(np.int16) - 128) > _TOLERANCE) & (seen < 255 - _TOLERANCE)
    lossy = content.startswith(_LOSSY)
    dim = front & (level <= _TOLERANCE)
    if level.max() >= _DARK and (lossy or dim.sum() > (~front).sum()):
        bright = seen > _TOLERANCE  # dimmer pixels are noise of the background
        values, other = values[bright], other[bright]
    spread = 2 * _TOLERANCE if lossy else 0
    if not other.size or other.mean() <= _MAX_OTHER or np.ptp(values) <= spread:
        return None
    return samples


def renumber_labels(samples: NDArray[Any]) -> NDArray[np.int32]:
    """Renumber the labels 1, 2, … in the order of their levels; 0 stays 0.

    Raises
    ------
    DataError
        If more than a tenth of the edge pixels have a level that no neighbour has (mixtures of two
        labels after interpolation); or if the levels have more than two large connected parts
        each (classes of pixels instead of cells).
    """
    from skimage.measure import label  # slow to import, and few masks need it

    edges = (samples > 0) & ~_inner(samples)
    if (edges & _isolated(samples)).sum() > _MAX_ISOLATED * edges.sum():
        raise DataError(
            f"the mask looks like a label image of {np.unique(samples).size} levels, of which many "
            "occur only along edges: it was resized smoothly, or saved as JPEG",
            "give it as it was made, as PNG or TIFF; resize without interpolation",
        )
    levels, places = np.unique(samples, return_inverse=True)
    numbers = np.cumsum(levels > 0, dtype=np.int32)[places].reshape(samples.shape)
    sizes = np.bincount(np.ravel(label(numbers, connectivity=2)))[1:]
    parts = int((sizes > _SPECK * sizes.max()).sum())
    if parts > _MAX_PARTS * int(numbers.max()):
        raise DataError(
            f"the mask has {numbers.max()} values in {parts} separate parts: kinds of pixels, not "
            "one value for each cell",
            "save background, cytoplasm and nucleus as 0, 128 and 255",
        )
    return numbers


def _stored(content: bytes, level: NDArray[np.uint8]) -> NDArray[Any]:
    """Return the samples at their stored depth if they are non-negative integers, else `level`."""
    deep = grey_samples(content)
    if deep is None or deep.shape != level.shape or deep.min() < 0:
        return level
    if deep.dtype.kind == "f" and (deep != np.rint(deep)).any():
        return level
    return deep


def _are_labels(one: NDArray[np.bool_], two: NDArray[np.bool_]) -> bool:
    if not (one.any() and two.any()):
        return False
    rim = (cv2.dilate(two.view(np.uint8), _SQUARE) > 0) & ~two
    return bool((rim & one).sum() < _NESTED * rim.sum())


def _inner(samples: NDArray[Any]) -> NDArray[np.bool_]:
    """Return the mask of pixels whose eight neighbours have the same level."""
    plane = samples if samples.dtype in (np.uint8, np.uint16) else samples.astype(np.float64)
    return np.asarray(cv2.erode(plane, _SQUARE) == cv2.dilate(plane, _SQUARE))


def _isolated(samples: NDArray[Any]) -> NDArray[np.bool_]:
    """Return the mask of pixels without a 4-neighbour of the same level."""
    alone = np.ones(samples.shape, np.bool_)
    for one, two in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        same = samples[one] == samples[two]
        alone[one] &= ~same
        alone[two] &= ~same
    return alone
