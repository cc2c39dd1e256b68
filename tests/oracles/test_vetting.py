"""Every feature compared with an oracle that is not our own output."""

from __future__ import annotations

import importlib
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from oracles.shape.rows_area_shape import WANTED
from oracles.stored.rows_mirp import VECTORS, table
from oracles.stored.rows_nyxus import AXES, NOT_OURS, SHAPES, moment_row, reason
from oracles.stored.rows_package_tables import ABOUT, COMPARED, INPUTS, LEFT_OUT
from oracles.texture.rows_filters import PAIRS
from oracles.vetting import Check, Function, Kind
from support.shared import needs_shared

from features.core.registry import FEATURES
from features.shape.zernike import DEGREE, ORDERS, POLYNOMIALS

HERE = Path(__file__).parent
TABLES = sorted(
    ".".join(path.relative_to(HERE.parent).with_suffix("").parts)
    for path in HERE.rglob("rows_*.py")
)
CHECKS: list[Check] = [row for name in TABLES for row in importlib.import_module(name).CHECKS]
ROWS: dict[str, list[Check]] = defaultdict(list)
for _row in CHECKS:
    ROWS[_row.feature].append(_row)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: f"{check.feature}-{check.oracle}")
def test_feature_agrees_with_its_oracle(check):
    got = check.got(FEATURES[check.feature].function)
    assert check.agrees(), f"expected {check.expected}, got {got}"


def scaled(function: Function, place: int | None) -> Function:
    """Return a function whose value is 1 % larger: one component, or all if `place` is None."""

    def wrong(view):
        values = np.array(function(view), dtype=float)
        values[... if place is None else (..., place)] *= 1.01
        return values

    return wrong


# The first moment about the centroid is 0, and therefore this component of every mask.
ALWAYS_ZERO = {("AreaShape_Zernike", "1_1")}


@pytest.mark.parametrize("key", FEATURES)
def test_one_percent_more_of_each_component_is_found(key):
    function = FEATURES[key].function
    if not ROWS[key]:
        pytest.fail(f"{key} has no row in a rows_*.py of tests/oracles")
    undetected = [
        name
        for place, name in enumerate(FEATURES[key].components or ("",))
        if (key, name) not in ALWAYS_ZERO
        and all(row.agrees(scaled(function, place if name else None)) for row in ROWS[key])
    ]
    assert not undetected


def test_the_components_of_laws_energy_are_those_of_the_oracle():
    assert list(FEATURES["Laws_Energy"].components) == PAIRS


def test_every_feature_has_a_row_without_shared_data():
    missing = [key for key in FEATURES if all(row.shared for row in ROWS[key])]
    assert not missing


def test_four_in_five_features_have_an_independent_oracle(record_property):
    """Another program or a published figure; a formula that we wrote in a test does not count."""
    best = {key: max(row.kind for row in ROWS[key]) for key in FEATURES}
    shares = {
        kind.name: sum(each is kind for each in best.values()) / len(best)
        for kind in reversed(Kind)
    }
    record_property("share of the features by their best oracle", shares)
    ours = [key for key, kind in best.items() if kind < Kind.PROGRAM]
    assert shares["PROGRAM"] + shares["FIGURE"] >= 0.8, (shares, ours)


def test_rows_name_features_that_exist():
    assert set(ROWS) <= set(FEATURES)


@needs_shared
@pytest.mark.parametrize("key", FEATURES)
def test_the_catalogue_lists_no_other_oracle(key):
    known = {name for row in ROWS[key] for name in (row.source, row.credit)}
    assert set(FEATURES[key].vetted.split("; ")) <= known


@needs_shared
def test_the_catalogue_names_every_oracle_of_a_feature():
    declared = {key: set(FEATURES[key].vetted.split("; ")) for key in FEATURES}
    assert declared == {key: {row.credit for row in ROWS[key]} for key in FEATURES}


@needs_shared
def test_every_row_of_nyxus_moments_and_shapes_is_compared_or_has_a_reason():
    """A table that is not read must be named in `NOT_OURS`."""
    ours = ("moments_2d", "morphology_2d")
    lines = [line for line in table("nyxus/oracle_values.csv") if line["table"].startswith(ours)]
    assert len(lines) > 200
    for line in lines:
        read = line["feature"] in AXES | set(WANTED) or (
            line["table"] in SHAPES and moment_row(line) is not None
        )
        assert read != (reason(line) is not None), line
    assert all(any(reason(line) == why for line in lines) for why in NOT_OURS.values())


@needs_shared
@pytest.mark.parametrize(
    ("stored", "about"), [("zernike_com", None), ("zernike_cm_8.9_12.4", (8.9, 12.4))]
)
def test_zernike_polynomials_give_what_mahotas_printed_of_grey_levels(stored, about):
    """The moments of a mask are those of levels 0 and 1 in the disc that it reaches."""
    known = json.loads((VECTORS / "mahotas" / "vectors.json").read_text())
    assert known["zernike_image"] == "(arange(256) % 14).reshape(16,16)"
    levels = (np.arange(256.0) % 14).reshape(16, 16)
    row, col = about or np.average(np.indices(levels.shape), axis=(1, 2), weights=[levels] * 2)
    y, x = (np.mgrid[:16, :16] - np.array([row, col])[:, None, None]) / known["radius"]
    inside = np.where(y**2 + x**2 <= 1, levels, 0)
    powers = np.arange(DEGREE + 1)[:, None, None]
    moments = np.einsum("ij,pij,qij", inside, y**powers, x**powers)
    got = np.abs(POLYNOMIALS @ moments.ravel()) / inside.sum()
    expected = {
        tuple(order): value for order, value in zip(known["order_nl"], known[stored], strict=True)
    }
    np.testing.assert_allclose(got, [expected[order] for order in ORDERS], rtol=0, atol=1e-12)


@needs_shared
def test_every_table_of_mahotas_and_scikit_image_is_compared_or_has_a_reason():
    names = [
        name
        for file in ("mahotas/vectors.json", "skimage/texture.json")
        for name in json.loads((VECTORS / file).read_text())
    ]
    assert set(names) == {*ABOUT, *INPUTS, *COMPARED, *LEFT_OUT}
