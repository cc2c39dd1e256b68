"""Convexity defects of a contour: the depth of each point below the convex hull."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ..primitives.arrays import Floats
from ..primitives.kernels import compiled, inner

Points = NDArray[np.int64]


@inner
def _in_hull_order(corners: Points, start: int, count: int) -> bool:
    """Whether the visits after `start` contain the hull's other corners in the hull's order."""
    found = 1
    for step in range(1, corners.size):
        corner = corners[(start + step) % corners.size]
        if found < count and corner == (corners[start] + found) % count:
            found += 1
    return found == count


@inner
def _corner_visits(points: Points, hull: Points) -> tuple[Points, Points]:
    """Return the index of each contour point that is a hull corner, and that corner: (n,) each.

    A contour visits a pixel twice where the pixel joins two parts of the mask. Visits out of the
    hull's order are left out.
    """
    positions = np.empty(points.shape[0], np.int64)
    corners = np.empty(points.shape[0], np.int64)
    count = 0
    for position in range(points.shape[0]):
        for corner in range(hull.shape[0]):
            if points[position, 0] == hull[corner, 0] and points[position, 1] == hull[corner, 1]:
                positions[count], corners[count] = position, corner
                count += 1
    positions, corners = positions[:count], corners[:count]
    if count > hull.shape[0]:
        kept = np.array([_in_hull_order(corners, visit, hull.shape[0]) for visit in range(count)])
        positions, corners = positions[kept], corners[kept]
    return positions, corners


@inner
def _side_distance(hull: Points, corner: int, x: int, y: int) -> float:
    """Distance of a point from the line through a hull corner and the next corner, in pixels."""
    start, stop = hull[corner % hull.shape[0]], hull[(corner + 1) % hull.shape[0]]
    dx, dy = stop[0] - start[0], stop[1] - start[1]
    cross = abs(dx * (y - start[1]) - dy * (x - start[0]))
    return float(cross / np.sqrt(float(dx * dx + dy * dy)))


@compiled
def _defect_depths(points: Points, hull: Points) -> Floats:
    """Distance of each point from the nearer of two hull sides.

    One follows the corner that the contour visited last, the other precedes the next corner.
    """
    size = points.shape[0]
    depths = np.zeros(size)
    positions, corners = _corner_visits(points, hull)
    for visit in range(positions.size):
        following = (visit + 1) % positions.size
        first_side, last_side = corners[visit], corners[following] + hull.shape[0] - 1
        for step in range(1, (positions[following] - positions[visit] - 1) % size + 1):
            at = (positions[visit] + step) % size
            depths[at] = min(
                _side_distance(hull, first_side, points[at, 0], points[at, 1]),
                _side_distance(hull, last_side, points[at, 0], points[at, 1]),
            )
    return depths


def convexity_defect_depths(points: Floats) -> Floats:
    """Return the distance of each contour point from the convex hull side that spans it.

    Between two visits to the same hull corner, two sides span the contour: the nearer one counts.

    Parameters
    ----------
    points : (n, 2) float64
        Whole numbers: column and row of each contour pixel, at least two distinct pixels,
        counter-clockwise as displayed; a contour one pixel wide runs there and back, so that a
        pixel may occur twice.

    Returns
    -------
    (n,) float64
        Depths in pixels; 0 at the hull corners.
    """
    whole = points.astype(np.int32)
    hull = cv2.convexHull(whole, clockwise=True)[:, 0]
    return np.asarray(_defect_depths(whole.astype(np.int64), hull.astype(np.int64)))
