"""The label image of a field, in which touching cells are separated by background.

The image can be edited and read back as a given mask.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ..core.cell import Cell
from ..primitives.arrays import Bytes
from .regions import distance_to_mask, find_components

CYTOPLASM, NUCLEUS = np.uint8(128), np.uint8(255)
# A pixel and its neighbour to the right, below, below right, below left: each pair once.
_PAIRS = (
    (np.s_[:, :-1], np.s_[:, 1:]),
    (np.s_[:-1], np.s_[1:]),
    (np.s_[:-1, :-1], np.s_[1:, 1:]),
    (np.s_[:-1, 1:], np.s_[1:, :-1]),
)


def label_image(shape: tuple[int, int], cells: Sequence[Cell]) -> Bytes:
    """Draw cells so that each is one connected component (8 neighbours) of the foreground.

    Where cells overlap, a pixel belongs to the cell with the nearest nucleus. Where cells touch,
    one of each two neighbouring pixels becomes background: cytoplasm rather than nucleus.
    Components of one cell are connected by a line one pixel wide. If another cell still divides
    a cell, only its largest component is drawn.

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
    """Connect the largest component of a mask to the nearest other one, until one is left."""
    components = find_components(mask)
    if components.areas.size < 3:
        return mask
    whole = mask.copy()
    while components.areas.size > 2:
        main = components.mask(int(np.argmax(components.areas)))
        distance = np.where((whole > 0) & (main == 0), distance_to_mask(main), np.inf)
        row, col = np.unravel_index(int(np.argmin(distance)), distance.shape)
        rows, cols = np.nonzero(main)
        nearest_pixel = int(np.argmin((rows - row) ** 2 + (cols - col) ** 2))
        cv2.line(
            whole, (int(col), int(row)), (int(cols[nearest_pixel]), int(rows[nearest_pixel])), (1,)
        )
        components = find_components(whole)
    return whole


def _contact_pixels(levels: Bytes, owner: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Select one of each two neighbouring pixels of different cells: cytoplasm before nucleus."""
    contact = np.zeros(levels.shape, np.bool_)
    for one, two in _PAIRS:
        touching = (owner[one] != owner[two]) & (owner[one] > 0) & (owner[two] > 0)
        first = levels[one] < levels[two]
        first |= (levels[one] == levels[two]) & (owner[one] > owner[two])
        contact[one] |= touching & first
        contact[two] |= touching & ~first
    return contact


def _detached_pixels(levels: Bytes, owner: NDArray[np.int32], count: int) -> NDArray[np.bool_]:
    """Select the pixels outside the largest component of each cell."""
    components = find_components((levels > 0).view(np.uint8))
    owners = np.zeros(components.areas.size, np.int32)
    owners[components.labels] = owner
    largest = np.zeros(count + 1, np.int64)
    np.maximum.at(largest, owners, components.areas)
    smaller = components.areas < largest[owners]
    smaller[0] = False
    return components.select(smaller) > 0
