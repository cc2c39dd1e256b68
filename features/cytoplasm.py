"""The whole cell around a nucleus: what is neither empty slide nor red cell."""

from __future__ import annotations

from math import pi, sqrt

import cv2
import numpy as np

from .cell import Bytes, Mask
from .nuclei import disc, filled, otsu
from .outline import enclose

_RED_CELL_AREA = 0.03  # share of the image from which on red cells are believed


def stained(optical: Bytes) -> Bytes:
    """Mean density that weighs green twice: (rows, cols) uint8, for cell against slide."""
    plane = cv2.transform(optical, np.array([[0.25, 0.5, 0.25]], dtype=np.float32))
    return np.asarray(plane, dtype=np.uint8)


def red_cells(optical: Bytes, foreground: Mask, near: Mask) -> Mask | None:
    """Pixels coloured like the cells away from the nucleus, or None where there are few.

    Parameters
    ----------
    optical : (rows, cols, 3) uint8
    foreground, near : (rows, cols) bool
        What is not slide; what is near the nucleus.

    Returns
    -------
    (rows, cols) bool or None
    """
    away = foreground & ~near
    if away.mean() < _RED_CELL_AREA:
        return None
    tint = 100.0 * optical[:, :, 2] / (optical[:, :, 1] + 1.0)
    seen = tint[away]
    middle = float(np.median(seen))
    spread = max(1.4826 * float(np.median(np.abs(seen - middle))), 6.0)
    return np.asarray(foreground & (tint > middle - 3 * spread))


def whole_cell(optical: Bytes, nucleus: Mask, others: Mask | None = None) -> Mask:
    """Return the mask of the cell to which a nucleus belongs.

    Parameters
    ----------
    optical : (rows, cols, 3) uint8
        Optical density, see `features.stain.density`.
    nucleus : (rows, cols) bool
    others : (rows, cols) bool, optional
        Ground that belongs to other cells.

    Returns
    -------
    (rows, cols) bool
    """
    plane = stained(cv2.GaussianBlur(optical, (0, 0), 1.0))
    core = nucleus.astype(np.uint8)
    diameter = 2 * sqrt(core.sum() / pi)
    around = cv2.dilate(core, disc(max(2, round(0.08 * diameter)))) > 0
    level = min(otsu(np.ascontiguousarray(plane[~around][:, None])), 15)
    foreground = plane > max(level, 5)
    near = cv2.dilate(core, disc(max(3, round(0.45 * diameter)))) > 0
    red = red_cells(optical, foreground, near)
    evidence = np.where(foreground, np.float32(1), np.float32(-1))
    if red is not None:
        evidence[red] = -1
    if others is not None:
        evidence[others] = -4
    evidence[nucleus] = 4
    moments = cv2.moments(cv2.convexHull(np.argwhere(nucleus)[:, None, ::-1].astype(np.int32)))
    if moments["m00"] > 0:
        centre = (moments["m01"] / moments["m00"], moments["m10"] / moments["m00"])
    else:
        middle = np.argwhere(nucleus).mean(axis=0)
        centre = (float(middle[0]), float(middle[1]))
    reach = min(1.6 * diameter + 4, float(max(nucleus.shape)))
    region = enclose(evidence, centre, reach, 0.05)
    cell = region | core
    return np.asarray(filled(cell, float(cell.size)) > 0)
