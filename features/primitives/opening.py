"""Morphological opening of masks with discs, on 64 pixels at a time: each is one bit."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from .arrays import Bytes
from .kernels import compiled, inner

Words = NDArray[np.uint64]

LARGEST_RADIUS = 6  # pixels; radius of the largest disc, see `open_with_disc`

# Multipliers that pack eight bytes of 0 or 1 into the top byte, and spread a byte to eight bytes.
_GATHER, _SPREAD = np.uint64(0x0102040810204080), np.uint64(0x8040201008040201)
_EACH, _CARRY = np.uint64(0x0101010101010101), np.uint64(0x7F7F7F7F7F7F7F7F)
_NONE, _ONE, _SEVEN, _TOP = (np.uint64(number) for number in (0, 1, 7, 56))
_BYTE = np.uint64(255)


def disc(radius: int) -> Bytes:
    """Return the disc-shaped structuring element of a radius in pixels: (side, side) uint8."""
    size = 2 * radius + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)), dtype=np.uint8)


@cache
def _disc_rows(radius: int) -> NDArray[np.int64]:
    """Return half-width and offset from the centre of each row of a disc, narrowest first."""
    reaches = (disc(radius).sum(axis=1).astype(np.int64) - 1) // 2
    order = np.argsort(reaches, kind="stable")
    return np.stack((reaches[order], order - radius), axis=1)


@inner
def _dilate_strip(bits: Words, disc_rows: NDArray[np.int64], margin: int) -> Words:
    """Dilate a strip of 64 columns with a disc; the `margin` rows at either end are padding."""
    rows = bits.size - 2 * margin
    grown = np.zeros(bits.size, np.uint64)
    wide = np.empty(rows, np.uint64)
    for row in range(rows):
        wide[row] = bits[margin + row]
    reached = 0
    for number in range(disc_rows.shape[0]):
        while reached < disc_rows[number, 0]:
            for row in range(rows):
                wide[row] |= (wide[row] << _ONE) | (wide[row] >> _ONE)
            reached += 1
        place = margin + disc_rows[number, 1]
        moved = grown[place : place + rows]
        for row in range(rows):
            moved[row] |= wide[row]
    return grown


@compiled
def _open(
    mask: Bytes, disc_rows: NDArray[np.int64], wider: NDArray[np.int64], margin: int
) -> Bytes:
    """Open a 0/1 mask with a disc and dilate it with another, see `_disc_rows`.

    `margin`, a multiple of 8, is the number of columns at either side of a strip that influence its
    result: at least the sum of the radii of the three steps.
    """
    rows, cols = mask.shape
    packed = np.zeros((rows, cols // 8 + 17), np.uint64)  # 1 where the mask is 0
    line = np.zeros(8 * (cols // 8 + 1), np.uint8)
    lanes = line.view(np.uint64)
    for row in range(rows):
        for col in range(cols):
            line[col] = mask[row, col] == 0
        for lane in range(lanes.size):
            packed[row, lane + margin // 8] = (lanes[lane] * _GATHER) >> _TOP
    bits = np.zeros(rows + 2 * margin, np.uint64)
    unpacked = np.empty((rows, lanes.size), np.uint64)
    for start in range(0, cols, 64 - 2 * margin):
        inside = _NONE
        for bit in range(max(margin - start, 0), min(margin - start + cols, 64)):
            inside |= _ONE << np.uint64(bit)
        for row in range(rows):
            word = _NONE
            for byte in range(8):
                word |= packed[row, start // 8 + byte] << np.uint64(8 * byte)
            bits[row + margin] = word
        far = _dilate_strip(bits, disc_rows, margin)
        for row in range(margin, rows + margin):
            far[row] = ~far[row] & inside
        near = _dilate_strip(far, disc_rows, margin)
        if wider.shape[0] > 1:
            for row in range(margin, rows + margin):
                near[row] &= inside
            near = _dilate_strip(near, wider, margin)
        for row in range(rows):
            word = near[row + margin] >> np.uint64(margin)
            for lane in range(start // 8, min(start // 8 + 8 - margin // 4, lanes.size)):
                spread = ((word & _BYTE) * _EACH) & _SPREAD
                unpacked[row, lane] = (spread + _CARRY) >> _SEVEN & _EACH
                word >>= np.uint64(8)
    pixels = unpacked.view(np.uint8)
    opened = np.empty((rows, cols), np.uint8)
    for row in range(rows):
        for col in range(cols):
            opened[row, col] = pixels[row, col]
    return opened


def open_with_disc(mask: Bytes, radius: int, wider: int = 0) -> Bytes:
    """Open a mask with a disc, and dilate the result with another.

    Equal to OpenCV's ``morphologyEx`` (``MORPH_OPEN``) and ``dilate``.

    Parameters
    ----------
    mask : (rows, cols) uint8, 0 or 1
        Pixels outside the image have no influence.
    radius, wider : int
        Radii of the two discs in pixels, at most `LARGEST_RADIUS` and half of it.

    Returns
    -------
    (rows, cols) uint8, 0 or 1
    """
    margin = 8 if 2 * radius + wider <= 8 else 16
    return _open(mask, _disc_rows(radius), _disc_rows(wider), margin)
