"""The verification that runs on a user's machine, and that it can fail."""

from __future__ import annotations

from dataclasses import replace

import pytest
from click.testing import CliRunner

from cli import main
from features.core.cell import COMPARTMENTS
from features.core.registry import FEATURES
from features.verification.analytic_cells import FORMS
from features.verification.verify import forms, phantom


def test_every_published_value_of_the_phantom_agrees():
    rows = list(phantom())
    assert len(rows) >= 149  # 18 + 2 first-order, 50, 32, 16, 16, 5, 17
    assert [row for row in rows if not row.agrees] == []


def test_every_form_agrees():
    rows = list(forms())
    assert {row.oracle for row in rows} == set(FORMS)
    assert [row for row in rows if not row.agrees] == []


def test_one_percent_more_of_a_form_s_feature_is_told():
    """Somewhere: an expected 0, or a tolerance for sampling, tells nothing of a factor."""
    sharp, every = set(), set()
    for row in (*phantom(), *forms()):
        key = "_".join([word for word in row.feature.split("_") if word not in COMPARTMENTS][:2])
        every.add(key)
        if row.tolerance is None or row.tolerance < 0.01 * abs(row.expected):
            sharp.add(key)
    assert every == sharp


@pytest.mark.parametrize("compartment", COMPARTMENTS)
def test_the_forms_have_columns_of_every_compartment(compartment):
    assert any(row.feature.startswith(f"{compartment}_Intensity_") for row in forms())


def test_a_wrong_feature_is_told_and_changes_the_exit_status(monkeypatch):
    right = FEATURES["Texture_Contrast"]
    wrong = replace(right, function=lambda view: 1.01 * right.function(view))
    monkeypatch.setitem(FEATURES, "Texture_Contrast", wrong)
    result = CliRunner().invoke(main, ["verify"])
    assert result.exit_code == 1
    differing = [line for line in result.stdout.splitlines() if line.endswith("DIFFERS")]
    assert len(differing) == 6  # both aggregations on the phantom, two columns of each grating
    assert all("Texture_Contrast" in line for line in differing)


def test_verify_prints_feature_oracle_expected_and_got():
    result = CliRunner().invoke(main, ["verify"])
    assert result.exit_code == 0
    (line,) = [
        line
        for line in result.stdout.splitlines()
        if line.startswith("Texture_Contrast") and "avg" in line
    ]
    assert line.split() == [
        "Texture_Contrast",
        "IBSI",
        "phantom,",
        "2D_avg",
        "5.28",
        *line.split()[5:6],
        "agrees",
    ]
