"""What the second model reads of each candidate region: size, shape, map, colour, surroundings.

Lengths are in red-cell diameters, areas in red-cell areas, so nothing depends on the camera.
"""

from __future__ import annotations

from math import nan, pi, sqrt
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ...primitives.arrays import Bytes, Floats, Mask
from ...primitives.kernels import compiled
from .candidates import Candidates
from .cell_map import CELL, NUCLEUS
from .leaf_sums import LeafSums, sum_leaves
from .pixel_features import PIXELS_PER_RED_CELL, RED_CELL_AREA

_GREEN, _DISTANCE, _AXIS = 4, 12, 16  # smoothed planes, see `pixel_features`
_REACH = 3  # pixels; width of the ring around a region
_LARGEST = 3.0  # red-cell areas; larger nuclei are clusters, which are not compared with
NAMES = (
    "nucleus_area",
    "cell_area",
    "nucleus_share",
    "nucleus_solidity",
    "cell_solidity",
    "nucleus_length",
    "nucleus_axis_ratio",
    "cell_length",
    "cell_axis_ratio",
    "circle_diameter",
    "circle_share",
    "nucleus_circle_share",
    "map_peak",
    "map_of_cell",
    "map_of_nucleus",
    "depth",
    "disc_share",
    "leaves",
    "saddle",
    "rise_above_saddle",
    "smaller_part_area",
    "smaller_part_ratio",
    "smaller_part_depth",
    "distance_of_parts",
    "parent_saddle",
    "rise_above_parent_saddle",
    "share_of_parent_nucleus",
    "share_of_parent_cell",
    "nucleus_distance",
    "nucleus_axis",
    "cytoplasm_distance",
    "cytoplasm_axis",
    "gap_share",
    "gap_map",
    "gap_cell_share",
    "gap_distance",
    "gap_green",
    "ring_map",
    "ring_nuclear_share",
    "ring_green",
    "border",
    "share_of_largest_nucleus",
)


@compiled
def _region_masks(
    leaves: NDArray[np.int32], cells: Bytes, chosen: Mask, limits: tuple[int, int]
) -> tuple[Bytes, NDArray[np.int32], NDArray[np.int32]]:
    """Return the cell of some leaves in a window, and the ends of its rows and of its nucleus'.

    The mask (rows, cols) is 1 in the cytoplasm and 2 in the nucleus; the ends are (2 n, 1, 2), col
    and row of the first and last pixels.
    """
    rows, cols = leaves.shape
    mask = np.zeros((rows, cols), np.uint8)
    ends = np.empty((2, 2 * rows, 1, 2), np.int32)
    counts = np.zeros(2, np.int64)
    for row in range(rows):
        first, last = np.full(2, cols, np.int64), np.full(2, -1, np.int64)
        for col in range(cols):
            leaf = leaves[row, col]
            if leaf < 0 or not chosen[leaf] or cells[row, col] <= limits[0]:
                continue
            mask[row, col] = 2 if cells[row, col] > limits[1] else 1
            for part in range(2):
                if cells[row, col] > limits[part]:
                    first[part], last[part] = min(first[part], col), col
        for part in range(2):
            if last[part] >= 0:
                for end in (first[part], last[part]):
                    ends[part, counts[part], 0, 0] = end
                    ends[part, counts[part], 0, 1] = row
                    counts[part] += 1
    return mask, ends[0, : counts[0]].copy(), ends[1, : counts[1]].copy()


@compiled
def _sums_outside(
    wide: Bytes, mask: Bytes, least: int, cells: Bytes, planes: Bytes, limits: tuple[int, int]
) -> NDArray[np.int64]:
    """Return sums over the pixels of a wide mask that are below a level in a mask.

    Pixels, levels of the map, those in a cell, those in a nucleus, levels of each plane.
    """
    sums = np.zeros(4 + planes.shape[0], np.int64)
    rows, cols = mask.shape
    for row in range(rows):
        for col in range(cols):
            if wide[row, col] and mask[row, col] < least:
                sums[0] += 1
                sums[1] += cells[row, col]
                sums[2] += cells[row, col] > limits[0]
                sums[3] += cells[row, col] > limits[1]
                for plane in range(planes.shape[0]):
                    sums[4 + plane] += planes[plane, row, col]
    return sums


