"""Candidate regions of the map: every region that might be one cell, as a tree.

The height of a pixel is its level in the map, plus the depth inside the nuclei: so the tree
contains pieces of a nucleus, lobes, touching nuclei, and all their unions up to whole clusters.
Regions that do not meet but are near each other are joined too: the lobes of a pale cell.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray

from ...primitives.arrays import Bytes
from .cell_map import CELL, NUCLEUS
from .flooding import Flooding, flood
from .pixel_features import PIXELS_PER_RED_CELL, RED_CELL_AREA

_LEVEL = 8  # height of one level of the map
_DEPTH = 72  # height of one pixel of depth inside a nucleus
_DEEPEST = 14.0  # pixels; deeper ones are as high
_FLOOR, _LEAST_RISE, _LEAST_AREA = 56 * _LEVEL, 12 * _LEVEL, 6
_LEAST_PEAK = 84 * _LEVEL  # of a tree; the others are stained background
_FARTHEST = 0.75 * PIXELS_PER_RED_CELL  # gap between regions that are joined
_STRONG, _LEAST_STRONG = 140, 10  # level of the map, and pixels above it in a region that is joined
_WIDEST = 2.2 * PIXELS_PER_RED_CELL  # distance between their centres


@dataclass(frozen=True, eq=False)
class Candidates:
    """A tree of regions.

    Parameters
    ----------
    map : (rows, cols) uint8
        The map of white cells, smoothed.
    depth : (rows, cols) uint16
        Depth inside the nuclei in 1/64 pixel.
    heights : (rows, cols) int32
    leaves : (rows, cols) int32
        The leaf of each pixel; -1 for none.
    nodes : tuple of int
        The regions, children before their parents.
    children : dict
        The two children of each inner node, the higher peak first.
    parent : dict
        The parent of each node that has one.
    saddle : dict
        Height at which the children of an inner node meet; negative for a gap.
    members : dict
        The leaves of each node.
    """

    map: Bytes
    depth: NDArray[np.uint16]
    heights: NDArray[np.int32]
    leaves: NDArray[np.int32]
    nodes: tuple[int, ...]
    children: dict[int, tuple[int, int]]
    parent: dict[int, int]
    saddle: dict[int, int]
    members: dict[int, list[int]]

    @cached_property
    def nuclear_pixels(self) -> NDArray[np.int64]:
        """Number of nuclear pixels of each leaf."""
        inside = (self.leaves >= 0) & (self.map > NUCLEUS)
        return np.bincount(self.leaves[inside], minlength=int(self.leaves.max(initial=-1)) + 1)

    def nucleus_area(self, node: int) -> float:
        """Return the area of a region's nuclear pixels in red-cell areas."""
        return float(self.nuclear_pixels[self.members[node]].sum()) / RED_CELL_AREA

    @property
    def roots(self) -> list[int]:
        """The nodes without a parent."""
        return [node for node in self.nodes if node not in self.parent]


def _heights(cells: Bytes) -> tuple[Bytes, NDArray[np.uint16], NDArray[np.int32]]:
    """Return the smoothed map, the depth inside the nuclei in 1/64 pixel, and the heights."""
    smooth = np.asarray(cv2.GaussianBlur(cells, (7, 7), 1.0), np.uint8)
    inside = cv2.threshold(smooth, NUCLEUS, 1, cv2.THRESH_BINARY)[1]
    depth = np.asarray(cv2.distanceTransform(inside, cv2.DIST_L2, 5) * 64, np.uint16)
    rounded = cv2.GaussianBlur(np.minimum(depth, np.uint16(64 * _DEEPEST)), (5, 5), 0.8)
    heights = smooth.astype(np.int32) * _LEVEL + rounded.astype(np.int32) * _DEPTH // 64
    return smooth, depth, heights


