"""The histograms of a cell, from which all first-order statistics are computed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..core.cell import COMPARTMENTS, Cell
from ..core.registry import Axes, Family
from ..primitives.arrays import Floats
from ..primitives.channels import CHANNELS, level_values
from ..primitives.kernels import expected_values
from .histogram_moments import PERCENTS, Moments, moments

_HUES = np.deg2rad(level_values(("Hue",))[0])
_CIRCLE = np.stack([np.cos(_HUES), np.sin(_HUES)])


@dataclass(frozen=True, eq=False)
class Histogram:
    """Histograms, and the value of each level in the channel's unit.

    Parameters
    ----------
    counts : (compartments, channels, levels) float64
        Number of pixels of each level.
    values : (channels, levels) float64
        Values, ascending.
    hues : tuple of int
        Indices of the channels that are hues.
    """

    counts: Floats
    values: Floats
    hues: tuple[int, ...] = ()

    @cached_property
    def _moments_and_percentiles(self) -> tuple[Moments, dict[int, Floats]]:
        """The moments, and the percentiles of each of `PERCENTS`."""
        shape = self.counts.shape[:-1]
        sums, percentiles = moments(
            self.counts.reshape(-1, self.counts.shape[-1]),
            self.values,
            np.array(PERCENTS, dtype=np.float64),
        )
        return (
            Moments(*sums.reshape(-1, *shape)),
            dict(zip(PERCENTS, percentiles.reshape(-1, *shape), strict=True)),
        )

    @property
    def moments(self) -> Moments:
        """Moments of the histograms, each (compartments, channels)."""
        return self._moments_and_percentiles[0]

    def percentile(self, percent: int) -> Floats:
        """Return a percentile, one of `PERCENTS`, as numpy defines it: (compartments, channels)."""
        return self._moments_and_percentiles[1][percent]

    @cached_property
    def resultant(self) -> Floats:
        """Mean cosine and sine of hues: (2, compartments, channels); NaN for other channels."""
        result = np.full((2, *self.counts.shape[:-1]), np.nan)
        for place in self.hues:
            shares = self.counts[:, place] / self.moments.size[:, place, None]
            result[..., place] = expected_values(shares, _CIRCLE)
        return result


def _view(cell: Cell, axes: Axes) -> Histogram:
    counts = cell.histograms(axes.compartments, axes.channels)
    hues = (axes.channels.index("Hue"),) if "Hue" in axes.channels else ()
    return Histogram(counts, level_values(axes.channels), hues)


INTENSITY = Family(
    name="Intensity",
    title="Colour and brightness: statistics of the levels of a channel",
    compartments=COMPARTMENTS,
    view=_view,
    channels=CHANNELS,
    membership=lambda channel, _: "minimal" if channel == "Gray" else "standard",
)
