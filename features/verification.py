"""What can be checked without anyone's images: the IBSI phantom, closed forms, known colours.

The phantom has six levels of its own, so it runs through the public functions with
``levels=None``. The analytic shapes and gratings run through the extractor with its defaults: a
peer's released wheel is wrong exactly there, where its own oracle tests do not look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from math import pi, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ellipe

from .arrays import Mask
from .cell import Cell
from .histogram import INTENSITY, Histogram
from .neighbourhood import dependence, tone_differences
from .phantom import LEVELS, PHANTOM, REFERENCE
from .recipe import Recipe, preset_columns
from .registry import FEATURES
from .runlength import run_lengths
from .texture import cooccurrence
from .zones import zone_distances, zone_sizes


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
        "Texture": cooccurrence,
        "GLRLM": run_lengths,
    }
    for family, function in directed.items():
        yield family, "2D_avg", 0, partial(function, levels=None)
        yield family, "2D_comb", 1, partial(function, levels=None, aggregation="merged")
    whole: dict[str, Callable[..., Mapping[str, float]]] = {
        "GLSZM": zone_sizes,
        "GLDZM": zone_distances,
        "NGTDM": tone_differences,
        "NGLDM": dependence,
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


def _grid(size: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    middle = (size - 1) / 2
    row, col = np.mgrid[:size, :size].astype(np.float64) - middle
    return row, col


def _gray(mask: Mask) -> Cell:
    return Cell(np.full((*mask.shape, 3), 120, np.uint8), mask, mask)


SQUARE, RADIUS, MAJOR, MINOR = 40, 50.0, 60.0, 30.0
DARK, BRIGHT = 44, 92  # levels 6 and 12 of 32


def _square() -> tuple[Cell, dict[str, tuple[float, float]]]:
    mask = np.zeros((60, 60), np.bool_)
    mask[10 : 10 + SQUARE, 7 : 7 + SQUARE] = True
    side = float(SQUARE)
    exact = 1e-9
    return _gray(mask), {
        "AreaShape_Area": (side**2, exact),
        "AreaShape_ConvexArea": (side**2, exact),
        "AreaShape_Extent": (1, exact),
        "AreaShape_Solidity": (1, exact),
        "AreaShape_Convexity": (1, exact),
        "AreaShape_EulerNumber": (1, exact),
        "AreaShape_Eccentricity": (0, 1e-6),
        "AreaShape_EquivalentDiameter": (side * sqrt(4 / pi), exact),
        "AreaShape_MajorAxisLength": (4 * sqrt((side**2 - 1) / 12), exact),
        "AreaShape_MaximumFeretDiameter": (side * sqrt(2), exact),
        "AreaShape_MinimumFeretDiameter": (side, exact),
        "AreaShape_FeretRatio": (sqrt(0.5), exact),
        "AreaShape_MaximumRadius": (side / 2, exact),
    }


def _disc() -> tuple[Cell, dict[str, tuple[float, float]]]:
    row, col = _grid(111)
    return _gray(row**2 + col**2 <= RADIUS**2), {
        "AreaShape_Area": (pi * RADIUS**2, 0.005 * pi * RADIUS**2),
        "AreaShape_Perimeter": (2 * pi * RADIUS, 0.01 * 2 * pi * RADIUS),
        "AreaShape_FormFactor": (1, 0.02),
        "AreaShape_Eccentricity": (0, 1e-6),
        "AreaShape_MaximumFeretDiameter": (2 * RADIUS, 0.02 * 2 * RADIUS),
        "AreaShape_Solidity": (1, 0.02),
        "AreaShape_MaximumRadius": (RADIUS, 1),
        "AreaShape_MeanRadius": (RADIUS / 3, 0.5),
    }


def _ellipse() -> tuple[Cell, dict[str, tuple[float, float]]]:
    row, col = _grid(141)
    eccentricity = sqrt(1 - (MINOR / MAJOR) ** 2)
    perimeter = 4 * MAJOR * float(ellipe(eccentricity**2))
    return _gray((row / MINOR) ** 2 + (col / MAJOR) ** 2 <= 1), {
        "AreaShape_Area": (pi * MAJOR * MINOR, 0.005 * pi * MAJOR * MINOR),
        "AreaShape_Perimeter": (perimeter, 0.03 * perimeter),
        "AreaShape_MajorAxisLength": (2 * MAJOR, 0.005 * 2 * MAJOR),
        "AreaShape_MinorAxisLength": (2 * MINOR, 0.005 * 2 * MINOR),
        "AreaShape_Eccentricity": (eccentricity, 0.002),
        "AreaShape_MaximumFeretDiameter": (2 * MAJOR, 0.02 * 2 * MAJOR),
        "AreaShape_MinimumFeretDiameter": (2 * MINOR, 0.04 * 2 * MINOR),
    }


def _grating() -> tuple[Cell, dict[str, tuple[float, float]]]:
    """Columns in turn dark and bright: of the four directions, one runs along them."""
    stripes = np.where(np.arange(32) % 2, BRIGHT, DARK).astype(np.uint8)
    rgb = np.repeat(np.tile(stripes, (32, 1))[..., None], 3, axis=2)
    whole = np.ones((32, 32), np.bool_)
    step = float(BRIGHT // 8 - DARK // 8)
    mean, spread = (DARK + BRIGHT) / 2, (BRIGHT - DARK) / 2
    exact = 1e-9
    return Cell(rgb, whole, whole), {
        "Texture_Contrast_Gray_d1_32_mean": (0.75 * step**2, exact),
        "Texture_Contrast_Gray_d1_32_range": (step**2, exact),
        "Texture_Contrast_Gray_d2_32_mean": (0, exact),
        "Texture_Dissimilarity_Gray_d1_32_mean": (0.75 * step, exact),
        "Texture_Correlation_Gray_d1_32_mean": (-0.5, exact),
        "Texture_Correlation_Gray_d2_32_mean": (1, exact),
        "Texture_AngularSecondMoment_Gray_d1_32_mean": (0.5, exact),
        "Texture_JointEntropy_Gray_d1_32_mean": (1, exact),
        "Texture_DifferenceEntropy_Gray_d1_32_mean": (0, exact),
        "Texture_JointAverage_Gray_d1_32_mean": (mean // 8 + 1, exact),
        "Intensity_Mean_Gray": (mean, exact),
        "Intensity_StandardDeviation_Gray": (spread, exact),
        "Intensity_Skewness_Gray": (0, exact),
        "Intensity_Kurtosis_Gray": (-2, exact),
        "Intensity_Entropy_Gray": (1, exact),
        "Intensity_Uniformity_Gray": (0.5, exact),
    }


def _red() -> tuple[Cell, dict[str, tuple[float, float]]]:
    """Pure red under D65, as the sRGB standard's formulas give it; planes are 8-bit."""
    rgb = np.zeros((8, 8, 3), np.uint8)
    rgb[..., 0] = 255
    whole = np.ones((8, 8), np.bool_)
    return Cell(rgb, whole, whole), {
        "Intensity_Mean_Lstar": (53.24, 0.5),
        "Intensity_Mean_astar": (80.09, 0.6),
        "Intensity_Mean_bstar": (67.20, 0.6),
        "Intensity_CircularMean_Hue": (0, 1e-6),
        "Intensity_Mean_Saturation": (1, 1e-9),
        "Intensity_Mean_Gray": (0.299 * 255, 0.5),
    }


FORMS: dict[str, Callable[[], tuple[Cell, dict[str, tuple[float, float]]]]] = {
    f"square of side {SQUARE}": _square,
    f"disc of radius {RADIUS:g}": _disc,
    f"ellipse {MAJOR:g} by {MINOR:g}": _ellipse,
    "grating of period 2": _grating,
    "sRGB red": _red,
}


def forms() -> Iterator[Agreement]:
    """Yield shapes, gratings and colours whose values are known, through the default extractor."""
    for name, make in FORMS.items():
        cell, expected = make()
        columns = {f"Cells_{key}": known for key, known in expected.items()}
        # All of the default preset, and what of these columns only a larger one has.
        recipe = Recipe(tuple(dict.fromkeys((*preset_columns(), *columns))))
        values = dict(zip(recipe.columns, recipe.measure(cell), strict=True))
        for column, (value, tolerance) in columns.items():
            yield Agreement(column, name, value, float(values[column]), tolerance)
