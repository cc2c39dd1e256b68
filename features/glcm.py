"""The grey-level co-occurrence matrices of a cell, as the sums that their features need.

Conventions are IBSI's: symmetric matrices, pairs only where both pixels lie in the compartment,
Chebyshev distance, levels from 1, logarithms to base 2. Of the 25 features all but three follow
from three vectors, the distributions of a level, of the difference and of the sum of the two
levels of a pair; the counting kernel returns these, so no matrix is ever visited twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .arrays import Floats
from .cell import COMPARTMENTS, Cell
from .colour import CHANNELS
from .errors import CellError
from .kernels import cooccurrence_sums
from .registry import FEATURES, Axes, Family, Membership

DISTANCES = (1, 2, 4)
LEVELS = (32, 256)
AGGREGATIONS = ("mean", "range", "merged")


def entropy(probabilities: Floats) -> Floats:
    """Entropy over the last axis, in bits; 0 log 0 is 0."""
    logs = np.log2(probabilities, out=np.zeros_like(probabilities), where=probabilities > 0)
    return np.asarray(-(probabilities * logs).sum(axis=-1))


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
    maximum, squares, entropy : (…) float64
        Largest entry of the matrix, sum of its squared entries, its entropy in bits.
    """

    marginal: Floats
    difference: Floats
    total: Floats
    maximum: Floats
    squares: Floats
    entropy: Floats

    @cached_property
    def levels(self) -> Floats:
        """The grey levels, from 1: (levels,)."""
        return np.arange(1.0, self.marginal.shape[-1] + 1)

    @cached_property
    def differences(self) -> Floats:
        """The absolute differences, from 0: (levels,)."""
        return np.arange(float(self.marginal.shape[-1]))

    @cached_property
    def sums(self) -> Floats:
        """The sums, from 2: (2 levels - 1,)."""
        return np.arange(2.0, self.total.shape[-1] + 2)

    @cached_property
    def mean(self) -> Floats:
        """Mean level: (…)."""
        return np.asarray(self.marginal @ self.levels)

    @cached_property
    def variance(self) -> Floats:
        """Variance of the level: (…)."""
        return np.asarray(self.marginal @ self.levels**2 - self.mean**2)

    @cached_property
    def marginal_entropy(self) -> Floats:
        """Entropy of the level, in bits: (…)."""
        return entropy(self.marginal)

    @cached_property
    def _centred_sums(self) -> Floats:
        return self.sums - 2 * self.mean[..., None]

    def cluster(self, power: int) -> Floats:
        """Moment of the sum of the two levels about its mean: (…)."""
        return np.asarray((self.total * self._centred_sums**power).sum(axis=-1))


def glcm_of(
    planes: NDArray[np.uint16], parts: NDArray[np.uint8], distances: tuple[int, ...], levels: int
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
    """
    marginal, difference, total, joint = cooccurrence_sums(
        planes, parts, np.array(distances, dtype=np.int64), levels
    )
    return Glcm(marginal, difference, total, joint[..., 0], joint[..., 1], joint[..., 2])


def quantise(planes: NDArray[np.uint8], levels: int) -> NDArray[np.uint16]:
    """Return zero-based levels of equal width: ``plane // (256 / levels)``."""
    return (planes // (256 // levels)).astype(np.uint16)


def _settings(parameter: str) -> tuple[int, int, str]:
    """Take ``d1_32_mean`` apart: distance, levels, aggregation."""
    distance, levels, aggregation = parameter.split("_")
    return int(distance[1:]), int(levels), aggregation


def _distances(axes: Axes) -> tuple[int, ...]:
    return tuple(dict.fromkeys(_settings(parameter)[0] for parameter in axes.parameters))


def _view(cell: Cell, axes: Axes) -> Glcm:
    levels = _settings(axes.parameters[0])[1]
    planes = quantise(cell.planes(axes.channels), levels)
    whole = glcm_of(planes, cell.parts, _distances(axes), levels)
    keep = [COMPARTMENTS.index(word) for word in axes.compartments]
    if len(keep) == len(COMPARTMENTS):
        return whole
    return Glcm(
        *(getattr(whole, name)[keep] for name in Glcm.__dataclass_fields__),
    )


def aggregate(values: Floats, how: str) -> Floats:
    """Reduce the last axis (4 directions, then all merged) by ``mean``, ``range``, ``merged``."""
    directions = values[..., :4]
    if how == "mean":
        return np.asarray(directions.mean(axis=-1))
    if how == "range":
        return np.asarray(np.ptp(directions, axis=-1))
    return np.asarray(values[..., 4])


def _finish(_view: Any, values: Any, axes: Axes) -> Floats:  # noqa: ANN401
    distances = _distances(axes)
    wanted = []
    for parameter in axes.parameters:
        distance, _, how = _settings(parameter)
        wanted.append(aggregate(values[:, :, distances.index(distance)], how))
    return np.stack(wanted, axis=-1)


_PARAMETERS = tuple(
    f"d{distance}_{levels}_{how}"
    for levels in LEVELS
    for distance in DISTANCES
    for how in AGGREGATIONS
)
_TEXTURE_CHANNELS = tuple(name for name in CHANNELS if name != "Hue")


def _membership(channel: str, parameter: str) -> Membership:
    """Colours at the smallest distance, grey at all, 256 levels and merged directions by name."""
    _, levels, how = _settings(parameter)
    if levels != LEVELS[0] or how == "merged" or channel not in _IN_PRESETS:
        return "named"
    if channel == "Gray":
        return "minimal" if parameter == "d1_32_mean" else "standard"
    return "standard" if parameter == "d1_32_mean" and channel in _IN_STANDARD else "full"


_IN_STANDARD = {"astar", "bstar"}
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
    membership=_membership,
)


def cooccurrence(
    image: NDArray[np.integer[Any]],
    mask: NDArray[np.bool_],
    *,
    levels: int | None = 32,
    distance: int = 1,
    aggregation: Literal["mean", "range", "merged"] = "mean",
) -> Mapping[str, float]:
    """Return the 25 co-occurrence features of one grey image inside a mask.

    Parameters
    ----------
    image : (rows, cols) integer
        Grey levels: 0 to 255 where `levels` is a number, any levels from 1 where it is None.
    mask : (rows, cols) bool
        Which pixels count.
    levels : {32, 256} or None
        How many levels of equal width the 256 are brought to; None takes the image as it is.
    distance : int
        Chebyshev distance, pixels.
    aggregation : {"mean", "range", "merged"}
        Of the four directions: mean or range of the features, or features of the summed matrix
        (IBSI ``2D_avg`` and ``2D_comb`` for one slice are ``mean`` and ``merged``).

    Returns
    -------
    mapping of str to float
        By feature name; NaN where there is no pair.

    Raises
    ------
    CellError
        If the image has levels outside what `levels` says.
    """
    lowest, highest = (1, 65535) if levels is None else (0, 255)
    inside = image[mask]
    if inside.size and (inside.min() < lowest or inside.max() > highest):
        raise CellError(
            f"the levels run from {inside.min()} to {inside.max()}",
            f"give levels from {lowest} to {highest}",
        )
    if levels is None:
        count = int(inside.max()) if inside.size else 1
        plane = np.where(mask, image, 1).astype(np.uint16) - np.uint16(1)
    else:
        count = levels
        plane = quantise(image.astype(np.uint8), levels)
    view = glcm_of(plane[None], mask.astype(np.uint8), (distance,), count)
    return {
        record.name: float(aggregate(record.function(view)[0, 0, 0], aggregation))
        for record in FEATURES.values()
        if record.family is TEXTURE
    }
