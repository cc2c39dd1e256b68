"""The whole cell around a nucleus: what is neither empty slide nor red cell."""

from __future__ import annotations

from math import pi, sqrt

import cv2
import numpy as np
from numpy.typing import NDArray

from .cell import Mask
from .colour import Bytes, Floats
from .nuclei import disc, filled, otsu
from .polar import enclose

_TINTS = 16  # bins of each of the two density ratios and of the density
_BLUE_STEP, _RED_STEP = 1.6 / _TINTS, 1.2 / _TINTS


def stained(optical: Bytes) -> Bytes:
    """Density that tells a pale cell from the slide: (rows, cols) uint8.

    The greater of the mean density (green twice) and 1.5 times green minus blue, which uneven
    light leaves alone.
    """
    plane = cv2.transform(optical, np.array([[0.25, 0.5, 0.25], [0, 1.5, -1.5]], dtype=np.float32))
    return np.asarray(cv2.max(plane[:, :, 0], plane[:, :, 1]), dtype=np.uint8)


def tints(optical: Bytes) -> NDArray[np.int32]:
    """Blue and red density as parts of the green one, and the green one: (rows, cols) bins."""
    red, green, blue = cv2.split(optical)
    base = cv2.max(green, np.array([4.0]))
    first = cv2.min(cv2.divide(blue, base, scale=1 / _BLUE_STEP), _TINTS - 1.0)
    second = cv2.min(cv2.divide(red, base, scale=1 / _RED_STEP), _TINTS - 1.0)
    third = cv2.min(green >> 3, _TINTS - 1.0)
    return (first.astype(np.int32) * _TINTS + second) * _TINTS + third


def _histogram(tint: NDArray[np.int32], mask: Mask) -> Floats:
    counts = np.bincount(tint[mask], minlength=_TINTS**3).astype(np.float64)
    for _ in range(3):
        counts = cv2.GaussianBlur(counts.reshape(_TINTS, -1), (1, 5), 0, sigmaY=1.0)
        counts = np.ascontiguousarray(counts.T)
        counts = counts.reshape(-1)
    counts += 1e-3
    return np.asarray(counts / counts.sum())


def kinship(
    tint: NDArray[np.int32], near: Mask, away: Mask, doubt: float
) -> NDArray[np.float32]:
    """Evidence that a colour belongs to the cell rather than to the cells elsewhere.

    Parameters
    ----------
    tint : (rows, cols) int32
        See `tints`.
    near, away : (rows, cols) bool
        Stained pixels next to the nucleus; stained pixels far from it, mostly red cells.
    doubt : float
        What is subtracted.

    Returns
    -------
    (rows, cols) float32
        Log-likelihood ratio of the two colour distributions, from -1 to 1.
    """
    ratio = np.log(_histogram(tint, near) / _histogram(tint, away))
    table = np.clip(0.7 * ratio - doubt, -1, 1).astype(np.float32)
    return np.asarray(table[tint])


def _own_part(foreground: Mask, nucleus: Mask, radius: int) -> tuple[Mask, bool]:
    """Connected stained pixels around the nucleus, and whether they look like one free cell."""
    smooth = cv2.morphologyEx(foreground.astype(np.uint8), cv2.MORPH_OPEN, disc(radius))
    _, labels = cv2.connectedComponents(smooth | nucleus, connectivity=4)
    own = np.zeros(int(labels.max()) + 1, dtype=np.bool_)
    own[labels[nucleus]] = True
    rim = np.concatenate((labels[0], labels[-1], labels[:, 0], labels[:, -1]))
    part = np.asarray(own[labels])
    return part, not own[rim].any() and _notch(part.astype(np.uint8)) < FREE
FREE=.13


def _notch(mask: Bytes) -> float:
    """Depth of the deepest concavity of the greatest part, in units of the root of its area."""
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(outlines, key=cv2.contourArea)
    area = cv2.contourArea(outline)
    if area < 9:
        return 0.0
    defects = cv2.convexityDefects(outline, cv2.convexHull(outline, returnPoints=False))
    if defects is None:
        return 0.0
    # The fourth number is the depth in 1/256 px.
    return float(defects.reshape(-1, 4)[:, 3].max()) / 256 / sqrt(area)


