"""Features of a matrix that counts elements by grey level and by size, whatever the elements are.

Runs by length, zones by size, zones by distance to the edge and pixels by the number of their
alike neighbours are four such matrices (IBSI 3.7, 3.8, 3.9 and 3.11) with the same sixteen
features; each family declares them in its own words. The kernels never hand a matrix out, they
return the sixteen sums over it that the features are made of.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.registry import Family, feature
from ..primitives.arrays import Floats
from ..primitives.kernels import compiled

SUM_COUNT = 16


@compiled
def sum_size_matrix(
    counts: NDArray[Any], sizes: NDArray[np.int64], pixels: int, out: Floats
) -> None:
    """Write the sums over a (levels, sizes) matrix of counts into `out`: (16,), NaN if empty.

    Row i holds level i + 1, column k size ``sizes[k]``; the order is that of `SizeMatrix`.
    """
    levels, columns = counts.shape
    by_size = np.zeros(columns, np.int64)
    for index in range(SUM_COUNT):
        out[index] = 0.0
    out[1] = pixels
    for row in range(levels):
        level = row + 1.0
        tone = level * level
        alike = 0
        for column in range(columns):
            n = counts[row, column]
            if n == 0:
                continue
            alike += n
            by_size[column] += n
            squared = float(sizes[column]) * sizes[column]
            out[6] += n / (squared * tone)
            out[7] += n * tone / squared
            out[8] += n * squared / tone
            out[9] += n * squared * tone
            out[14] += n * np.log2(n)
            out[15] += float(n) * n
        out[0] += alike
        out[4] += alike / tone
        out[5] += alike * tone
        out[10] += float(alike) * alike
        out[12] += alike * level
    for column in range(columns):
        n = by_size[column]
        if n:
            size = float(sizes[column])
            out[2] += n / (size * size)
            out[3] += n * (size * size)
            out[11] += float(n) * n
            out[13] += n * size
    if out[0] == 0:
        for index in range(SUM_COUNT):
            out[index] = np.nan


@dataclass(frozen=True, eq=False)
class SizeMatrix:
    """Sums over matrices of counts n by level i and size j; leading axes are the same everywhere.

    Parameters
    ----------
    elements, pixels : (…) float64
        Sum of n, and pixels that the elements were taken from.
    small, large, dark, bright : (…) float64
        Sums of ``n / j^2``, ``n j^2``, ``n / i^2``, ``n i^2``.
    small_dark, small_bright, large_dark, large_bright : (…) float64
        Sums of n times both.
    level_squares, size_squares : (…) float64
        Sums of the squared numbers of elements of each level, and of each size.
    level_sum, size_sum : (…) float64
        Sums of ``n i`` and ``n j``.
    logs, squares : (…) float64
        Sums of ``n log2 n`` and ``n^2``.
    """

    elements: Floats
    pixels: Floats
    small: Floats
    large: Floats
    dark: Floats
    bright: Floats
    small_dark: Floats
    small_bright: Floats
    large_dark: Floats
    large_bright: Floats
    level_squares: Floats
    size_squares: Floats
    level_sum: Floats
    size_sum: Floats
    logs: Floats
    squares: Floats

    @classmethod
    def from_sums(cls, sums: Floats) -> SizeMatrix:
        """Return the sums that `sum_size_matrix` writes, (…, 16) float64, by name."""
        return cls(*(sums[..., index] for index in range(len(fields(cls)))))


def _small(view: SizeMatrix) -> Floats:
    return view.small / view.elements


def _large(view: SizeMatrix) -> Floats:
    return view.large / view.elements


def _dark(view: SizeMatrix) -> Floats:
    return view.dark / view.elements


def _bright(view: SizeMatrix) -> Floats:
    return view.bright / view.elements


def _small_dark(view: SizeMatrix) -> Floats:
    return view.small_dark / view.elements


def _small_bright(view: SizeMatrix) -> Floats:
    return view.small_bright / view.elements


def _large_dark(view: SizeMatrix) -> Floats:
    return view.large_dark / view.elements


def _large_bright(view: SizeMatrix) -> Floats:
    return view.large_bright / view.elements


def _level_non_uniformity(view: SizeMatrix) -> Floats:
    return view.level_squares / view.elements


def _level_non_uniformity_share(view: SizeMatrix) -> Floats:
    return view.level_squares / view.elements**2


def _size_non_uniformity(view: SizeMatrix) -> Floats:
    return view.size_squares / view.elements


def _size_non_uniformity_share(view: SizeMatrix) -> Floats:
    return view.size_squares / view.elements**2


def _percentage(view: SizeMatrix) -> Floats:
    return view.elements / view.pixels


def _level_variance(view: SizeMatrix) -> Floats:
    return view.bright / view.elements - (view.level_sum / view.elements) ** 2


def _size_variance(view: SizeMatrix) -> Floats:
    return view.large / view.elements - (view.size_sum / view.elements) ** 2


def _entropy(view: SizeMatrix) -> Floats:
    return np.asarray(np.log2(view.elements) - view.logs / view.elements)


def _energy(view: SizeMatrix) -> Floats:
    return view.squares / view.elements**2


Formula = Callable[[SizeMatrix], Floats]

# Formula, definition in a family's words, powers of size and level in its unit, and range.
_FORMULAS: tuple[tuple[Formula, str, tuple[int, int], str], ...] = (
    (_small, "Mean over the {elements} of 1 / {size}^2", (-2, 0), "(0, 1]"),
    (_large, "Mean over the {elements} of {size}^2", (2, 0), "[1, inf)"),
    (_dark, "Mean over the {elements} of 1 / level^2", (0, -2), "(0, 1]"),
    (_bright, "Mean over the {elements} of level^2", (0, 2), "[1, levels^2]"),
    (_small_dark, "Mean over the {elements} of 1 / ({size} level)^2", (-2, -2), "(0, 1]"),
    (_small_bright, "Mean over the {elements} of (level / {size})^2", (-2, 2), "(0, levels^2]"),
    (_large_dark, "Mean over the {elements} of ({size} / level)^2", (2, -2), "(0, inf)"),
    (_large_bright, "Mean over the {elements} of ({size} level)^2", (2, 2), "[1, inf)"),
    (
        _level_non_uniformity,
        "Sum over the levels of the squared number of {elements}, over the number of {elements}",
        (0, 0),
        "[1, inf)",
    ),
    (
        _level_non_uniformity_share,
        "Sum over the levels of the squared share of the {elements}",
        (0, 0),
        "(0, 1]",
    ),
    (
        _size_non_uniformity,
        "Sum over each {size} of the squared number of {elements}, over the number of {elements}",
        (0, 0),
        "[1, inf)",
    ),
    (
        _size_non_uniformity_share,
        "Sum over each {size} of the squared share of the {elements}",
        (0, 0),
        "(0, 1]",
    ),
    (_percentage, "Number of {elements} over number of pixels", (0, 0), "(0, 1]"),
    (_level_variance, "Variance of the level of the {elements}", (0, 2), "[0, levels^2 / 4]"),
    (_size_variance, "Variance of the {size} of the {elements}", (2, 0), "[0, inf)"),
    (_entropy, "Entropy of the {elements} by level and {size}, in bits", (0, 0), "[0, inf)"),
    (
        _energy,
        "Sum of the squared shares of the {elements} by level and {size}",
        (0, 0),
        "(0, 1]",
    ),
)

Words = tuple[str, str, str]


def _unit(size: str, powers: tuple[int, int]) -> str:
    """Unit of a product of powers of a size, whose unit is given, and of a level.

    Examples
    --------
    >>> _unit("px", (2, -2)), _unit("px", (-2, 0)), _unit("1", (2, 2)), _unit("px", (0, 0))
    ('px^2/level^2', '1/px^2', 'level^2', '1')
    """
    factors = [
        (f"{name}^{abs(power)}", power)
        for name, power in zip((size, "level"), powers, strict=True)
        if power and name != "1"
    ]
    above = " ".join(factor for factor, power in factors if power > 0) or "1"
    below = " ".join(factor for factor, power in factors if power < 0)
    if not below:
        return above
    return f"{above}/({below})" if " " in below else f"{above}/{below}"


def _in_words(formula: Formula, definition: str) -> Formula:
    """Return the formula as a function of its own, with the definition as its docstring."""

    def value(view: SizeMatrix) -> Floats:
        return formula(view)

    value.__doc__ = definition
    return value


def declare_features(
    family: Family,
    table: Sequence[Words],
    *,
    elements: str,
    size: str,
    unit: str,
    reference: str,
    vetted: str,
) -> None:
    """Declare the features of a family of such matrices.

    Parameters
    ----------
    family : Family
        Its view is a `SizeMatrix`.
    table : sequence of (str, str, str)
        Name, IBSI code and plain name of each, in the order of the formulas; the seventeenth
        (energy) may be missing.
    elements, size, unit : str
        What is counted, what its size is called and its unit, for the definitions.
    reference, vetted : str
        As in `registry.feature`.
    """
    for (name, code, plain), (formula, definition, powers, limits) in zip(
        table, _FORMULAS, strict=False
    ):
        feature(
            family,
            name=name,
            ibsi=code,
            plain=plain,
            unit="bit" if formula is _entropy else _unit(unit, powers),
            range=limits,
            reference=reference,
            vetted=vetted,
        )(_in_words(formula, f"{definition.format(elements=elements, size=size)}."))
