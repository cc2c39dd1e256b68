"""How deep each point of an outline lies within the convex hull."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ..primitives.arrays import Floats
from ..primitives.kernels import compiled, inner

Points = NDArray[np.int64]


@inner
def _in_hull_order(numbers: Points, start: int, count: int) -> bool:
    """Whether all the hull's corners follow this visit in their order before it comes again."""
    found = 1
    for step in range(1, numbers.size):
        here = numbers[(start + step) % numbers.size]
        if found < count and here == (numbers[start] + found) % count:
            found += 1
    return found == count


@inner
def _corner_visits(points: Points, hull: Points) -> tuple[Points, Points]:
    """Where the outline is at a corner of the hull, and at which one: (n,) each.

    An outline comes twice to a pixel that joins two parts; not all of its visits are in the order
    of the hull's corners, and only these count.
    """
    places = np.empty(points.shape[0], np.int64)
    numbers = np.empty(points.shape[0], np.int64)
    count = 0
    for place in range(points.shape[0]):
        for corner in range(hull.shape[0]):
            if points[place, 0] == hull[corner, 0] and points[place, 1] == hull[corner, 1]:
                places[count], numbers[count] = place, corner
                count += 1
    places, numbers = places[:count], numbers[:count]
    if count > hull.shape[0]:
        kept = np.array([_in_hull_order(numbers, visit, hull.shape[0]) for visit in range(count)])
        places, numbers = places[kept], numbers[kept]
    return places, numbers


@inner
def _side_distance(hull: Points, corner: int, x: int, y: int) -> float:
    """Distance of a point from the line through a corner of the hull and the next."""
    start, stop = hull[corner % hull.shape[0]], hull[(corner + 1) % hull.shape[0]]
    right, down = stop[0] - start[0], stop[1] - start[1]
    away = abs(right * (y - start[1]) - down * (x - start[0]))
    return float(away / np.sqrt(float(right * right + down * down)))


@compiled
def _defect_depths(points: Points, hull: Points) -> Floats:
    """Distance of each point from the side of the hull behind it and before it: the lesser."""
    size = points.shape[0]
    depths = np.zeros(size)
    places, numbers = _corner_visits(points, hull)
    for visit in range(places.size):
        following = (visit + 1) % places.size
        behind, ahead = numbers[visit], numbers[following] + hull.shape[0] - 1
        for step in range(1, (places[following] - places[visit] - 1) % size + 1):
            at = (places[visit] + step) % size
            depths[at] = min(
                _side_distance(hull, behind, points[at, 0], points[at, 1]),
                _side_distance(hull, ahead, points[at, 0], points[at, 1]),
            )
    return depths


def convexity_defect_depths(points: Floats) -> Floats:
    """Distance of each point of an outline from the side of the convex hull that faces it.

    Where the outline comes back to a corner of the hull with no other corner on the way, two sides
    face what lies between: the nearer counts.

    Parameters
    ----------
    points : (n, 2) float64
        Whole numbers: columns and rows of at least two pixels, against the clock as they are seen,
        or there and back on a line; a pixel may occur twice.

    Returns
    -------
    (n,) float64
        Pixels; 0 at the corners.
    """
    whole = points.astype(np.int32)
    hull = cv2.convexHull(whole, clockwise=True)[:, 0]
    return np.asarray(_defect_depths(whole.astype(np.int64), hull.astype(np.int64)))
