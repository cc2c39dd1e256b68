"""Nuclei that touch become single ones; lobes of one nucleus stay together."""

from __future__ import annotations

from math import pi, sqrt

import cv2
import numpy as np
from numpy.typing import NDArray

from ..primitives.arrays import Bytes
from ..primitives.opening import disc
from .regions import fill_small_holes, open_mask, threshold

_NECK = 0.8  # a neck wider than this part of the smaller body's width is no neck
_LOBE = 0.62  # a body of less than this part of a red cell's radius is a lobe
_SPECK = 0.25  # a body of less than this part of it is a platelet or a granule
_GAP = 1.0  # lobes of one cell lie no farther apart than this part of a red cell's radius
_LEAST = 0.3  # a nucleus has at least this part of a red cell's area


def red_cell_radius(plane: Bytes, stain: Bytes, level: int) -> float | None:
    """Radius in pixels of the red cells that lie alone, None where fewer than five do.

    Parameters
    ----------
    plane, stain : (rows, cols) uint8
        See `features.primitives.optical_density`: `chromatin` and `stained`.
    level : int
        Chromatin level above which a pixel is nuclear.

    Returns
    -------
    float or None
        Median over round parts of the stained, not nuclear pixels.
    """
    paint = open_mask(threshold(stain, 9) & (1 - threshold(plane, level // 2)), 1)
    mask = fill_small_holes(paint, plane.size / 100)
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    radii = []
    for outline in outlines:
        area = cv2.contourArea(outline)
        if area < 50:
            continue
        (_, (width, height), _) = cv2.fitEllipse(outline) if len(outline) > 4 else (0, (1, 9), 0)
        fit = pi / 4 * width * height
        if min(width, height) > 0.7 * max(width, height) and 0.93 < area / fit < 1.07:
            radii.append(sqrt(area / pi))
    if len(radii) < 5:
        return None
    largest = np.sort(radii)
    return float(np.median(largest[largest > 0.6 * largest[-max(1, len(radii) // 10)]]))


class _Basins:
    """Bodies of a watershed with their inscribed radii and the widths of the necks between."""

    def __init__(self, labels: NDArray[np.int32], depth: NDArray[np.float32]) -> None:
        count = int(labels.max()) + 1
        self.radius = np.zeros(count)
        np.maximum.at(self.radius, labels.ravel(), depth.ravel())
        self.radius[0] = 0
        self.owner = np.arange(count)
        self.necks: dict[tuple[int, int], float] = {}
        for one, two, a, b in (
            (labels[:, :-1], labels[:, 1:], depth[:, :-1], depth[:, 1:]),
            (labels[:-1], labels[1:], depth[:-1], depth[1:]),
        ):
            edge = (one != two) & (one > 0) & (two > 0)
            width = np.minimum(a[edge], b[edge])
            for left, right, wide in zip(one[edge], two[edge], width, strict=True):
                self._neck(int(left), int(right), float(wide))

    def _neck(self, left: int, right: int, wide: float) -> None:
        key = (min(left, right), max(left, right))
        self.necks[key] = max(self.necks.get(key, 0.0), wide)

    def join(self, left: int, right: int) -> None:
        """Make two bodies one: the left one's number stays."""
        self.owner[self.owner == right] = left
        self.radius[left] = max(self.radius[left], self.radius[right])
        old, self.necks = self.necks, {}
        for (a, b), wide in old.items():
            first, second = (left if n == right else n for n in (a, b))
            if first != second:
                self._neck(first, second, wide)

    def join_necks(self, lobe: float) -> None:
        """Join across necks that are wide, or that hang a lobe on a body; widest first."""
        while self.necks:
            ratio = {
                (a, b): wide / min(self.radius[a], self.radius[b])
                for (a, b), wide in self.necks.items()
                if wide > _NECK * min(self.radius[a], self.radius[b])
                or max(self.radius[a], self.radius[b]) < lobe
                or min(self.radius[a], self.radius[b]) < 0.6 * lobe
            }
            if not ratio:
                return
            self.join(*max(ratio, key=lambda key: ratio[key]))


def separate_nuclei(mask: Bytes, red: float | None) -> NDArray[np.int32]:
    """Number the nuclei of a mask: touching ones apart, lobes of one together.

    Parameters
    ----------
    mask : (rows, cols) uint8, 0 or 1
        Nuclear pixels.
    red : float or None
        Radius of a red cell in pixels, the scale; None: taken from the nuclei themselves.

    Returns
    -------
    (rows, cols) int32
        0 outside, then 1, 2, … in no special order.
    """
    from skimage.segmentation import watershed  # slow to import, and no crop needs it

    depth = np.asarray(cv2.distanceTransform(mask, cv2.DIST_L2, 5), dtype=np.float32)
    smooth = np.asarray(cv2.GaussianBlur(depth, (0, 0), 1.0), dtype=np.float32)
    if red is None:
        red = 0.8 * float(depth.max())
    span = disc(max(1, round(0.25 * red)))
    peaks = (smooth >= cv2.dilate(smooth, span)) & (depth > 0.12 * red)
    _, seeds = cv2.connectedComponents(cv2.dilate(peaks.astype(np.uint8), disc(1)))
    flooded = watershed(-smooth, seeds, mask=mask > 0)
    labels = np.asarray(flooded, dtype=np.int32)
    bodies = _Basins(labels, depth)
    bodies.join_necks(_LOBE * red)
    labels = np.asarray(bodies.owner[labels], dtype=np.int32)
    labels = _join_lobes(labels, bodies.radius, red)
    areas = np.bincount(labels.ravel())
    kept = areas >= _LEAST * pi * red**2
    kept[0] = False
    order = np.where(kept, np.cumsum(kept), 0).astype(np.int32)
    return np.asarray(order[labels])


def _join_lobes(
    labels: NDArray[np.int32], radius: NDArray[np.float64], red: float
) -> NDArray[np.int32]:
    """Join separate lobes that lie near one another."""
    small = np.flatnonzero((radius > _SPECK * red) & (radius < _LOBE * red))
    lobes = np.isin(labels, small).astype(np.uint8)
    if not lobes.any():
        return labels
    reach = disc(max(1, round(_GAP * red / 2)))
    _, groups = cv2.connectedComponents(cv2.dilate(lobes, reach))
    first = np.full(int(groups.max()) + 1, 0, dtype=np.int32)
    where = lobes > 0
    first[groups[where]] = labels[where]
    joined = labels.copy()
    joined[where] = first[groups[where]]
    return joined
