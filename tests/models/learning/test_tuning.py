"""A search inside the training part: groups stay whole, signal is found and noise is not."""

from dataclasses import replace

import numpy as np
import pytest

from models.errors import ModelError
from models.learning import estimators as module
from models.learning.cross_validation import (
    cross_validate,
    fit_calibrated,
    pooled,
    pooled_default_settings,
)
from models.learning.estimators import ESTIMATORS
from models.learning.inner_scores import inner_scores
from models.learning.tuning import best, log_loss, search
from models.metrics.probability import auroc

LOGISTIC = ESTIMATORS["logistic"]


def drawn(groups=24, cells=4, columns=5, strength=1.0, classes=2, seed=0):
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(groups), cells)
    target = group % classes
    features = rng.normal(size=(len(group), columns))
    features[:, 0] += strength * target
    return features, target, group


def test_inner_folds_that_separate_a_group_are_refused(monkeypatch):
    features, target, groups = drawn()

    def leaky(target, _groups, *, folds, **_):
        return np.arange(len(target)) % folds

    monkeypatch.setattr("models.learning.inner_scores.grouped_folds", leaky)
    with pytest.raises(AssertionError, match="a group is in two folds"):
        inner_scores(LOGISTIC, features, target, groups, 0)
    with pytest.raises(AssertionError, match="a group is in two folds"):
        fit_calibrated(LOGISTIC, features, target, groups, candidates=2)


def test_the_search_sees_no_cell_and_no_group_that_is_tested(monkeypatch):
    features, target, groups = drawn()
    features[:, 1] = groups  # a cell's group can be read off its features
    seen = []

    def watched(estimator, part, *arguments):
        seen.append(set(part[:, 1].astype(int)))
        return inner_scores(estimator, part, *arguments)

    monkeypatch.setattr("models.learning.tuning.inner_scores", watched)
    done = cross_validate(
        LOGISTIC, features, target, groups, classes="ab", folds=3, repeats=1, candidates=2
    )
    assert len(seen) == 9  # the default and two candidates in each fold
    for number, fold in enumerate(done):
        for used in seen[3 * number : 3 * number + 3]:
            assert used == set(groups[fold.train])
            assert not used & set(groups[fold.test])


def test_candidates_are_reproducible_and_the_default_is_first():
    features, target, groups = drawn()
    runs = [search(LOGISTIC, features, target, groups, candidates=4, seed=3) for _ in range(2)]
    assert [one.estimator.settings for one in runs[0]] == [
        one.estimator.settings for one in runs[1]
    ]
    assert runs[0][0].estimator is LOGISTIC
    assert len({one.estimator.settings["model__C"] for one in runs[0][1:]}) == 4
    assert best(runs[0]).loss == min(one.loss for one in runs[0])
    tied = [replace(one, loss=1.0) for one in runs[0]]
    assert best(tied) is tied[0]
    other = search(LOGISTIC, features, target, groups, candidates=4, seed=4)
    assert other[1].estimator.settings != runs[0][1].estimator.settings


@pytest.mark.parametrize("name", sorted(ESTIMATORS))
@pytest.mark.parametrize("classes", [2, 3])
def test_drawn_settings_reach_the_model(name, classes, monkeypatch):
    monkeypatch.setattr(module, "COMPONENTS", 20)
    features, target, groups = drawn(groups=12, classes=classes)
    for limit in (20_000, 10):  # beyond it an approximation has other settings
        monkeypatch.setattr(module, "KERNEL_LIMIT", limit)
        tried = search(ESTIMATORS[name], features, target, groups, candidates=1)
        estimator = tried[1].estimator
        pipeline = estimator.fit(features, target, 0)
        found = pipeline.get_params()
        assert estimator.settings
        assert all(found[key] == value for key, value in estimator.settings.items())
        assert all(type(value) in {int, float} for value in estimator.settings.values())


def test_a_search_beats_an_unsuitable_default_and_both_are_recorded():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(40), 8)
    features = rng.uniform(-1, 1, size=(320, 2))
    target = ((np.floor(features * 2).sum(axis=1) % 2) == 1).astype(np.int64)  # a chequered board
    found = cross_validate(
        ESTIMATORS["svm"], features, target, groups,
        classes="ab", folds=3, repeats=1, candidates=8,
    )  # fmt: skip
    losses = [
        log_loss(probabilities[0], target)
        for probabilities in (
            pooled(found, len(target)),
            pooled_default_settings(found, len(target)),
        )
    ]
    assert losses[0] < 0.8 * losses[1]
    plain = cross_validate(
        ESTIMATORS["svm"], features, target, groups, classes="ab", folds=3, repeats=1
    )
    usual = pooled_default_settings(found, len(target))
    assert np.array_equal(usual, pooled(plain, len(target)))
    assert pooled_default_settings(plain, len(target)) is None


def test_tuning_on_noise_stays_at_chance():
    """Labels that are independent of the cells: AUROC 0.5, standard error about 0.03."""
    rng = np.random.default_rng(1)
    groups = np.repeat(np.arange(80), 4)
    target = rng.permutation(np.arange(80) % 2)[groups]
    features = rng.normal(size=(320, 8))
    done = cross_validate(
        LOGISTIC, features, target, groups, classes="ab", folds=4, repeats=1, candidates=4
    )
    assert auroc(target == 1, pooled(done, 320)[0, :, 1]) == pytest.approx(0.5, abs=0.1)


def test_copies_stay_together_where_a_class_has_one_subject():
    seen = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        features = np.repeat(rng.normal(size=(50, 30)), 2, axis=0)  # each cell twice
        pictures = np.repeat(np.arange(50), 2)
        target = np.where(pictures < 20, 1, 0)
        groups = np.where(pictures < 20, 0, 1 + pictures % 10)  # one positive subject
        for known in (pictures, None):
            scores = inner_scores(ESTIMATORS["svm"], features, target, groups, seed, known)
            seen.append(auroc(target == 1, scores[:, 1]))
    kept, separated = np.reshape(seen, (12, 2)).mean(axis=0)
    assert kept == pytest.approx(0.5, abs=0.1)  # there is nothing to learn
    assert separated > 0.7
    one_picture = np.where(target == 1, 0, pictures)  # then cell by cell
    assert np.isfinite(inner_scores(LOGISTIC, features, target, groups, 0, one_picture)).all()


def test_one_subject_of_a_class_cannot_be_tuned_on():
    features, target, groups = drawn(groups=4)
    with pytest.raises(ModelError, match=r"holds one subject of a class.*without --tune"):
        cross_validate(
            LOGISTIC, features, target, groups, classes="ab", folds=2, repeats=1, candidates=1
        )
