"""Estimators: all fitting is inside the fold, classes are weighted, probabilities calibrated."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from support.tables.synthetic_classes import synthetic_classes

from models.errors import ModelError
from models.learning import estimators as module
from models.learning.calibration import Calibration, fit_calibration
from models.learning.cross_validation import cross_validate, fit_calibrated, pooled
from models.learning.estimators import ESTIMATORS, approximations
from models.learning.inner_scores import inner_scores

EVERY = pytest.mark.parametrize("name", sorted(ESTIMATORS))


@EVERY
@pytest.mark.parametrize("classes", [2, 3])
def test_a_planted_signal_is_found_and_probabilities_sum_to_one(name, classes):
    features, target, groups = synthetic_classes(classes)
    model = fit_calibrated(ESTIMATORS[name], features, target, groups, seed=0)
    fresh, truth, _ = synthetic_classes(classes, seed=1)
    probabilities = model.probabilities(fresh)
    assert probabilities.shape == (len(truth), classes)
    assert probabilities.sum(axis=1) == pytest.approx(1)
    assert (probabilities.argmax(axis=1) == truth).mean() > 0.75


@EVERY
def test_missing_values_and_constant_columns_give_finite_probabilities(name):
    features, target, groups = synthetic_classes()
    features[:, 2], features[:, 3] = np.nan, 7.0
    features[::3, 4] = np.nan
    model = fit_calibrated(ESTIMATORS[name], features, target, groups, seed=0)
    assert np.isfinite(model.probabilities(features)).all()


@EVERY
def test_a_constant_training_part_gives_the_class_shares(name):
    _, target, groups = synthetic_classes()
    model = fit_calibrated(ESTIMATORS[name], np.full((96, 3), 4.0), target, groups, seed=0)
    probabilities = model.probabilities(np.random.default_rng(0).normal(size=(5, 3)))
    assert np.isfinite(probabilities).all()
    assert model.probabilities(np.full((2, 3), 4.0)) == pytest.approx(0.5, abs=1e-3)


@EVERY
def test_rare_and_frequent_classes_have_equal_weight(name):
    rng = np.random.default_rng(0)
    target = np.array([0] * 380 + [1] * 20)
    features = rng.normal(size=(400, 2)) + 1.5 * target[:, None]
    scores = ESTIMATORS[name].scores(ESTIMATORS[name].fit(features, target, 0), features)
    rare_found = (scores[target == 1, 1] > 0).mean()
    assert rare_found > 0.7  # without weights a logistic model finds 0.35


@EVERY
def test_an_outlier_does_not_dominate(name):
    features, target, groups = synthetic_classes()
    with_outlier = features.copy()
    with_outlier[0, 0] = 1e9  # after scaling to unit variance the other cells would be equal
    one, other = (
        fit_calibrated(ESTIMATORS[name], values, target, groups, seed=0).probabilities(features)
        for values in (features, with_outlier)
    )
    assert np.abs(one - other).mean() < 0.1
    assert (other.argmax(axis=1) == target).mean() > 0.9


def test_a_kernel_machine_beyond_its_limit_is_approximated(monkeypatch):
    monkeypatch.setattr(module, "KERNEL_LIMIT", 50)
    monkeypatch.setattr(module, "COMPONENTS", 40)
    features, target, groups = synthetic_classes()
    model = fit_calibrated(ESTIMATORS["svm"], features, target, groups, seed=0)
    assert approximations(model.pipeline) == [
        "more than 50 cells: 40 Nystroem components and a linear machine replace the RBF kernel"
    ]
    assert (model.probabilities(features).argmax(axis=1) == target).mean() > 0.8


def test_test_cells_do_not_influence_their_model():
    """Labels and features of one test fold are changed: its predictions stay the same."""
    features, target, groups = synthetic_classes(groups=8)
    kind = ESTIMATORS["logistic"]
    done = cross_validate(kind, features, target, groups, classes="ab", folds=4, repeats=1)
    first = done[0]
    changed_target, changed = target.copy(), features.copy()
    changed_target[first.test] = 1 - target[first.test]
    changed[first.test] += 100
    again = fit_calibrated(
        kind, changed[first.train], changed_target[first.train], groups[first.train]
    )
    assert again.probabilities(features[first.test]).tolist() == first.probabilities.tolist()


def test_one_cell_of_a_class_is_too_few_to_calibrate_on():
    features = np.arange(8.0)[:, None]
    target = np.array([0, 0, 0, 0, 0, 0, 0, 1])
    with pytest.raises(ModelError, match="a training part has 1 cell of a class"):
        fit_calibrated(ESTIMATORS["logistic"], features, target, np.arange(8), seed=0)


def test_inner_scores_come_from_other_groups():
    """A column that identifies the group gives perfect scores within groups, else chance."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(20), 10)
    target = rng.permutation(np.repeat([0, 1], 10))[groups]
    features = rng.normal(size=20)[groups][:, None] + rng.normal(scale=1e-3, size=(200, 1))
    kind = ESTIMATORS["xgboost"]
    inside = kind.scores(kind.fit(features, target, 0), features)
    unseen = inner_scores(kind, features, target, groups, 0)
    assert ((inside[:, 1] > 0) == target).mean() > 0.9
    assert ((unseen[:, 1] > 0) == target).mean() < 0.8


