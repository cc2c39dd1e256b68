"""The label image of a field: cells that touch are kept apart, so that it can be given back."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ..core.cell import Cell
from ..primitives.arrays import Bytes
from .regions import distance_to_mask, find_components

CYTOPLASM, NUCLEUS = np.uint8(128), np.uint8(255)
# One pixel and its neighbour to the right, below, below right, below left: each pair once.
_PAIRS = (
    (np.s_[:, :-1], np.s_[:, 1:]),
    (np.s_[:-1], np.s_[1:]),
    (np.s_[:-1, :-1], np.s_[1:, 1:]),
    (np.s_[:-1, 1:], np.s_[1:, :-1]),
)


def label_image(shape: tuple[int, int], cells: Sequence[Cell]) -> Bytes:
    """Draw cells so that each is one connected part (8 neighbours) of what is not background.

    Where cells overlap, a pixel is the nucleus' that it lies in, else the nearest nucleus'.
    Where they touch, a line one pixel wide stays background; it is taken from cytoplasm rather
    than from a nucleus. Parts of one cell are joined by a line one pixel wide; what another cell
    cuts off it is left out.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the image.
    cells : sequence of Cell

    Returns
    -------
    (rows, cols) uint8
        0 background, 128 cytoplasm, 255 nucleus.
    """
    levels = np.zeros(shape, np.uint8)
    owner = np.zeros(shape, np.int32)
    nearest = np.full(shape, np.inf, np.float32)
    for number, cell in enumerate(cells, 1):
        (top, left), (rows, cols) = cell.origin, cell.cell.shape
        box = np.s_[top : top + rows, left : left + cols]
        nucleus = cell.nucleus.view(np.uint8)
        distance = distance_to_mask(nucleus)
        own = (_connect_components(cell.cell.view(np.uint8)) > 0) & (distance < nearest[box])
        levels[box][own] = np.where(nucleus[own] > 0, NUCLEUS, CYTOPLASM)
        owner[box][own] = number
        nearest[box][own] = distance[own]
    if len(cells) > 1:
        levels[_contact_pixels(levels, owner)] = 0
        levels[_detached_pixels(levels, owner, len(cells))] = 0
    return levels


def _connect_components(mask: Bytes) -> Bytes:
    """Draw lines from the greatest part of a mask to the nearest of its others, until it is one."""
    found = find_components(mask)
    if found.areas.size < 3:
        return mask
    whole = mask.copy()
    while found.areas.size > 2:
        main = found.mask(int(np.argmax(found.areas)))
        away = np.where((whole > 0) & (main == 0), distance_to_mask(main), np.inf)
        row, col = np.unravel_index(int(np.argmin(away)), away.shape)
        rows, cols = np.nonzero(main)
        near = int(np.argmin((rows - row) ** 2 + (cols - col) ** 2))
        cv2.line(whole, (int(col), int(row)), (int(cols[near]), int(rows[near])), (1,))
        found = find_components(whole)
    return whole


def _contact_pixels(levels: Bytes, owner: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Of each two neighbouring pixels of different cells one: cytoplasm, or the later cell's."""
    seam = np.zeros(levels.shape, np.bool_)
    for one, two in _PAIRS:
        edge = (owner[one] != owner[two]) & (owner[one] > 0) & (owner[two] > 0)
        first = levels[one] < levels[two]
        first |= (levels[one] == levels[two]) & (owner[one] > owner[two])
        seam[one] |= edge & first
        seam[two] |= edge & ~first
    return seam


def _detached_pixels(levels: Bytes, owner: NDArray[np.int32], count: int) -> NDArray[np.bool_]:
    """Pixels outside each cell's greatest part."""
    found = find_components((levels > 0).view(np.uint8))
    owners = np.zeros(found.areas.size, np.int32)
    owners[found.labels] = owner
    greatest = np.zeros(count + 1, np.int64)
    np.maximum.at(greatest, owners, found.areas)
    smaller = found.areas < greatest[owners]
    smaller[0] = False
    return found.select(smaller) > 0
