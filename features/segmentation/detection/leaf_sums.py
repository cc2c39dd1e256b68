"""Sums over the pixels of each leaf of the candidates, from which those of all regions follow."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...primitives.arrays import Bytes, Floats
from ...primitives.kernels import compiled, inner
from .candidates import Candidates
from .cell_map import CELL, NUCLEUS


class LeafSums(NamedTuple):
    """Sums over the pixels of each leaf; those of a region are the sums of its leaves.

    Parameters
    ----------
    cell, nucleus : (leaves, 6) float64
        Pixels, and sums of row, col, row^2, col^2 and row col.
    map : (leaves, 2) float64
        Levels of the map in the cell and in the nucleus.
    border : (leaves,) float64
        Pixels of the cell at the border of the image.
    inside, around : (leaves, 2) float64
        Levels of distance and axis in the nucleus and in the cytoplasm.
    peaks : (leaves, 3) float64
        Greatest level of the map, depth in 1/64 pixel, and height.
    boxes : (leaves, 4) int64
        First row, last row, first col, last col of the cell.
    """

    cell: Floats
    nucleus: Floats
    map: Floats
    border: Floats
    inside: Floats
    around: Floats
    peaks: Floats
    boxes: NDArray[np.int64]

    def of(self, members: list[int]) -> LeafSums:
        """Return the sums of the region of some leaves, in arrays without the first axis."""
        boxes = self.boxes[members]
        first, last = boxes.min(axis=0), boxes.max(axis=0)
        sums = [part[members].sum(axis=0) for part in self[:6]]
        box = np.array([first[0], last[1], first[2], last[3]])
        cell, nucleus, mapped, border, inside, around = sums
        peaks = self.peaks[members].max(axis=0)
        return LeafSums(cell, nucleus, mapped, border, inside, around, peaks, box)


@inner
def _add_place(sums: Floats, row: int, col: int) -> None:
    """Add a pixel to the six sums of places."""
    sums[0] += 1
    sums[1] += row
    sums[2] += col
    sums[3] += row * row
    sums[4] += col * col
    sums[5] += row * col


@compiled
def _sum_leaves(
    leaves: NDArray[np.int32],
    cells: Bytes,
    depth: NDArray[np.uint16],
    heights: NDArray[np.int32],
    planes: Bytes,
    count: int,
    limits: tuple[int, int],
) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats, Floats, NDArray[np.int64]]:
    """Return the arrays of `LeafSums`; `limits` are the levels of cell and nucleus in the map."""
    rows, cols = leaves.shape
    cell, nucleus = np.zeros((count, 6)), np.zeros((count, 6))
    mapped, border = np.zeros((count, 2)), np.zeros(count)
    inside, around = np.zeros((count, 2)), np.zeros((count, 2))
    peaks = np.zeros((count, 3))
    boxes = np.zeros((count, 4), np.int64)
    boxes[:, 0], boxes[:, 2], boxes[:, 1], boxes[:, 3] = rows, cols, -1, -1
    for row in range(rows):
        for col in range(cols):
            leaf = leaves[row, col]
            if leaf < 0:
                continue
            level = np.int64(cells[row, col])
            peaks[leaf, 0] = max(peaks[leaf, 0], level)
            peaks[leaf, 1] = max(peaks[leaf, 1], depth[row, col])
            peaks[leaf, 2] = max(peaks[leaf, 2], heights[row, col])
            if level <= limits[0]:
                continue
            box = boxes[leaf]
            box[0], box[1] = min(box[0], row), max(box[1], row)
            box[2], box[3] = min(box[2], col), max(box[3], col)
            _add_place(cell[leaf], row, col)
            mapped[leaf, 0] += level
            if row == 0 or col == 0 or row == rows - 1 or col == cols - 1:
                border[leaf] += 1
            if level <= limits[1]:
                for plane in range(2):
                    around[leaf, plane] += planes[plane, row, col]
                continue
            _add_place(nucleus[leaf], row, col)
            mapped[leaf, 1] += level
            for plane in range(2):
                inside[leaf, plane] += planes[plane, row, col]
    return cell, nucleus, mapped, border, inside, around, peaks, boxes


def sum_leaves(tree: Candidates, contrast: Bytes) -> LeafSums:
    """Return the sums of each leaf of a tree.

    Parameters
    ----------
    tree : Candidates
    contrast : (2, rows, cols) uint8
        The planes of distance and axis, see `features.segmentation.detection.pixel_features`.
    """
    count = int(tree.leaves.max(initial=-1)) + 1
    limits = (CELL, NUCLEUS)
    return LeafSums(
        *_sum_leaves(tree.leaves, tree.map, tree.depth, tree.heights, contrast, count, limits)
    )
