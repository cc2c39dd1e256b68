"""Connected parts of a mask and their outlines: what the steps of the segmentation share.

Masks are (rows, cols) uint8 of 0 and 1 throughout, as OpenCV takes them.
"""

from __future__ import annotations

from math import pi, sqrt
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ..primitives.arrays import Bytes
from ..primitives.components import (
    fill_holes,
    keep_components_touching,
    keep_large_components,
    label_components,
)
from ..primitives.counting import mask_of_components
from ..primitives.opening import LARGEST_RADIUS, open_with_disc


def threshold(plane: Bytes, level: float) -> Bytes:
    """Mask of the pixels that exceed a level."""
    return np.asarray(cv2.threshold(plane, level, 1, cv2.THRESH_BINARY)[1], dtype=np.uint8)


class Components(NamedTuple):
    """Connected parts of a mask.

    Parameters
    ----------
    labels : (rows, cols) int32
        0 outside, then one number for each part.
    areas : (parts + 1,) int64
        Pixels of each part; that of the outside is set to 0.
    coordinate_sums : (2, parts + 1) int64
        Sums of their rows and of their columns.
    boxes : (4, parts + 1) int64
        Their first and last rows, first and last columns; 0 for the outside.
    touches_border : (parts + 1,) bool
        Whether they reach the edge of the image; False for the outside.
    """

    labels: NDArray[np.int32]
    areas: NDArray[np.int64]
    coordinate_sums: NDArray[np.int64]
    boxes: NDArray[np.int64]
    touches_border: NDArray[np.bool_]

    def mask(self, number: int) -> Bytes:
        """Mask of one part: (rows, cols)."""
        return np.equal(self.labels, number).view(np.uint8)

    def select(self, chosen: NDArray[np.bool_]) -> Bytes:
        """Mask of the parts for which a (parts + 1,) bool array is true."""
        return mask_of_components(self.labels, chosen)


def find_components(mask: Bytes) -> Components:
    """Return the connected parts (8 neighbours) of a mask."""
    labels, tally = label_components(mask)
    return Components(labels, tally[0], tally[1:3], tally[3:7], tally[7] > 0)


def keep_main_components(mask: Bytes, share: float) -> Bytes:
    """Keep the parts that have at least a share of the greatest one's area."""
    return keep_large_components(mask, share)


def components_touching(mask: Bytes, core: Bytes) -> Bytes:
    """Keep the parts of a mask that have a pixel in common with another mask."""
    return keep_components_touching(mask, core)[0]


def open_mask(mask: Bytes, radius: int) -> Bytes:
    """Remove what is narrower than a disc, but leave the outline of the rest as it was.

    What is broad is found on a reduced mask where the disc is large: a disc is no box, and costs
    the time of its area.
    """
    if radius <= LARGEST_RADIUS:
        return np.asarray(
            cv2.min(open_with_disc(mask, radius, max(1, radius // 2)), mask), np.uint8
        )
    size = [max(1, round(side * LARGEST_RADIUS / radius)) for side in mask.shape[::-1]]
    reduced = np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST), np.uint8)
    broad = open_with_disc(reduced, LARGEST_RADIUS, LARGEST_RADIUS // 2)
    enlarged = cv2.resize(broad, mask.shape[::-1], interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.min(enlarged, mask), dtype=np.uint8)


def fill_small_holes(mask: Bytes, largest: float) -> Bytes:
    """Fill the holes whose outlines have an area of at most `largest` pixels."""
    result = mask.copy()
    if fill_holes(result, largest):
        return result
    outlines, tree = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    for number, outline in enumerate(outlines):
        if tree[0][number][3] >= 0 and cv2.contourArea(outline) <= largest:
            cv2.drawContours(result, [outline], -1, 1, -1)
    return result


def distance_to_mask(mask: Bytes) -> NDArray[np.float32]:
    """Distance in pixels of every pixel from the mask: 0 inside, huge where the mask is empty."""
    if not mask.any():
        return np.full(mask.shape, 1e6, dtype=np.float32)
    return np.asarray(cv2.distanceTransform(1 - mask, cv2.DIST_L2, 3), dtype=np.float32)


def equivalent_diameter(mask: Bytes) -> float:
    """Diameter in pixels of the disc that has the mask's area."""
    return 2 * sqrt(cv2.countNonZero(mask) / pi)


def hull_corners(mask: Bytes) -> NDArray[np.float64]:
    """Corners (x, y) of the convex hull of a mask that is not empty: (corners, 2)."""
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    points = cv2.convexHull(np.concatenate(outlines))
    return np.asarray(points.reshape(-1, 2), dtype=np.float64)


def hull_centroid(corners: NDArray[np.float64]) -> tuple[float, float]:
    """Row and column of the centre of a convex hull."""
    moments = cv2.moments(corners[:, None].astype(np.float32))
    if moments["m00"] > 0:
        return moments["m01"] / moments["m00"], moments["m10"] / moments["m00"]
    x, y = corners.mean(axis=0)
    return float(y), float(x)


def _largest_contour(mask: Bytes) -> NDArray[np.int32]:
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return np.asarray(max(outlines, key=cv2.contourArea), dtype=np.int32)


def concavity_depth(mask: Bytes) -> float:
    """Depth of the deepest concavity of the greatest part, in units of the root of its area."""
    outline = _largest_contour(mask)
    area = cv2.contourArea(outline)
    if area < 9:
        return 0.0
    left, top, width, height = cv2.boundingRect(outline)
    around = np.zeros((height + 2, width + 2), dtype=np.uint8)
    shift = (1 - left, 1 - top)
    cv2.drawContours(around, [cv2.convexHull(outline)], -1, 1, -1, offset=shift)
    depth = cv2.distanceTransform(around, cv2.DIST_L2, 3)
    cv2.drawContours(depth, [outline], -1, 0.0, -1, offset=shift)
    return float(depth.max()) / sqrt(area)


def solidity(mask: Bytes) -> float:
    """Area of the greatest part as a part of its convex hull's; 1 where it has no area."""
    outline = _largest_contour(mask)
    around = cv2.contourArea(cv2.convexHull(outline))
    return cv2.contourArea(outline) / around if around > 0 else 1.0
