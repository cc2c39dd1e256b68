"""Grey-level co-occurrence matrices (GLCM) of a cell, reduced to the sums that features need.

Conventions follow IBSI: symmetric matrices, pairs of pixels that are both in the compartment,
Chebyshev distance, grey levels from 1, logarithms to base 2. The counting kernel computes the
sums, so that no matrix is stored.
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

_SMALL_COUNTS = np.arange(4096, dtype=np.float64)
_N_LOG_N = _SMALL_COUNTS * np.log2(np.maximum(_SMALL_COUNTS, 1))


class Glcm(NamedTuple):
    """Statistics of co-occurrence matrices, arrays of one shape; entropies in bits, levels from 1.

    The order is the one in which `glcm_counts.sum_pairs` writes them.
    """

    joint_maximum: Floats  # largest entry of the normalised matrix
    angular_second_moment: Floats  # sum of the squared entries
    entropy: Floats  # of the matrix
    mean: Floats  # of the grey level of a pixel of a pair; then its central moments, its entropy
    variance: Floats
    third_moment: Floats
    fourth_moment: Floats
    marginal_entropy: Floats
    sum_mean: Floats  # of the sum of the two levels; then its central moments 2 to 4, its entropy
    cluster_tendency: Floats
    cluster_shade: Floats
    cluster_prominence: Floats
    sum_entropy: Floats
    difference_mean: Floats  # of the absolute difference; then its central moments, its entropy
    difference_variance: Floats
    difference_third_moment: Floats
    difference_fourth_moment: Floats
    difference_entropy: Floats
    contrast: Floats  # mean of difference^2
    inverse_difference: Floats  # mean of 1 / (1 + difference)
    normalised_inverse_difference: Floats  # mean of 1 / (1 + difference / levels)
    inverse_difference_moment: Floats  # mean of 1 / (1 + difference^2)
    normalised_inverse_difference_moment: Floats  # mean of 1 / (1 + (difference / levels)^2)
    inverse_variance: Floats  # mean of 1 / difference^2, where 0 counts for equal levels

    @property
    def covariance(self) -> Floats:
        """Covariance of the two levels of a pair: (variance of the sum - contrast) / 4."""
        return (self.cluster_tendency - self.contrast) / 4


@cache
def _difference_functions(levels: int) -> Floats:
    """Functions of the difference whose means are the last fields of `Glcm`: (levels, 6)."""
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
    """Return GLCM statistics: (Cells, Nuclei, Cytoplasm; channels; distances; directions).

    The directions are 0, 45, 90 and 135 degrees and, if `merged`, the sum of the four matrices.

    Parameters
    ----------
    planes : (channels, rows, cols) uint16
        Zero-based grey levels.
    parts : (rows, cols) uint8
        0 outside, 1 cytoplasm, 2 nucleus.
    distances : tuple of int
        Chebyshev distances in pixels.
    levels : int
        Number of grey levels.
    merged : bool
        Whether to add the sum of the 4 directions as a fifth.

    Returns
    -------
    Glcm
        NaN where a matrix has no pair.
    """
    shape = (3, planes.shape[0], len(distances), 5 if merged else 4)
    sums = np.empty((3, shape[1] * shape[2] * shape[3], len(Glcm._fields)))
    steps = np.array(distances, dtype=np.int64)
    sum_pairs(planes, parts, steps, shape[3], _N_LOG_N, _difference_functions(levels), sums)
    return Glcm(*np.ascontiguousarray(sums.reshape(-1, sums.shape[2]).T).reshape(-1, *shape))


def _settings(parameter: str) -> tuple[int, int, str]:
    """Parse ``d1_32_mean`` to distance, number of levels and aggregation."""
    distance, levels, aggregation = parameter.split("_")
    return int(distance[1:]), int(levels), aggregation


class _GlcmRequest(NamedTuple):
    """Matrices that a set of column parameters needs."""

    levels: int
    merged: bool
    distances: tuple[int, ...]
    selections: tuple[tuple[int, str], ...]  # index of the distance, aggregation


@cache
def _request(parameters: tuple[str, ...]) -> _GlcmRequest:
    settings = [_settings(parameter) for parameter in parameters]
    distances = tuple(dict.fromkeys(distance for distance, _, _ in settings))
    selections = tuple((distances.index(distance), how) for distance, _, how in settings)
    return _GlcmRequest(
        settings[0][1], any(how == "merged" for _, how in selections), distances, selections
    )


def _count(cell: Cell, axes: Axes) -> Glcm:
    request = _request(axes.parameters)
    planes = quantise(cell.planes(axes.channels), request.levels)
    glcm = compute_glcm(
        planes, cell.compartment_labels, request.distances, request.levels, merged=request.merged
    )
    if axes.compartments == COMPARTMENTS:
        return glcm
    keep = [COMPARTMENTS.index(word) for word in axes.compartments]
    return Glcm(*(values[keep] for values in glcm))


def _view(cell: Cell, axes: Axes) -> Glcm:
    """Return the statistics that both families read, cached in the cell."""
    return cell.cached(("Glcm", axes), lambda: _count(cell, axes))


class GlcmWithCounts(Glcm):
    """GLCM statistics with the cell and axes from which the matrices can be counted again."""

    cell: Cell
    axes: Axes

    def map_matrices(self, function: Callable[[Floats], Floats]) -> Floats:
        """Apply a function of count matrices (…, levels, levels) -> (…) to all matrices."""
        request = _request(self.axes.parameters)
        keep = [COMPARTMENTS.index(word) for word in self.axes.compartments]
        directions = 5 if request.merged else 4
        values = np.empty((*self.axes.shape[:2], len(request.distances), directions))
        for channel, plane in enumerate(
            quantise(self.cell.planes(self.axes.channels), request.levels)
        ):
            for index, distance in enumerate(request.distances):
                counts = count_matrices(
                    plane, self.cell.compartment_labels, distance, request.levels
                )
                values[:, channel, index] = function(counts[keep, :directions])
        return values


def _view_with_counts(cell: Cell, axes: Axes) -> GlcmWithCounts:
    view = GlcmWithCounts(*_view(cell, axes))
    view.cell, view.axes = cell, axes
    return view


def aggregate(values: Floats, how: str) -> Floats:
    """Reduce the last axis (4 directions, then merged) by ``mean``, ``range`` or ``merged``."""
    directions = values[..., :4]
    if how == "mean":
        return np.asarray(np.add.reduce(directions, axis=-1) / 4)
    if how == "range":
        return np.asarray(directions.max(axis=-1) - directions.min(axis=-1))
    return np.asarray(values[..., 4])


def _finish(_view: Any, values: Any, axes: Axes) -> Floats:  # noqa: ANN401
    """Aggregate (…, distances, directions) to (…, parameters)."""
    selections = _request(axes.parameters).selections
    reduced = {how: aggregate(values, how) for how in dict.fromkeys(how for _, how in selections)}
    finished = np.empty((*values.shape[:-2], len(selections)))
    for index, (distance, how) in enumerate(selections):
        finished[..., index] = reduced[how][..., distance]
    return finished


_PARAMETERS = tuple(
    f"d{distance}_{levels}_{how}"
    for levels in LEVELS
    for distance in DISTANCES
    for how in AGGREGATIONS
)
_TEXTURE_CHANNELS = tuple(name for name in CHANNELS if name != "Hue")


def _membership(channel: str, parameter: str) -> Membership:
    """Colours at the smallest distance, Gray at all; 256 levels and merged directions by name."""
    _, levels, how = _settings(parameter)
    if levels != LEVELS[0] or how == "merged" or channel not in _IN_PRESETS:
        return "named"
    if channel == "Gray" and parameter == "d1_32_mean":
        return "minimal"
    if parameter in _IN_STANDARD.get(channel, ()):
        return "standard"
    return "full" if channel == "Gray" or parameter.startswith("d1_") else "named"


def _bounds(parameter: str, declared: str) -> str:
    """Return the declared range, or that of a range over the directions."""
    return "[0, inf) over directions" if parameter.endswith("_range") else declared


_IN_STANDARD = {
    "Gray": ("d1_32_range", "d2_32_mean", "d4_32_mean"),
    "astar": ("d1_32_mean",),
    "bstar": ("d1_32_mean",),
}
_IN_PRESETS = {"Gray", "Green", "Lstar", "astar", "bstar", "Azure", "Eosin"}

TEXTURE = Family(
    name="Texture",
    title="Grey-level co-occurrence matrix (GLCM): grey levels of neighbouring pixels",
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
    title="Haralick's 14 features by their original names: 13 equal a Texture column",
    compartments=COMPARTMENTS,
    view=_view_with_counts,
    channels=_TEXTURE_CHANNELS,
    parameters=_PARAMETERS,
    group=TEXTURE.group,
    finish=_finish,
    membership=lambda channel, how: _membership(channel, how) if channel == "Gray" else "named",
    bounds=_bounds,
)
