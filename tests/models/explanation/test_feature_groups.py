"""Correlated features are one cluster, and a dozen features make a formula that can be read."""

import numpy as np
import pytest
from scipy.special import logit, softmax
from scipy.stats import spearmanr
from support.tables.synthetic_classes import synthetic_classes

from models.explanation.compact_model import compact_model_probabilities, fit_compact_model, formula
from models.explanation.feature_groups import (
    clusters,
    feature_groups,
    group_importances,
    rank_correlations,
)
from models.explanation.importance import MEASURES
from models.learning.cross_validation import cross_validate
from models.learning.estimators import ESTIMATORS


def made(cells=200):
    """Columns 0-2 one signal in three scales (one turned round), 3-4 another, 5 alone."""
    rng = np.random.default_rng(0)
    a, b, c = rng.normal(size=(3, cells))
    small = 0.2 * rng.normal(size=(2, cells))
    return np.stack([a, np.exp(a + small[0]), -(a**3), b, b + small[1], c], axis=1)


NAMES = ["N_A_x", "N_A_y", "C_A_x", "C_B_x", "C_B_y", "N_B_z"]
DICTIONARY = {
    name: {
        "compartment": {"N": "Nuclei", "C": "Cells"}[name[0]],
        "family": name[2],
        "plain": f"plain {name}",
        "unit": "px",
    }
    for name in NAMES
}


def test_rank_correlations_equal_scipy():
    features = made()
    expected = np.abs(spearmanr(features).statistic)
    assert rank_correlations(features) == pytest.approx(expected)


def test_missing_values_and_constants_correlate_with_nothing():
    features = made()
    features[:, 4], features[:, 5] = np.nan, 3.0
    found = rank_correlations(features)
    assert found[4].tolist() == found[5].tolist() == [0] * 6
    features = made()
    features[::5, 0] = np.nan
    assert rank_correlations(features)[0, 2] > 0.7


def test_clusters_do_not_depend_on_scale_or_sign():
    found = clusters(rank_correlations(made()))
    assert [members.tolist() for members in found] == [[0, 1, 2], [3, 4], [5]]
    assert clusters(np.ones((1, 1)))[0].tolist() == [0]


def test_groups_have_levels_and_a_central_name():
    groups = feature_groups(made(), NAMES, DICTIONARY)
    levels = {
        level: {one.name: one.columns.tolist() for one in groups if one.level == level}
        for level in ("cluster", "family", "compartment")
    }
    assert levels["cluster"] in (
        {"N_A_x": [0, 1, 2], "C_B_x": [3, 4], "N_B_z": [5]},
        {"C_A_x": [0, 1, 2], "C_B_x": [3, 4], "N_B_z": [5]},
    )
    assert levels["family"] == {"A": [0, 1, 2], "B": [3, 4, 5]}
    assert levels["compartment"] == {"Nuclei": [0, 1, 5], "Cells": [2, 3, 4]}


@pytest.mark.parametrize("name", sorted(ESTIMATORS))
def test_a_set_with_the_signal_leads_its_level(name):
    features = made()
    groups = np.repeat(np.arange(20), 10)
    target = (np.repeat(features[::10, 0], 10) > 0).astype(np.int64)
    features[:, :3] += 2.0 * target[:, None] * [1, 1, -1]
    folds = cross_validate(
        ESTIMATORS[name], features, target, groups, classes="ab", folds=3, repeats=1
    )
    found = group_importances(
        feature_groups(features, NAMES, DICTIONARY), folds, features, target, MEASURES[name]
    )
    assert list(found["level"].drop_duplicates()) == ["cluster", "family", "compartment"]
    for measure in MEASURES[name]:
        for level, leader in (("cluster", {"N_A_x", "N_A_y", "C_A_x"}), ("family", {"A"})):
            part = found[found["level"] == level]
            assert part.loc[part[f"{measure}_mean"].idxmax(), "name"] in leader


def test_gain_of_families_adds_up_to_one():
    features, target, groups = synthetic_classes()
    folds = cross_validate(
        ESTIMATORS["xgboost"], features, target, groups, classes="ab", folds=3, repeats=1
    )
    found = group_importances(
        feature_groups(features, NAMES[:5], DICTIONARY),
        folds,
        features,
        target,
        MEASURES["xgboost"],
    )
    for level in ("cluster", "family", "compartment"):
        assert found.loc[found["level"] == level, "gain_mean"].sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("classes", [2, 3])
def test_the_compact_model_finds_the_planted_columns_and_its_formula_gives_its_scores(classes):
    features, target, _ = synthetic_classes(classes, groups=30)
    features = np.concatenate([np.random.default_rng(5).normal(size=(240, 40)), features], axis=1)
    features[3, 40] = np.nan
    names = [f"N_A_{i}" for i in range(45)]
    dictionary = {name: {"plain": name, "unit": "px"} for name in names}
    box = fit_compact_model(features, target)
    assert 40 in box.columns[: classes - 1]
    assert len(box.columns) <= 12
    probabilities = box.probabilities(features)
    assert (probabilities.argmax(axis=1) == target).mean() > 0.8
    assert np.isfinite(probabilities[3]).all()
    sums = formula(box, names, dictionary, "abc"[:classes], 0 if classes == 2 else None)
    cell = dict(zip(names, features[0], strict=True))
    values = [
        one["intercept"]
        + sum(t["weight"] * (cell[t["feature"]] - t["centre"]) / t["scale"] for t in one["terms"])
        for one in sums
    ]
    if classes == 2:
        assert sums[0]["of"] == "log odds of a"
        assert values[0] == pytest.approx(logit(probabilities[0, 0]))
    else:
        assert softmax(values) == pytest.approx(probabilities[0])


def test_the_compact_model_takes_one_of_two_copies():
    rng = np.random.default_rng(0)
    target = np.repeat([0, 1], 40)
    signal = target + 0.3 * rng.normal(size=80)
    box = fit_compact_model(np.stack([signal, 2 * signal + 1, rng.normal(size=80)], axis=1), target)
    assert len({0, 1} & set(box.columns.tolist())) == 1


def test_the_compact_model_is_evaluated_on_the_same_folds():
    features, target, groups = synthetic_classes()
    folds = cross_validate(
        ESTIMATORS["logistic"], features, target, groups, classes="ab", folds=3, repeats=2
    )
    found = compact_model_probabilities(folds, features, target)
    fold = folds[4]
    alone = fit_compact_model(features[fold.train], target[fold.train])
    assert found[1, fold.test].tolist() == alone.probabilities(features[fold.test]).tolist()
    assert np.isfinite(found).all()
