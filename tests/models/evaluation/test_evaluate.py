"""Figures by closed form, by table, and against scikit-learn as an independent oracle."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from models.evaluation.evaluate import confusion_counts, repeated_figures
from models.metrics.classification import (
    accuracy,
    class_f1,
    class_sensitivity,
    class_specificity,
    confusion,
    decide,
    figures,
    macro_f1,
    weighted_f1,
)
from models.metrics.probability import auroc
from models.metrics.wilson import wilson


def drawn(seed, cells=60, classes=3, decimals=2):
    rng = np.random.default_rng(seed)
    target = np.concatenate([np.arange(classes), rng.integers(0, classes, cells)])
    probabilities = rng.dirichlet(np.ones(classes), len(target)).round(decimals)
    return target, probabilities


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.integers(2, 5))
def test_figures_equal_scikit_learn(seed, classes):
    target, probabilities = drawn(seed, classes=classes)
    decided = decide(probabilities, None)
    counts = confusion(target, decided, classes)
    assert (counts == metrics.confusion_matrix(target, decided, labels=range(classes))).all()
    assert accuracy(counts) == pytest.approx(metrics.accuracy_score(target, decided))
    assert class_sensitivity(counts).mean() == pytest.approx(
        metrics.balanced_accuracy_score(target, decided)
    )
    assert macro_f1(counts) == pytest.approx(metrics.f1_score(target, decided, average="macro"))
    assert weighted_f1(counts) == pytest.approx(
        metrics.f1_score(target, decided, average="weighted")
    )
    for code in range(classes):
        truth = target == code
        assert auroc(truth, probabilities[:, code]) == pytest.approx(
            metrics.roc_auc_score(truth, probabilities[:, code])
        )
        assert class_specificity(counts)[code] == pytest.approx(
            metrics.recall_score(~truth, decided != code)
        )


def test_a_table_worked_out_by_hand():
    # 6 of 8 positives found, 1 of 4 negatives called
    target = np.array([0] * 8 + [1] * 4)
    p = np.array([0.9] * 6 + [0.2] * 2 + [0.7] + [0.1] * 3)
    found = figures(target, np.stack([p, 1 - p], axis=1), positive=0)
    assert found["accuracy"] == 9 / 12
    assert found["sensitivity"] == 6 / 8
    assert found["specificity"] == 3 / 4
    assert found["balanced accuracy"] == 3 / 4
    assert found["macro F1"] == pytest.approx((12 / 15 + 6 / 9) / 2)
    assert found["weighted F1"] == pytest.approx((8 * 12 / 15 + 4 * 6 / 9) / 12)
    # pairs: 6x4 won by the 0.9; the 0.2 beat three and lose to one
    assert found["AUROC"] == (24 + 2 * 3) / 32


def test_sensitivity_follows_the_positive_class_and_not_the_alphabet():
    target = np.array([0, 0, 0, 1])
    p = np.array([0.9, 0.9, 0.1, 0.1])
    probabilities = np.stack([p, 1 - p], axis=1)
    assert figures(target, probabilities, positive=0)["sensitivity"] == pytest.approx(2 / 3)
    assert figures(target, probabilities, positive=1)["sensitivity"] == 1


@pytest.mark.parametrize(
    ("threshold", "decided"), [(0.5, [0, 1, 1]), (0.3, [0, 0, 1]), (0.95, [1, 1, 1])]
)
def test_two_classes_are_predicted_by_the_threshold(threshold, decided):
    p = np.array([0.9, 0.3, 0.1])
    assert decide(np.stack([p, 1 - p], axis=1), 0, threshold).tolist() == decided


def test_of_more_classes_the_most_probable_is_predicted():
    assert decide(np.array([[0.2, 0.5, 0.3], [0.4, 0.3, 0.3]]), 2, 0.1).tolist() == [1, 0]


@pytest.mark.parametrize("positive", [None, 1])
@pytest.mark.parametrize("classes", [2, 3])
def test_weights_are_cells_that_count_several_times(classes, positive):
    target, probabilities = drawn(3, classes=classes)
    times = np.random.default_rng(0).integers(0, 3, (4, len(target)))
    weighted = figures(target, probabilities, positive, times.astype(float))
    for row, count in enumerate(times):
        repeated = figures(
            np.repeat(target, count), np.repeat(probabilities, count, axis=0), positive
        )
        for name, value in repeated.items():
            assert weighted[name][row] == pytest.approx(value), name


def test_an_absent_class_has_no_sensitivity_and_no_auroc():
    target, probabilities = np.array([0, 0, 0]), np.array([[0.9, 0.1]] * 3)
    counts = confusion(target, decide(probabilities, 1), 2)
    assert np.isnan(class_sensitivity(counts)[1])
    assert np.isnan(auroc(target == 1, probabilities[:, 1]))
    assert class_f1(np.array([[3, 0, 0], [1, 0, 0], [0, 0, 0]]))[1] == 0
    assert figures(target, probabilities, 1)["balanced accuracy"] == 1


def test_a_draw_without_a_class_has_no_mean_over_the_classes():
    target = np.array([0, 0, 1, 2])
    probabilities = np.eye(3)[[0, 1, 1, 2]]
    weights = np.array([[1.0, 1, 1, 1], [2, 2, 0, 0]])
    found = figures(target, probabilities, None, weights)
    for name in ("balanced accuracy", "macro F1", "weighted F1"):
        assert not np.isnan(found[name][0]), name
        assert np.isnan(found[name][1]), name
    assert found["accuracy"].tolist() == [0.75, 0.5]


def test_a_class_that_is_never_predicted_has_balanced_accuracy_one_half_in_every_draw():
    groups = np.repeat(np.arange(6), 5)
    target = (groups < 2).astype(int)  # 8.7 % of the draws hold none of its two subjects
    never = np.tile([0.8, 0.2], (30, 1))[None]
    named = {one.name: one for one in repeated_figures(target, never, 1, groups)}
    one = named["balanced accuracy"]
    assert (one.mean, one.low, one.high) == (0.5, *wilson(1, 2))  # of the class with 2 subjects


def test_every_figure_has_its_trivial_baseline():
    target = np.array([0] * 30 + [1] * 10)
    perfect = np.eye(2)[target][None]
    baseline = {f.name: (f.mean, f.baseline) for f in repeated_figures(target, perfect, 1)}
    means = {name: mean for name, (mean, _) in baseline.items()}
    assert means == dict.fromkeys(baseline, 1.0) | {"Brier score": 0.0}
    assert {name: round(value, 6) for name, (_, value) in baseline.items()} == {
        "accuracy": 0.75,
        "balanced accuracy": 0.5,
        "macro F1": round(0.5 * 60 / 70, 6),
        "weighted F1": round(0.75 * 60 / 70, 6),
        "sensitivity": 0.0,
        "specificity": 1.0,
        "AUROC": 0.5,
        "average precision": 0.25,
        "specificity at 95 % sensitivity": 0.0,
        "Brier score": 0.25 * 0.75,
    }


def test_the_spread_is_that_over_repeats():
    target = np.array([0, 1, 0, 1])
    right, wrong = np.eye(2)[target], np.eye(2)[[0, 1, 0, 0]]
    found = {f.name: f for f in repeated_figures(target, np.stack([right, wrong]), 1)}
    assert found["accuracy"].mean == 0.875
    assert found["accuracy"].spread == pytest.approx(0.25 / np.sqrt(2))
    assert np.isnan(repeated_figures(target, right[None], 1)[0].spread)


def test_counts_are_means_over_repeats():
    target = np.array([0, 1, 0, 1])
    both = np.stack([np.eye(2)[target], np.eye(2)[[0, 1, 0, 0]]])
    assert confusion_counts(target, both, 1).tolist() == [[2, 0], [0.5, 1.5]]
