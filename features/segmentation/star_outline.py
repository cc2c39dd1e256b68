"""The best closed outline around a point: dynamic programming in polar coordinates."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ..primitives.arrays import Bytes
from ..primitives.kernels import compiled

ANGLES = 96


@compiled
def _best_path(polar: NDArray[np.float32], slack: int, stiffness: float) -> NDArray[np.int64]:
    """Radius index for every angle with the greatest sum of gains and no jump above `slack`.

    A gain is the evidence from the middle outwards, `polar` (angles, radii), by its area. The
    path is closed: it runs round twice and the second turn is returned.
    """
    angles, radii = polar.shape
    gain = np.empty((angles, radii))
    for angle in range(angles):
        total = 0.0
        for here in range(radii):
            total += np.float64(polar[angle, here]) * ((here + 0.5) / radii)
            gain[angle, here] = total
    back = np.zeros((2 * angles, radii), np.int64)
    before, best = np.empty(radii), np.empty(radii)
    for here in range(radii):
        before[here] = gain[0, here]
    for step in range(1, 2 * angles):
        for here in range(radii):
            best[here] = -1e300
        for jump in range(-slack, slack + 1):
            cost = stiffness * float(jump * jump)
            start, stop = max(0, -jump), min(radii, radii - jump)
            source, most = before[start + jump : stop + jump], best[start:stop]
            chosen = back[step, start:stop]
            for place in range(stop - start):
                value = source[place] - cost
                better = value > most[place]
                most[place] = value if better else most[place]
                chosen[place] = jump if better else chosen[place]
        for here in range(radii):
            before[here] = best[here] + gain[step % angles, here]
    last = 0
    for here in range(radii):
        if before[here] > before[last]:
            last = here
    # The middle of the two turns is free of both open ends.
    half = angles // 2
    turn = np.empty(angles, np.int64)
    for step in range(2 * angles - 1, half - 1, -1):
        if step < half + angles:
            turn[step % angles] = last
        last += back[step, last]
    return turn


def fill_star_region(
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
    path = _best_path(np.asarray(polar, dtype=np.float32), 3, stiffness)
    radius = (path + 1) * (reach / radii)
    angle = np.arange(ANGLES) * (2 * np.pi / ANGLES)
    points = np.stack(
        (centre[1] + radius * np.cos(angle), centre[0] + radius * np.sin(angle)), axis=1
    )
    mask = np.zeros(evidence.shape, dtype=np.uint8)
    cv2.fillPoly(mask, [np.rint(points).astype(np.int32)], 1)
    return mask
