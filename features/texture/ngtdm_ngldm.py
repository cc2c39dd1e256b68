"""NGTDM and NGLDM features: a pixel and its 8 neighbours (IBSI 3.10, 3.11).

In the NGTDM definitions, i and j are occurring grey levels, p is the share of the pixels with this
level, and s the sum of their absolute differences from the mean of their neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.cell import COMPARTMENTS, Cell
from ..core.registry import FEATURES, Axes, Family, Membership, feature
from ..primitives.arrays import Floats
from ..primitives.channels import TEXTURE_CHANNELS
from .image_levels import quantise_image
from .neighbour_counts import ToneDifferenceMatrix, neighbour_sums, selected_neighbour_sums
from .size_matrix import SizeMatrix, declare_features

# Value of IBSI and pyradiomics for a region without differences.
MAX_COARSENESS = 1e6


def _ngtdm_view(cell: Cell, axes: Axes) -> ToneDifferenceMatrix:
    pixels, differences, _ = selected_neighbour_sums(cell, axes)
    return ToneDifferenceMatrix(pixels, differences)


def _ngldm_view(cell: Cell, axes: Axes) -> SizeMatrix:
    return SizeMatrix.from_sums(selected_neighbour_sums(cell, axes)[2])


def _membership(channel: str, _parameter: str) -> Membership:
    return "full" if channel == "Gray" else "named"


NGTDM = Family(
    name="NGTDM",
    title="Neighbourhood grey-tone difference matrix (NGTDM): pixel against neighbours",
    compartments=COMPARTMENTS,
    view=_ngtdm_view,
    channels=TEXTURE_CHANNELS,
    parameters=("32",),
    membership=_membership,
)

NGLDM = Family(
    name="NGLDM",
    title="Neighbouring grey-level dependence matrix (NGLDM): neighbours of equal grey level",
    compartments=COMPARTMENTS,
    view=_ngldm_view,
    channels=TEXTURE_CHANNELS,
    parameters=("32",),
    membership=_membership,
)

ngtdm_feature = partial(
    feature,
    NGTDM,
    reference="IBSI 3.10; Amadasun 1989, doi:10.1109/21.44046",
    nan="no two neighbouring pixels in the compartment",
    vetted="IBSI digital phantom; MIRP",
)


def _divide(numerator: Floats, denominator: Floats, fallback: float) -> Floats:
    """Divide; `fallback` where the denominator is 0, NaN where it is NaN."""
    return np.divide(
        numerator, denominator, out=np.full_like(denominator, fallback), where=denominator != 0
    )


@ngtdm_feature(unit="1/level", ibsi="QCDE", plain="coarseness of the pattern", range="(0, 1000000]")
def coarseness(view: ToneDifferenceMatrix) -> Floats:
    """1 / sum of p_i s_i over grey levels i, at most 10^6 (p share, s summed difference)."""
    return np.minimum(
        _divide(np.ones_like(view.weighted_sum), view.weighted_sum, MAX_COARSENESS), MAX_COARSENESS
    )


@ngtdm_feature(
    unit="level^3", ibsi="65HE", plain="contrast between neighbouring areas", range="[0, inf)"
)
def contrast(view: ToneDifferenceMatrix) -> Floats:
    """Sum of p_i p_j (i - j)^2 / (N (N - 1)) * mean difference (p share, N levels); 0 if N = 1."""
    shares, levels = view.probabilities, view.levels
    mean, square = shares @ levels, shares @ levels**2
    steps = 2 * (square - mean**2)
    spread = _divide(steps, view.level_count * (view.level_count - 1) + 0 * view.count, 0.0)
    return np.asarray(spread * view.total / view.count)


@ngtdm_feature(unit="1", ibsi="NQ30", plain="busyness of the pattern", range="[0, inf)")
def busyness(view: ToneDifferenceMatrix) -> Floats:
    """Sum of p_i s_i / sum of |i p_i - j p_j| (p share, s summed difference); 0 for one level."""
    weighted = view.levels * view.probabilities
    steps = view.sum_over_level_pairs(np.abs(weighted[..., :, None] - weighted[..., None, :]))
    return _divide(view.weighted_sum, steps, 0.0)


@ngtdm_feature(unit="level^2", ibsi="HDEZ", plain="complexity of the pattern", range="[0, inf)")
def complexity(view: ToneDifferenceMatrix) -> Floats:
    """Sum of |i - j| (p_i s_i + p_j s_j) / (p_i + p_j) / n (p share, s difference, n pixels)."""
    shares = view.probabilities
    weighted = shares * view.differences
    total = shares[..., :, None] + shares[..., None, :]
    mean = _divide(weighted[..., :, None] + weighted[..., None, :], total, 0.0)
    steps = np.abs(view.levels[:, None] - view.levels)
    return np.asarray(view.sum_over_level_pairs(steps * mean) / view.count)


@ngtdm_feature(unit="level", ibsi="1X9X", plain="distinctness of the pattern", range="[0, inf)")
def strength(view: ToneDifferenceMatrix) -> Floats:
    """Sum of (p_i + p_j) (i - j)^2 / sum of s_i (p share, s summed difference); 0 if s = 0."""
    shares = view.probabilities
    steps = (view.levels[:, None] - view.levels) ** 2
    weighted = view.sum_over_level_pairs((shares[..., :, None] + shares[..., None, :]) * steps)
    return _divide(weighted, view.total, 0.0)


declare_features(
    NGLDM,
    (
        ("LowDependenceEmphasis", "SODN", "weight of pixels with few equal neighbours"),
        ("HighDependenceEmphasis", "IMOQ", "weight of pixels with many equal neighbours"),
        ("LowGreyLevelCountEmphasis", "TL9H", "weight of dark pixels"),
        ("HighGreyLevelCountEmphasis", "OAE7", "weight of bright pixels"),
        (
            "LowDependenceLowGreyLevelEmphasis",
            "EQ3F",
            "weight of dark pixels with few equal neighbours",
        ),
        (
            "LowDependenceHighGreyLevelEmphasis",
            "JA6D",
            "weight of bright pixels with few equal neighbours",
        ),
        (
            "HighDependenceLowGreyLevelEmphasis",
            "NBZI",
            "weight of dark pixels with many equal neighbours",
        ),
        (
            "HighDependenceHighGreyLevelEmphasis",
            "9QMG",
            "weight of bright pixels with many equal neighbours",
        ),
        (
            "GreyLevelNonUniformity",
            "FP8K",
            "uneven distribution of pixels over grey levels, grows with size",
        ),
        (
            "NormalisedGreyLevelNonUniformity",
            "5SPA",
            "uneven distribution of pixels over grey levels",
        ),
        (
            "DependenceCountNonUniformity",
            "Z87G",
            "uneven distribution of pixels over numbers of equal neighbours, grows with size",
        ),
        (
            "NormalisedDependenceCountNonUniformity",
            "OKJI",
            "uneven distribution of pixels over numbers of equal neighbours",
        ),
        ("DependenceCountPercentage", "6XV8", "always 1: every pixel has a neighbourhood"),
        ("GreyLevelVariance", "1PFV", "spread of the grey levels"),
        ("DependenceCountVariance", "DNX2", "spread of the number of equal neighbours"),
        ("DependenceCountEntropy", "FCBV", "disorder by grey level and number of equal neighbours"),
        ("DependenceCountEnergy", "CAS9", "order by grey level and number of equal neighbours"),
    ),
    elements="pixels",
    size="dependence",
    unit="1",
    reference="IBSI 3.11 (alpha 0, distance 1, dependence = equal neighbours + 1); "
    "Sun 1983, doi:10.1016/0734-189X(83)90032-4",
    vetted="IBSI digital phantom; MIRP",
)


def tone_difference_features(
    image: NDArray[np.integer[Any]], mask: NDArray[np.bool_], *, levels: int | None = 32
) -> Mapping[str, float]:
    """Return the 5 NGTDM features of one grey-scale image inside a mask.

    Parameters
    ----------
    image : (rows, cols) integer
        Grey values from 0 to 255 if `levels` is a number; grey levels from 1 if it is None.
    mask : (rows, cols) bool
        Pixels to measure.
    levels : {32, 256} or None
        Number of grey levels of equal width; None keeps the image's own levels.

    Returns
    -------
    mapping of str to float
        Values by feature name; NaN if no pixel has a neighbour.

    Raises
    ------
    CellError
        If the image has a value outside the range that `levels` requires.
    """
    pixels, differences, _ = neighbour_sums(*quantise_image(image, mask, levels))
    view = ToneDifferenceMatrix(pixels, differences)
    return {
        record.name: float(record.function(view)[0, 0])
        for record in FEATURES.values()
        if record.family is NGTDM
    }


def dependence_features(
    image: NDArray[np.integer[Any]], mask: NDArray[np.bool_], *, levels: int | None = 32
) -> Mapping[str, float]:
    """Return the 17 NGLDM features of one grey-scale image inside a mask.

    Parameters, returned mapping and errors are those of `tone_difference_features`; NaN
    for an empty mask.
    """
    view = SizeMatrix.from_sums(neighbour_sums(*quantise_image(image, mask, levels))[2])
    return {
        record.name: float(record.function(view)[0, 0])
        for record in FEATURES.values()
        if record.family is NGLDM
    }
