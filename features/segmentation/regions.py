"""Connected components of a mask, their contours and their hulls.

Masks are (rows, cols) uint8 of 0 and 1 in this room, as OpenCV reads them.
"""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ..primitives.arrays import Bytes
from ..primitives.components import fill_holes, keep_components_touching, label_components
from ..primitives.kernels import compiled
from ..primitives.opening import open_with_disc

LARGEST_RADIUS = 6  # pixels; larger discs are applied to a reduced mask


def threshold(plane: Bytes, level: float) -> Bytes:
    """Return the mask of the pixels above a level."""
    return np.asarray(cv2.threshold(plane, level, 1, cv2.THRESH_BINARY)[1], dtype=np.uint8)


@compiled
def _select(labels: NDArray[np.int32], chosen: NDArray[np.bool_]) -> Bytes:
    """Return the mask of the pixels whose label is chosen."""
    rows, cols = labels.shape
    mask = np.empty((rows, cols), np.uint8)
    for row in range(rows):
        for col in range(cols):
            mask[row, col] = chosen[labels[row, col]]
    return mask


class Components(NamedTuple):
    """Connected components of a mask.

    Parameters
    ----------
    labels : (rows, cols) int32
        0 for the background, then one number for each component.
    areas : (components + 1,) int64
        Pixels of each component; 0 for the background.
    coordinate_sums : (2, components + 1) int64
        Sums of the rows and of the columns of their pixels.
    boxes : (4, components + 1) int64
        First and last row, first and last column; 0 for the background.
    touches_border : (components + 1,) bool
        Whether a component touches the border of the image; False for the background.
    """

    labels: NDArray[np.int32]
    areas: NDArray[np.int64]
    coordinate_sums: NDArray[np.int64]
    boxes: NDArray[np.int64]
    touches_border: NDArray[np.bool_]

    def mask(self, number: int) -> Bytes:
        """Return the mask of one component: (rows, cols)."""
        return np.equal(self.labels, number).view(np.uint8)

    def select(self, chosen: NDArray[np.bool_]) -> Bytes:
        """Return the mask of the components for which `chosen`, (components + 1,) bool, is True."""
        return _select(self.labels, chosen)


def find_components(mask: Bytes) -> Components:
    """Return the connected components (8 neighbours) of a mask."""
    labels, measures = label_components(mask)
    return Components(labels, measures[0], measures[1:3], measures[3:7], measures[7] > 0)


def components_touching(mask: Bytes, other: Bytes) -> Bytes:
    """Keep the components of a mask that overlap another mask."""
    return keep_components_touching(mask, other)[0]


def open_mask(mask: Bytes, radius: int) -> Bytes:
    """Remove the parts of a mask that are narrower than a disc; leave the other contours as is.

    The opening is dilated by half of the radius and intersected with the mask. A disc larger than
    `LARGEST_RADIUS` is applied to a reduced mask, because its cost grows with its area.
    """
    if radius <= LARGEST_RADIUS:
        return np.asarray(
            cv2.min(open_with_disc(mask, radius, max(1, radius // 2)), mask), np.uint8
        )
    size = [max(1, round(side * LARGEST_RADIUS / radius)) for side in mask.shape[::-1]]
    reduced = np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST), np.uint8)
    opened = open_with_disc(reduced, LARGEST_RADIUS, LARGEST_RADIUS // 2)
    enlarged = cv2.resize(opened, mask.shape[::-1], interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.min(enlarged, mask), dtype=np.uint8)


def fill_small_holes(mask: Bytes, largest: float) -> Bytes:
    """Fill the holes whose contours enclose an area of at most `largest` pixels."""
    result = mask.copy()
    if fill_holes(result, largest):
        return result
    contours, hierarchy = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    for number, contour in enumerate(contours):
        if hierarchy[0][number][3] >= 0 and cv2.contourArea(contour) <= largest:
            cv2.drawContours(result, [contour], -1, 1, -1)
    return result


def distance_to_mask(mask: Bytes) -> NDArray[np.float32]:
    """Return the distance in pixels of each pixel to the mask: 0 inside, 1e6 for an empty mask."""
    if not mask.any():
        return np.full(mask.shape, 1e6, dtype=np.float32)
    return np.asarray(cv2.distanceTransform(1 - mask, cv2.DIST_L2, 3), dtype=np.float32)


def hull_corners(mask: Bytes) -> NDArray[np.float64]:
    """Return the corners (x, y) of the convex hull of a mask that is not empty: (corners, 2)."""
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    points = cv2.convexHull(np.concatenate(contours))
    return np.asarray(points.reshape(-1, 2), dtype=np.float64)


def hull_centroid(corners: NDArray[np.float64]) -> tuple[float, float]:
    """Return row and column of the centroid of a convex hull."""
    moments = cv2.moments(corners[:, None].astype(np.float32))
    if moments["m00"] > 0:
        return moments["m01"] / moments["m00"], moments["m10"] / moments["m00"]
    x, y = corners.mean(axis=0)
    return float(y), float(x)


def _largest_contour(mask: Bytes) -> NDArray[np.int32]:
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return np.asarray(max(contours, key=cv2.contourArea), dtype=np.int32)


def concavity_depth(mask: Bytes) -> float:
    """Depth of the deepest concavity of the largest component over the square root of its area.

    Depth is the distance of a pixel outside the component to the boundary of its convex hull.
    """
    contour = _largest_contour(mask)
    area = cv2.contourArea(contour)
    if area < 9:
        return 0.0
    left, top, width, height = cv2.boundingRect(contour)
    hull = np.zeros((height + 2, width + 2), dtype=np.uint8)
    shift = (1 - left, 1 - top)
    cv2.drawContours(hull, [cv2.convexHull(contour)], -1, 1, -1, offset=shift)
    depth = cv2.distanceTransform(hull, cv2.DIST_L2, 3)
    cv2.drawContours(depth, [contour], -1, 0.0, -1, offset=shift)
    return float(depth.max()) / sqrt(area)


def solidity(mask: Bytes) -> float:
    """Area of the largest component over the area of its convex hull; 1 if the hull has no area."""
    contour = _largest_contour(mask)
    hull_area = cv2.contourArea(cv2.convexHull(contour))
    return cv2.contourArea(contour) / hull_area if hull_area > 0 else 1.0
