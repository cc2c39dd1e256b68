"""Outlines of cells and nuclei, drawn in a square window around the object."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from .planes import Mask, Plane, offsets, smooth

_SUBPIXEL = 4  # bits of the fixed-point coordinates that OpenCV draws with


def radial_level(
    rng: np.random.Generator,
    side: int,
    centre: tuple[float, float],
    radius: float,
    *,
    stretch: float = 0.08,
    waves: float = 0.03,
    last: int = 6,
    notch: float = 0.0,
) -> Plane:
    """Return the distance from a centre over the outline's distance: below 1 is inside.

    Parameters
    ----------
    rng : Generator
    side : int
        Rows and columns of the window.
    centre : (float, float)
        Row and column in the window.
    radius : float
        Mean radius in pixels.
    stretch : float
        Standard deviation of the elongation.
    waves : float
        Size of the outline's harmonics 3 to `last`, relative to the radius.
    last : int
    notch : float
        Depth of one indentation, relative to the radius.
    """
    down, right = offsets(side, *centre)
    turn = rng.uniform(0, np.pi)
    longer = float(np.exp(np.clip(rng.normal(0, stretch), -0.7, 0.7)))
    along = (down * np.float32(np.sin(turn)) + right * np.float32(np.cos(turn))) / longer
    across = (down * np.float32(np.cos(turn)) - right * np.float32(np.sin(turn))) * longer
    angle = np.arctan2(across, along)
    outline = np.ones_like(angle)
    for harmonic in range(3, last + 1):
        height = np.float32(rng.normal(0, waves * 3 / harmonic))
        outline += height * np.cos(harmonic * angle + np.float32(rng.uniform(0, 2 * np.pi)))
    if notch:
        away = angle - np.float32(rng.uniform(-np.pi, np.pi))
        away = np.abs((away + np.pi) % (2 * np.pi) - np.pi)
        outline -= np.float32(notch) * np.exp(-((away / np.float32(0.45)) ** 2))
    return np.asarray(np.hypot(along, across) / (radius * np.maximum(outline, 0.2)), np.float32)


def round_nucleus(
    rng: np.random.Generator, cell: Plane, radius: float, ratio: float, notch: float
) -> Mask:
    """Return a round or indented nucleus, `ratio` times as wide as its cell."""
    side = cell.shape[0]
    middle = (side - 1) / 2
    shift = rng.uniform(0, 0.8) * (1 - ratio) * radius
    turn = rng.uniform(0, 2 * np.pi)
    centre = (middle + shift * np.sin(turn), middle + shift * np.cos(turn))
    level = radial_level(
        rng, side, centre, ratio * radius, stretch=0.06, waves=0.025, notch=max(notch, 0.0)
    )
    return (level < 1) & (cell < 0.96)


def lobed_nucleus(rng: np.random.Generator, cell: Plane, radius: float, lobes: int) -> Mask:
    """Return a nucleus of several lobes along an arc, joined by thin bridges."""
    side = cell.shape[0]
    middle = (side - 1) / 2
    canvas = np.zeros((side, side), np.uint8)
    start, sense = rng.uniform(0, 2 * np.pi), rng.choice([-1.0, 1.0])
    span = {2: 2.4, 3: 3.6}.get(lobes, 4.6) * rng.uniform(0.85, 1.15)
    mean = {2: 0.40, 3: 0.34, 4: 0.30}.get(lobes, 0.27)
    points = []
    for number in range(lobes):
        angle = start + sense * span * number / (lobes - 1) + rng.normal(0, 0.12)
        reach = radius * rng.uniform(0.34, 0.56)
        points.append((middle + reach * np.sin(angle), middle + reach * np.cos(angle)))
    for row, col in points:
        size = mean * radius * rng.uniform(0.82, 1.18)
        longer = rng.uniform(0.8, 1.25)
        _fill_ellipse(canvas, row, col, (size * longer, size / longer), rng.uniform(0, 180))
    # A bridge may be too thin to be seen.
    thickness = max(1, round(radius * rng.uniform(0.02, 0.2)))
    for one, two in pairwise(points):
        if rng.random() < 0.85:
            cv2.line(canvas, _fixed(*one), _fixed(*two), 1, thickness, shift=_SUBPIXEL)
    return smooth(canvas > 0, 0.02 * radius) & (cell < 0.95)


def curved_nucleus(
    rng: np.random.Generator, cell: Plane, radius: float, span: float, width: float
) -> Mask:
    """Return a kidney, horseshoe or band: a thick arc of `span` radians around the middle."""
    side = cell.shape[0]
    middle = (side - 1) / 2
    canvas = np.zeros((side, side), np.uint8)
    start = rng.uniform(0, 2 * np.pi)
    angles = start + np.linspace(-span / 2, span / 2, 24)
    mean = radius * (0.92 - width / 2) * rng.uniform(0.9, 1.0)
    reach = mean * (1 + 0.1 * np.cos(2 * (angles - start) + rng.uniform(0, 6)))
    # The arc's middle is moved so that the nucleus is about central.
    back = 0.5 * mean * np.sin(span / 2) / (span / 2)
    rows = middle + reach * np.sin(angles) - back * np.sin(start)
    cols = middle + reach * np.cos(angles) - back * np.cos(start)
    thick = width * radius * (1 + 0.2 * np.cos(1.5 * (angles - start) + rng.uniform(0, 6))) / 2
    for row, col, size in zip(rows, cols, thick, strict=True):
        _fill_ellipse(canvas, float(row), float(col), (float(size), float(size)), 0.0)
    return smooth(canvas > 0, 0.03 * radius) & (cell < 0.96)


def _fixed(row: float, col: float) -> tuple[int, int]:
    """Return a point as OpenCV's fixed-point (x, y)."""
    return round(col * 2**_SUBPIXEL), round(row * 2**_SUBPIXEL)


def _fill_ellipse(
    canvas: NDArray[np.uint8], row: float, col: float, axes: tuple[float, float], turn: float
) -> None:
    """Fill an ellipse with 1; axes are half-lengths in pixels, `turn` is in degrees."""
    lengths = (round(axes[0] * 2**_SUBPIXEL), round(axes[1] * 2**_SUBPIXEL))
    cv2.ellipse(canvas, _fixed(row, col), lengths, turn, 0, 360, 1, -1, shift=_SUBPIXEL)
