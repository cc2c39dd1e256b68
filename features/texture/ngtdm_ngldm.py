"""Families of the pixel and its neighbours: NGTDM (IBSI 3.10) and NGLDM (IBSI 3.11)."""

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

# What IBSI and pyradiomics report for the coarseness of a region without any difference.
COARSEST = 1e6


def _tone_view(cell: Cell, axes: Axes) -> ToneDifferenceMatrix:
    pixels, differences, _ = selected_neighbour_sums(cell, axes)
    return ToneDifferenceMatrix(pixels, differences)


def _dependence_view(cell: Cell, axes: Axes) -> SizeMatrix:
    return SizeMatrix.from_sums(selected_neighbour_sums(cell, axes)[2])


def _membership(channel: str, _parameter: str) -> Membership:
    return "full" if channel == "Gray" else "named"


NGTDM = Family(
    name="NGTDM",
    title="Grey-tone differences: each pixel against the mean of its neighbours",
    compartments=COMPARTMENTS,
    view=_tone_view,
    channels=TEXTURE_CHANNELS,
    parameters=("32",),
    membership=_membership,
)

NGLDM = Family(
    name="NGLDM",
    title="Grey-level dependence: how many neighbours of a pixel have its tone",
    compartments=COMPARTMENTS,
    view=_dependence_view,
    channels=TEXTURE_CHANNELS,
    parameters=("32",),
    membership=_membership,
)

tone = partial(
    feature,
    NGTDM,
    reference="IBSI 3.10; Amadasun 1989, doi:10.1109/21.44046",
    nan="no two neighbouring pixels in the compartment",
    vetted="IBSI digital phantom; MIRP",
)


def _over(numerator: Floats, denominator: Floats, otherwise: float) -> Floats:
    """Divide; a stated value where the denominator is 0, NaN where it is NaN."""
    return np.divide(
        numerator, denominator, out=np.full_like(denominator, otherwise), where=denominator != 0
    )


@tone(unit="1/level", ibsi="QCDE", plain="coarseness of the pattern", range="(0, 1000000]")
def coarseness(view: ToneDifferenceMatrix) -> Floats:
    """1 / sum over the levels of share times summed difference; 10^6 where nothing differs."""
    return np.minimum(_over(np.ones_like(view.expected), view.expected, COARSEST), COARSEST)


@tone(unit="level^3", ibsi="65HE", plain="contrast of neighbouring patches", range="[0, inf)")
def contrast(view: ToneDifferenceMatrix) -> Floats:
    """Mean squared step between levels times mean difference; 0 for a single level."""
    shares, levels = view.probabilities, view.levels
    mean, square = shares @ levels, shares @ levels**2
    steps = 2 * (square - mean**2)
    spread = _over(steps, view.occurring * (view.occurring - 1) + 0 * view.count, 0.0)
    return np.asarray(spread * view.total / view.count)


@tone(unit="1", ibsi="NQ30", plain="busyness of the pattern", range="[0, inf)")
def busyness(view: ToneDifferenceMatrix) -> Floats:
    """Share times difference over the summed steps of level times share; 0 for a single level."""
    weighed = view.levels * view.probabilities
    steps = view.over_pairs(np.abs(weighed[..., :, None] - weighed[..., None, :]))
    return _over(view.expected, steps, 0.0)


@tone(unit="level^2", ibsi="HDEZ", plain="complexity of the pattern", range="[0, inf)")
def complexity(view: ToneDifferenceMatrix) -> Floats:
    """Steps between levels weighed by the mean difference of the two, over the pixels."""
    shares = view.probabilities
    weighed = shares * view.differences
    total = shares[..., :, None] + shares[..., None, :]
    mean = _over(weighed[..., :, None] + weighed[..., None, :], total, 0.0)
    steps = np.abs(view.levels[:, None] - view.levels)
    return np.asarray(view.over_pairs(steps * mean) / view.count)


@tone(unit="level", ibsi="1X9X", plain="distinctness of the pattern", range="[0, inf)")
def strength(view: ToneDifferenceMatrix) -> Floats:
    """Squared steps between levels weighed by their shares, over all differences; 0 if none."""
    shares = view.probabilities
    steps = (view.levels[:, None] - view.levels) ** 2
    weighed = view.over_pairs((shares[..., :, None] + shares[..., None, :]) * steps)
    return _over(weighed, view.total, 0.0)


declare_features(
    NGLDM,
    (
        ("LowDependenceEmphasis", "SODN", "fineness of tone"),
        ("HighDependenceEmphasis", "IMOQ", "evenness of tone"),
        ("LowGreyLevelCountEmphasis", "TL9H", "share of dark pixels"),
        ("HighGreyLevelCountEmphasis", "OAE7", "share of bright pixels"),
        ("LowDependenceLowGreyLevelEmphasis", "EQ3F", "share of dark specks"),
        ("LowDependenceHighGreyLevelEmphasis", "JA6D", "share of bright specks"),
        ("HighDependenceLowGreyLevelEmphasis", "NBZI", "share of even dark areas"),
        ("HighDependenceHighGreyLevelEmphasis", "9QMG", "share of even bright areas"),
        ("GreyLevelNonUniformity", "FP8K", "sameness of tone, times size"),
        ("NormalisedGreyLevelNonUniformity", "5SPA", "sameness of tone"),
        ("DependenceCountNonUniformity", "Z87G", "sameness of evenness, times size"),
        ("NormalisedDependenceCountNonUniformity", "OKJI", "sameness of evenness"),
        ("DependenceCountPercentage", "6XV8", "always 1: every pixel has a neighbourhood"),
        ("GreyLevelVariance", "1PFV", "spread of tone"),
        ("DependenceCountVariance", "DNX2", "spread of evenness"),
        ("DependenceCountEntropy", "FCBV", "disorder of tone and evenness"),
        ("DependenceCountEnergy", "CAS9", "order of tone and evenness"),
    ),
    elements="pixels",
    size="dependence",
    unit="1",
    reference="IBSI 3.11 (alpha 0, distance 1, dependence: alike neighbours plus 1); "
    "Sun 1983, doi:10.1016/0734-189X(83)90032-4",
    vetted="IBSI digital phantom; MIRP",
)


def tone_difference_features(
    image: NDArray[np.integer[Any]], mask: NDArray[np.bool_], *, levels: int | None = 32
) -> Mapping[str, float]:
    """Return the 5 features of neighbourhood grey-tone differences of one image inside a mask.

    Parameters
    ----------
    image : (rows, cols) integer
        Grey levels: 0 to 255 where `levels` is a number, any levels from 1 where it is None.
    mask : (rows, cols) bool
        Which pixels count.
    levels : {32, 256} or None
        How many levels of equal width the 256 are brought to; None takes the image as it is.

    Returns
    -------
    mapping of str to float
        By feature name; NaN where no pixel has a neighbour.

    Raises
    ------
    CellError
        If the image has levels outside what `levels` says.
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
    """Return the 17 features of neighbouring grey-level dependence of one image inside a mask.

    Parameters, returned mapping and errors are those of `tone_difference_features`; NaN where the
    mask is empty.
    """
    view = SizeMatrix.from_sums(neighbour_sums(*quantise_image(image, mask, levels))[2])
    return {
        record.name: float(record.function(view)[0, 0])
        for record in FEATURES.values()
        if record.family is NGLDM
    }
