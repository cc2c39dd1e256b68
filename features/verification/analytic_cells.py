"""Drawn cells with features that are known in closed form, or by the formulas of a standard.

Each function returns a cell and, by column, the expected value and the largest difference that
sampling or rounding explains. Rectangles and stripes fill the pixel grid: their values are exact.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp, pi, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import ellipe

from ..colour.standardisation import background_colour, standardise
from ..core.cell import Cell
from ..primitives.arrays import Mask

Expected = dict[str, tuple[float, float]]  # column: value, tolerance

EXACT = 1e-9
ROWS, COLS = 24, 40
RADIUS, MAJOR, MINOR = 50.0, 60.0, 30.0
# Lowest grey of level 6 of 32 and highest of level 11: a shift of the quantisation shows in both.
DARK, BRIGHT = 48, 95


def _in_compartment(word: str, expected: Expected) -> Expected:
    return {f"{word}_{key}": known for key, known in expected.items()}


def _grey_cell(plane: NDArray[np.integer], nucleus: Mask, cell: Mask) -> Cell:
    return Cell(np.repeat(plane.astype(np.uint8)[..., None], 3, axis=2), nucleus, cell)


def _mask_cell(mask: Mask) -> Cell:
    return _grey_cell(np.full(mask.shape, 120), mask, mask)


def _box(shape: tuple[int, int], top: int, left: int, rows: int, cols: int) -> Mask:
    mask = np.zeros(shape, np.bool_)
    mask[top : top + rows, left : left + cols] = True
    return mask


def _grid(size: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    middle = (size - 1) / 2
    row, col = np.mgrid[:size, :size].astype(np.float64) - middle
    return row, col


def _rectangle() -> tuple[Cell, Expected]:
    area, longest = ROWS * COLS, sqrt(ROWS**2 + COLS**2)
    # Crofton's formula in 4 directions; the diagonal lines are 1 / sqrt 2 apart.
    perimeter = pi / 4 * (ROWS + COLS + sqrt(2) * (ROWS + COLS - 1))
    # Variance of the pixel centres along each side.
    tall, wide = (ROWS**2 - 1) / 12, (COLS**2 - 1) / 12
    farthest = ((ROWS - 1) ** 2 + (COLS - 1) ** 2) / 4  # squared, to the farthest pixel centre
    deeper = [(ROWS - 2 * depth) * (COLS - 2 * depth) for depth in range(ROWS // 2)]
    shape = {
        "Area": (area, EXACT),
        "ConvexArea": (area, EXACT),
        "Extent": (1, EXACT),
        "Solidity": (1, EXACT),
        "Convexity": (1, EXACT),
        "EulerNumber": (1, EXACT),
        "Perimeter": (perimeter, EXACT),
        "FormFactor": (4 * pi * area / perimeter**2, EXACT),
        "Eccentricity": (sqrt(1 - tall / wide), EXACT),
        "Elongation": (sqrt(tall / wide), EXACT),
        "Orientation": (90, EXACT),
        "EquivalentDiameter": (sqrt(4 * area / pi), EXACT),
        "MajorAxisLength": (4 * sqrt(wide), EXACT),
        "MinorAxisLength": (4 * sqrt(tall), EXACT),
        "MaximumFeretDiameter": (longest, EXACT),
        "MinimumFeretDiameter": (ROWS, EXACT),
        "FeretRatio": (ROWS / longest, EXACT),
        "MaximumRadius": (ROWS / 2, EXACT),
        "MeanRadius": (sum(deeper) / area, EXACT),
        "HuMoment_0": ((tall + wide) / area, EXACT),
        "HuMoment_1": (((wide - tall) / area) ** 2, EXACT),
        "Zernike_2_0": (3 / pi * abs(2 * (tall + wide) / farthest - 1), EXACT),
        "Zernike_2_2": (3 / pi * (wide - tall) / farthest, EXACT),
    }
    expected = {f"AreaShape_{name}": known for name, known in shape.items()}
    mask = _box((60, 60), 10, 7, ROWS, COLS)
    both = [_in_compartment(word, expected) for word in ("Cells", "Nuclei")]
    return _mask_cell(mask), both[0] | both[1]


def _disc() -> tuple[Cell, Expected]:
    row, col = _grid(111)
    return _mask_cell(row**2 + col**2 <= RADIUS**2), {
        "Cells_AreaShape_Area": (pi * RADIUS**2, 0.005 * pi * RADIUS**2),
        "Cells_AreaShape_Perimeter": (2 * pi * RADIUS, 0.01 * 2 * pi * RADIUS),
        "Cells_AreaShape_FormFactor": (1, 0.02),
        "Cells_AreaShape_Eccentricity": (0, 1e-6),
        "Cells_AreaShape_MaximumFeretDiameter": (2 * RADIUS, 0.02 * 2 * RADIUS),
        "Cells_AreaShape_Solidity": (1, 0.02),
        "Cells_AreaShape_MaximumRadius": (RADIUS, 1),
        "Cells_AreaShape_MeanRadius": (RADIUS / 3, 0.5),
    }


def _ellipse() -> tuple[Cell, Expected]:
    row, col = _grid(141)
    eccentricity = sqrt(1 - (MINOR / MAJOR) ** 2)
    perimeter = 4 * MAJOR * float(ellipe(eccentricity**2))
    return _mask_cell((row / MINOR) ** 2 + (col / MAJOR) ** 2 <= 1), {
        "Cells_AreaShape_Area": (pi * MAJOR * MINOR, 0.005 * pi * MAJOR * MINOR),
        "Cells_AreaShape_Perimeter": (perimeter, 0.03 * perimeter),
        "Cells_AreaShape_MajorAxisLength": (2 * MAJOR, 0.005 * 2 * MAJOR),
        "Cells_AreaShape_MinorAxisLength": (2 * MINOR, 0.005 * 2 * MINOR),
        "Cells_AreaShape_Eccentricity": (eccentricity, 0.002),
        "Cells_AreaShape_MaximumFeretDiameter": (2 * MAJOR, 0.02 * 2 * MAJOR),
        "Cells_AreaShape_MinimumFeretDiameter": (2 * MINOR, 0.04 * 2 * MINOR),
    }


def _striped(dark: int, bright: int) -> Expected:
    """Stripes of two levels in equal shares; one of the four directions runs along them."""
    step, mean = float(bright // 8 - dark // 8), (dark + bright) / 2
    return {
        "Texture_Contrast_Gray_d1_32_mean": (0.75 * step**2, EXACT),
        "Texture_Contrast_Gray_d1_32_range": (step**2, EXACT),
        "Texture_Contrast_Gray_d2_32_mean": (0, EXACT),
        "Texture_Dissimilarity_Gray_d1_32_mean": (0.75 * step, EXACT),
        "Texture_Correlation_Gray_d1_32_mean": (-0.5, EXACT),
        "Texture_Correlation_Gray_d2_32_mean": (1, EXACT),
        "Texture_AngularSecondMoment_Gray_d1_32_mean": (0.5, EXACT),
        "Texture_JointEntropy_Gray_d1_32_mean": (1, EXACT),
        "Texture_DifferenceEntropy_Gray_d1_32_mean": (0, EXACT),
        "Texture_JointAverage_Gray_d1_32_mean": ((dark // 8 + bright // 8) / 2 + 1, EXACT),
        # A dark pixel has no darker neighbour; a bright one has two equal ones, not adjacent.
        "LBP_Frequency_Gray_P8R1_08": (0.5, EXACT),
        "LBP_Frequency_Gray_P8R1_09": (0.5, EXACT),
        "Intensity_Mean_Gray": (mean, EXACT),
        "Intensity_StandardDeviation_Gray": ((bright - dark) / 2, EXACT),
        "Intensity_Skewness_Gray": (0, EXACT),
        "Intensity_Kurtosis_Gray": (-2, EXACT),
        "Intensity_Entropy_Gray": (1, EXACT),
        "Intensity_Uniformity_Gray": (0.5, EXACT),
    }


def _grating() -> tuple[Cell, Expected]:
    """Columns alternately dark and bright; the nucleus brighter than the cytoplasm.

    The two are squares that do not touch; their centres are 34 pixels apart.
    """
    even = np.arange(66) % 2 == 0
    inner, outer = (136, 215), (DARK, BRIGHT)
    nucleus, cytoplasm = _box((32, 66), 0, 34, 32, 32), _box((32, 66), 0, 0, 32, 32)
    stripes = np.where(nucleus, np.where(even, *inner), np.where(even, *outer))
    area = 32.0**2
    return _grey_cell(stripes, nucleus, nucleus | cytoplasm), {
        **_in_compartment("Nuclei", _striped(*inner)),
        **_in_compartment("Cytoplasm", _striped(*outer)),
        "Cells_Intensity_Mean_Gray": (sum((*inner, *outer)) / 4, EXACT),
        "Cells_Intensity_Entropy_Gray": (2, EXACT),
        "Cells_Texture_JointEntropy_Gray_d1_32_mean": (2, EXACT),
        "Cells_IntensityDistribution_NucleusLessCytoplasm_Gray": (
            (sum(inner) - sum(outer)) / 2,
            EXACT,
        ),
        "Cells_AreaShape_Area": (2 * area, EXACT),
        "Nuclei_AreaShape_Area": (area, EXACT),
        "Cells_Haematology_NucleusToCellAreaRatio": (0.5, EXACT),
        "Cells_Haematology_NucleusToCytoplasmAreaRatio": (1, EXACT),
        "Cells_Haematology_NucleusEccentricPosition": (17 / sqrt(2 * area / pi), EXACT),
    }


def _red() -> tuple[Cell, Expected]:
    """Pure red under D65, by the formulas of the sRGB standard; planes are 8-bit."""
    rgb = np.zeros((8, 8, 3), np.uint8)
    rgb[..., 0] = 255
    whole = np.ones((8, 8), np.bool_)
    return Cell(rgb, whole, whole), {
        "Cells_Intensity_Mean_Lstar": (53.24, 0.5),
        "Cells_Intensity_Mean_astar": (80.09, 0.6),
        "Cells_Intensity_Mean_bstar": (67.20, 0.6),
        "Cells_Intensity_Mean_Saturation": (1, EXACT),
        "Cells_Intensity_Mean_Gray": (0.299 * 255, 0.5),
    }


def _hues() -> tuple[Cell, Expected]:
    """Red and violet in equal shares: hues of 0 and 270 degrees, levels 0 and 192 of 256."""
    rgb = np.zeros((8, 8, 3), np.uint8)
    rgb[..., 0] = 255
    rgb[:4] = (127, 0, 254)
    whole = np.ones((8, 8), np.bool_)
    return Cell(rgb, whole, whole), {
        "Cells_Intensity_CircularMean_Hue": (315, EXACT),
        "Cells_Intensity_CircularVariance_Hue": (1 - sqrt(0.5), EXACT),
    }


# What the default stain brings every cell to, in red, green and blue: the optical density (natural
# logarithm) of its palest and darkest twentieth, and the level of the empty slide.
PALE, DEEP, SLIDE = (0.20, 0.30, 0.10), (0.95, 1.40, 0.60), (235, 230, 228)


def _stain() -> tuple[Cell, Expected]:
    """Rows of halving transmission in the stain that `extract` uses by default.

    Of the cell's 30 rows, the two palest and the two darkest differ from the rest. Density is
    stretched linearly within and beyond these tails; no pixel becomes paler than the slide.
    """
    cell = _box((60, 60), 15, 15, 30, 30)
    plane = np.full((60, 60), 255)
    plane[15:45, 15:45] = np.array([15, 31, *[63] * 26, 127, 255])[:, None]
    nucleus = cell & ((plane == 31) | (plane == 127))
    drawn = _grey_cell(plane, nucleus, cell)
    expected: Expected = {}
    for channel, pale, deep, slide in zip(("Red", "Green", "Blue"), PALE, DEEP, SLIDE, strict=True):
        halving = (deep - pale) / 2
        densities = {
            "Nuclei_Intensity_Minimum": deep,
            "Nuclei_Intensity_Maximum": pale,
            "Cytoplasm_Intensity_Minimum": deep + halving,
            "Cytoplasm_Intensity_Median": pale + halving,
            "Cytoplasm_Intensity_Maximum": max(pale - halving, 0),
        }
        for key, density in densities.items():
            expected[f"{key}_{channel}"] = (slide * exp(-density), 0.5)
    return standardise(drawn, "standard", background_colour(drawn.rgb)), expected


ANALYTIC_CELLS: dict[str, Callable[[], tuple[Cell, Expected]]] = {
    f"rectangle {ROWS} by {COLS}": _rectangle,
    f"disc of radius {RADIUS:g}": _disc,
    f"ellipse {MAJOR:g} by {MINOR:g}": _ellipse,
    "gratings of period 2": _grating,
    "sRGB red": _red,
    "red and violet": _hues,
    "default stain": _stain,
}
