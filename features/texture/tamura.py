"""Tamura features: coarseness, contrast and directionality of the texture."""

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
MIN_GRADIENT = 12


@inner
def _mean_difference(one: int, other: int) -> float:
    """Return the absolute difference of the means of two boxes, -1 if one is empty.

    A box is ``pixels << 32 | sum of grey values``.
    """
    if one == 0 or other == 0:
        return -1.0
    return abs(
        float(one & 0xFFFFFFFF) / float(one >> 32) - float(other & 0xFFFFFFFF) / float(other >> 32)
    )


@compiled
def mean_best_size(plane: NDArray[np.uint8], mask: NDArray[np.bool_], scales: int) -> float:
    """Return the mean over the pixels of the window size with the largest difference of means.

    Windows of about 1, 2, 4, 8 and 16 pixels are compared to the left and right of a pixel, and
    above and below it. Only the mask's pixels enter the means. NaN if no pixel has mask pixels on
    two opposite sides.
    """
    rows, cols = plane.shape
    # Integral image, padded by the largest window on all sides: the number of mask pixels in the
    # upper 32 bits, the sum of their grey values in the lower.
    margin = 1 << (scales - 1)
    sums = np.zeros((rows + 2 * margin + 1, cols + 2 * margin + 1), np.int64)
    for row in range(rows + 2 * margin):
        line = np.int64(0)
        for col in range(cols + 2 * margin):
            y, x = row - margin, col - margin
            if 0 <= y < rows and 0 <= x < cols and mask[y, x]:
                line += (np.int64(1) << 32) + plane[y, x]
            sums[row + 1, col + 1] = sums[row, col + 1] + line
    size_sum, pixels = 0, 0
    for row in range(rows):
        for col in range(cols):
            if not mask[row, col]:
                continue
            best, best_size = -1.0, 0
            y, x = row + margin, col + margin
            for scale in range(scales):
                size = 1 << scale
                up, low = y - size // 2, y + size // 2 + 1
                left, right = x - size // 2, x + size // 2 + 1
                before = sums[low, x] - sums[up, x] - sums[low, x - size] + sums[up, x - size]
                after = (
                    sums[low, x + size + 1]
                    - sums[up, x + size + 1]
                    - sums[low, x + 1]
                    + sums[up, x + 1]
                )
                difference = _mean_difference(before, after)
                if difference > best:
                    best, best_size = difference, size
                before = (
                    sums[y, right] - sums[y - size, right] - sums[y, left] + sums[y - size, left]
                )
                after = (
                    sums[y + size + 1, right]
                    - sums[y + 1, right]
                    - sums[y + size + 1, left]
                    + sums[y + 1, left]
                )
                difference = _mean_difference(before, after)
                if difference > best:
                    best, best_size = difference, size
            if best_size:
                size_sum += best_size
                pixels += 1
    return size_sum / pixels if pixels else np.nan


@compiled
def direction_histogram(
    plane: NDArray[np.uint8], parts: NDArray[np.uint8], bins: int, min_gradient: int
) -> NDArray[Any]:
    """Count the pixels with a clear Prewitt gradient by its direction.

    Only pixels whose 3x3 neighbourhood is in the cell count, with a gradient strength of at least
    `min_gradient`: half the sum of the absolute components, each a mean of three differences.

    Returns
    -------
    (border, Nuclei, Cytoplasm; bins) float64
        The first row is for neighbourhoods with pixels of both parts.
    """
    rows, cols = plane.shape
    out = np.zeros((3, bins))
    for row in range(1, rows - 1):
        for col in range(1, cols - 1):
            part_here = parts[row, col]
            if part_here == 0:
                continue
            right, down = np.int64(0), np.int64(0)
            inside, in_part = 0, 0
            for y in range(-1, 2):
                for x in range(-1, 2):
                    part = parts[row + y, col + x]
                    inside += part > 0
                    in_part += part == part_here
                    level = np.int64(plane[row + y, col + x])
                    right += x * level
                    down += y * level
            if inside < 9 or abs(right) + abs(down) < 6 * min_gradient:
                continue
            direction = int(np.rint(np.arctan2(float(down), float(right)) * bins / np.pi)) % bins
            out[3 - part_here if in_part == 9 else 0, direction] += 1
    return out


@dataclass(frozen=True, eq=False)
class Tamura:
    """Measurements from which the Tamura features are computed.

    Parameters
    ----------
    best_sizes : (compartments, channels) float64
        Mean best window size in pixels.
    histogram : Histogram
        Histogram of the grey values.
    directions : (compartments, channels, 16) float64
        Number of pixels with a clear gradient, by its direction.
    """

    best_sizes: Floats
    histogram: Histogram
    directions: Floats


def _view(cell: Cell, axes: Axes) -> Tamura:
    keep = [COMPARTMENTS.index(word) for word in axes.compartments]
    planes = [cell.plane(channel) for channel in axes.channels]
    best_sizes = [
        [mean_best_size(plane, cell.mask(word), SCALES) for plane in planes]
        for word in axes.compartments
    ]
    directions = [
        direction_histogram(plane, cell.compartment_labels, DIRECTIONS, MIN_GRADIENT)
        for plane in planes
    ]
    for each in directions:
        each[0] += each[1] + each[2]
    counts = cell.histograms(axes.compartments, axes.channels)
    levels = np.broadcast_to(np.arange(256.0), (len(planes), 256))
    return Tamura(
        np.array(best_sizes), Histogram(counts, levels), np.stack(directions, axis=1)[keep]
    )


TAMURA = Family(
    name="Tamura",
    title="Tamura features: coarseness, contrast and directionality",
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
    nan="no pixel with pixels of the compartment on two opposite sides",
    vetted="by hand; formula in numpy",
)
def coarseness(view: Tamura) -> Floats:
    """Mean size (1 to 16 px) of the windows with the largest difference of opposite means."""
    return view.best_sizes


@tamura(
    unit="level",
    plain="contrast of the texture",
    range="[0, 128]",
    vetted="by hand; formula in numpy; formula in scipy",
)
def contrast(view: Tamura) -> Floats:
    """Standard deviation / kurtosis^(1/4) of the grey values; 0 for a single value."""
    variance, fourth = view.histogram.moments.variance, view.histogram.moments.fourth
    # sd / (fourth / variance^2)^(1/4), without a division by 0
    return np.where(variance > 0, variance / np.where(fourth > 0, fourth, 1) ** 0.25, variance)


_BIN_DISTANCES = np.abs(np.arange(DIRECTIONS)[:, None] - np.arange(DIRECTIONS))
_SQUARED_ANGLES = (np.minimum(_BIN_DISTANCES, DIRECTIONS - _BIN_DISTANCES) * pi / DIRECTIONS) ** 2


@tamura(
    unit="1",
    plain="alignment of the texture in one direction",
    range="[0, 1]",
    nan="no gradient of 12 levels whose 3x3 square is in the compartment",
    vetted="by hand; formula in numpy",
)
def directionality(view: Tamura) -> Floats:
    """1 - mean squared angle to the most frequent of 16 directions / (pi / 2)^2."""
    total = view.directions.sum(axis=-1, keepdims=True)
    shares = ratio(view.directions, np.broadcast_to(total, view.directions.shape))
    spread = shares @ _SQUARED_ANGLES
    most_frequent = view.directions == view.directions.max(axis=-1, keepdims=True)
    return np.asarray(1 - np.where(most_frequent, spread, np.inf).min(axis=-1) / (pi / 2) ** 2)
