"""Gradients: how steep the grey levels are, and whether they run one way (a summary of HOG).

Central differences, only where all four neighbours lie in the compartment.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import pi, tan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.cell import COMPARTMENTS, Cell
from ..core.registry import Axes, Family, feature
from ..primitives.arrays import Floats, ratio
from ..primitives.channels import TEXTURE_CHANNELS
from ..primitives.kernels import compiled, inner

BINS = 8
_FIRST, _SECOND = tan(pi / 16), tan(3 * pi / 16)


@inner
def orientation(right: np.int64, down: np.int64, first: float, second: float) -> int:
    """Return which of 8 directions, 22.5 degrees apart from 0, a gradient is nearest to."""
    across, along = abs(right), abs(down)
    if along <= first * across:
        return 0
    if across <= first * along:
        return 4
    if along <= second * across:
        sector = 1
    elif across <= second * along:
        sector = 3
    else:
        sector = 2
    return sector if (right > 0) == (down > 0) else 8 - sector


@compiled
def gradient_sums(
    planes: NDArray[np.uint8], parts: NDArray[np.uint8], first: float, second: float
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Sum up the gradients of every plane.

    Parameters
    ----------
    planes : (channels, rows, cols) uint8
        Grey levels.
    parts : (rows, cols) uint8
        0 outside, 1 cytoplasm, 2 nucleus.
    first, second : float
        Tangents of 11.25 and 33.75 degrees.

    Returns
    -------
    sums : (both, Nuclei, Cytoplasm; channels; 5) float64
        Where the neighbours are of both parts, and where they are of one: pixels, sum of the
        length, and four times the sums of its square and of its square times the cosine and the
        sine of twice the direction.
    directions : (both, Nuclei, Cytoplasm; channels; 8) float64
        Length by direction.
    """
    channels, rows, cols = planes.shape
    sums = np.zeros((3, channels, 5))
    directions = np.zeros((3, channels, 8))
    for channel in range(channels):
        for row in range(1, rows - 1):
            for col in range(1, cols - 1):
                part = parts[row, col]
                if part == 0:
                    continue
                north, south = parts[row - 1, col], parts[row + 1, col]
                west, east = parts[row, col - 1], parts[row, col + 1]
                if north == 0 or south == 0 or west == 0 or east == 0:
                    continue
                # 0 where both parts meet, 1 nucleus, 2 cytoplasm
                alike = north == part and south == part and west == part and east == part
                place = 3 - part if alike else 0
                right = np.int64(planes[channel, row, col + 1]) - planes[channel, row, col - 1]
                down = np.int64(planes[channel, row + 1, col]) - planes[channel, row - 1, col]
                squared = right * right + down * down
                length = np.sqrt(squared) / 2
                sums[place, channel, 0] += 1
                sums[place, channel, 1] += length
                sums[place, channel, 2] += squared
                sums[place, channel, 3] += right * right - down * down
                sums[place, channel, 4] += 2 * right * down
                directions[place, channel, orientation(right, down, first, second)] += length
    return sums, directions


@dataclass(frozen=True, eq=False)
class Gradients:
    """Sums over the gradients, as `gradient_sums` returns them.

    Parameters
    ----------
    sums : (compartments, channels, 5) float64
    directions : (compartments, channels, 8) float64
    """

    sums: Floats
    directions: Floats

    @property
    def mean(self) -> Floats:
        """Mean length: (compartments, channels)."""
        return ratio(self.sums[..., 1], self.sums[..., 0])

    @property
    def shares(self) -> Floats:
        """Share of each direction in the summed length: (compartments, channels, 8)."""
        total = self.directions.sum(axis=-1, keepdims=True)
        return ratio(self.directions, np.broadcast_to(total, self.directions.shape))


def _view(cell: Cell, axes: Axes) -> Gradients:
    keep = [COMPARTMENTS.index(word) for word in axes.compartments]
    sums, directions = gradient_sums(
        cell.planes(axes.channels), cell.compartment_labels, _FIRST, _SECOND
    )
    sums[0] += sums[1] + sums[2]
    sums[..., 2:] /= 4
    directions[0] += directions[1] + directions[2]
    return Gradients(sums[keep], directions[keep])


GRADIENT = Family(
    name="Gradient",
    title="Gradients: how steep the grey levels are, and whether they run one way",
    compartments=COMPARTMENTS,
    view=_view,
    channels=TEXTURE_CHANNELS,
    membership=lambda channel, _: "full" if channel == "Gray" else "named",
)

_FLAT = "no pixel with its four neighbours in the compartment, or no gradient at all"
slope = partial(
    feature,
    GRADIENT,
    nan="no pixel with its four neighbours in the compartment",
    reference="central differences; Gonzalez and Woods, Digital Image Processing",
    vetted="by hand; formula in numpy",
)


@slope(unit="level / px", plain="steepness of the texture", range="[0, 181]")
def mean_magnitude(view: Gradients) -> Floats:
    """Mean length of the gradient."""
    return view.mean


@slope(unit="level / px", plain="unevenness of the texture's steepness", range="[0, 91]")
def magnitude_standard_deviation(view: Gradients) -> Floats:
    """Population standard deviation of the length of the gradient."""
    variance = ratio(view.sums[..., 2], view.sums[..., 0]) - view.mean**2
    return np.asarray(np.sqrt(np.maximum(variance, 0)))


@slope(
    unit="1",
    plain="streakiness of the texture",
    range="[0, 1]",
    nan=_FLAT,
    reference="coherence of the structure tensor; Bigun 1991, doi:10.1109/34.85668",
)
def coherence(view: Gradients) -> Floats:
    """Length of the sum of squared gradients at twice their angle, over the sum of squares."""
    both = np.hypot(view.sums[..., 3], view.sums[..., 4])
    return ratio(both, view.sums[..., 2])


@slope(
    unit="bit",
    plain="evenness of the directions",
    range="[0, 3]",
    nan=_FLAT,
    reference="histogram of oriented gradients, 8 bins; Dalal 2005, doi:10.1109/CVPR.2005.177",
)
def orientation_entropy(view: Gradients) -> Floats:
    """Entropy of the gradients' summed length by 8 directions, in bits."""
    shares = view.shares
    return np.asarray((shares * np.log2(1 / np.where(shares > 0, shares, 1))).sum(axis=-1))


@slope(
    unit="1",
    plain="share of the commonest direction",
    range="[0.125, 1]",
    nan=_FLAT,
    reference="histogram of oriented gradients, 8 bins; Dalal 2005, doi:10.1109/CVPR.2005.177",
)
def orientation_peak(view: Gradients) -> Floats:
    """Largest share of one of 8 directions in the gradients' summed length."""
    return np.asarray(view.shares.max(axis=-1))
