"""Separate touching nuclei, and keep the lobes of one nucleus together."""

from __future__ import annotations

from math import pi, sqrt

import cv2
import numpy as np
from numpy.typing import NDArray

from ..primitives.arrays import Bytes
from ..primitives.opening import disc
from .regions import fill_small_holes, open_mask, threshold

_WIDE_NECK = 0.8  # width of a neck over that of the smaller basin; wider necks are joined
_LOBE_RADIUS = 0.62  # in red cell radii; a basin with a smaller inscribed radius is a lobe
_DEBRIS_RADIUS = 0.25  # in red cell radii; a smaller basin is a platelet or a granule
_LOBE_GAP = 1.0  # in red cell radii; largest distance between lobes of one nucleus
_LEAST_AREA = 0.3  # in red cell areas; of a nucleus


def red_cell_radius(plane: Bytes, stain: Bytes, level: int) -> float | None:
    """Return the median radius in pixels of isolated red cells; None if fewer than five are found.

    A red cell is a component of the stained pixels that are not nuclear, with an area of at least
    50 pixels. The axes of its fitted ellipse have a ratio above 0.7, and the two areas differ by
    less than 7 %. Radii of at most 60 % of the 90th percentile are left out.

    Parameters
    ----------
    plane, stain : (rows, cols) uint8
        See `chromatin_plane` and `stain_density` in `features.primitives.optical_density`.
    level : int
        Chromatin level above which a pixel is nuclear.

    Returns
    -------
    float or None
    """
    cells = open_mask(threshold(stain, 9) & (1 - threshold(plane, level // 2)), 1)
    mask = fill_small_holes(cells, plane.size / 100)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    radii = []
    for contour in contours:
        area = cv2.contourArea(contour)
        if area < 50:
            continue
        (_, (width, height), _) = cv2.fitEllipse(contour) if len(contour) > 4 else (0, (1, 9), 0)
        ellipse_area = pi / 4 * width * height
        if min(width, height) > 0.7 * max(width, height) and 0.93 < area / ellipse_area < 1.07:
            radii.append(sqrt(area / pi))
    if len(radii) < 5:
        return None
    ordered = np.sort(radii)
    return float(np.median(ordered[ordered > 0.6 * ordered[-max(1, len(radii) // 10)]]))


class _Basins:
    """Basins of a watershed, their inscribed radii and the widths of the necks between them."""

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
                self._widen_neck(int(left), int(right), float(wide))

    def _widen_neck(self, left: int, right: int, wide: float) -> None:
        """Set the width of a neck to at least `wide`."""
        key = (min(left, right), max(left, right))
        self.necks[key] = max(self.necks.get(key, 0.0), wide)

    def join(self, left: int, right: int) -> None:
        """Join two basins under the number of the left one."""
        self.owner[self.owner == right] = left
        self.radius[left] = max(self.radius[left], self.radius[right])
        old, self.necks = self.necks, {}
        for (a, b), wide in old.items():
            first, second = (left if n == right else n for n in (a, b))
            if first != second:
                self._widen_neck(first, second, wide)

    def join_necks(self, lobe: float) -> None:
        """Join basins across wide necks, and lobes to their neighbours; the widest neck first."""
        while self.necks:
            ratio = {
                (a, b): wide / min(self.radius[a], self.radius[b])
                for (a, b), wide in self.necks.items()
                if wide > _WIDE_NECK * min(self.radius[a], self.radius[b])
                or max(self.radius[a], self.radius[b]) < lobe
                or min(self.radius[a], self.radius[b]) < 0.6 * lobe
            }
            if not ratio:
                return
            self.join(*max(ratio, key=lambda key: ratio[key]))


def separate_nuclei(mask: Bytes, red_radius: float | None) -> NDArray[np.int32]:
    """Label the nuclei of a mask: separate touching ones, and keep the lobes of one together.

    The distance transform is divided by a watershed; basins are joined across necks that are too
    wide to separate two nuclei, and lobes that are near each other are joined.

    Parameters
    ----------
    mask : (rows, cols) uint8, 0 or 1
        Nuclear pixels.
    red_radius : float or None
        Radius of a red cell in pixels, which is the scale. None: 0.8 of the largest inscribed
        radius of the nuclei.

    Returns
    -------
    (rows, cols) int32
        0 for the background, then 1, 2, … in no defined order.
    """
    from skimage.segmentation import watershed  # slow to import, and no crop needs it

    depth = np.asarray(cv2.distanceTransform(mask, cv2.DIST_L2, 5), dtype=np.float32)
    smooth = np.asarray(cv2.GaussianBlur(depth, (0, 0), 1.0), dtype=np.float32)
    if red_radius is None:
        red_radius = 0.8 * float(depth.max())
    span = disc(max(1, round(0.25 * red_radius)))
    peaks = (smooth >= cv2.dilate(smooth, span)) & (depth > 0.12 * red_radius)
    _, seeds = cv2.connectedComponents(cv2.dilate(peaks.astype(np.uint8), disc(1)))
    flooded = watershed(-smooth, seeds, mask=mask > 0)
    labels = np.asarray(flooded, dtype=np.int32)
    basins = _Basins(labels, depth)
    basins.join_necks(_LOBE_RADIUS * red_radius)
    labels = np.asarray(basins.owner[labels], dtype=np.int32)
    labels = _join_lobes(labels, basins.radius, red_radius)
    areas = np.bincount(labels.ravel())
    kept = areas >= _LEAST_AREA * pi * red_radius**2
    kept[0] = False
    order = np.where(kept, np.cumsum(kept), 0).astype(np.int32)
    return np.asarray(order[labels])


def _join_lobes(
    labels: NDArray[np.int32], radius: NDArray[np.float64], red_radius: float
) -> NDArray[np.int32]:
    """Join separate lobes with a gap of at most `_LOBE_GAP`."""
    small = np.flatnonzero(
        (radius > _DEBRIS_RADIUS * red_radius) & (radius < _LOBE_RADIUS * red_radius)
    )
    lobes = np.isin(labels, small).astype(np.uint8)
    if not lobes.any():
        return labels
    reach = disc(max(1, round(_LOBE_GAP * red_radius / 2)))
    _, groups = cv2.connectedComponents(cv2.dilate(lobes, reach))
    first = np.full(int(groups.max()) + 1, 0, dtype=np.int32)
    where = lobes > 0
    first[groups[where]] = labels[where]
    joined = labels.copy()
    joined[where] = first[groups[where]]
    return joined
