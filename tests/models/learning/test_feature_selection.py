"""Selection inside the fold: noise stays at chance, copies are dropped, stability is known."""

import numpy as np
import pytest
from scipy.stats import kruskal

from models.explanation.importance import MEASURES, importances
from models.learning.cross_validation import cross_validate, fit_calibrated, pooled
from models.learning.estimators import ESTIMATORS
from models.learning.feature_selection import (
    Representatives,
    kept_columns,
    stability,
    with_selection,
    without_selection,
)
from models.metrics.probability import auroc


def test_noise_selected_outside_the_folds_looks_good_and_inside_stays_at_chance():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(60, 1_000))
    target, groups = np.arange(60) % 2, np.arange(60)
    options = {"classes": "ab", "folds": 5, "repeats": 1}
    outside = features[:, Representatives(20).fit(features, target).get_support()]
    plain = ESTIMATORS["logistic"]
    leaky = pooled(cross_validate(plain, outside, target, groups, **options), 60)
    honest = pooled(
        cross_validate(with_selection(plain, 20), features, target, groups, **options), 60
    )
    assert auroc(target == 1, leaky[0, :, 1]) > 0.9
    assert auroc(target == 1, honest[0, :, 1]) == pytest.approx(0.5, abs=0.15)


def test_relevance_is_kruskal_and_wallis_and_orders_the_choice():
    rng = np.random.default_rng(0)
    target = np.arange(90) % 3
    features = rng.normal(size=(90, 6)) + 0.4 * np.arange(6) * target[:, None]
    values = [kruskal(*(column[target == code] for code in range(3)))[0] for column in features.T]
    for most in (1, 3):
        kept = Representatives(most, redundant=1.1).fit(features, target).get_support(indices=True)
        assert set(kept) == set(np.argsort(values)[-most:])


def test_of_correlated_columns_the_most_relevant_is_kept():
    rng = np.random.default_rng(0)
    target = np.arange(200) % 2
    first = rng.normal(size=200) + 2 * target
    second = rng.normal(size=200) + target
    copies = [np.exp(first), -first + rng.normal(scale=0.2, size=200), second, first**3]
    features = np.stack([*copies, np.full(200, 7.0), np.full(200, np.nan)], axis=1)
    kept = Representatives(5).fit(features, target).get_support()
    assert kept.tolist() == [True, False, True, False, False, False]


def test_missing_values_are_accepted_and_an_empty_table_keeps_one_column():
    features = np.full((20, 3), 4.0)
    features[::2, 1] = np.nan
    kept = Representatives(2).fit(features, np.arange(20) % 2)
    assert kept.get_support().sum() == 1
    assert kept.transform(features).shape == (20, 1)


def test_stability_of_equal_choices_is_one_and_of_random_ones_about_zero():
    rng = np.random.default_rng(0)
    equal = np.tile(rng.permutation(np.arange(50) < 10), (7, 1))
    assert stability(equal) == 1
    drawn = np.stack([rng.permutation(np.arange(2_000) < 400) for _ in range(30)])
    assert stability(drawn) == pytest.approx(0, abs=0.01)
    halves = np.array([[True, False], [False, True]])
    assert stability(halves) == -1  # 1 - (2 * 1/4) / (1/4)
    for unknown in (equal[:1], np.ones((3, 4), dtype=bool), np.zeros((3, 4), dtype=bool)):
        assert np.isnan(stability(unknown))


def test_stability_of_choices_of_one_size_is_kunchevas_index():
    rng = np.random.default_rng(1)
    p, k = 40, 8
    chosen = np.stack([np.isin(np.arange(p), rng.choice(20, k, replace=False)) for _ in range(5)])
    pairs = [(i, j) for i in range(5) for j in range(i)]
    shared = [(chosen[i] & chosen[j]).sum() for i, j in pairs]
    kuncheva = np.mean([(both * p - k * k) / (k * (p - k)) for both in shared])
    assert stability(chosen) == pytest.approx(kuncheva)


@pytest.mark.parametrize("name", sorted(ESTIMATORS))
@pytest.mark.parametrize("classes", [2, 3])
def test_importances_are_those_of_the_columns_that_were_kept(name, classes):
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(18), 4)
    target = groups % classes
    features = rng.normal(size=(72, 12))
    features[:, 7] += 4 * target
    kind = with_selection(ESTIMATORS[name], 4)
    done = cross_validate(
        kind, features, target, groups, classes="abc"[:classes], folds=3, repeats=1
    )
    columns = [f"x{i}" for i in range(12)]
    dictionary = {column: {} for column in columns}
    table = importances(done, features, target, columns, dictionary, MEASURES[name])
    assert table["feature"][0] == "x7"
    never = set(columns) - {columns[i] for fold in done for i in kept_columns(fold.model.pipeline)}
    means = table.filter(like="_mean").set_index(table["feature"])
    assert never
    assert (means.loc[sorted(never)] == 0).all(axis=None)


def test_the_steps_after_the_selection_are_the_same_model_of_fewer_columns():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(12), 5)
    target = groups % 2
    features = rng.normal(size=(60, 9)) + target[:, None] * (np.arange(9) == 4)
    model = fit_calibrated(with_selection(ESTIMATORS["svm"], 3), features, target, groups)
    kept = kept_columns(model.pipeline)
    rest = without_selection(model.pipeline)
    assert rest.n_features_in_ == len(kept) == 3
    assert np.array_equal(
        rest.decision_function(features[:, kept]), model.pipeline.decision_function(features)
    )
    whole = fit_calibrated(ESTIMATORS["svm"], features, target, groups).pipeline
    assert without_selection(whole) is whole
    assert kept_columns(whole).tolist() == list(range(9))
    assert with_selection(ESTIMATORS["svm"], None) is ESTIMATORS["svm"]
