"""The grey-level co-occurrence matrices of a cell, as the sums that their features need.

Conventions are IBSI's: symmetric matrices, pairs only where both pixels lie in the compartment,
Chebyshev distance, levels from 1, logarithms to base 2. No feature reads a matrix: what the 25
are made of is summed up where the pairs are counted.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...core.cell import COMPARTMENTS, Cell
from ...core.registry import Axes, Family, Membership
from ...primitives.arrays import Floats
from ...primitives.channels import CHANNELS
from ...primitives.quantise import quantise
from .glcm_counts import sum_pairs
from .maximal_correlation import count_matrices

DISTANCES = (1, 2, 4)
LEVELS = (32, 256)
AGGREGATIONS = ("mean", "range", "merged")

_FEW = np.arange(4096, dtype=np.float64)
_COUNTS_LOG = _FEW * np.log2(np.maximum(_FEW, 1))


class Glcm(NamedTuple):
    """Sums over co-occurrence matrices, over any axes; entropies in bits, levels from 1."""

    maximum: Floats  # largest entry of the matrix
    squares: Floats  # sum of the squared entries
    entropy: Floats  # of the matrix
    mean: Floats  # of the level of a pixel of a pair, and its central moments
    variance: Floats
    third: Floats
    fourth: Floats
    marginal_entropy: Floats
    total_mean: Floats  # of the sum of the two levels, and its central moments
    tendency: Floats
    shade: Floats
    prominence: Floats
    total_entropy: Floats
    difference_mean: Floats  # of the absolute difference of the two levels
    difference_variance: Floats
    difference_third: Floats
    difference_fourth: Floats
    difference_entropy: Floats
    contrast: Floats  # means of functions of the difference: its square
    inverse: Floats  # 1 / (1 + difference)
    normalised_inverse: Floats  # 1 / (1 + difference / levels)
    inverse_square: Floats  # 1 / (1 + difference^2)
    normalised_inverse_square: Floats  # 1 / (1 + (difference / levels)^2)
    inverse_variance: Floats  # 1 / difference^2, and 0 for no difference

    @property
    def covariance(self) -> Floats:
        """Of the two levels of a pair, from the spread of their sum and of their difference."""
        return (self.tendency - self.contrast) / 4


@cache
def _functions(levels: int) -> Floats:
    """Functions of each absolute difference, as the last fields of `Glcm`: (levels, 6)."""
    difference = np.arange(float(levels))
    return np.stack(
        [
            difference**2,
            1 / (1 + difference),
            1 / (1 + difference / levels),
            1 / (1 + difference**2),
            1 / (1 + (difference / levels) ** 2),
            np.append(0.0, 1 / difference[1:] ** 2),
        ],
        axis=1,
    )


def compute_glcm(
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

    Returns
    -------
    Glcm
        NaN where there is no pair.
    """
    shape = (3, planes.shape[0], len(distances), 5 if merged else 4)
    sums = np.empty((3, shape[1] * shape[2] * shape[3], len(Glcm._fields)))
    steps = np.array(distances, dtype=np.int64)
    sum_pairs(planes, parts, steps, shape[3], _COUNTS_LOG, _functions(levels), sums)
    return Glcm(*np.ascontiguousarray(sums.reshape(-1, sums.shape[2]).T).reshape(-1, *shape))


def _settings(parameter: str) -> tuple[int, int, str]:
    """Take ``d1_32_mean`` apart: distance, levels, aggregation."""
    distance, levels, aggregation = parameter.split("_")
    return int(distance[1:]), int(levels), aggregation


class _Plan(NamedTuple):
    """What the parameters of a share ask for."""

    levels: int
    merged: bool
    distances: tuple[int, ...]
    picks: tuple[tuple[int, str], ...]  # place of the distance, aggregation


@cache
def _plan(parameters: tuple[str, ...]) -> _Plan:
    settings = [_settings(parameter) for parameter in parameters]
    distances = tuple(dict.fromkeys(distance for distance, _, _ in settings))
    picks = tuple((distances.index(distance), how) for distance, _, how in settings)
    return _Plan(settings[0][1], any(how == "merged" for _, how in picks), distances, picks)


def _count(cell: Cell, axes: Axes) -> Glcm:
    plan = _plan(axes.parameters)
    planes = quantise(cell.planes(axes.channels), plan.levels)
    whole = compute_glcm(
        planes, cell.compartment_labels, plan.distances, plan.levels, merged=plan.merged
    )
    if axes.compartments == COMPARTMENTS:
        return whole
    keep = [COMPARTMENTS.index(word) for word in axes.compartments]
    return Glcm(*(values[keep] for values in whole))


def _view(cell: Cell, axes: Axes) -> Glcm:
    """Return the matrices that both families read, counted once."""
    return cell.cached(("Glcm", axes), lambda: _count(cell, axes))


class GlcmWithCounts(Glcm):
    """The sums, and what the matrices themselves can be counted from."""

    cell: Cell
    axes: Axes

    def map_matrices(self, function: Callable[[Floats], Floats]) -> Floats:
        """Apply a function of matrices of counts (…, levels, levels) -> (…), shaped as the sums."""
        plan = _plan(self.axes.parameters)
        keep = [COMPARTMENTS.index(word) for word in self.axes.compartments]
        directions = 5 if plan.merged else 4
        values = np.empty((*self.axes.shape[:2], len(plan.distances), directions))
        for channel, plane in enumerate(
            quantise(self.cell.planes(self.axes.channels), plan.levels)
        ):
            for place, distance in enumerate(plan.distances):
                counts = count_matrices(plane, self.cell.compartment_labels, distance, plan.levels)
                values[:, channel, place] = function(counts[keep, :directions])
        return values


def _view_with_counts(cell: Cell, axes: Axes) -> GlcmWithCounts:
    view = GlcmWithCounts(*_view(cell, axes))
    view.cell, view.axes = cell, axes
    return view


def aggregate(values: Floats, how: str) -> Floats:
    """Reduce the last axis (4 directions, then all merged) by ``mean``, ``range``, ``merged``."""
    directions = values[..., :4]
    if how == "mean":
        return np.asarray(np.add.reduce(directions, axis=-1) / 4)
    if how == "range":
        return np.asarray(directions.max(axis=-1) - directions.min(axis=-1))
    return np.asarray(values[..., 4])


def _finish(_view: Any, values: Any, axes: Axes) -> Floats:  # noqa: ANN401
    """Aggregate (…, distances, directions) to (…, parameters)."""
    picks = _plan(axes.parameters).picks
    reduced = {how: aggregate(values, how) for how in dict.fromkeys(how for _, how in picks)}
    finished = np.empty((*values.shape[:-2], len(picks)))
    for index, (place, how) in enumerate(picks):
        finished[..., index] = reduced[how][..., place]
    return finished


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
    title="Haralick's fourteen under the names of his paper: thirteen equal a Texture column",
    compartments=COMPARTMENTS,
    view=_view_with_counts,
    channels=_TEXTURE_CHANNELS,
    parameters=_PARAMETERS,
    group=TEXTURE.group,
    finish=_finish,
    membership=lambda channel, how: _membership(channel, how) if channel == "Gray" else "named",
    bounds=_bounds,
)
