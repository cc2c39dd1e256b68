"""The star-shaped region with the greatest evidence: dynamic programming in polar coordinates."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ..primitives.arrays import Bytes
from ..primitives.kernels import compiled

ANGLES = 96


@compiled
def _best_path(polar: NDArray[np.float32], slack: int, stiffness: float) -> NDArray[np.int64]:
    """Return the radius index at each angle for the path with the greatest total gain: (angles,).

    The gain of a radius is the evidence `polar` (angles, radii) summed from the centre to it, each
    value weighted by its radius, as area is in polar coordinates. A step of the path between two
    angles is at most `slack` and costs `stiffness` times its square. The path runs twice around
    the circle and the middle turn is returned, which makes it closed.
    """
    angles, radii = polar.shape
    gain = np.empty((angles, radii))
    for angle in range(angles):
        total = 0.0
        for radius in range(radii):
            total += np.float64(polar[angle, radius]) * ((radius + 0.5) / radii)
            gain[angle, radius] = total
    back = np.zeros((2 * angles, radii), np.int64)
    before, best = np.empty(radii), np.empty(radii)
    for radius in range(radii):
        before[radius] = gain[0, radius]
    for step in range(1, 2 * angles):
        for radius in range(radii):
            best[radius] = -1e300
        for step_size in range(-slack, slack + 1):
            cost = stiffness * float(step_size * step_size)
            start, stop = max(0, -step_size), min(radii, radii - step_size)
            source, best_here = before[start + step_size : stop + step_size], best[start:stop]
            chosen = back[step, start:stop]
            for place in range(stop - start):
                value = source[place] - cost
                better = value > best_here[place]
                best_here[place] = value if better else best_here[place]
                chosen[place] = step_size if better else chosen[place]
        for radius in range(radii):
            before[radius] = best[radius] + gain[step % angles, radius]
    last = 0
    for radius in range(radii):
        if before[radius] > before[last]:
            last = radius
    # The middle turn does not depend on the two open ends.
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
    """Return the star-shaped region around a point with the greatest total evidence.

    Parameters
    ----------
    evidence : (rows, cols) float32
        Positive for pixels of the object, negative for others.
    centre : (float, float)
        Row and column.
    reach : float
        Largest radius in pixels.
    stiffness : float
        Cost of a unit squared step of the radius index between neighbouring angles.

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
