"""Ranking, calibration and operating points: closed forms, simulations, scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from models.evaluation.probability_quality import calibration_quality, operating_point
from models.metrics.bootstrap import cluster_bootstrap
from models.metrics.operating_points import (
    abstentions,
    decision_curve,
    predictive_values,
    threshold_for_sensitivity,
)
from models.metrics.probability import (
    brier,
    calibration_error,
    calibration_error_if_perfect,
    mean_precision,
    reliability,
    specificity_at_sensitivity,
    threshold_curve,
)
from models.metrics.wilson import wilson


def drawn(seed, cells=80):
    rng = np.random.default_rng(seed)
    truth = np.concatenate([[True, False], rng.random(cells) < 0.4])
    return truth, rng.random(cells + 2).round(2)


@settings(max_examples=50)
@given(st.integers(0, 10_000))
def test_curves_equal_scikit_learn(seed):
    truth, p = drawn(seed)
    assert brier(truth, p).mean() == pytest.approx(metrics.brier_score_loss(truth, p))
    rates, found, thresholds = metrics.roc_curve(truth, p, drop_intermediate=False)
    curve = threshold_curve(truth, p)
    assert mean_precision(curve) == pytest.approx(metrics.average_precision_score(truth, p))
    assert curve.false_positive_rate == pytest.approx(rates[1:])
    assert curve.sensitivity == pytest.approx(found[1:])
    assert curve.threshold.tolist() == thresholds[1:].tolist()
    reached = 1 - rates[found >= 0.95].min()
    assert specificity_at_sensitivity(curve) == pytest.approx(reached)


def test_specificity_at_sensitivity_by_hand():
    truth = np.array([1] * 20 + [0] * 4, dtype=bool)
    p = np.array([0.9] * 18 + [0.5, 0.1] + [0.95, 0.6, 0.4, 0.05])
    # 19 of 20 positives at 0.5, where two of four negatives are called; all 20 at 0.1: three
    curve = threshold_curve(truth, p)
    assert specificity_at_sensitivity(curve, 0.95) == 0.5
    assert specificity_at_sensitivity(curve, 1.0) == 0.25
    assert np.isnan(specificity_at_sensitivity(threshold_curve(np.ones(3, bool), np.ones(3))))
    assert np.isnan(specificity_at_sensitivity(threshold_curve(np.zeros(3, bool), np.ones(3))))


def test_calibration_error_by_hand():
    p = np.repeat([0.1, 0.6], 10)
    truth = np.array([1] * 2 + [0] * 8 + [1] * 9 + [0])
    assert calibration_error(truth.astype(bool), p) == pytest.approx((0.1 + 0.3) / 2)
    low, high = reliability(truth.astype(bool), p)
    assert (low.cells, low.probability, low.share) == (10, pytest.approx(0.1), 0.2)
    assert (high.cells, high.share) == (10, 0.9)


def test_equal_probabilities_stay_in_one_bin_whatever_the_order():
    truth = np.array([True] * 30 + [False] * 70)
    assert calibration_error(truth, np.full(100, 0.3)) == pytest.approx(0)
    assert len(reliability(truth, np.full(100, 0.3))) == 1


@pytest.mark.parametrize("cells", [100, 300, 2000])
def test_a_perfect_model_does_not_show_zero(cells):
    p = np.random.default_rng(1).uniform(0.2, 0.8, cells)
    # a bin of m cells scatters by sqrt(p (1 - p) / m); a half-normal's mean is sqrt(2 / pi) of that
    sorted_bins = np.sort(p).reshape(10, -1)
    variance = (sorted_bins * (1 - sorted_bins)).mean(axis=1) / (cells / 10)
    expected = np.sqrt(2 / np.pi * variance).mean()
    assert calibration_error_if_perfect(p) == pytest.approx(expected, rel=0.1)


def test_only_calibrated_probabilities_have_the_error_of_a_perfect_model():
    rng = np.random.default_rng(0)
    p = rng.random(4000)
    target = (rng.random(4000) < p).astype(np.int64)
    honest = np.stack([1 - p, p], axis=1)[None]
    bold = np.stack([1 - p**3, p**3], axis=1)[None]
    found = calibration_quality(target, honest, 1)
    assert found.error < 2 * found.if_perfect
    assert calibration_quality(target, bold, 1).error > 8 * found.if_perfect
    assert calibration_quality(target, honest, None).error < 0.04  # of the most probable class


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [  # worked out by hand from z = 1.959964
        (0, 10, 0.0, 0.2775328),
        (5, 10, 0.2365931, 0.7634069),
        (10, 10, 0.7224672, 1.0),
        (81, 263, 0.2552926, 0.3661787),
    ],
)
def test_wilsons_interval(successes, trials, low, high):
    assert wilson(successes, trials) == pytest.approx((low, high), abs=2e-4)


def test_the_interval_of_a_mean_over_repeats_is_between_its_neighbours():
    (low, high), (next_low, next_high) = wilson(3, 9), wilson(4, 9)
    assert wilson(3.25, 9) == pytest.approx(
        (0.75 * low + 0.25 * next_low, 0.75 * high + 0.25 * next_high)
    )


def test_no_trials_no_interval():
    assert np.isnan(wilson(0, 0)).all()


def test_the_bootstrap_draws_whole_subjects():
    """Cells of a subject agree, so the interval is that of 25 subjects and not of 1000 cells."""
    groups = np.repeat(np.arange(25), 40)
    values = np.repeat(np.random.default_rng(0).normal(size=25), 40)

    def mean(weights):
        return {"mean": weights @ values / weights.sum(axis=1)}

    low, high = cluster_bootstrap(groups, mean, draws=1000)["mean"]
    expected = 2 * 1.96 * values[::40].std() / 5
    assert high - low == pytest.approx(expected, rel=0.15)
    single, other = cluster_bootstrap(np.arange(1000), mean, draws=300)["mean"]
    assert other - single < 0.25 * (high - low)
    assert cluster_bootstrap(groups, mean, draws=50, seed=3) == cluster_bootstrap(
        groups, mean, draws=50, seed=3
    )


def test_intervals_of_few_subjects_are_not_too_narrow():
    """Of 600 samples of 6 subjects, 92 in 100 hold the mean; of plain percentiles, 86."""
    rng = np.random.default_rng(0)
    covered = 0
    for values in rng.normal(size=(600, 6)):

        def mean(weights, values=values):
            return {"mean": weights @ values / weights.sum(axis=1)}

        low, high = cluster_bootstrap(np.arange(6), mean, draws=400)["mean"]
        covered += low <= 0 <= high
    assert 0.90 <= covered / 600 <= 0.98


def test_one_subject_gives_no_interval():
    interval = cluster_bootstrap(np.zeros(9, int), lambda w: {"n": w.sum(axis=1)})["n"]
    assert np.isnan(interval).all()


def test_draws_without_a_class_are_left_out():
    target = np.array([1, 0, 0, 0])

    def share(weights):
        found = np.where(weights @ target > 0, 1.0, np.nan)
        return {"found": found, "never": np.full(len(weights), np.nan)}

    found = cluster_bootstrap(
        np.arange(4), share, draws=60, agreed=lambda _, value: wilson(value, 1)
    )
    assert found["found"] == wilson(1.0, 1)
    assert np.isnan(found["never"]).all()


@pytest.mark.parametrize(
    ("sensitivity", "threshold"), [(0.5, 0.8), (0.75, 0.6), (0.9, 0.1), (1, 0.1)]
)
def test_the_threshold_reaches_its_sensitivity_and_no_more(sensitivity, threshold):
    truth = np.array([1, 1, 1, 1, 0, 0], dtype=bool)
    p = np.array([0.9, 0.8, 0.6, 0.1, 0.7, 0.05])
    assert threshold_for_sensitivity(truth, p, sensitivity) == threshold


def test_predictive_values_follow_bayes():
    sensitivity, specificity = np.array([0.9, 0.0]), np.array([0.8, 1.0])
    ppv, npv = predictive_values(sensitivity, specificity, 0.5)
    assert ppv[0] == pytest.approx(0.9 / 1.1)
    assert npv == pytest.approx([0.8 / 0.9, 0.5])
    assert np.isnan(ppv[1])  # nothing is called
    rare, _ = predictive_values(sensitivity, specificity, 0.01)
    assert rare[0] == pytest.approx(0.009 / (0.009 + 0.198))


def test_abstaining_trades_coverage_for_error():
    target = np.array([0, 0, 0, 1])
    p = np.array([[0.95, 0.05], [0.7, 0.3], [0.4, 0.6], [0.05, 0.95]])
    rows = [(one.coverage, one.error) for one in abstentions(target, p, (0.5, 0.65, 0.9, 0.99))]
    assert rows[:3] == [(1.0, 0.25), (0.75, 0.0), (0.5, 0.0)]
    assert rows[3][0] == 0
    assert np.isnan(rows[3][1])


def test_net_benefit_by_hand():
    truth = np.array([1, 1, 0, 0, 0], dtype=bool)
    p = np.array([0.9, 0.3, 0.6, 0.1, 0.1])
    at = {round(row.threshold, 2): row for row in decision_curve(truth, p, steps=4)}
    assert at[0.25].model == pytest.approx(2 / 5 - 1 / 5 / 3)
    assert at[0.5].model == pytest.approx(1 / 5 - 1 / 5)
    assert at[0.5].all == pytest.approx(2 / 5 - 3 / 5)


def test_an_operating_point_is_evaluated_at_the_thresholds_of_its_folds():
    truth = np.array([1, 1, 0, 0], dtype=bool)
    p = np.array([[0.6, 0.4, 0.5, 0.1]])
    thresholds = np.array([[0.5, 0.3, 0.5, 0.3]])
    found = operating_point(truth, p, thresholds, 0.95, np.arange(4))
    assert found.sensitivity[0] == 1.0
    assert found.specificity[0] == 0.5
    assert found.threshold == pytest.approx(0.4)
    assert found.roc[0] == (0.0, 0.0)
    assert found.roc[-1] == (1.0, 1.0)


def test_intervals_at_an_operating_point_cover_the_truth_where_subjects_differ():
    # 20 subjects of 100 cells, whose sensitivities differ: Wilson's interval would hold it in 40 %.
    groups = np.repeat(np.arange(20), 100)
    truth, threshold = np.ones(2000, dtype=bool), np.full((1, 2000), 0.5)
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(60):
        own = rng.beta(3, 1, 20)[groups]
        called = (rng.random(2000) < own).astype(float)[None]
        _, low, high = operating_point(truth, called, threshold, 0.9, groups).sensitivity
        covered += low <= 0.75 <= high
    assert covered >= 52


def test_predictive_values_have_the_interval_of_sensitivity_and_specificity():
    groups = np.repeat(np.arange(6), 4)
    truth = groups % 2 == 0
    p = np.where(truth, 0.9, 0.1)[None].copy()
    p[0, [0, 4]] = 0.6  # one cell each of a positive and of a negative subject
    found = operating_point(truth, p, np.full((1, 24), 0.5), 0.9, groups)
    half = next(one for one in found.predictive_values if one.prevalence == 0.5)
    specificity, low, high = found.specificity
    assert (found.sensitivity, specificity) == ((1, *wilson(3, 3)), 11 / 12)
    assert half.ppv == pytest.approx(1 / (1 + 1 - specificity))
    assert half.ppv_interval == pytest.approx((1 / (2 - low), 1 / (2 - high)))
    # Sensitivity is 1 in every draw, and so is the NPV: its interval is that of three subjects.
    (found_low, _), (spared_low, _) = wilson(3, 3), wilson(3 * 11 / 12, 3)
    assert half.npv_interval == pytest.approx((spared_low / (spared_low + 1 - found_low), 1))
    assert half.npv == 1
