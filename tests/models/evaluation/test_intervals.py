"""No interval claims certainty: draws that agree say nothing about subjects that were not seen."""

from __future__ import annotations

from math import isnan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.evaluation.comparison import compare
from models.evaluation.evaluate import repeated_figures
from models.evaluation.probability_quality import calibration_quality, operating_point
from models.evaluation.subjects import subject_figures, subject_results
from models.metrics.wilson import wilson

DRAWS = 60


@st.composite
def predictions(draw):
    """Subjects of one or several classes, and predictions that are right, wrong or all the same."""
    classes = draw(st.integers(2, 3))
    subjects = draw(st.integers(2, 7))
    cells = draw(st.lists(st.integers(1, 3), min_size=subjects, max_size=subjects))
    of_subject = draw(st.lists(st.integers(0, classes - 1), min_size=subjects, max_size=subjects))
    of_subject[: min(classes, subjects)] = range(min(classes, subjects))
    groups = np.repeat(np.arange(subjects), cells)
    target = np.repeat(of_subject, cells).astype(np.int64)
    right = np.eye(classes)[target]
    kind = draw(st.sampled_from(["right", "wrong", "never", "undecided", "one wrong"]))
    probabilities = {
        "right": 0.1 + 0.7 * right,
        "wrong": 0.1 + 0.7 * np.roll(right, 1, axis=1),
        "never": np.tile(np.eye(classes)[0], (len(target), 1)),
        "undecided": np.full(right.shape, 1 / classes),
        "one wrong": 0.1 + 0.7 * np.where(np.arange(len(target))[:, None] == 0, 1 - right, right),
    }[kind]
    return target, (probabilities / probabilities.sum(axis=1, keepdims=True))[None], groups


def check(value, low, high):
    assert isnan(value) or isnan(low) or 0 <= low < high <= 1


@settings(max_examples=60)
@given(predictions(), st.booleans())
def test_every_interval_has_a_width(drawn, with_positive):
    target, probabilities, groups = drawn
    positive = 1 if with_positive else None
    for one in repeated_figures(target, probabilities, positive, groups, draws=DRAWS):
        check(one.mean, one.low, one.high)
    softer = 0.9 * probabilities + 0.1 / probabilities.shape[2]
    compared = compare(
        target,
        {"a": probabilities, "b": softer},
        groups,
        positive,
        [("a", "b")],
        draws=DRAWS,
    )
    for name, one in compared.differences["a", "b"].items():
        assert one.low < one.high or np.array_equal(probabilities, softer), name
    for one in compared.figures["a"].values():
        check(one.value, one.low, one.high)


@settings(max_examples=60)
@given(predictions())
def test_operating_points_and_figures_of_subjects_have_a_width(drawn):
    target, probabilities, groups = drawn
    truth = target == 1
    point = operating_point(
        truth, probabilities[..., 1], np.full((1, len(target)), 0.5), 0.95, groups, draws=DRAWS
    )
    check(*point.sensitivity)
    check(*point.specificity)
    for one in point.predictive_values:
        if not isnan(one.ppv_interval[0]):
            assert one.ppv_interval[0] < one.ppv_interval[1]
        if not isnan(one.npv_interval[0]):
            assert one.npv_interval[0] < one.npv_interval[1]
    names = [str(group) for group in np.unique(groups)]
    classes = ["a", "blast", "c"][: probabilities.shape[2]]
    results = subject_results(target, probabilities, groups, names, classes, 1)
    found = subject_figures(results, "blast")
    if found is not None:
        check(*found.sensitivity)
        check(*found.specificity)
        check(*found.balanced_accuracy)
        check(*found.average_precision)
        check(found.auroc_logit, *found.auroc_logit_interval)


@pytest.mark.parametrize("blasts", [2, 4, 9])
def test_a_perfect_sensitivity_has_the_interval_of_as_many_subjects(blasts):
    """Twelve cells of four subjects are four draws from a hospital, not twelve."""
    groups = np.repeat(np.arange(2 * blasts), 3)
    target = (groups < blasts).astype(np.int64)
    probabilities = np.stack([1 - 0.8 * target - 0.1, 0.8 * target + 0.1], axis=1)[None]
    named = {one.name: one for one in repeated_figures(target, probabilities, 1, groups)}
    for name in ("sensitivity", "specificity", "AUROC", "balanced accuracy"):
        assert (named[name].low, named[name].high) == pytest.approx(wilson(blasts, blasts)), name
    accuracy = named["accuracy"]
    assert (accuracy.low, accuracy.high) == pytest.approx(wilson(2 * blasts, 2 * blasts))


@pytest.mark.parametrize("label", [0, 1])
def test_cells_of_one_class_have_no_figures_of_ranking(label):
    target, groups = np.full(6, label), np.arange(6)
    probabilities = np.tile([0.3, 0.7], (6, 1))[None]
    named = {one.name: one for one in repeated_figures(target, probabilities, 1, groups)}
    for name in ("AUROC", "average precision", "specificity at 95 % sensitivity"):
        assert isnan(named[name].mean), name
    accuracy = named["accuracy"]
    assert (accuracy.low, accuracy.high) == pytest.approx(wilson(6 * label, 6))


@pytest.mark.parametrize("cells", [2, 4, 9, 20, 60, 500])
def test_bins_of_a_calibration_hold_at_least_five_cells(cells):
    rng = np.random.default_rng(cells)
    chance = rng.random(cells)
    target = (rng.random(cells) < chance).astype(np.int64)
    bins = calibration_quality(target, np.stack([1 - chance, chance], axis=1)[None], 1).bins
    assert sum(one.cells for one in bins) == cells
    assert min(one.cells for one in bins) >= min(cells, 5)
    assert len(bins) == max(1, min(10, cells // 5))
