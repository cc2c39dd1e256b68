"""The form of the table that vets the features: one row a check, against an outside value.

Each ``tests/rows_*.py`` holds such rows in a list ``CHECKS``; ``test_vetting.py`` runs them all.
A feature's declared ``vetted`` text is the names of its rows' oracles, joined by "; "; what
follows a comma in an oracle's name (which cell, which setting) is not part of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from features.registry import FEATURES

Function = Callable[[Any], Any]


@dataclass(frozen=True)
class Check:
    """One feature against one oracle.

    `got(function)` applies the feature's function to the oracle's input; handing the function in
    lets a test swap it for a wrong one and see the check fail.
    """

    feature: str
    oracle: str  # its name as the feature's `vetted` text gives it
    independent: bool  # another program or a published figure; else worked out by hand
    expected: Any
    got: Callable[[Function], Any]
    relative: float = 1e-6
    absolute: float = 0.0
    digits: int = 0  # compare after rounding to so many significant digits
    shared: bool = False  # whether it reads reference data that are not in the repository

    def agrees(self, function: Function | None = None) -> bool:
        """Whether the feature (or `function` in its place) gives the expected value."""
        value = np.asarray(self.got(function or FEATURES[self.feature].function), dtype=float)
        expected = np.asarray(self.expected, dtype=float)
        if self.digits:
            rounded = [float(f"{number:.{self.digits}g}") for number in value.ravel()]
            return rounded == [float(f"{number:.{self.digits}g}") for number in expected.ravel()]
        return np.allclose(value, expected, rtol=self.relative, atol=self.absolute, equal_nan=True)
