"""Features of matrices that count elements by grey level and size: GLRLM, GLSZM, GLDZM, NGLDM.

The elements are runs by length, zones by size, zones by distance to the edge, or pixels by the
number of neighbours of equal level (IBSI 3.7, 3.8, 3.9 and 3.11). The four matrices have the same
features; each family declares them under its own names. The kernels return 16 sums over a matrix,
not the matrix itself.
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
    """Write the 16 sums over a count matrix into `out`, in the order of `SizeMatrix`.

    Parameters
    ----------
    counts : (levels, columns) integer
        Number of elements; row i holds grey level i + 1, column k size ``sizes[k]``.
    sizes : (columns,) int64
        Size of each column.
    pixels : int
        Number of pixels from which the elements were formed.
    out : (16,) float64
        Output; NaN for an empty matrix.
    """
    levels, columns = counts.shape
    by_size = np.zeros(columns, np.int64)
    for index in range(SUM_COUNT):
        out[index] = 0.0
    out[1] = pixels
    for row in range(levels):
        level = row + 1.0
        squared_level = level * level
        row_sum = 0
        for column in range(columns):
            n = counts[row, column]
            if n == 0:
                continue
            row_sum += n
            by_size[column] += n
            squared = float(sizes[column]) * sizes[column]
            out[6] += n / (squared * squared_level)
            out[7] += n * squared_level / squared
            out[8] += n * squared / squared_level
            out[9] += n * squared * squared_level
            out[14] += n * np.log2(n)
            out[15] += float(n) * n
        out[0] += row_sum
        out[4] += row_sum / squared_level
        out[5] += row_sum * squared_level
        out[10] += float(row_sum) * row_sum
        out[12] += row_sum * level
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
    """Sums over matrices of element counts n, by grey level i and size j; arrays of one shape.

    Parameters
    ----------
    elements, pixels : (…) float64
        Sum of n, and number of pixels from which the elements were formed.
    small, large, low_level, high_level : (…) float64
        Sums of ``n / j^2``, ``n j^2``, ``n / i^2``, ``n i^2``.
    small_low_level, small_high_level, large_low_level, large_high_level : (…) float64
        Sums of n times the factors of both names.
    level_squares, size_squares : (…) float64
        Sum over the levels of the squared number of elements, and the same over the sizes.
    level_sum, size_sum : (…) float64
        Sums of ``n i`` and ``n j``.
    n_log_n, squares : (…) float64
        Sums of ``n log2 n`` and ``n^2``.
    """

    elements: Floats
    pixels: Floats
    small: Floats
    large: Floats
    low_level: Floats
    high_level: Floats
    small_low_level: Floats
    small_high_level: Floats
    large_low_level: Floats
    large_high_level: Floats
    level_squares: Floats
    size_squares: Floats
    level_sum: Floats
    size_sum: Floats
    n_log_n: Floats
    squares: Floats

    @classmethod
    def from_sums(cls, sums: Floats) -> SizeMatrix:
        """Return the sums that `sum_size_matrix` writes, (…, 16) float64, by name."""
        return cls(*(sums[..., index] for index in range(len(fields(cls)))))


def _small(view: SizeMatrix) -> Floats:
    return view.small / view.elements


def _large(view: SizeMatrix) -> Floats:
    return view.large / view.elements


def _low_level(view: SizeMatrix) -> Floats:
    return view.low_level / view.elements


def _high_level(view: SizeMatrix) -> Floats:
    return view.high_level / view.elements


def _small_low_level(view: SizeMatrix) -> Floats:
    return view.small_low_level / view.elements


def _small_high_level(view: SizeMatrix) -> Floats:
    return view.small_high_level / view.elements


def _large_low_level(view: SizeMatrix) -> Floats:
    return view.large_low_level / view.elements


def _large_high_level(view: SizeMatrix) -> Floats:
    return view.large_high_level / view.elements


def _level_non_uniformity(view: SizeMatrix) -> Floats:
    return view.level_squares / view.elements


def _level_non_uniformity_share(view: SizeMatrix) -> Floats:
    return view.level_squares / view.elements**2


def _size_non_uniformity(view: SizeMatrix) -> Floats:
    return view.size_squares / view.elements


def _size_non_uniformity_share(view: SizeMatrix) -> Floats:
    return view.size_squares / view.elements**2


def _element_percentage(view: SizeMatrix) -> Floats:
    return view.elements / view.pixels


def _level_variance(view: SizeMatrix) -> Floats:
    return view.high_level / view.elements - (view.level_sum / view.elements) ** 2


def _size_variance(view: SizeMatrix) -> Floats:
    return view.large / view.elements - (view.size_sum / view.elements) ** 2


def _entropy(view: SizeMatrix) -> Floats:
    return np.asarray(np.log2(view.elements) - view.n_log_n / view.elements)


def _energy(view: SizeMatrix) -> Floats:
    return view.squares / view.elements**2


Formula = Callable[[SizeMatrix], Floats]

# Formula, definition with a family's words, powers of size and level in its unit, range.
_FORMULAS: tuple[tuple[Formula, str, tuple[int, int], str], ...] = (
    (_small, "Mean over the {elements} of 1 / {size}^2", (-2, 0), "(0, 1]"),
    (_large, "Mean over the {elements} of {size}^2", (2, 0), "[1, inf)"),
    (_low_level, "Mean over the {elements} of 1 / grey level^2", (0, -2), "(0, 1]"),
    (_high_level, "Mean over the {elements} of grey level^2", (0, 2), "[1, levels^2]"),
    (
        _small_low_level,
        "Mean over the {elements} of 1 / ({size} * grey level)^2",
        (-2, -2),
        "(0, 1]",
    ),
    (
        _small_high_level,
        "Mean over the {elements} of (grey level / {size})^2",
        (-2, 2),
        "(0, levels^2]",
    ),
    (_large_low_level, "Mean over the {elements} of ({size} / grey level)^2", (2, -2), "(0, inf)"),
    (_large_high_level, "Mean over the {elements} of ({size} * grey level)^2", (2, 2), "[1, inf)"),
    (
        _level_non_uniformity,
        "Sum over the grey levels of (number of {elements})^2 / number of {elements}",
        (0, 0),
        "[1, inf)",
    ),
    (
        _level_non_uniformity_share,
        "Sum over the grey levels of (share of the {elements})^2",
        (0, 0),
        "(0, 1]",
    ),
    (
        _size_non_uniformity,
        "Sum over the values of {size} of (number of {elements})^2 / number of {elements}",
        (0, 0),
        "[1, inf)",
    ),
    (
        _size_non_uniformity_share,
        "Sum over the values of {size} of (share of the {elements})^2",
        (0, 0),
        "(0, 1]",
    ),
    (_element_percentage, "Number of {elements} / number of pixels", (0, 0), "(0, 1]"),
    (_level_variance, "Variance of the grey level of the {elements}", (0, 2), "[0, levels^2 / 4]"),
    (_size_variance, "Variance of the {size} of the {elements}", (2, 0), "[0, inf)"),
    (
        _entropy,
        "Entropy of the distribution of the {elements} by grey level and {size}, in bits",
        (0, 0),
        "[0, inf)",
    ),
    (
        _energy,
        "Sum of the squared shares of the {elements} by grey level and {size}",
        (0, 0),
        "(0, 1]",
    ),
)

FeatureNames = tuple[str, str, str]


def _unit(size: str, powers: tuple[int, int]) -> str:
    """Return the unit of ``size^a level^b``, where `size` is the unit of a size.

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


def _with_definition(formula: Formula, definition: str) -> Formula:
    """Return a new function that computes the formula and has the definition as its docstring."""

    def value(view: SizeMatrix) -> Floats:
        return formula(view)

    value.__doc__ = definition
    return value


def declare_features(
    family: Family,
    table: Sequence[FeatureNames],
    *,
    elements: str,
    size: str,
    unit: str,
    reference: str,
    vetted: str,
) -> None:
    """Declare the features of a family of count matrices.

    Parameters
    ----------
    family : Family
        Its view is a `SizeMatrix`.
    table : sequence of (str, str, str)
        Name, IBSI code and gloss of each feature, in the order of the formulas; the last one
        (energy) may be missing.
    elements, size, unit : str
        Words for the counted elements and for their size, and the unit of the size.
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
        )(_with_definition(formula, f"{definition.format(elements=elements, size=size)}."))
