"""Nuclei in the chromatin plane: threshold, smooth, group the lobes of one cell."""

from __future__ import annotations

from math import sqrt

import cv2
import numpy as np

from numpy.typing import NDArray

from .cell import Mask
from .colour import Bytes


def otsu(plane: Bytes) -> int:
    """Level that separates two classes best (Otsu 1979): the upper class is above it."""
    return int(cv2.threshold(plane, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[0])


def disc(radius: int) -> Bytes:
    """Return a round structuring element of the given radius in pixels."""
    size = 2 * radius + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)), dtype=np.uint8)


def filled(mask: Bytes, largest: float) -> Bytes:
    """Fill the holes of a 0/1 mask that have at most `largest` pixels."""
    outlines, tree = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    if tree is None:
        return mask
    result = mask.copy()
    for outline, links in zip(outlines, tree[0], strict=True):
        if links[3] >= 0 and cv2.contourArea(outline) <= largest:
            cv2.drawContours(result, [outline], -1, 1, -1)
    return result


def nuclear(plane: Bytes, level: int, diameter: float) -> Bytes:
    """Pixels of the chromatin plane above a level, smooth and without small holes.

    Parameters
    ----------
    plane : (rows, cols) uint8
    level : int
    diameter : float
        Usual diameter of a nucleus in pixels, the scale of the smoothing.

    Returns
    -------
    (rows, cols) uint8, 0 or 1
    """
    mask = np.asarray(cv2.threshold(plane, level, 1, cv2.THRESH_BINARY)[1], dtype=np.uint8)
    mask = np.asarray(
        cv2.morphologyEx(mask, cv2.MORPH_OPEN, disc(max(1, round(0.05 * diameter)))),
        dtype=np.uint8,
    )
    return filled(mask, 0.05 * diameter**2)


def _middle(mask: Bytes) -> tuple[float, float]:
    """Centre (row, col) of the convex hull of a mask that is not empty."""
    points = cv2.findNonZero(mask)
    x, y, width, height = cv2.boundingRect(points)
    moments = cv2.moments(cv2.convexHull(points))
    if moments["m00"] > 0:
        return moments["m01"] / moments["m00"], moments["m10"] / moments["m00"]
    return y + (height - 1) / 2, x + (width - 1) / 2


def central(mask: Bytes) -> Mask | None:
    """Return the nucleus of the central cell: its main part and the lobes that belong to it.

    A small part close by is a lobe; a larger or more distant one is a lobe if the cell lies no
    farther from the centre of the image with it than without.

    Parameters
    ----------
    mask : (rows, cols) uint8, 0 or 1

    Returns
    -------
    (rows, cols) bool or None
        None where the mask is empty.
    """
    count, labels, stats, centres = cv2.connectedComponentsWithStats(mask, connectivity=8)
    if count == 1:
        return None
    rows, cols = mask.shape
    area = stats[:, cv2.CC_STAT_AREA].astype(np.float64)
    off = np.hypot((centres[:, 0] - cols / 2) / cols, (centres[:, 1] - rows / 2) / rows)
    weight = area * np.exp(-((off / 0.25) ** 2))
    weight[0] = -1
    main = int(np.argmax(weight))
    nucleus = (labels == main).astype(np.uint8)
    rim = np.concatenate((labels[0], labels[-1], labels[:, 0], labels[:, -1]))
    rest = set(np.flatnonzero(area >= 0.06 * area[main]).tolist()) - {0, main} - set(rim.tolist())
    while rest:
        distance = cv2.distanceTransform(1 - nucleus, cv2.DIST_L2, 3)
        gaps = {part: float(distance[labels == part].min()) for part in rest}
        part = min(gaps, key=lambda key: gaps[key])
        scale = sqrt(float(nucleus.sum()))
        if gaps[part] > 1.3 * scale:
            break
        rest.remove(part)
        joined = nucleus | (labels == part).astype(np.uint8)
        small = area[part] < 0.3 * area[main] and gaps[part] < 0.3 * scale
        here, there = _middle(nucleus), _middle(joined)
        centred = np.hypot(there[0] - rows / 2, there[1] - cols / 2) <= np.hypot(
            here[0] - rows / 2, here[1] - cols / 2
        ) + 0.01 * max(rows, cols)
        if small or centred:
            nucleus = joined
    return np.asarray(nucleus > 0)


def _sharpness(plane: Bytes, slope: NDArray[np.float32], inside: Mask, level: float) -> float:
    """Mean slope of the plane along the outlines that a level draws."""
    band = inside & (cv2.absdiff(plane, np.array([level])) <= 6)
    count = int(band.sum())
    return float(slope[band].sum() / count) if count > 20 else 0.0


def sharpened(plane: Bytes, cell: Mask, level: int) -> int:
    """Return a level between the given one and the cell's own, where outlines are sharpest.

    A dark cytoplasm passes a level that was found for the whole image. The given level stands
    unless another draws outlines half as sharp again: chromatin too has light and dark parts.

    Parameters
    ----------
    plane : (rows, cols) uint8
        See `features.stain.chromatin`.
    cell : (rows, cols) bool
    level : int

    Returns
    -------
    int
    """
    depth = cv2.distanceTransform(cell.astype(np.uint8), cv2.DIST_L2, 3)
    inner = np.ascontiguousarray(plane[depth > 1 + 0.02 * sqrt(float(cell.sum()))][:, None])
    if inner.size == 0:
        return level
    across = cv2.Sobel(plane, cv2.CV_32F, 1, 0)
    down = cv2.Sobel(plane, cv2.CV_32F, 0, 1)
    slope = np.asarray(cv2.magnitude(across, down), dtype=np.float32)
    levels = np.linspace(level, otsu(inner), 5)
    sharp = [_sharpness(plane, slope, cell, float(at)) for at in levels]
    best = int(np.argmax(sharp))
    return int(levels[best]) if sharp[best] > 1.5 * sharp[0] else level


def main_parts(mask: Bytes, share: float) -> Mask:
    """Keep the parts of a 0/1 mask that have at least a share of the greatest one's area."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    area = stats[:, cv2.CC_STAT_AREA]
    kept = area >= share * area[1:].max(initial=1)
    kept[0] = False
    return np.asarray(kept[labels])
