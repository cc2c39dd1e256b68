"""Spatial distribution of a channel: edge, rings from centre to rim, nucleus and cytoplasm."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.cell import COMPARTMENT_BITS, Cell
from ..core.registry import Axes, Family, feature
from ..primitives.arrays import Bytes, Floats, ratio
from ..primitives.channels import CHANNEL_SCALES, CHANNELS
from ..primitives.kernels import compiled
from ..shape.region import chamfer_of

RINGS = 4
# A place is one number: edge of nucleus (0, 1) and of cell, ring of nucleus (0 to 4) and of cell.
_BINS = (2, 2, RINGS + 1, RINGS + 1)
EDGE = (RINGS + 1) ** 2
_RINGS_OF = {"Cells": slice(0, RINGS), "Nuclei": slice(RINGS, 2 * RINGS)}
_EDGE_OF = {"Cells": 2 * RINGS, "Nuclei": 2 * RINGS + 1}


def _merging_matrix() -> Floats:
    """Return 1 if a place belongs to a ring or edge, else 0: (places, 2 x 4 rings + 2 edges)."""
    of_nucleus, of_cell, nucleus, cell = np.indices(_BINS).reshape(4, -1)
    each = np.arange(1, RINGS + 1)
    rings_of = [cell[:, None] == each, nucleus[:, None] == each]
    edges = np.stack([of_cell == 1, of_nucleus == 1], axis=1)
    return np.concatenate([*rings_of, edges], axis=1).astype(np.float64)


_MERGING = _merging_matrix()


@compiled
def _sums_by_place(planes: NDArray[np.uint8], places: NDArray[np.uint8], bins: int) -> NDArray[Any]:
    """Return count, sum and sum of squares of the levels by place: (3, channels, bins) int64.

    Place 0 is not counted, squares are summed only at the edges, and only channel 0 has counts.
    Runs of pixels of one place are summed together.
    """
    channels, rows, cols = planes.shape
    out = np.zeros((3, channels, bins), np.int64)
    for row in range(rows):
        start = 0
        while start < cols:
            place = places[row, start]
            stop = start + 1
            while stop < cols and places[row, stop] == place:
                stop += 1
            if place:
                out[0, 0, place] += stop - start
                for channel in range(channels):
                    total = 0
                    for level in planes[channel, row, start:stop]:
                        total += level
                    out[1, channel, place] += total
                    if place >= EDGE:
                        squares = 0
                        for level in planes[channel, row, start:stop]:
                            squares += np.int64(level) * level
                        out[2, channel, place] += squares
            start = stop
    return out


@compiled
def _add_rings_of_depth(
    depth: NDArray[np.float32], top: int, left: int, unit: int, places: NDArray[np.uint8]
) -> None:
    """Add `unit` times the ring number of each pixel: 1 at the greatest depth.

    `depth` has a frame of one pixel; its first pixel inside is (`top`, `left`) of `places`.
    """
    deepest = np.float64(depth.max())
    for row in range(1, depth.shape[0] - 1):
        here = depth[row, 1 : depth.shape[1] - 1]
        there = places[top + row - 1, left : left + here.size]
        for col in range(here.size):
            level = RINGS * np.float64(here[col])
            ring = 0
            for boundary in range(RINGS):
                ring += 1 if 0 < level <= (RINGS - boundary) * deepest else 0
            there[col] += np.uint8(unit * ring)


def add_ring_numbers(cell: Cell, compartment: str, places: Bytes, unit: int = 1) -> None:
    """Add `unit` times the ring number of each pixel, 1 at the centre to 4 at the rim, to `places`.

    Depth is the chamfer distance (5x5) to the nearest pixel outside; the four rings have equal
    intervals of it.
    """
    (rows, cols), depth = chamfer_of(cell, compartment)
    _add_rings_of_depth(depth, rows.start, cols.start, unit, places)


@dataclass(frozen=True, eq=False)
class Distribution:
    """Counts and sums of the levels of each channel by place.

    Parameters
    ----------
    sums : (3, channels, places) float64
        Count, sum and (at the edges) sum of squares of the levels.
    scales : (channels,) float64
        Value of one level in the channel's unit.
    offsets : (channels,) float64
        Value of level 0.
    compartments : tuple of str
        ``Cells`` and ``Nuclei``, or one of them.
    """

    sums: Floats
    scales: Floats
    offsets: Floats
    compartments: tuple[str, ...]

    @cached_property
    def _merged(self) -> Floats:
        """Sums over the places of each ring and edge: (3, channels, rings and edges); integers."""
        return np.asarray(self.sums @ _MERGING)

    @cached_property
    def by_ring(self) -> Floats:
        """Count, sum and sum of squares in each ring: (3, compartments, channels, 4)."""
        return np.stack([self._merged[..., _RINGS_OF[word]] for word in self.compartments], axis=1)

    @cached_property
    def at_edge(self) -> Floats:
        """Count, sum and sum of squares of the edge pixels: (3, compartments, channels)."""
        return np.stack([self._merged[..., _EDGE_OF[word]] for word in self.compartments], axis=1)

    @cached_property
    def means_of_compartments(self) -> Floats:
        """Mean level of nucleus and cytoplasm: (2, channels); NaN without a pixel."""
        of_nucleus = self._merged[..., _RINGS_OF["Nuclei"]].sum(axis=-1)
        of_cell = self._merged[..., _RINGS_OF["Cells"]].sum(axis=-1)
        both = np.stack([of_nucleus, of_cell - of_nucleus], axis=1)
        return ratio(both[1], both[0])


def _view(cell: Cell, axes: Axes) -> Distribution:
    places = np.zeros(cell.cell.shape, np.uint8)
    add_ring_numbers(cell, "Cells", places)
    add_ring_numbers(cell, "Nuclei", places, RINGS + 1)
    edges = (
        cell.eroded(1) & ~cell.eroded(3) & (COMPARTMENT_BITS["Cells"] | COMPARTMENT_BITS["Nuclei"])
    )
    places += np.uint8(EDGE) * edges
    sums = _sums_by_place(cell.planes(axes.channels), places, 4 * EDGE).astype(np.float64)
    sums[0, 1:] = sums[0, 0]
    return Distribution(
        sums,
        np.array([CHANNEL_SCALES[channel][0] for channel in axes.channels]),
        np.array([CHANNEL_SCALES[channel][1] for channel in axes.channels]),
        axes.compartments,
    )


_STANDARD = {"Gray", "Green", "astar", "bstar", "Azure", "Eosin"}

DISTRIBUTION = Family(
    name="IntensityDistribution",
    title="Spatial distribution of colour: edge, rings from centre to rim, nucleus and cytoplasm",
    compartments=("Cells", "Nuclei"),
    view=_view,
    channels=tuple(name for name in CHANNELS if name != "Hue"),
    membership=lambda channel, _: "standard" if channel in _STANDARD else "full",
)

distribution_feature = partial(feature, DISTRIBUTION, unit="the channel's", vetted="by hand; numpy")
_DIFFERENCE = "minus the channel's width to plus it"
# Later versions of CellProfiler use four neighbours.
_EDGE = "scikit-image find_boundaries (inner, connectivity 2), as CellProfiler 2"


@distribution_feature(
    version=2,
    plain="colour of four rings from centre to rim",
    range=_DIFFERENCE,
    components=tuple(f"{ring}of{RINGS}" for ring in range(1, RINGS + 1)),
    nan="empty compartment or a ring without pixels",
    reference="after CellProfiler MeasureObjectIntensityDistribution, 4 rings of equal depth in "
    "the chamfer distance (5x5) to the nearest pixel outside",
    vetted="by hand; formula in numpy",
)
def ring_excess(view: Distribution) -> Floats:
    """Mean of each of four rings from centre to rim minus the mean of the compartment."""
    count, total = view.by_ring[:2]
    means = ratio(total, count)
    whole = ratio(total.sum(axis=-1), count.sum(axis=-1))
    return np.asarray(view.scales[:, None] * (means - whole[..., None]))


@distribution_feature(
    plain="colour of the edge",
    range="the channel's",
    reference=f"{_EDGE}: MeanIntensityEdge",
    vetted="by hand; formula in numpy; scikit-image",
)
def edge_mean(view: Distribution) -> Floats:
    """Mean of the pixels with at least one of eight neighbours outside the compartment."""
    count, total = view.at_edge[:2]
    return np.asarray(view.scales * ratio(total, count) + view.offsets)


@distribution_feature(
    plain="variation of colour along the edge",
    range="[0, inf)",
    reference=f"{_EDGE}: StdIntensityEdge",
    vetted="by hand; formula in numpy; scikit-image",
)
def edge_standard_deviation(view: Distribution) -> Floats:
    """Population standard deviation of the edge pixels (a neighbour of eight is outside)."""
    count, total, squares = view.at_edge
    variance = ratio(squares, count) - ratio(total, count) ** 2
    return np.asarray(view.scales * np.sqrt(np.maximum(variance, 0)))


@distribution_feature(
    plain="difference in colour between nucleus and cytoplasm",
    range=_DIFFERENCE,
    compartments=("Cells",),
    nan="no nucleus or no cytoplasm",
    reference="difference of the compartments' means",
    vetted="by hand; formula in numpy; scikit-image",
)
def nucleus_less_cytoplasm(view: Distribution) -> Floats:
    """Mean of the nucleus minus mean of the cytoplasm."""
    nucleus, cytoplasm = view.means_of_compartments
    return np.asarray(view.scales * (nucleus - cytoplasm))
