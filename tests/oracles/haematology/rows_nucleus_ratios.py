"""Nucleus against cytoplasm: squares by hand, and measurements of scikit-image."""

from __future__ import annotations

from math import hypot, pi, sqrt

import numpy as np
from oracles.shape.rows_area_shape import corners
from oracles.vetting import Check
from scipy.spatial import ConvexHull
from skimage.measure import regionprops
from support.cells.example_cells import textured_cell

from features.core.cell import Cell
from features.haematology.nucleus_ratios import CellParts


def squares() -> Cell:
    """Return a cell of 6x6 pixels; its nucleus is a 3x3 corner without the corner pixel."""
    nucleus = np.zeros((6, 6), dtype=bool)
    nucleus[:3, :3] = True
    nucleus[0, 0] = False
    return Cell(np.zeros((6, 6, 3), np.uint8), nucleus, np.ones((6, 6), dtype=bool))


def rows_of(cell: Cell, oracle: str, independent: bool, expected: dict[str, float]) -> list[Check]:
    parts = CellParts(cell)
    return [
        Check(f"Haematology_{name}", oracle, independent, value, lambda f: f(parts))
        for name, value in expected.items()
    ]


def hand_rows() -> list[Check]:
    # Eight pixels: their rows sum to 0 + 0 + 3 * 1 + 3 * 2 = 9; the cell's centre is 2.5.
    return rows_of(
        squares(),
        "by hand",
        False,
        {
            "NucleusToCellAreaRatio": 8 / 36,
            "NucleusToCytoplasmAreaRatio": 8 / 28,
            "NucleusEccentricPosition": hypot(2.5 - 9 / 8, 2.5 - 9 / 8) / sqrt(36 / pi),
            "NucleusIndentation": 1 - 8 / 8.5,
        },
    )


def peer_rows() -> list[Check]:
    cell = textured_cell()
    nucleus = regionprops(cell.nucleus.astype(np.uint8))[0]
    whole = regionprops(cell.cell.astype(np.uint8))[0]
    apart = np.hypot(*np.subtract(nucleus.centroid, whole.centroid))
    hull = ConvexHull(corners(cell.nucleus)).volume
    return rows_of(
        cell,
        "scikit-image",
        True,
        {
            "NucleusToCellAreaRatio": nucleus.area / whole.area,
            "NucleusToCytoplasmAreaRatio": nucleus.area / (whole.area - nucleus.area),
            "NucleusEccentricPosition": apart / (whole.equivalent_diameter_area / 2),
        },
    ) + rows_of(cell, "scipy", True, {"NucleusIndentation": 1 - nucleus.area / hull})


CHECKS = hand_rows() + peer_rows()
