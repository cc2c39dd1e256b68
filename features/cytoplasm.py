"""The whole cell around a nucleus: what is neither empty slide nor red cell."""

from __future__ import annotations

from math import pi, sqrt

import cv2
import numpy as np
from numpy.typing import NDArray

from .cell import Mask
from .colour import Bytes
from .nuclei import filled, otsu
from .polar import enclose

_TINTS = 32  # bins of each of the two density ratios
_BLUE_STEP, _RED_STEP = 1.5 / _TINTS, 1.2 / _TINTS


def stained(optical: Bytes) -> Bytes:
    """Mean density that weighs green twice: (rows, cols) uint8, for cell against slide."""
    plane = cv2.transform(optical, np.array([[0.25, 0.5, 0.25]], dtype=np.float32))
    return np.asarray(plane, dtype=np.uint8)


def tints(optical: Bytes) -> Bytes:
    """Blue and red density as parts of the green one: (rows, cols, 2) uint8 bins."""
    red, green, blue = cv2.split(optical)
    green = cv2.max(green, np.array([4.0]))
    return np.asarray(
        cv2.merge(
            [
                cv2.min(cv2.divide(blue, green, scale=1 / _BLUE_STEP), _TINTS - 1.0),
                cv2.min(cv2.divide(red, green, scale=1 / _RED_STEP), _TINTS - 1.0),
            ]
        ),
        dtype=np.uint8,
    )


def _histogram(tint: Bytes, mask: Mask) -> NDArray[np.float32]:
    counts = cv2.calcHist(
        [tint], [0, 1], mask.astype(np.uint8), [_TINTS, _TINTS], [0, _TINTS, 0, _TINTS]
    )
    counts = cv2.GaussianBlur(counts, (0, 0), 1.5) + 1e-6
    return np.asarray(counts / counts.sum(), dtype=np.float32)


def kinship(tint: Bytes, near: Mask, away: Mask) -> NDArray[np.float32]:
    """Evidence that a colour belongs to the cell rather than to the cells elsewhere.

    Parameters
    ----------
    tint : (rows, cols, 2) uint8
        See `tints`.
    near, away : (rows, cols) bool
        Stained pixels next to the nucleus; stained pixels far from it, mostly red cells.

    Returns
    -------
    (rows, cols) float32
        Log-likelihood ratio of the two colour distributions, from -1 to 1.
    """
    ratio = np.log(_histogram(tint, near) / _histogram(tint, away))
    table = np.clip(0.7 * ratio - 0.5, -1, 1).astype(np.float32)
    return np.asarray(table[tint[:, :, 0], tint[:, :, 1]])


def _elsewhere(foreground: Mask, nucleus: Mask, distance: NDArray[np.float32], far: float) -> Mask:
    """Stained pixels of other cells: apart from this one, or far off in a clump cut by the rim."""
    _, labels = cv2.connectedComponents(foreground.astype(np.uint8), connectivity=4)
    own = np.zeros(int(labels.max()) + 1, dtype=np.bool_)
    own[labels[nucleus]] = True
    rim = np.concatenate((labels[0], labels[-1], labels[:, 0], labels[:, -1]))
    own[0] = False
    if own[rim].any():
        own[:] = False
    own[0] = True
    return np.asarray(~own[labels] & (distance > far))


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
    neighbours = cv2.distanceTransform(1 - (chromatic & ~nucleus).astype(np.uint8), cv2.DIST_L2, 3)
    plane = stained(optical)
    rest = np.ascontiguousarray(plane[np.minimum(distance, neighbours) > 0.08 * diameter][:, None])
    level = max(min(otsu(rest), 15), 5) if rest.size else 5
    foreground = plane > level
    evidence = np.where(foreground, np.float32(1), np.float32(-1))
    margin = min(0.5 * diameter, float(np.quantile(distance[::4, ::4], 0.85)))
    away = _elsewhere(foreground, nucleus, distance, margin) & (neighbours > 0.3 * diameter)
    if away.mean() > 0.015:
        near = foreground & (distance < 0.2 * diameter) & ~chromatic
        cells = kinship(tints(optical), near, away)
        evidence[foreground] = cells[foreground]
    evidence[neighbours < np.minimum(distance, 0.5 * diameter)] = -1
    evidence[nucleus] = 4
    hull = cv2.convexHull(np.argwhere(nucleus)[:, None, ::-1].astype(np.int32))
    moments = cv2.moments(hull)
    if moments["m00"] > 0:
        centre = (moments["m01"] / moments["m00"], moments["m10"] / moments["m00"])
    else:
        middle = np.argwhere(nucleus).mean(axis=0)
        centre = (float(middle[0]), float(middle[1]))
    reach = min(1.6 * diameter + 4, float(max(nucleus.shape)))
    region = enclose(evidence, centre, reach, 0.05)
    cell = region | core
    if DEBUG is not None: DEBUG.append((evidence,foreground,away,level))
    return np.asarray(filled(cell, float(cell.size)) > 0)
DEBUG=None
