"""Table of checks that vet the features: one row for each comparison with an outside value.

Each ``rows_*.py`` here and in the sub-folders has a list ``CHECKS`` of rows; `test_vetting.py`
runs them all. A feature's declared ``vetted`` text is the `Check.credit` of its rows, joined by
"; ", without what follows a comma in an oracle's name (a cell or a setting).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np

from features.core.registry import FEATURES

Function = Callable[[Any], Any]

FIGURES = {"IBSI digital phantom", "MATLAB", "MIRP", "Nyxus's table", "pyradiomics"}
BY_HAND = {"by hand", "closed form"}


class Kind(IntEnum):
    """Source of an expected value, the least independent first."""

    HAND = 0  # calculated by hand, or a closed form
    FORMULA = 1  # the published formula, implemented in the test with other functions
    PROGRAM = 2  # a function of another program, or a ratio or difference of two of its values
    FIGURE = 3  # published, or a stored output of another program


@dataclass(frozen=True)
class Check:
    """One feature compared with one oracle.

    `got(function)` applies the feature's function to the oracle's input: a test can give it a wrong
    function and see the check fail.
    """

    feature: str
    oracle: str  # its name in the feature's `vetted` text
    independent: bool  # another program or a published value, not a formula written in this project
    expected: Any
    got: Callable[[Function], Any]
    relative: float = 1e-6
    absolute: float = 0.0
    digits: int = 0  # if not 0: compare after rounding to this number of significant digits
    shared: bool = False  # whether it needs reference data that are not in the repository

    @property
    def source(self) -> str:
        """Name of the oracle, up to the first comma."""
        return self.oracle.split(",")[0]

    @property
    def kind(self) -> Kind:
        """Source of the expected value."""
        if self.independent:
            return Kind.FIGURE if self.source in FIGURES else Kind.PROGRAM
        return Kind.HAND if self.source in BY_HAND else Kind.FORMULA

    @property
    def credit(self) -> str:
        """Name in the catalogue: a formula that we wrote with scipy is not a function of scipy."""
        return f"formula in {self.source}" if self.kind is Kind.FORMULA else self.source

    def agrees(self, function: Function | None = None) -> bool:
        """Whether the feature's function (or `function`) returns the expected value."""
        value = np.asarray(self.got(function or FEATURES[self.feature].function), dtype=float)
        expected = np.asarray(self.expected, dtype=float)
        if self.digits:
            rounded = [float(f"{number:.{self.digits}g}") for number in value.ravel()]
            return rounded == [float(f"{number:.{self.digits}g}") for number in expected.ravel()]
        return np.allclose(value, expected, rtol=self.relative, atol=self.absolute, equal_nan=True)
