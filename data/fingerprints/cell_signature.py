"""The signature of a cell: a small grey picture of it, by which changed copies are found.

The picture is centred on the cell and as large as the cell, so that it is nearly the same in a copy
that was cropped, zoomed or compressed again, and turned in a copy that was turned. It depends on
the masks by centre and size only.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from math import pi, sqrt

import cv2
import numpy as np
from numpy.typing import NDArray

# Raise it whenever the same cell gets another signature.
SIGNATURE_VERSION = 1

# Rows and columns of the picture.
SIDE = 40
# Half the side of the picture, in radii of the cell.
REACH = 1.4
# Steps in one pixel of the picture for centre and radius of the nucleus, which are bytes.
_STEPS = 6
_HEAD = 3
# Radius in pixels of the smallest disc that is drawn, for a cell of a few pixels.
_LEAST_RADIUS = 2.0


@dataclass(frozen=True, eq=False)
class Signatures:
    """The signatures of n cells.

    Parameters
    ----------
    pictures : (n, SIDE, SIDE) uint8
        Green of the cell and its surroundings.
    nuclei : (n, 3) float32
        Column, row and radius of the nucleus, in pixels of the picture. The radius is 0 without a
        nucleus.
    """

    pictures: NDArray[np.uint8]
    nuclei: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.pictures)


def cell_signature(
    rgb: NDArray[np.uint8],
    nucleus: NDArray[np.bool_],
    cell: NDArray[np.bool_],
    origin: tuple[int, int],
) -> str:
    """Return the signature of a cell.

    Green is taken because the stains are darkest there; a change of colours keeps its pattern.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8
        The whole picture.
    nucleus, cell : (r, c) bool
        Masks; the nucleus may be empty.
    origin : (int, int)
        Row and column of the masks' first pixel in the picture.

    Returns
    -------
    str
        Base64 of 3 bytes (place and size of the nucleus) and ``SIDE * SIDE`` grey levels.
    """
    row, col, radius = _disc(cell, origin)
    radius = max(radius, _LEAST_RADIUS)
    scale = SIDE / (2 * REACH * radius)
    middle = (SIDE - 1) / 2
    picture = _disc_picture(rgb[..., 1], (row, col), radius, scale)
    inner_row, inner_col, inner = _disc(nucleus, origin)
    place = (middle + scale * (inner_col - col), middle + scale * (inner_row - row), scale * inner)
    head = np.clip(np.rint(np.array(place) * _STEPS), 0, 255) if inner else np.zeros(_HEAD)
    return base64.b64encode(head.astype(np.uint8).tobytes() + picture.tobytes()).decode("ascii")


def read_signatures(texts: Sequence[str]) -> Signatures:
    """Return the signatures of cells as arrays.

    Raises
    ------
    ValueError
        If a text is no signature.
    """
    length = _HEAD + SIDE * SIDE
    rows = np.empty((len(texts), length), np.uint8)
    for row, text in zip(rows, texts, strict=True):
        try:
            content = base64.b64decode(text, validate=True)
        except binascii.Error as error:
            raise ValueError(f"{text[:20]!r} is no signature of a cell: {error}") from error
        if len(content) != length:
            raise ValueError(f"{text[:20]!r} has {len(content)} bytes, expected {length}")
        row[:] = np.frombuffer(content, np.uint8)
    pictures = np.ascontiguousarray(rows[:, _HEAD:]).reshape(-1, SIDE, SIDE)
    return Signatures(pictures, (rows[:, :_HEAD] / np.float32(_STEPS)).astype(np.float32))


def _disc(mask: NDArray[np.bool_], origin: tuple[int, int]) -> tuple[float, float, float]:
    """Return centre (row, column) and radius of the disc with a mask's centroid and area."""
    moments = cv2.moments(mask.view(np.uint8), binaryImage=True)
    area = moments["m00"]
    if not area:
        return 0.0, 0.0, 0.0
    row, col = moments["m01"] / area + origin[0], moments["m10"] / area + origin[1]
    return row, col, sqrt(area / pi)


def _disc_picture(
    plane: NDArray[np.uint8], centre: tuple[float, float], radius: float, scale: float
) -> NDArray[np.uint8]:
    """Return the surroundings of a disc, smoothed as much as they are reduced."""
    sigma = 0.45 * sqrt(max(1 / scale**2 - 1, 0))
    half = int(REACH * radius + 4 * sigma) + 3
    top, left = (max(int(place) - half, 0) for place in centre)
    part = plane[top : int(centre[0]) + half, left : int(centre[1]) + half]
    smooth = np.ascontiguousarray(part)
    if sigma > 0.2:
        smooth = np.asarray(cv2.GaussianBlur(smooth, (0, 0), sigma), np.uint8)
    middle = (SIDE - 1) / 2
    row, col = centre[0] - top, centre[1] - left
    to_picture = np.array([[scale, 0, middle - scale * col], [0, scale, middle - scale * row]])
    drawn = cv2.warpAffine(
        smooth, to_picture, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(drawn, np.uint8)
