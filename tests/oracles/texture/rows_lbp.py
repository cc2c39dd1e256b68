"""Local binary patterns: scikit-image, and a ramp by hand."""

from __future__ import annotations

import numpy as np
from oracles.vetting import Check
from scipy.ndimage import binary_erosion
from support.cells.example_cells import textured_cell

from features.core.cell import COMPARTMENTS, Cell
from features.core.registry import Axes
from features.texture.lbp import CIRCLES, LBP
from features.verification.skimage_oracle import uniform_pattern_shares


def view_of(cell: Cell, circle: str):
    codes = tuple(word for word in LBP.parameters if word.startswith(circle))
    return LBP.view(cell, Axes(COMPARTMENTS, ("Gray",), codes))


def skimage_row(circle: str) -> Check:
    cell = textured_cell(rows=90, cols=100)
    points, radius = CIRCLES[circle]
    square = np.ones((2 * radius + 1, 2 * radius + 1))
    expected = [
        uniform_pattern_shares(
            cell.plane("Gray"), points, radius, binary_erosion(cell.mask(word), square)
        )
        for word in COMPARTMENTS
    ]
    view = view_of(cell, circle)
    return Check(
        "LBP_Frequency", "scikit-image", True, expected, lambda f: f(view)[:, 0], relative=1e-12
    )


def hand_row() -> Check:
    """A ramp to the right: 5 neighbours (N, NE, E, SE, S) are at least as bright."""
    ramp = np.repeat(np.arange(6, dtype=np.uint8)[None, :, None] * 10, 6, axis=0).repeat(3, axis=2)
    everywhere = np.ones((6, 6), dtype=bool)
    view = view_of(Cell(ramp, everywhere, everywhere), "P8R1")
    shares = [0, 0, 0, 0, 0, 1, 0, 0, 0, 0]
    return Check("LBP_Frequency", "by hand", False, shares, lambda f: f(view)[1, 0])


CHECKS = [*(skimage_row(circle) for circle in CIRCLES), hand_row()]
