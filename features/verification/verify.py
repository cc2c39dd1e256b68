"""What can be checked without anyone's images: the IBSI phantom, closed forms, known colours.

The phantom has six levels of its own, so it runs through the public functions with
``levels=None``. The drawings of `forms` run through the extractor with its defaults, and one
through its default stain: a peer's released wheel is wrong exactly there, where its own oracle
tests do not look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..colour.histogram import INTENSITY, Histogram
from ..core.recipe import Recipe, preset_columns
from ..core.registry import FEATURES
from ..primitives.arrays import Mask
from ..texture.glcm_of_image import cooccurrence_features
from ..texture.ngtdm_ngldm import dependence_features, tone_difference_features
from ..texture.run_length import run_length_features
from ..texture.zones import distance_zone_features, size_zone_features
from .analytic_cells import FORMS
from .ibsi_phantom import LEVELS, PHANTOM, REFERENCE


@dataclass(frozen=True)
class Agreement:
    """One feature beside its oracle.

    Parameters
    ----------
    feature : str
        A feature, or a column of the table.
    oracle : str
        Where the expected value comes from.
    expected, got : float
    tolerance : float or None
        Largest difference that is sampling, not error; None: equal to 3 significant digits.
    """

    feature: str
    oracle: str
    expected: float
    got: float
    tolerance: float | None

    @property
    def agrees(self) -> bool:
        """Whether the two are the same within the tolerance."""
        if self.tolerance is None:
            return float(f"{self.got:.3g}") == float(f"{self.expected:.3g}")
        return bool(abs(self.got - self.expected) <= self.tolerance)


Slice = Callable[[NDArray[Any], Mask], Mapping[str, float]]


def _of_slices() -> Iterator[tuple[str, str, int, Slice]]:
    """Yield family, aggregation, which of the published values it has, and the function."""
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


def phantom() -> Iterator[Agreement]:
    """Yield every 2-D figure that IBSI publishes for its digital phantom."""
    counts = np.bincount(PHANTOM[PHANTOM > 0], minlength=LEVELS + 1)[1:].astype(np.float64)
    voxels = Histogram(counts[None, None], np.arange(1.0, LEVELS + 1)[None])
    for record in FEATURES.values():
        if record.family is INTENSITY and record.ibsi:
            got = float(record.function(voxels)[0, 0])
            yield Agreement(record.key, "IBSI phantom", REFERENCE[record.ibsi][0], got, None)
    for family, how, which, function in _of_slices():
        slices = [function(levels, levels > 0) for levels in PHANTOM]
        for record in FEATURES.values():
            if record.family.name == family:
                got = float(np.mean([values[record.name] for values in slices]))
                expected = REFERENCE[record.ibsi][which]
                yield Agreement(record.key, f"IBSI phantom, {how}", expected, got, None)


def forms() -> Iterator[Agreement]:
    """Yield drawings whose features are known, through the extractor's default preset."""
    for name, make in FORMS.items():
        cell, expected = make()
        # All of the default preset, and what of these columns only a larger one has.
        recipe = Recipe(tuple(dict.fromkeys((*preset_columns(), *expected))))
        values = dict(zip(recipe.columns, recipe.measure(cell), strict=True))
        for column, (value, tolerance) in expected.items():
            yield Agreement(column, name, value, float(values[column]), tolerance)
