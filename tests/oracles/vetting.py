"""The form of the table that vets the features: one row a check, against an outside value.

Each ``tests/rows_*.py`` holds such rows in a list ``CHECKS``; ``test_vetting.py`` runs them all.
A feature's declared ``vetted`` text is the `Check.credit` of its rows, joined by "; "; what
follows a comma in an oracle's name (which cell, which setting) is not part of it.
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
ON_PAPER = {"by hand", "closed form"}


class Kind(IntEnum):
    """Where an expected value comes from, the least independent first."""

    HAND = 0  # worked out on paper, or a closed form
    FORMULA = 1  # the literature's formula, written out in the test with other primitives
    PROGRAM = 2  # another program's own function, or a ratio or difference of what two return
    FIGURE = 3  # published, or stored as another program printed it


@dataclass(frozen=True)
class Check:
    """One feature against one oracle.

    `got(function)` applies the feature's function to the oracle's input; handing the function in
    lets a test swap it for a wrong one and see the check fail.
    """

    feature: str
    oracle: str  # its name as the feature's `vetted` text gives it
    independent: bool  # another program or a published figure, not a formula of our own writing
    expected: Any
    got: Callable[[Function], Any]
    relative: float = 1e-6
    absolute: float = 0.0
    digits: int = 0  # compare after rounding to so many significant digits
    shared: bool = False  # whether it reads reference data that are not in the repository

    @property
    def source(self) -> str:
        """The oracle's name without what follows a comma."""
        return self.oracle.split(",")[0]

    @property
    def kind(self) -> Kind:
        """Where the expected value comes from."""
        if self.independent:
            return Kind.FIGURE if self.source in FIGURES else Kind.PROGRAM
        return Kind.HAND if self.source in ON_PAPER else Kind.FORMULA

    @property
    def credit(self) -> str:
        """What the catalogue may say: a formula in scipy is not scipy's."""
        return f"formula in {self.source}" if self.kind is Kind.FORMULA else self.source

    def agrees(self, function: Function | None = None) -> bool:
        """Whether the feature (or `function` in its place) gives the expected value."""
        value = np.asarray(self.got(function or FEATURES[self.feature].function), dtype=float)
        expected = np.asarray(self.expected, dtype=float)
        if self.digits:
            rounded = [float(f"{number:.{self.digits}g}") for number in value.ravel()]
            return rounded == [float(f"{number:.{self.digits}g}") for number in expected.ravel()]
        return np.allclose(value, expected, rtol=self.relative, atol=self.absolute, equal_nan=True)