def _hull_shares(ends: NDArray[np.int32], area: float) -> tuple[float, float, float]:
    """Compare an area with the convex hull and the smallest circle of its pixels.

    Returns the area over that of the hull, the area over that of the circle, and the diameter of
    the circle; NaN for an empty region.
    """
    if area == 0:
        return nan, nan, nan
    hull = cv2.convexHull(ends)
    hull_area = cv2.contourArea(hull) + cv2.arcLength(hull, True) / 2 + 1
    diameter = 2 * round(cv2.minEnclosingCircle(hull)[1], 3) + 1
    return area / hull_area, 4 * area / (pi * diameter**2), diameter / PIXELS_PER_RED_CELL


def _axes(sums: Floats) -> tuple[float, float]:
    """Return the major axis of the ellipse of equal moments, and minor over major axis."""
    if sums[0] == 0:
        return nan, nan
    row, col = sums[1] / sums[0], sums[2] / sums[0]
    vertical = sums[3] / sums[0] - row * row + 1 / 12
    horizontal = sums[4] / sums[0] - col * col + 1 / 12
    mixed = sums[5] / sums[0] - row * col
    root = sqrt((vertical - horizontal) ** 2 / 4 + mixed**2)
    large = (vertical + horizontal) / 2 + root
    small = max((vertical + horizontal) / 2 - root, 1e-6)
    return 4 * sqrt(large) / PIXELS_PER_RED_CELL, sqrt(small / large)


def _ratio(one: float, two: float) -> float:
    return one / two if two > 0 else nan


def _part_features(tree: Candidates, node: int, sums: dict[int, LeafSums]) -> list[float]:
    """Compare the two regions that a region joins; NaN for a leaf."""
    pair = tree.children.get(node)
    if pair is None:
        return [nan] * 6
    one, two = sums[pair[0]], sums[pair[1]]
    small, large = sorted((float(one.nucleus[0]), float(two.nucleus[0])))
    centres = [part.cell[1:3] / part.cell[0] if part.cell[0] else None for part in (one, two)]
    apart = nan
    if centres[0] is not None and centres[1] is not None:
        apart = float(np.hypot(*(centres[0] - centres[1]))) / PIXELS_PER_RED_CELL
    saddle = tree.saddle[node]
    return [
        saddle,
        min(one.peaks[2], two.peaks[2]) - saddle,
        small / RED_CELL_AREA,
        _ratio(small, large),
        min(one.peaks[1], two.peaks[1]) / 64 / PIXELS_PER_RED_CELL,
        apart,
    ]


def _parent_features(tree: Candidates, node: int, sums: dict[int, LeafSums]) -> list[float]:
    """Compare a region with the one that contains it; NaN for a root."""
    above = tree.parent.get(node)
    if above is None:
        return [nan] * 4
    own, whole = sums[node], sums[above]
    saddle = tree.saddle[above]
    return [
        saddle,
        own.peaks[2] - saddle,
        _ratio(own.nucleus[0], whole.nucleus[0]),
        _ratio(own.cell[0], whole.cell[0]),
    ]


def _colour_features(own: LeafSums) -> list[float]:
    """Mean distance and axis in the nucleus and in the cytoplasm."""
    nuclear, outer = own.nucleus[0], own.cell[0] - own.nucleus[0]
    return [
        *(_ratio(value, nuclear) for value in own.inside),
        *(_ratio(value, outer) for value in own.around),
    ]


class _MaskFeatures(NamedTuple):
    """What is measured on the mask of a region.

    `solidities` of nucleus and cell; `circle` of the cell: diameter, share of the cell, share of
    the nucleus; `gaps` between the lobes, in the hull of the nucleus: share of the hull, map, share
    in cells, distance, green; `ring` around the cell: map, share in nuclei, green.
    """

    solidities: list[float]
    circle: list[float]
    gaps: list[float]
    ring: list[float]


