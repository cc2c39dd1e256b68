"""The diameter of a red cell that the images of a folder share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..measurement.series import UNDECIDED, Series, Shape
from .sample import listed

if TYPE_CHECKING:
    from .sample import SampledImage

LEAST = 3  # fewer images decide for themselves
_SPREAD = 0.2  # of the quartiles of the diameter around the median
_OUTLIER = 0.35  # of the median


@dataclass(frozen=True)
class SeriesDecision:
    """What images share, and by what evidence.

    Parameters
    ----------
    series : Series
    lines : tuple of str
        The decision with its evidence, for the user; empty if each image decides for itself.
    warnings : tuple of str
    """

    series: Series = UNDECIDED
    lines: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def with_own(self, images: Sequence[tuple[str, bool, float | None]]) -> SeriesDecision:
        """Add what the images decided each for itself, if there are fewer than 3.

        Parameters
        ----------
        images : sequence of (str, bool, float or None)
            Name, whether it is a field, and diameter of a red cell in pixels.
        """
        if self.lines or len(images) >= LEAST:
            return self
        lines = (
            f"{name}: {'field' if field else 'crop'}"
            + ("" if red_cell is None else f"; a red cell has {red_cell:.3g} pixels")
            for name, field, red_cell in images
        )
        return replace(self, lines=tuple(lines))

    def record(self) -> dict[str, Any]:
        """Return decision and evidence as JSON values."""
        return self.series.record() | {"evidence": list(self.lines), "doubts": list(self.warnings)}


def decide_scales(sample: Sequence[SampledImage]) -> SeriesDecision:
    """Decide the diameter of a red cell, for each shape of image and for all rare shapes."""
    by_shape: dict[Shape, list[tuple[float, str]]] = {}
    for one in sample:
        if one.evidence is not None:
            by_shape.setdefault(one.shape, []).append((one.evidence.red_cell, one.entry.name))
    common = {shape: ones for shape, ones in by_shape.items() if len(ones) >= LEAST}
    rare = [one for shape, ones in by_shape.items() if shape not in common for one in ones]
    groups = [
        (f"images of {shape[0]} x {shape[1]} pixels: ", ones)
        for shape, ones in sorted(common.items(), key=lambda item: (-len(item[1]), item[0]))
    ]
    if len(rare) >= LEAST:
        groups.append(("images of other sizes: " if common else "", rare))
    if len(groups) == 1:
        groups = [("", groups[0][1])]
    scales = tuple(sorted((shape, _common_diameter(ones)) for shape, ones in common.items()))
    other = _common_diameter(rare) if len(rare) >= LEAST else None
    return SeriesDecision(
        Series(scales=scales, other_scale=other),
        tuple(f"{what}{_scale_words(ones)}" for what, ones in groups),
        tuple(words for _, ones in groups for words in _outlier_words(ones)),
    )


def _quartiles(ones: Sequence[tuple[float, str]]) -> tuple[float, float, float]:
    low, middle, high = np.percentile([diameter for diameter, _ in ones], (25, 50, 75))
    return float(low), float(middle), float(high)


def _common_diameter(ones: Sequence[tuple[float, str]]) -> float | None:
    """Return the median diameter to 3 digits; None if the quartiles are far from it."""
    low, middle, high = _quartiles(ones)
    if low < (1 - _SPREAD) * middle or high > (1 + _SPREAD) * middle:
        return None
    return float(f"{middle:.3g}")


def _scale_words(ones: Sequence[tuple[float, str]]) -> str:
    low, _, high = _quartiles(ones)
    diameter = _common_diameter(ones)
    found = f"{len(ones)} images, quartiles {low:.3g} to {high:.3g}"
    if diameter is None:
        return f"each image measures its own red cells: they differ ({found} pixels)"
    return f"a red cell has {diameter:g} pixels ({found})"


def _outlier_words(ones: Sequence[tuple[float, str]]) -> Iterator[str]:
    """Warn of images whose red cells have another size than those of the others."""
    diameter = _common_diameter(ones)
    if diameter is None:
        return
    far = [
        f"{name} ({own:.3g} pixels)"
        for own, name in ones
        if abs(own - diameter) > _OUTLIER * diameter
    ]
    if far:
        yield (
            f"in {len(far)} of {len(ones)} sampled images a red cell seems to have another size"
            f" than {diameter:g} pixels, which is used: {listed(far)}; if they have another"
            " magnification, measure them on their own or with --red-cell"
        )
