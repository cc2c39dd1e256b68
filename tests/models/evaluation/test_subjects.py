"""Subjects: shares, intervals and ranking, against values by hand and repeated subjects."""

import numpy as np
import pytest
from sklearn import metrics

from models.evaluation.subjects import subject_figures, subject_results
from models.metrics.bootstrap import expanded_percentile
from models.metrics.wilson import wilson


def test_subjects_are_evaluated_as_one():
    target = np.array([1, 1, 1, 0, 0, 0, 1])
    groups = np.array([0, 0, 0, 1, 1, 2, 2])
    p = np.array([0.9, 0.8, 0.2, 0.1, 0.6, 0.4, 0.7])
    probabilities = np.stack([1 - p, p], axis=1)[None]
    results = subject_results(target, probabilities, groups, ["a", "b", "c"], ("hem", "all"), 1)
    by_name = {one.name: one for one in results}
    assert [one.name for one in results] == ["b", "a", "c"]  # worst first
    assert by_name["a"].accuracy == pytest.approx(2 / 3)
    assert by_name["a"].positive_share == pytest.approx(2 / 3)
    assert (by_name["a"].positive_low, by_name["a"].positive_high) == wilson(2, 3)
    assert (by_name["b"].positive_low, by_name["b"].positive_high) == wilson(1, 2)
    assert by_name["a"].mean_logit == pytest.approx(np.log([9, 4, 1 / 4]).mean())
    assert by_name["c"].classes == ("hem", "all")
    found = subject_figures(results, "all")
    assert (found.positives, found.negatives, found.mixed) == (1, 1, 1)
    assert found.sensitivity[0] == 1.0
    assert found.specificity[0] == 1.0  # mean logit of 0.1 and 0.6 is below 0
    assert found.auroc_logit == 1.0
    assert subject_figures([one for one in results if one.name != "b"], "all") is None


def test_a_share_of_calls_is_a_mean_over_repeats_with_its_interval():
    target, groups = np.array([1, 1, 1, 0]), np.array([0, 0, 0, 1])
    p = np.array([[0.9, 0.8, 0.2, 0.1], [0.9, 0.4, 0.2, 0.1]])
    probabilities = np.stack([1 - p, p], axis=2)
    arguments = (target, probabilities, groups, ["a", "b"], ("hem", "all"))
    by_name = {one.name: one for one in subject_results(*arguments, 1)}
    assert by_name["a"].positive_share == pytest.approx(0.5)
    assert (by_name["a"].positive_low, by_name["a"].positive_high) == pytest.approx(wilson(1.5, 3))
    assert by_name["b"].positive_low == 0.0
    for one in subject_results(*arguments, None):
        assert np.isnan([one.positive_share, one.positive_low, one.positive_high]).all()
        assert np.isfinite([one.low, one.high]).all()


def test_intervals_over_subjects_equal_those_of_repeated_subjects():
    rng = np.random.default_rng(3)
    count, cells = 9, 6
    truth = np.arange(count) % 3 > 0
    groups = np.repeat(np.arange(count), cells)
    p = 1 / (1 + np.exp(-rng.normal(-1.0 * truth[groups], 1.5)))
    names = [f"s{number}" for number in range(count)]
    target, probabilities = truth[groups].astype(int), np.stack([1 - p, p], axis=1)[None]
    results = subject_results(target, probabilities, groups, names, ("n", "a"), 1)
    found = subject_figures(results, "a")
    positive = np.array([one.classes == ("a",) for one in results])
    score = np.array([one.mean_logit for one in results])
    share = np.array([one.positive_share for one in results])

    def written_out(drawn):
        real, ranks = positive[drawn], score[drawn]
        called = ranks >= 0
        pairs = [
            np.sign(values[drawn][real][:, None] - values[drawn][~real]).mean() / 2 + 0.5
            for values in (score, share)
        ]
        balanced = (called[real].mean() + (~called[~real]).mean()) / 2
        return [*pairs, balanced, metrics.average_precision_score(real, ranks)]

    draws = np.random.default_rng(0).multinomial(count, np.full(count, 1 / count), size=500)
    lists = [np.repeat(np.arange(count), times) for times in draws]
    both = [one for one in lists if 0 < positive[one].sum() < count]
    assert len(both) < len(lists)  # some draws lack a class
    tail = expanded_percentile(count, 0.95)
    low, high = np.quantile([written_out(one) for one in both], [tail, 1 - tail], axis=0)
    value = written_out(np.arange(count))
    stored = [
        (found.auroc_logit, *found.auroc_logit_interval),
        (found.auroc_share, *found.auroc_share_interval),
        found.balanced_accuracy,
        found.average_precision,
    ]
    np.testing.assert_allclose(stored, np.stack([value, low, high], axis=1), atol=1e-12)
    assert found == subject_figures(results, "a")
