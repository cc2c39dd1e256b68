"""Features compared with reference values: the IBSI digital phantom and the analytic cells.

The phantom has six grey levels already, so it is measured by the public functions with
``levels=None``. The analytic cells are measured by the extractor with its defaults, and one of
them in the default stain: one peer's released package is wrong there, where its own tests do not
look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..colour.histogram import INTENSITY, Histogram
from ..core.recipe import Recipe, parse_column, preset_columns
from ..core.registry import FEATURES
from ..core.titles import column_title, feature_title
from ..primitives.arrays import Mask
from ..texture.glcm_of_image import cooccurrence_features
from ..texture.ngtdm_ngldm import dependence_features, tone_difference_features
from ..texture.run_length import run_length_features
from ..texture.zones import distance_zone_features, size_zone_features
from .analytic_cells import ANALYTIC_CELLS
from .ibsi_phantom import LEVELS, PHANTOM, REFERENCE


@dataclass(frozen=True)
class Agreement:
    """One feature compared with a reference value.

    Parameters
    ----------
    name : str
        Key of a feature, or name of a column.
    oracle : str
        Source of the expected value.
    expected, computed : float
        In the feature's unit.
    tolerance : float or None
        Largest difference that sampling explains; None: equal to 3 significant digits.
    """

    name: str
    oracle: str
    expected: float
    computed: float
    tolerance: float | None

    @property
    def title(self) -> str:
        """Standard name of the feature or column."""
        if self.name in FEATURES:
            return feature_title(FEATURES[self.name])
        return column_title(parse_column(self.name))

    @property
    def agrees(self) -> bool:
        """Whether the two are equal within the tolerance."""
        if self.tolerance is None:
            return float(f"{self.computed:.3g}") == float(f"{self.expected:.3g}")
        return bool(abs(self.computed - self.expected) <= self.tolerance)


SliceFunction = Callable[[NDArray[Any], Mask], Mapping[str, float]]


def _slice_functions() -> Iterator[tuple[str, str, int, SliceFunction]]:
    """Yield family, IBSI aggregation, position of its published value, and the function."""
    directed: dict[str, Callable[..., Mapping[str, float]]] = {
        "Texture": cooccurrence_features,
        "GLRLM": run_length_features,
    }
    for family, function in directed.items():
        yield family, "2D_avg", 0, partial(function, levels=None)
        yield family, "2D_comb", 1, partial(function, levels=None, aggregation="merged")
    whole: dict[str, Callable[..., Mapping[str, float]]] = {
        "GLSZM": size_zone_features,
        "GLDZM": distance_zone_features,
        "NGTDM": tone_difference_features,
        "NGLDM": dependence_features,
    }
    for family, function in whole.items():
        yield family, "2D", 0, partial(function, levels=None)


def check_phantom() -> Iterator[Agreement]:
    """Yield a comparison for every 2-D value that IBSI publishes for its digital phantom."""
    counts = np.bincount(PHANTOM[PHANTOM > 0], minlength=LEVELS + 1)[1:].astype(np.float64)
    voxels = Histogram(counts[None, None], np.arange(1.0, LEVELS + 1)[None])
    for record in FEATURES.values():
        if record.family is INTENSITY and record.ibsi:
            computed = float(record.function(voxels)[0, 0])
            yield Agreement(record.key, "IBSI phantom", REFERENCE[record.ibsi][0], computed, None)
    for family, aggregation, position, function in _slice_functions():
        slices = [function(levels, levels > 0) for levels in PHANTOM]
        oracle = f"IBSI phantom, {aggregation}"
        for record in FEATURES.values():
            if record.family.name == family:
                computed = float(np.mean([values[record.name] for values in slices]))
                expected = REFERENCE[record.ibsi][position]
                yield Agreement(record.key, oracle, expected, computed, None)


def check_analytic_cells() -> Iterator[Agreement]:
    """Yield a comparison for every known value of the analytic cells, by the extractor."""
    for name, draw in ANALYTIC_CELLS.items():
        cell, expected = draw()
        # The default preset, and those of these columns that only a larger one has.
        recipe = Recipe(tuple(dict.fromkeys((*preset_columns(), *expected))))
        values = dict(zip(recipe.columns, recipe.measure(cell), strict=True))
        for column, (value, tolerance) in expected.items():
            yield Agreement(column, name, value, float(values[column]), tolerance)
