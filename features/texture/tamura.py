"""Tamura's texture as people see it: coarseness, contrast and directionality."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import pi
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..colour.histogram import Histogram
from ..core.cell import COMPARTMENTS, Cell
from ..core.registry import Axes, Family, feature
from ..primitives.arrays import Floats, ratio
from ..primitives.channels import TEXTURE_CHANNELS
from ..primitives.kernels import compiled, inner

SCALES = 5
DIRECTIONS = 16
LEAST_GRADIENT = 12


@inner
def _apart(one: int, other: int) -> float:
    """Difference of the means of two boxes (pixels << 32 | sum of levels), -1 if one is empty."""
    if one == 0 or other == 0:
        return -1.0
    return abs(
        float(one & 0xFFFFFFFF) / float(one >> 32) - float(other & 0xFFFFFFFF) / float(other >> 32)
    )


@compiled
def mean_best_size(plane: NDArray[np.uint8], mask: NDArray[np.bool_], scales: int) -> float:
    """Mean over the pixels of the side of the squares whose means differ most on either side.

    Squares of 1, 2, 4, 8 and 16 pixels' width (and about as much height) that lie to the left
    and right of a pixel, or above and below; only the mask's pixels enter their means.
    """
    rows, cols = plane.shape
    # Sums above and to the left, with room for the largest square on all sides; the number of
    # pixels in the upper half of the word, their levels in the lower.
    room = 1 << (scales - 1)
    sums = np.zeros((rows + 2 * room + 1, cols + 2 * room + 1), np.int64)
    for row in range(rows + 2 * room):
        line = np.int64(0)
        for col in range(cols + 2 * room):
            y, x = row - room, col - room
            if 0 <= y < rows and 0 <= x < cols and mask[y, x]:
                line += (np.int64(1) << 32) + plane[y, x]
            sums[row + 1, col + 1] = sums[row, col + 1] + line
    found, pixels = 0, 0
    for row in range(rows):
        for col in range(cols):
            if not mask[row, col]:
                continue
            best, side = -1.0, 0
            y, x = row + room, col + room
            for scale in range(scales):
                far = 1 << scale
                up, low = y - far // 2, y + far // 2 + 1
                left, right = x - far // 2, x + far // 2 + 1
                before = sums[low, x] - sums[up, x] - sums[low, x - far] + sums[up, x - far]
                after = (
                    sums[low, x + far + 1]
                    - sums[up, x + far + 1]
                    - sums[low, x + 1]
                    + sums[up, x + 1]
                )
                apart = _apart(before, after)
                if apart > best:
                    best, side = apart, far
                before = sums[y, right] - sums[y - far, right] - sums[y, left] + sums[y - far, left]
                after = (
                    sums[y + far + 1, right]
                    - sums[y + 1, right]
                    - sums[y + far + 1, left]
                    + sums[y + 1, left]
                )
                apart = _apart(before, after)
                if apart > best:
                    best, side = apart, far
            if side:
                found += side
                pixels += 1
    return found / pixels if pixels else np.nan


@compiled
def direction_histogram(
    plane: NDArray[np.uint8], parts: NDArray[np.uint8], bins: int, least: int
) -> NDArray[Any]:
    """Count the pixels by the direction of a Prewitt gradient of some strength.

    Only where all nine pixels lie in the cell. Returns (both, Nuclei, Cytoplasm; bins), where
    they are of both parts or of one; the strength is half the sum of both components' sizes,
    each a mean of three differences.
    """
    rows, cols = plane.shape
    out = np.zeros((3, bins))
    for row in range(1, rows - 1):
        for col in range(1, cols - 1):
            here = parts[row, col]
            if here == 0:
                continue
            right, down = np.int64(0), np.int64(0)
            inside, alike = 0, 0
            for y in range(-1, 2):
                for x in range(-1, 2):
                    part = parts[row + y, col + x]
                    inside += part > 0
                    alike += part == here
                    level = np.int64(plane[row + y, col + x])
                    right += x * level
                    down += y * level
            if inside < 9 or abs(right) + abs(down) < 6 * least:
                continue
            turn = int(np.rint(np.arctan2(float(down), float(right)) * bins / np.pi)) % bins
            out[3 - here if alike == 9 else 0, turn] += 1
    return out


@dataclass(frozen=True, eq=False)
class Tamura:
    """What Tamura's features are made of.

    Parameters
    ----------
    sides : (compartments, channels) float64
        Mean side of the best squares, pixels.
    histogram : Histogram
        Of the levels.
    directions : (compartments, channels, 16) float64
        Pixels with a clear gradient by its direction.
    """

    sides: Floats
    histogram: Histogram
    directions: Floats


def _view(cell: Cell, axes: Axes) -> Tamura:
    keep = [COMPARTMENTS.index(word) for word in axes.compartments]
    planes = [cell.plane(channel) for channel in axes.channels]
    sides = [
        [mean_best_size(plane, cell.mask(word), SCALES) for plane in planes]
        for word in axes.compartments
    ]
    directions = [
        direction_histogram(plane, cell.compartment_labels, DIRECTIONS, LEAST_GRADIENT)
        for plane in planes
    ]
    for each in directions:
        each[0] += each[1] + each[2]
    counts = cell.histograms(axes.compartments, axes.channels)
    levels = np.broadcast_to(np.arange(256.0), (len(planes), 256))
    return Tamura(np.array(sides), Histogram(counts, levels), np.stack(directions, axis=1)[keep])


TAMURA = Family(
    name="Tamura",
    title="Texture as people see it: coarseness, contrast and directionality",
    compartments=COMPARTMENTS,
    view=_view,
    channels=TEXTURE_CHANNELS,
    membership=lambda channel, _: "full" if channel == "Gray" else "named",
)

tamura = partial(
    feature,
    TAMURA,
    reference="Tamura 1978, doi:10.1109/TSMC.1978.4309999",
    vetted="by hand; numpy",
)


@tamura(
    unit="px",
    plain="coarseness of the texture",
    range="[1, 16]",
    nan="no pixel with others on both sides of it",
    vetted="by hand; formula in numpy",
)
def coarseness(view: Tamura) -> Floats:
    """Mean side (1 to 16 px) of the squares whose means differ most on either side of a pixel."""
    return view.sides


@tamura(
    unit="level",
    plain="contrast of the texture",
    range="[0, 128]",
    vetted="by hand; formula in numpy; formula in scipy",
)
def contrast(view: Tamura) -> Floats:
    """Standard deviation of the levels over the fourth root of their kurtosis; 0 if all alike."""
    variance, fourth = view.histogram.moments.variance, view.histogram.moments.fourth
    # sd / (fourth / variance^2)^(1/4), without the division where there is no spread
    return np.where(variance > 0, variance / np.where(fourth > 0, fourth, 1) ** 0.25, variance)


_APART = np.abs(np.arange(DIRECTIONS)[:, None] - np.arange(DIRECTIONS))
_SQUARED_ANGLES = (np.minimum(_APART, DIRECTIONS - _APART) * pi / DIRECTIONS) ** 2


@tamura(
    unit="1",
    plain="one-sidedness of the texture",
    range="[0, 1]",
    nan="no gradient of 12 levels whose nine pixels lie in the compartment",
    vetted="by hand; formula in numpy",
)
def directionality(view: Tamura) -> Floats:
    """1 less the mean squared angle to the commonest of 16 directions, in right angles squared."""
    total = view.directions.sum(axis=-1, keepdims=True)
    shares = ratio(view.directions, np.broadcast_to(total, view.directions.shape))
    spread = shares @ _SQUARED_ANGLES
    commonest = view.directions == view.directions.max(axis=-1, keepdims=True)
    return np.asarray(1 - np.where(commonest, spread, np.inf).min(axis=-1) / (pi / 2) ** 2)