def _mask_features(
    tree: Candidates, members: list[int], own: LeafSums, planes: Bytes
) -> _MaskFeatures:
    """Measure the mask of a region; `planes` (2, rows, cols) are green and distance."""
    top, bottom, left, right = own.boxes.tolist()
    shape = tree.map.shape
    window = np.s_[
        max(0, top - _REACH) : min(shape[0], bottom + 1 + _REACH),
        max(0, left - _REACH) : min(shape[1], right + 1 + _REACH),
    ]
    chosen = np.zeros(int(tree.leaves.max()) + 1, np.bool_)
    chosen[members] = True
    cells = np.ascontiguousarray(tree.map[window])
    part = np.ascontiguousarray(planes[:, *window])
    limits = (CELL, NUCLEUS)
    mask, cell_ends, nucleus_ends = _region_masks(
        np.ascontiguousarray(tree.leaves[window]), cells, chosen, limits
    )
    side = 2 * _REACH + 1
    wide = np.asarray(cv2.dilate(mask, np.ones((side, side), np.uint8)), np.uint8)
    ring = _sums_outside(wide, mask, 1, cells, part, limits).tolist()
    hull = np.zeros_like(mask)
    if len(nucleus_ends):
        cv2.fillConvexPoly(hull, cv2.convexHull(nucleus_ends), 1)
    gaps = _sums_outside(hull, mask, 2, cells, part, limits).tolist()
    nucleus = _hull_shares(nucleus_ends, own.nucleus[0])
    cell = _hull_shares(cell_ends, own.cell[0])
    return _MaskFeatures(
        [nucleus[0], cell[0]],
        [cell[2], cell[1], nucleus[1]],
        [
            _ratio(gaps[0], gaps[0] + own.nucleus[0]),
            *(_ratio(gaps[place], gaps[0]) for place in (1, 2, 5, 4)),
        ],
        [_ratio(ring[place], ring[0]) for place in (1, 3, 4)],
    )


def measure_regions(tree: Candidates, features: Bytes) -> NDArray[np.float32]:
    """Measure every region of a tree.

    Parameters
    ----------
    tree : Candidates
    features : (n, rows, cols) uint8
        See `features.segmentation.detection.pixel_features.pixel_features`.

    Returns
    -------
    (nodes, len(NAMES)) float32
        In the order of `tree.nodes`. NaN where a region has no part that is measured.
    """
    contrast = np.ascontiguousarray(features[[_DISTANCE, _AXIS]])
    shown = np.ascontiguousarray(features[[_GREEN, _DISTANCE]])
    leaf_sums = sum_leaves(tree, contrast)
    sums = {node: leaf_sums.of(tree.members[node]) for node in tree.nodes}
    nuclei = [own.nucleus[0] for own in sums.values()]
    largest = max((area for area in nuclei if area <= _LARGEST * RED_CELL_AREA), default=0)
    values = np.full((len(tree.nodes), len(NAMES)), nan, np.float32)
    for place, node in enumerate(tree.nodes):
        own = sums[node]
        if own.cell[0] == 0:
            continue
        area, nuclear = own.cell[0], own.nucleus[0]
        masks = _mask_features(tree, tree.members[node], own, shown)
        deep = own.peaks[1] / 64
        values[place] = [
            nuclear / RED_CELL_AREA,
            area / RED_CELL_AREA,
            nuclear / area,
            *masks.solidities,
            *_axes(own.nucleus),
            *_axes(own.cell),
            *masks.circle,
            own.peaks[0],
            own.map[0] / area,
            _ratio(own.map[1], nuclear),
            deep / PIXELS_PER_RED_CELL,
            _ratio(pi * deep**2, nuclear),
            len(tree.members[node]),
            *_part_features(tree, node, sums),
            *_parent_features(tree, node, sums),
            *_colour_features(own),
            *masks.gaps,
            *masks.ring,
            own.border / PIXELS_PER_RED_CELL,
            _ratio(nuclear, largest),
        ]
    return values
