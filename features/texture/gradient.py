"""Gradient magnitude and direction of the grey values (a summary of HOG).

Gradients are central differences of pixels whose four neighbours are in the compartment.
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
def direction_bin(gx: np.int64, gy: np.int64, first: float, second: float) -> int:
    """Return the nearest of 8 undirected orientations, multiples of 22.5 degrees from 0."""
    dx, dy = abs(gx), abs(gy)
    if dy <= first * dx:
        return 0
    if dx <= first * dy:
        return 4
    if dy <= second * dx:
        sector = 1
    elif dx <= second * dy:
        sector = 3
    else:
        sector = 2
    return sector if (gx > 0) == (gy > 0) else 8 - sector


@compiled
def gradient_sums(
    planes: NDArray[np.uint8], parts: NDArray[np.uint8], first: float, second: float
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the sums over the gradients of every plane.

    Parameters
    ----------
    planes : (channels, rows, cols) uint8
        Grey values.
    parts : (rows, cols) uint8
        0 outside, 1 cytoplasm, 2 nucleus.
    first, second : float
        Tangents of 11.25 and 33.75 degrees.

    Returns
    -------
    sums : (border, Nuclei, Cytoplasm; channels; 5) float64
        Number of pixels; sum of the magnitude; 4 times the sums of the squared magnitude and of
        its products with the cosine and the sine of twice the direction. The first row is for
        pixels with neighbours in both parts, the others for pixels within one part.
    directions : (border, Nuclei, Cytoplasm; channels; 8) float64
        Sum of the magnitude by direction.
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
                # 0 at the border of both parts, 1 nucleus, 2 cytoplasm
                same_part = north == part and south == part and west == part and east == part
                group = 3 - part if same_part else 0
                gx = np.int64(planes[channel, row, col + 1]) - planes[channel, row, col - 1]
                gy = np.int64(planes[channel, row + 1, col]) - planes[channel, row - 1, col]
                squared = gx * gx + gy * gy
                length = np.sqrt(squared) / 2
                sums[group, channel, 0] += 1
                sums[group, channel, 1] += length
                sums[group, channel, 2] += squared
                sums[group, channel, 3] += gx * gx - gy * gy
                sums[group, channel, 4] += 2 * gx * gy
                directions[group, channel, direction_bin(gx, gy, first, second)] += length
    return sums, directions


@dataclass(frozen=True, eq=False)
class Gradients:
    """Sums over the gradients of each compartment, see `gradient_sums`.

    Parameters
    ----------
    sums : (compartments, channels, 5) float64
        As in `gradient_sums`, without the factor 4.
    directions : (compartments, channels, 8) float64
        Sum of the magnitude by direction.
    """

    sums: Floats
    directions: Floats

    @property
    def mean(self) -> Floats:
        """Mean magnitude: (compartments, channels)."""
        return ratio(self.sums[..., 1], self.sums[..., 0])

    @property
    def shares(self) -> Floats:
        """Share of each direction in the summed magnitude: (compartments, channels, 8)."""
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
    title="Gradients: magnitude and direction",
    compartments=COMPARTMENTS,
    view=_view,
    channels=TEXTURE_CHANNELS,
    membership=lambda channel, _: "full" if channel == "Gray" else "named",
)

_FLAT = "no pixel with its four neighbours in the compartment, or no gradient at all"
gradient_feature = partial(
    feature,
    GRADIENT,
    nan="no pixel with its four neighbours in the compartment",
    reference="central differences; Gonzalez and Woods, Digital Image Processing",
    vetted="by hand; formula in numpy",
)


@gradient_feature(unit="level / px", plain="mean steepness of the texture", range="[0, 181]")
def mean_magnitude(view: Gradients) -> Floats:
    """Mean magnitude of the gradient."""
    return view.mean


@gradient_feature(
    unit="level / px", plain="variability of the steepness of the texture", range="[0, 91]"
)
def magnitude_standard_deviation(view: Gradients) -> Floats:
    """Population standard deviation of the magnitude of the gradient."""
    variance = ratio(view.sums[..., 2], view.sums[..., 0]) - view.mean**2
    return np.asarray(np.sqrt(np.maximum(variance, 0)))


@gradient_feature(
    unit="1",
    plain="alignment of the texture in one direction",
    range="[0, 1]",
    nan=_FLAT,
    reference="coherence of the structure tensor; Bigun 1991, doi:10.1109/34.85668",
)
def coherence(view: Gradients) -> Floats:
    """|sum of g^2 exp(2 i angle)| / sum of g^2 over the gradients, g their magnitude."""
    resultant = np.hypot(view.sums[..., 3], view.sums[..., 4])
    return ratio(resultant, view.sums[..., 2])


@gradient_feature(
    unit="bit",
    plain="evenness of the gradient directions",
    range="[0, 3]",
    nan=_FLAT,
    reference="histogram of oriented gradients, 8 bins; Dalal 2005, doi:10.1109/CVPR.2005.177",
)
def orientation_entropy(view: Gradients) -> Floats:
    """Entropy of the summed gradient magnitude by 8 directions, in bits."""
    shares = view.shares
    return np.asarray((shares * np.log2(1 / np.where(shares > 0, shares, 1))).sum(axis=-1))


@gradient_feature(
    unit="1",
    plain="share of the most frequent gradient direction",
    range="[0.125, 1]",
    nan=_FLAT,
    reference="histogram of oriented gradients, 8 bins; Dalal 2005, doi:10.1109/CVPR.2005.177",
)
def orientation_peak(view: Gradients) -> Floats:
    """Largest share of one of 8 directions in the summed gradient magnitude."""
    return np.asarray(view.shares.max(axis=-1))
