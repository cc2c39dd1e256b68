"""Label images: one grey level for each cell, as Cellpose, StarDist and QuPath write them."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .images import grey_samples

# An inner pixel may be this far from 128 or 255, and from the background's 0 (JPEG).
_TOLERANCE = 16
_MAX_OTHER = 0.1  # part of the inner pixels that may have other levels
_NESTED = 0.5  # part of the rim of the nuclei that is cytoplasm at least
_MAX_ISOLATED = 0.1  # part of the pixels along edges whose level no neighbour has
_MAX_PARTS = 2  # for each level
_SPECK = 0.1  # of the area of the greatest part: a smaller one is none
_DARK = 64  # an image that is nowhere brighter has no traces of JPEG to be forgiven
_LOSSY = (b"\xff\xd8\xff", b"RIFF")

_SQUARE = np.ones((3, 3), np.uint8)


def label_samples(content: bytes, level: NDArray[np.uint8]) -> NDArray[Any] | None:
    """Samples of a label image, or None for a mask of two or three levels.

    Only inner pixels count, those whose eight neighbours have their level: soft edges and most
    traces of JPEG have none. In a label image, more than a tenth of those in front of the
    background lie farther than 16 from 128 and from 255, and there are at least two levels. With
    no other levels than 0, 1 and 2 it is one if the rim of the 2 is 1 for less than a half: the
    cytoplasm of a mask surrounds its nuclei.

    Parameters
    ----------
    content : bytes
        Of a grey picture that `data.decoding.images.decode_rgb` has read.
    level : (rows, cols) uint8
        The same at 8 bits.

    Returns
    -------
    (rows, cols) of whole numbers, or None
        As deep as they are stored.
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
        bright = seen > _TOLERANCE  # what is dimmer is the noise of the background
        values, other = values[bright], other[bright]
    spread = 2 * _TOLERANCE if lossy else 0
    if not other.size or other.mean() <= _MAX_OTHER or np.ptp(values) <= spread:
        return None
    return samples


def renumber_labels(samples: NDArray[Any]) -> NDArray[np.int32]:
    """Number the cells of a label image 1, 2, … in the order of their levels; 0 stays 0.

    Raises
    ------
    DataError
        Where more than a tenth of the pixels along edges have a level that no neighbour has: they
        are mixtures of the levels of two cells, and no cells. Where the levels have more than two
        parts each that are no specks: they are kinds of pixels.
    """
    from skimage.measure import label  # slow to import, and few masks need it

    edges = (samples > 0) & ~_inner(samples)
    if (edges & _isolated(samples)).sum() > _MAX_ISOLATED * edges.sum():
        raise DataError(
            f"the mask looks like a label image of {np.unique(samples).size} levels, of which many "
            "lie along edges only: it was resized smoothly, or saved as JPEG",
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
    """The samples as deep as they are stored, if they are whole numbers of at least 0."""
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
    """Pixels whose eight neighbours have the same level."""
    plane = samples if samples.dtype in (np.uint8, np.uint16) else samples.astype(np.float64)
    return np.asarray(cv2.erode(plane, _SQUARE) == cv2.dilate(plane, _SQUARE))


def _isolated(samples: NDArray[Any]) -> NDArray[np.bool_]:
    """Pixels of which none of the four neighbours has the same level."""
    alone = np.ones(samples.shape, np.bool_)
    for one, two in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        same = samples[one] == samples[two]
        alone[one] &= ~same
        alone[two] &= ~same
    return alone