def _middle(mask: Mask) -> tuple[float, float, float]:
    """Row and column of the centre of a mask's convex hull, and the greatest distance from it."""
    points = cv2.findNonZero(mask.astype(np.uint8))
    hull = cv2.convexHull(points)[:, 0].astype(np.float64)
    moments = cv2.moments(hull[:, None].astype(np.float32))
    if moments["m00"] > 0:
        x, y = moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]
    else:
        x, y = hull.mean(axis=0)
    return y, x, float(np.hypot(hull[:, 0] - x, hull[:, 1] - y).max())


def _others(mask: Mask, nucleus: Mask) -> Bytes:
    """Nuclei of other cells: parts that are large or cut by the rim, not specks and fringes."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    large = stats[:, cv2.CC_STAT_AREA] > 0.3 * nucleus.sum()
    rim = np.concatenate((labels[0], labels[-1], labels[:, 0], labels[:, -1]))
    large[rim] = True
    large[0] = False
    return np.asarray(large[labels], dtype=np.uint8)


def whole_cell(optical: Bytes, nucleus: Mask, chromatic: Mask) -> Mask:
    """Return the mask of the cell to which a nucleus belongs.

    Parameters
    ----------
    optical : (rows, cols, 3) uint8
        Optical density, see `features.stain.density`.
    nucleus : (rows, cols) bool
    chromatic : (rows, cols) bool
        All nuclear pixels of the image, of this cell and of others.

    Returns
    -------
    (rows, cols) bool
    """
    core = nucleus.astype(np.uint8)
    diameter = 2 * sqrt(core.sum() / pi)
    distance = cv2.distanceTransform(1 - core, cv2.DIST_L2, 3)
    other = _others(chromatic & ~nucleus, nucleus)
    neighbours = cv2.distanceTransform(1 - other, cv2.DIST_L2, 3)
    plane = stained(optical)
    rest = np.ascontiguousarray(plane[np.minimum(distance, neighbours) > 0.08 * diameter][:, None])
    level = min(otsu(rest), 9) if rest.size else 5
    foreground = plane > level
    foreign = neighbours < np.minimum(distance, 0.5 * diameter)
    evidence = np.where(foreground, np.float32(1), np.float32(-1))
    part, free = _own_part(foreground & ~foreign, nucleus, max(2, round(OPN * diameter)))
    margin = min(0.5 * diameter, float(np.quantile(distance[::4, ::4], 0.85)))
    away = foreground & (distance > margin) & (neighbours > 0.3 * diameter)
    if free:
        away &= ~part
    if not free and away.mean() > 0.015:
        near = foreground & (distance < 0.2 * diameter) & ~chromatic
        cells = kinship(tints(optical), near, away, 0.5)
        evidence[foreground] = cells[foreground]
    evidence[foreign] = -1
    evidence[nucleus] = 4
    row, col, extent = _middle(part if free else nucleus)
    reach = 1.1 * extent + 4 if free else max(1.6 * diameter, extent) + 4
    region = enclose(evidence, (row, col), reach, 0.05)
    cell = filled(region | core, float(region.size))
    if DEBUG is not None: DEBUG.append((evidence,foreground,away,level,free))
    return np.asarray(_trimmed(plane, cell, core, level) > 0)


def _trimmed(plane: Bytes, cell: Bytes, core: Bytes, level: int) -> Bytes:
    """Draw the outline where the density falls to half of the cytoplasm's."""
    cytoplasm = plane[(cell > 0) & (core == 0)]
    if cytoplasm.size == 0:
        return cell
    half = max(level, HALF * float(np.median(cytoplasm)))
    inside = cell & (plane > half) | core
    inside = cv2.morphologyEx(inside, cv2.MORPH_OPEN, disc(2)) | core
    _, labels = cv2.connectedComponents(inside, connectivity=4)
    kept = np.zeros(int(labels.max()) + 1, dtype=np.uint8)
    kept[labels[core > 0]] = 1
    return filled(kept[labels], float(cell.size))
OPN=.06
DEBUG=None
HALF=.4
