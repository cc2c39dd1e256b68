"""Our features next to those of mahotas and scikit-image, and that each comparison can fail."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from mahotas.interpolate import shift
from support.cells.example_cells import textured_cell

from features.core.cell import Cell
from features.core.registry import FEATURES
from features.verification.peer_rows import PEER_FUNCTIONS
from features.verification.peers import compare_function, compare_with_peers

CELLS = [textured_cell(seed, 61 + seed, 70) for seed in range(3)]
ROWS = [(function, row) for function in PEER_FUNCTIONS for row in function.rows]


def test_every_feature_agrees_or_differs_by_a_stated_convention():
    rows = [row for one in compare_with_peers(CELLS) for row in one.rows]
    assert len(rows) == len(ROWS) >= 51
    assert [row for row in rows if row.verdict == "DIFFERS"] == []
    by_convention = {row.row.name for row in rows if row.verdict == "differs by convention"}
    assert by_convention <= {row.name for _, row in ROWS if row.convention}
    assert {"perimeter", "area_convex", "solidity", "feret_diameter_max"} <= by_convention


@pytest.mark.parametrize(
    ("function", "row"),
    ROWS,
    ids=lambda value: getattr(value, "function", None) or value.name,
)
def test_each_row_finds_a_wrong_feature(function, row, monkeypatch):
    right = FEATURES[row.feature]
    factor = 1.01 + 20 * row.limit

    def wrong(view):
        return factor * np.asarray(right.function(view), dtype=float)

    monkeypatch.setitem(FEATURES, row.feature, replace(right, function=wrong))
    (found,) = compare_function(replace(function, rows=(row,)), CELLS[:1]).rows
    assert found.verdict == "DIFFERS"
    assert found.ours != found.peer


@pytest.mark.parametrize("side", ["ours", "peer"])
def test_nan_on_one_side_only_is_a_difference(side, monkeypatch):
    function = next(one for one in PEER_FUNCTIONS if one.function.startswith("regionprops"))
    row = function.rows[0]
    if side == "ours":
        right = FEATURES[row.feature]
        monkeypatch.setitem(FEATURES, row.feature, replace(right, function=lambda _: np.nan))
    else:
        function = replace(function, measure=lambda *_: {row.name: np.nan})
    (found,) = compare_function(replace(function, rows=(row,)), CELLS[:1]).rows
    assert (found.difference, found.verdict) == (np.inf, "DIFFERS")


def test_a_cell_without_a_nucleus_has_nan_on_both_sides():
    cell = CELLS[0]
    empty = Cell(cell.rgb, np.zeros_like(cell.nucleus), cell.cell)
    rows = [row for one in compare_with_peers([empty]) for row in one.rows]
    assert [row for row in rows if row.verdict == "DIFFERS"] == []


def test_the_stated_fault_of_mahotas_lbp_is_there():
    """Its shift reads a pixel that is one row and one column off; a repaired one agrees."""
    levels = np.arange(36.0).reshape(6, 6) ** 2
    moved = shift(levels, [0, 1], order=1)[3, 3]
    repaired = moved == levels[3, 2]
    assert repaired or moved == levels[4, 3]
    wanted = "OK" if repaired else "differs by convention"
    lbp = [one for one in PEER_FUNCTIONS if one.function.startswith("lbp_transform")]
    assert {compare_function(one, CELLS).rows[0].verdict for one in lbp} == {wanted}
