"""Verification on the user's machine, and that it can fail."""

from __future__ import annotations

import pytest

from features.core.cell import COMPARTMENTS
from features.verification.analytic_cells import ANALYTIC_CELLS
from features.verification.verify import check_analytic_cells, check_phantom


def test_every_published_value_of_the_phantom_agrees():
    rows = list(check_phantom())
    assert len(rows) >= 149  # 18 + 2 first-order, 50, 32, 16, 16, 5, 17
    assert [row for row in rows if not row.agrees] == []


def test_every_analytic_cell_agrees():
    rows = list(check_analytic_cells())
    assert {row.oracle for row in rows} == set(ANALYTIC_CELLS)
    assert [row for row in rows if not row.agrees] == []


def test_one_percent_more_of_each_feature_is_found():
    """By at least one row: a row with an expected 0 or a wide tolerance cannot find a factor."""
    sharp, every = set(), set()
    for row in (*check_phantom(), *check_analytic_cells()):
        key = "_".join([word for word in row.name.split("_") if word not in COMPARTMENTS][:2])
        every.add(key)
        if row.tolerance is None or row.tolerance < 0.01 * abs(row.expected):
            sharp.add(key)
    assert every == sharp


@pytest.mark.parametrize("compartment", COMPARTMENTS)
def test_the_analytic_cells_have_columns_of_every_compartment(compartment):
    assert any(row.name.startswith(f"{compartment}_Intensity_") for row in check_analytic_cells())
