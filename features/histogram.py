"""The grey-level histograms of a cell: one pass over the pixels serves every statistic."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .arrays import Floats
from .cell import COMPARTMENTS, Cell
from .colour import CHANNELS, scale
from .registry import Axes, Family


@dataclass(frozen=True, eq=False)
class Histogram:
    """Counts of levels, and the value of each level in the channel's unit.

    Parameters
    ----------
    counts : (compartments, channels, levels) float64
        Pixels of each level.
    values : (channels, levels) float64
        Values, ascending.
    """

    counts: Floats
    values: Floats

    @cached_property
    def size(self) -> Floats:
        """Pixels, NaN where there is none: (compartments, channels)."""
        total = self.counts.sum(axis=-1)
        return np.where(total > 0, total, np.nan)

    @cached_property
    def probabilities(self) -> Floats:
        """Share of each level, NaN in an empty compartment: (compartments, channels, levels)."""
        return self.counts / self.size[..., None]

    @cached_property
    def _cumulative(self) -> Floats:
        return self.counts.cumsum(axis=-1)

    def expect(self, values: Floats) -> Floats:
        """Mean over the pixels of a value given for each level: (compartments, channels)."""
        return np.asarray((self.probabilities * values).sum(axis=-1))

    @cached_property
    def mean(self) -> Floats:
        """Mean value: (compartments, channels)."""
        return self.expect(self.values)

    @cached_property
    def centred(self) -> Floats:
        """Values less the mean: (compartments, channels, levels)."""
        return self.values - self.mean[..., None]

    @cached_property
    def variance(self) -> Floats:
        """Population variance: (compartments, channels)."""
        return self.expect(self.centred**2)

    def _order_statistic(self, rank: Floats) -> Floats:
        index = (self._cumulative <= rank[..., None]).sum(axis=-1)
        index = np.minimum(index, self.values.shape[-1] - 1)
        return np.asarray(
            np.take_along_axis(
                np.broadcast_to(self.values, self.counts.shape), index[..., None], -1
            )
        )[..., 0]

    def percentile(self, percent: float) -> Floats:
        """Percentile, linear between order statistics as numpy's: (compartments, channels)."""
        rank = (self.size - 1) * (percent / 100)
        below = np.floor(rank)
        low = self._order_statistic(below)
        high = self._order_statistic(np.ceil(rank))
        return np.asarray(low + (rank - below) * (high - low))

    @cached_property
    def p10(self) -> Floats:
        """10th percentile: (compartments, channels)."""
        return self.percentile(10)

    @cached_property
    def p25(self) -> Floats:
        """25th percentile: (compartments, channels)."""
        return self.percentile(25)

    @cached_property
    def median(self) -> Floats:
        """50th percentile: (compartments, channels)."""
        return self.percentile(50)

    @cached_property
    def p75(self) -> Floats:
        """75th percentile: (compartments, channels)."""
        return self.percentile(75)

    @cached_property
    def p90(self) -> Floats:
        """90th percentile: (compartments, channels)."""
        return self.percentile(90)

    def median_distance(self, centre: Floats) -> Floats:
        """Median absolute distance of the pixels from a value: (compartments, channels)."""
        distances = np.abs(self.values - centre[..., None])
        order = np.argsort(distances, axis=-1, kind="stable")
        ranked = Histogram(
            np.take_along_axis(self.counts, order, axis=-1),
            np.take_along_axis(distances, order, axis=-1),
        )
        return ranked.median


def _view(cell: Cell, axes: Axes) -> Histogram:
    return Histogram(cell.histograms(axes.compartments, axes.channels), scale(axes.channels))


INTENSITY = Family(
    name="Intensity",
    title="Colour and brightness: statistics of the levels of a channel",
    compartments=COMPARTMENTS,
    view=_view,
    channels=CHANNELS,
    membership=lambda channel, _: "minimal" if channel == "Gray" else "standard",
)
