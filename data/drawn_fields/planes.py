"""Planes of one float per pixel: noise, soft masks, distances."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
Mask = NDArray[np.bool_]

_TILE = 512  # rows and columns of a noise tile


def offsets(side: int, row: float, col: float) -> tuple[Plane, Plane]:
    """Return how far each pixel of a square window is below and to the right of a point."""
    down = np.arange(side, dtype=np.float32)[:, None] - np.float32(row)
    right = np.arange(side, dtype=np.float32)[None, :] - np.float32(col)
    return np.broadcast_to(down, (side, side)), np.broadcast_to(right, (side, side))


def soften(mask: Mask, sigma: float) -> Plane:
    """Return a mask with edges blurred by `sigma` pixels."""
    plane = mask.astype(np.float32)
    if sigma < 0.3:
        return plane
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma), np.float32)


def smooth(mask: Mask, sigma: float) -> Mask:
    """Return a mask with corners rounded by `sigma` pixels."""
    return soften(mask, sigma) > 0.5


def noise(rng: np.random.Generator, rows: int, cols: int, sigma: float) -> Plane:
    """Return noise smoothed by `sigma` pixels, with mean 0 and standard deviation 1."""
    # Coarse noise is drawn small and enlarged, which is faster than a wide blur.
    step = max(1, int(sigma / 2))
    small = (rows // step + 2, cols // step + 2)
    white = rng.standard_normal(small, dtype=np.float32)
    plane = cv2.GaussianBlur(white, (0, 0), max(sigma / step, 0.3))
    if step > 1:
        size = (small[1] * step, small[0] * step)
        plane = cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR)
    plane = plane[:rows, :cols]
    return np.asarray((plane - plane.mean()) / max(float(plane.std()), 1e-6), np.float32)


class NoiseTile:
    """Smooth noise from which windows are cut, which is faster than to draw it for each cell."""

    def __init__(self, rng: np.random.Generator, sigma: float) -> None:
        self._tile = noise(rng, _TILE, _TILE, sigma)

    def window(self, rng: np.random.Generator, rows: int, cols: int) -> Plane:
        """Return noise of mean 0 and standard deviation 1 of a shape, from a random place."""
        row, col = rng.integers(_TILE, size=2)
        return self._tile[
            np.ix_(_mirrored(row + np.arange(rows)), _mirrored(col + np.arange(cols)))
        ]


def _mirrored(index: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return indices into a tile that is continued as in a mirror, so without a seam."""
    return np.minimum(index % (2 * _TILE), 2 * _TILE - 1 - index % (2 * _TILE))
