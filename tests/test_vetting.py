"""Every feature against an oracle that is not our own output."""

from __future__ import annotations

import importlib
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from shared import needs_shared
from vetting import Check

from features.registry import FEATURES

TABLES = sorted(path.stem for path in Path(__file__).parent.glob("rows_*.py"))
CHECKS: list[Check] = [row for name in TABLES for row in importlib.import_module(name).CHECKS]
ROWS: dict[str, list[Check]] = defaultdict(list)
for _row in CHECKS:
    ROWS[_row.feature].append(_row)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: f"{check.feature}-{check.oracle}")
def test_feature_agrees_with_its_oracle(check):
    got = check.got(FEATURES[check.feature].function)
    assert check.agrees(), f"expected {check.expected}, got {got}"


@pytest.mark.parametrize("key", FEATURES)
def test_one_percent_more_is_noticed(key):
    function = FEATURES[key].function
    if not ROWS[key]:
        pytest.fail(f"{key} has no row in tests/rows_*.py")
    assert not all(row.agrees(lambda view: np.multiply(function(view), 1.01)) for row in ROWS[key])


def test_every_feature_has_a_row_that_needs_no_outside_data():
    bare = [key for key in FEATURES if all(row.shared for row in ROWS[key])]
    assert not bare


def test_four_in_five_features_have_an_independent_oracle():
    independent = [key for key in FEATURES if any(row.independent for row in ROWS[key])]
    assert len(independent) >= 0.8 * len(FEATURES), sorted(set(FEATURES) - set(independent))


def test_rows_name_features_that_exist():
    assert set(ROWS) <= set(FEATURES)


@needs_shared
@pytest.mark.parametrize("key", FEATURES)
def test_the_catalogue_says_what_vetted_a_feature(key):
    assert set(FEATURES[key].vetted.split("; ")) == {row.oracle.split(",")[0] for row in ROWS[key]}