def test_probabilities_do_not_depend_on_the_number_of_jobs():
    features, target, groups = synthetic_classes()
    runs = [
        pooled(
            cross_validate(
                ESTIMATORS["xgboost"], features, target, groups,
                classes="ab", folds=3, repeats=2, seed=5, jobs=jobs,
            ),
            len(target),
        )
        for jobs in (1, 2)
    ]  # fmt: skip
    assert runs[0].shape == (2, len(target), 2)
    assert np.array_equal(*runs)
    assert np.isfinite(runs[0]).all()


def test_progress_counts_the_folds():
    features, target, groups = synthetic_classes(groups=6)
    lines: list[str] = []
    cross_validate(
        ESTIMATORS["logistic"], features, target, groups,
        classes="ab", folds=3, repeats=1, progress=lines.append,
    )  # fmt: skip
    assert lines == ["fold 1 of 3", "fold 2 of 3", "fold 3 of 3"]
    with pytest.raises(ModelError, match="0 repeats"):
        cross_validate(
            ESTIMATORS["logistic"], features, target, groups, classes="ab", folds=3, repeats=0
        )


def test_one_subject_of_a_class_left_in_a_training_part_still_gives_probabilities():
    features, target, groups = synthetic_classes(groups=4)
    done = cross_validate(
        ESTIMATORS["logistic"], features, target, groups, classes="ab", folds=2, repeats=1
    )
    assert np.isfinite(pooled(done, len(target))).all()


def test_calibration_finds_the_true_sigmoid():
    rng = np.random.default_rng(0)
    scores = rng.normal(size=20_000) * 3
    target = (rng.random(20_000) < expit(0.7 * scores - 0.4)).astype(np.int64)
    found = fit_calibration(np.stack([np.zeros_like(scores), scores], axis=1), target)
    assert found.scale == pytest.approx(0.7, abs=0.03)
    assert found.offsets[1] - found.offsets[0] == pytest.approx(-0.4, abs=0.06)
    oracle = LogisticRegression(C=1e6).fit(scores[:, None], target)
    assert found.scale == pytest.approx(oracle.coef_[0, 0], rel=0.01)


def test_calibration_of_three_classes_finds_scale_and_offsets():
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(30_000, 3))
    truth = Calibration(2.0, (0.5, 0.0, -0.5))
    cumulated = truth.probabilities(scores).cumsum(axis=1)
    target = (rng.random(30_000)[:, None] > cumulated).sum(axis=1)
    found = fit_calibration(scores, target)
    assert found.scale == pytest.approx(2, rel=0.03)
    assert found.offsets == pytest.approx(truth.offsets, abs=0.05)


def test_separable_scores_keep_a_finite_scale_and_platts_targets():
    scores = np.array([-1.0] * 10 + [1.0] * 10)
    target = np.array([0] * 10 + [1] * 10)
    found = fit_calibration(np.stack([np.zeros(20), scores], axis=1), target)
    probabilities = found.probabilities(np.stack([np.zeros(20), scores], axis=1))
    assert probabilities[:, 1] == pytest.approx([1 / 12] * 10 + [11 / 12] * 10, abs=1e-4)


@pytest.mark.parametrize("scores", [-1.0, 0.0])
def test_uninformative_scores_give_the_class_shares_and_keep_their_order(scores):
    target = np.array([0] * 30 + [1] * 10)
    signal = scores * (target - 0.25)
    found = fit_calibration(np.stack([np.zeros(40), signal], axis=1), target)
    assert found.scale > 0
    probabilities = found.probabilities(np.stack([np.zeros(40), signal], axis=1))
    assert probabilities[:, 1] == pytest.approx(0.25, abs=0.03)


def test_pairwise_votes_of_many_classes_rank_cells_without_ties():
    features, target, _ = synthetic_classes(4, groups=24, strength=1.5)
    kind = ESTIMATORS["svm"]
    model = kind.fit(features, target, 0)
    scores = kind.scores(model, features)
    margins = model.decision_function(features)
    assert margins.shape == (len(target), 6)
    for cell, own in zip(scores, margins, strict=True):
        margin_of = {(0, 1): own[0], (0, 2): own[1], (0, 3): own[2], (1, 2): own[3]}
        margin_of |= {(1, 3): own[4], (2, 3): own[5]}
        for code in range(4):
            against = [m if i == code else -m for (i, j), m in margin_of.items() if code in (i, j)]
            assert cell[code] == min(against)
    assert len(np.unique(scores[:, 0])) == len(target)
    agreement = (scores.argmax(axis=1) == model.predict(features)).mean()
    assert agreement > 0.97  # the winner of the pairwise votes is also scikit-learn's
