"""Borgefors' chamfer distance by its closed form, tried for every pixel outside."""

from __future__ import annotations

import numpy as np

STRAIGHT, DIAGONAL, KNIGHT = 1.0, 1.4, 2.1969  # of 5x5 pixels: Borgefors 1986, as OpenCV has them


def chamfer_norm(down: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Length of the shortest way of straight, diagonal and knight's moves."""
    far, near = np.maximum(abs(down), abs(right)), np.minimum(abs(down), abs(right))
    flat = near * KNIGHT + (far - 2 * near) * STRAIGHT
    steep = (far - near) * KNIGHT + (2 * near - far) * DIAGONAL
    return np.where(far >= 2 * near, flat, steep)


def chamfer_depth(mask: np.ndarray) -> np.ndarray:
    """Distance of each pixel to the nearest outside, which lies beyond the border too."""
    framed = np.pad(mask, 1)
    depth = np.zeros(framed.shape)
    # The nearest pixel outside has a neighbour inside.
    near = np.pad(framed, 1)
    touching = np.any(
        [np.roll(near, step, (0, 1)) for step in ((0, 1), (0, -1), (1, 0), (-1, 0))], axis=0
    )[1:-1, 1:-1]
    outside = np.argwhere(touching & ~framed)
    for place in np.argwhere(framed):
        depth[tuple(place)] = chamfer_norm(*(outside - place).T).min()
    return depth[1:-1, 1:-1]


def disc_depth(radius: float) -> float:
    """Depth of the middle of a disc of pixels within `radius` of a pixel's centre."""
    reach = np.arange(int(radius) + 2)
    down, right = np.meshgrid(reach, reach)
    beyond = down**2 + right**2 > radius**2
    return float(chamfer_norm(down[beyond], right[beyond]).min())