def _share_out(
    flooding: Flooding, heights: NDArray[np.int32], root_of: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Give each pixel to the nearest core of a leaf in the same tree: (rows, cols); -1 for none.

    The core of a leaf is the part above the saddle at which it meets another one. The order of a
    flood would give the slopes of touching nuclei to either of them by chance.
    """
    leaves = flooding.leaves
    if flooding.saddle.size == 0:
        return leaves
    least = np.full(flooding.saddle.size, -1, np.int32)
    inner = flooding.children[:, 0] >= 0
    for side in (0, 1):
        least[flooding.children[inner, side]] = flooding.saddle[inner]
    inside = leaves >= 0
    core = inside & (heights > least[leaves])
    _, nearest = cv2.distanceTransformWithLabels(
        (~core).view(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    leaf_of = np.zeros(int(nearest.max()) + 1, np.int32)
    leaf_of[nearest[core]] = leaves[core]
    near = leaf_of[nearest]
    same = inside & (root_of[near] == root_of[leaves])
    return np.where(same, near, leaves).astype(np.int32)


def _points_of_roots(tree: Candidates) -> dict[int, NDArray[np.float64]]:
    """Return about a hundred pixels (row, col) of each root with at least ten strong ones."""
    root_of = np.full(int(tree.leaves.max(initial=-1)) + 2, -1, np.int32)
    for root in tree.roots:
        root_of[tree.members[root]] = root
    # The last entry is that of pixels without a leaf, whose number is -1.
    roots = np.where(tree.map > CELL, root_of[tree.leaves], -1)
    rows, cols = np.nonzero(roots >= 0)
    numbers = roots[rows, cols]
    order = np.argsort(numbers, kind="stable")
    found, first = np.unique(numbers[order], return_index=True)
    strong = tree.map[rows, cols][order] > _STRONG
    points = {}
    for root, own in zip(found.tolist(), np.split(np.arange(order.size), first[1:]), strict=True):
        if np.count_nonzero(strong[own]) >= _LEAST_STRONG:
            places = order[own[:: max(1, own.size // 100)]]
            points[root] = np.stack([rows[places], cols[places]], axis=1).astype(np.float64)
    return points


def _gaps(points: dict[int, NDArray[np.float64]]) -> list[tuple[float, int, int]]:
    """Return the gaps between regions that are near each other, the smallest first."""
    gaps = []
    for one, two in combinations(sorted(points), 2):
        apart = points[one].mean(axis=0) - points[two].mean(axis=0)
        if float((apart**2).sum()) > _WIDEST**2:
            continue
        offsets = points[one][:, None] - points[two][None]
        gap = float(np.sqrt((offsets**2).sum(axis=2).min()))
        if gap < _FARTHEST:
            gaps.append((round(gap, 6), one, two))
    return sorted(gaps)


def _join_near_roots(tree: Candidates) -> Candidates:
    """Join the roots that are near each other, the nearest first."""
    if len(tree.roots) < 2:
        return tree
    points = _points_of_roots(tree)
    top = {root: root for root in points}
    nodes, number = list(tree.nodes), max(tree.nodes, default=0)
    for gap, one, two in _gaps(points):
        first, second = top[one], top[two]
        if first == second:
            continue
        number += 1
        nodes.append(number)
        tree.children[number] = (first, second)
        tree.parent[first] = tree.parent[second] = number
        tree.saddle[number] = -round(_LEVEL * 4 * gap)
        tree.members[number] = tree.members[first] + tree.members[second]
        top = {root: number if now in (first, second) else now for root, now in top.items()}
    return replace(tree, nodes=tuple(nodes))


def find_candidates(cells: Bytes) -> Candidates:
    """Find the regions of a map that might be one cell.

    Parameters
    ----------
    cells : (rows, cols) uint8
        The map of white cells, see `features.segmentation.detection.cell_map`.

    Returns
    -------
    Candidates
    """
    smooth, depth, heights = _heights(cells)
    flooding = flood(heights, _FLOOR, _LEAST_RISE, _LEAST_AREA)
    root_of = np.full(flooding.saddle.size, -1, np.int32)
    root_of[flooding.roots] = flooding.roots
    for node in range(flooding.saddle.size - 1, -1, -1):
        pair = flooding.children[node]
        if pair[0] >= 0:
            root_of[pair] = root_of[node]
    leaves = _share_out(flooding, heights, root_of)
    chosen = set(flooding.roots[flooding.peak[flooding.roots] >= _LEAST_PEAK].tolist())
    children: dict[int, tuple[int, int]] = {}
    parent: dict[int, int] = {}
    for node in range(flooding.saddle.size - 1, -1, -1):
        one, two = flooding.children[node].tolist()
        if node in chosen and one >= 0:
            children[node] = (one, two)
            parent[one] = parent[two] = node
            chosen |= {one, two}
    nodes = tuple(sorted(chosen))
    members: dict[int, list[int]] = {}
    for node in nodes:
        pair = children.get(node)
        members[node] = [node] if pair is None else members[pair[0]] + members[pair[1]]
    saddle = {node: int(flooding.saddle[node]) for node in children}
    return _join_near_roots(
        Candidates(smooth, depth, heights, leaves, nodes, children, parent, saddle, members)
    )
