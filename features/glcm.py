"""The grey-level co-occurrence matrices of a cell, as the sums that their features need.

Conventions are IBSI's: symmetric matrices, pairs only where both pixels lie in the compartment,
Chebyshev distance, levels from 1, logarithms to base 2. Of the 25 features all but three follow
from three vectors, the distributions of a level, of the difference and of the sum of the two
levels of a pair; the counting kernel returns these, so no matrix is ever visited twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .arrays import Floats
from .cell import COMPARTMENTS, Cell
from .colour import CHANNELS
from .kernels import entropies, expectations
from .pairs import Sums, count_pairs
from .registry import Axes, Family, Membership

DISTANCES = (1, 2, 4)
LEVELS = (32, 256)
AGGREGATIONS = ("mean", "range", "merged")


def entropy(distributions: Floats) -> Floats:
    """Entropy over the last axis, in bits; 0 log 0 is 0."""
    rows = distributions.reshape(-1, distributions.shape[-1])
    return np.asarray(entropies(rows)).reshape(distributions.shape[:-1])


class Smoothness(NamedTuple):
    """Means over the pairs of falling functions of the absolute difference of the two levels."""

    inverse: Floats  # 1 / (1 + difference)
    normalised_inverse: Floats  # 1 / (1 + difference / levels)
    inverse_square: Floats  # 1 / (1 + difference^2)
    normalised_inverse_square: Floats  # 1 / (1 + (difference / levels)^2)
    inverse_variance: Floats  # 1 / difference^2, and 0 for no difference


@cache
def _falling(levels: int) -> Floats:
    """Values of `Smoothness` for each absolute difference: (5, levels)."""
    difference = np.arange(float(levels))
    return np.stack(
        [
            1 / (1 + difference),
            1 / (1 + difference / levels),
            1 / (1 + difference**2),
            1 / (1 + (difference / levels) ** 2),
            np.append(0.0, 1 / difference[1:] ** 2),
        ]
    )


@dataclass(frozen=True, eq=False)
class Glcm:
    """Sums over co-occurrence matrices whose leading axes are the same everywhere.

    Parameters
    ----------
    marginal : (…, levels) float64
        Probability of each level; with the matrix symmetric, of either pixel of a pair.
    difference : (…, levels) float64
        Probability of each absolute difference of the two levels, from 0.
    total : (…, 2 levels - 1) float64
        Probability of each sum of the two levels, from 2.
    sums : Sums of (…) float64
        Means, entropies and moments of the matrix and of the three distributions.
    """

    marginal: Floats
    difference: Floats
    total: Floats
    sums: Sums

    @cached_property
    def smoothness(self) -> Smoothness:
        """Means over the pairs of what falls with the absolute difference of the levels."""
        levels = self.difference.shape[-1]
        rows = self.difference.reshape(-1, levels)
        means = expectations(rows, _falling(levels))
        return Smoothness(*means.reshape(-1, *self.difference.shape[:-1]))

    @cached_property
    def variance(self) -> Floats:
        """Variance of the level: (…)."""
        return self.sums.mean_square - self.sums.mean**2

    @cached_property
    def autocorrelation(self) -> Floats:
        """Mean product of the two levels, from their sum and difference: (…)."""
        return (self.sums.total_mean_square - self.sums.difference_mean_square) / 4


def glcm_of(
    planes: NDArray[np.uint16],
    parts: NDArray[np.uint8],
    distances: tuple[int, ...],
    levels: int,
    *,
    merged: bool = True,
) -> Glcm:
    """Count matrices over (Cells, Nuclei, Cytoplasm; channels; distances; 4 directions, merged).

    Parameters
    ----------
    planes : (channels, rows, cols) uint16
        Zero-based levels.
    parts : (rows, cols) uint8
        0 outside, 1 cytoplasm, 2 nucleus.
    distances : tuple of int
        Chebyshev distances, pixels.
    levels : int
        Number of levels.
    merged : bool
        Whether the sum of the 4 directions is wanted.
    """
    marginal, difference, total, sums = count_pairs(planes, parts, distances, levels, merged=merged)
    return Glcm(marginal, difference, total, Sums(*sums))


def quantise(planes: NDArray[np.uint8], levels: int) -> NDArray[np.uint16]:
    """Return zero-based levels of equal width: ``plane // (256 / levels)``."""
    return (planes // (256 // levels)).astype(np.uint16)


def _settings(parameter: str) -> tuple[int, int, str]:
    """Take ``d1_32_mean`` apart: distance, levels, aggregation."""
    distance, levels, aggregation = parameter.split("_")
    return int(distance[1:]), int(levels), aggregation


def _distances(axes: Axes) -> tuple[int, ...]:
    return tuple(dict.fromkeys(_settings(parameter)[0] for parameter in axes.parameters))


def _count(cell: Cell, axes: Axes) -> Glcm:
    levels = _settings(axes.parameters[0])[1]
    merged = any(parameter.endswith("merged") for parameter in axes.parameters)
    planes = quantise(cell.planes(axes.channels), levels)
    whole = glcm_of(planes, cell.parts, _distances(axes), levels, merged=merged)
    if axes.compartments == COMPARTMENTS:
        return whole
    keep = [COMPARTMENTS.index(word) for word in axes.compartments]
    sums = Sums(*(values[keep] for values in whole.sums))
    return Glcm(whole.marginal[keep], whole.difference[keep], whole.total[keep], sums)


def _view(cell: Cell, axes: Axes) -> Glcm:
    """Return the matrices that both families read, counted once."""
    return cell.once(("Glcm", axes), lambda: _count(cell, axes))


def aggregate(values: Floats, how: str) -> Floats:
    """Reduce the last axis (4 directions, then all merged) by ``mean``, ``range``, ``merged``."""
    directions = values[..., :4]
    if how == "mean":
        return np.asarray(directions.mean(axis=-1))
    if how == "range":
        return np.asarray(np.ptp(directions, axis=-1))
    return np.asarray(values[..., 4])


def _finish(_view: Any, values: Any, axes: Axes) -> Floats:  # noqa: ANN401
    """Aggregate (…, distances, directions) to (…, parameters)."""
    distances = _distances(axes)
    settings = [_settings(parameter) for parameter in axes.parameters]
    reduced = {how: aggregate(values, how) for how in {how for _, _, how in settings}}
    return np.stack(
        [reduced[how][..., distances.index(distance)] for distance, _, how in settings], axis=-1
    )


_PARAMETERS = tuple(
    f"d{distance}_{levels}_{how}"
    for levels in LEVELS
    for distance in DISTANCES
    for how in AGGREGATIONS
)
_TEXTURE_CHANNELS = tuple(name for name in CHANNELS if name != "Hue")


def _membership(channel: str, parameter: str) -> Membership:
    """Colours at the smallest distance, grey at all; 256 levels and merged directions by name."""
    _, levels, how = _settings(parameter)
    if levels != LEVELS[0] or how == "merged" or channel not in _IN_PRESETS:
        return "named"
    if channel == "Gray" and parameter == "d1_32_mean":
        return "minimal"
    if parameter in _IN_STANDARD.get(channel, ()):
        return "standard"
    return "full" if channel == "Gray" or parameter.startswith("d1_") else "named"


def _bounds(parameter: str, declared: str) -> str:
    """Range of a column: that of the feature, or of a difference over the directions."""
    return "[0, inf) over directions" if parameter.endswith("_range") else declared


_IN_STANDARD = {
    "Gray": ("d1_32_range", "d2_32_mean", "d4_32_mean"),
    "astar": ("d1_32_mean",),
    "bstar": ("d1_32_mean",),
}
_IN_PRESETS = {"Gray", "Green", "Lstar", "astar", "bstar", "Azure", "Eosin"}

TEXTURE = Family(
    name="Texture",
    title="Co-occurrence of grey levels: how the brightness of neighbouring pixels goes together",
    compartments=COMPARTMENTS,
    view=_view,
    channels=_TEXTURE_CHANNELS,
    parameters=_PARAMETERS,
    group=lambda parameter: str(_settings(parameter)[1]),
    finish=_finish,
    membership=_membership,
    bounds=_bounds,
)

HARALICK = Family(
    name="Haralick",
    title="Haralick's thirteen under the names of his paper: each equals a Texture column",
    compartments=COMPARTMENTS,
    view=_view,
    channels=_TEXTURE_CHANNELS,
    parameters=_PARAMETERS,
    group=TEXTURE.group,
    finish=_finish,
    membership=lambda channel, how: _membership(channel, how) if channel == "Gray" else "named",
    bounds=_bounds,
)
