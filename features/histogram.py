"""The grey-level histograms of a cell: one pass over the pixels serves every statistic."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .arrays import Floats
from .cell import COMPARTMENTS, Cell
from .colour import CHANNELS, scale
from .kernels import median_distances, order_statistics
from .registry import Axes, Family

PERCENTS = (0, 10, 25, 50, 75, 90, 100)


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
    def squared(self) -> Floats:
        """Squared values less the mean: (compartments, channels, levels)."""
        return self.centred * self.centred

    @cached_property
    def variance(self) -> Floats:
        """Population variance: (compartments, channels)."""
        return self.expect(self.squared)

    @cached_property
    def mean_square(self) -> Floats:
        """Mean squared value: (compartments, channels)."""
        return self.expect(self.values * self.values)

    @cached_property
    def _percentiles(self) -> dict[int, Floats]:
        """The percentiles of `PERCENTS`, linear between order statistics as numpy's."""
        ranks = (self.size - 1) * (np.array(PERCENTS) / 100)[:, None, None]
        below = np.floor(ranks)
        cumulative = self.counts.cumsum(axis=-1).reshape(-1, self.counts.shape[-1])
        wanted = np.stack([below, np.ceil(ranks)]).reshape(2 * len(PERCENTS), -1)
        levels = order_statistics(cumulative, wanted).reshape(2, *ranks.shape)
        low, high = self.values[np.arange(self.values.shape[0]), levels]
        return dict(zip(PERCENTS, low + (ranks - below) * (high - low), strict=True))

    def percentile(self, percent: int) -> Floats:
        """One of `PERCENTS`, as numpy computes it: (compartments, channels)."""
        return self._percentiles[percent]

    @cached_property
    def median_deviation(self) -> Floats:
        """Median absolute distance of the pixels from their median: (compartments, channels)."""
        counts = self.counts.reshape(-1, self.counts.shape[-1])
        centres = self.percentile(50).ravel()
        return np.asarray(median_distances(counts, self.values, centres)).reshape(self.size.shape)

    @cached_property
    def resultant(self) -> Floats:
        """Mean cosine and sine of the values as degrees: (2, compartments, channels)."""
        angles = np.deg2rad(self.values)
        return np.stack([self.expect(np.cos(angles)), self.expect(np.sin(angles))])


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
