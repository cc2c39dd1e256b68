"""The best closed outline around a point: dynamic programming in polar coordinates."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .arrays import Bytes, Floats
from .kernels import compiled

ANGLES = 96


@compiled
def _best_path(gain: Floats, slack: int, stiffness: float) -> NDArray[np.int64]:
    """Radius index for every angle with the greatest sum of gains and no jump above `slack`.

    The path is closed: it runs round twice and the second turn is returned.
    """
    angles, radii = gain.shape
    total = np.empty((2 * angles, radii))
    back = np.zeros((2 * angles, radii), dtype=np.int64)
    total[0] = gain[0]
    for step in range(1, 2 * angles):
        for here in range(radii):
            best = -1e300
            chosen = here
            for there in range(max(0, here - slack), min(radii, here + slack + 1)):
                value = total[step - 1, there] - stiffness * (here - there) ** 2
                if value > best:
                    best = value
                    chosen = there
            total[step, here] = best + gain[step % angles, here]
            back[step, here] = chosen
    path = np.zeros(2 * angles, dtype=np.int64)
    path[-1] = np.argmax(total[-1])
    for step in range(2 * angles - 1, 0, -1):
        path[step - 1] = back[step, path[step]]
    # The middle of the two turns is free of both open ends.
    half = angles // 2
    turn = np.empty(angles, dtype=np.int64)
    for step in range(half, half + angles):
        turn[step % angles] = path[step]
    return turn


def enclose(
    evidence: NDArray[np.float32], centre: tuple[float, float], reach: float, stiffness: float
) -> Bytes:
    """Fill the star-shaped region round a point that gathers most evidence.

    Parameters
    ----------
    evidence : (rows, cols) float32
        Positive for pixels that belong to the object, negative for others.
    centre : (float, float)
        Row and column.
    reach : float
        Largest radius in pixels.
    stiffness : float
        Cost of a squared step of the radius between neighbouring directions.

    Returns
    -------
    (rows, cols) uint8, 0 or 1
    """
    radii = max(8, min(64, round(reach)))
    polar = cv2.warpPolar(
        evidence,
        (radii, ANGLES),
        (centre[1], centre[0]),
        reach,
        cv2.INTER_LINEAR | cv2.WARP_FILL_OUTLIERS,
    )
    weight = (np.arange(radii) + 0.5) / radii
    gain = np.cumsum(polar.astype(np.float64) * weight, axis=1)
    path = _best_path(gain, 3, stiffness)
    radius = (path + 1) * (reach / radii)
    angle = np.arange(ANGLES) * (2 * np.pi / ANGLES)
    points = np.stack(
        (centre[1] + radius * np.cos(angle), centre[0] + radius * np.sin(angle)), axis=1
    )
    mask = np.zeros(evidence.shape, dtype=np.uint8)
    cv2.fillPoly(mask, [np.rint(points).astype(np.int32)], 1)
    return mask
