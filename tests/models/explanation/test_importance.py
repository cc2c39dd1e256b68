"""Importances rank planted columns first; the short cut for kernels equals full scoring."""

import numpy as np
import pytest
from support.tables.synthetic_classes import synthetic_classes

from models.explanation.importance import (
    MEASURES,
    importances,
    permutation,
    shap,
    tree_shap_values,
)
from models.explanation.permutation import rescorer
from models.learning import estimators as module
from models.learning.cross_validation import cross_validate, fit_calibrated
from models.learning.estimators import ESTIMATORS
from models.plots.importance_plot import importance_picture

NAMES = [f"Cells_Intensity_F{i}_Gray" for i in range(5)]
KNOWN = {"compartment": "Cells", "family": "Intensity", "channel": "Gray", "unit": "1"}
DICTIONARY = {
    name: {**KNOWN, "title": p.title(), "plain": p}
    for name, p in zip(NAMES, ["one", "two", "three", "", "five"], strict=True)
}


@pytest.mark.parametrize("name", sorted(ESTIMATORS))
@pytest.mark.parametrize("classes", [2, 3])
def test_planted_columns_lead(name, classes):
    features, target, groups = synthetic_classes(classes)
    if classes == 2:
        features[:, 1] += 3 * target
    folds = cross_validate(
        ESTIMATORS[name], features, target, groups, classes="abc"[:classes], folds=3, repeats=1
    )
    table = importances(folds, features, target, NAMES, DICTIONARY, MEASURES[name])
    for measure in MEASURES[name]:
        leading = table.nlargest(2, f"{measure}_mean")["feature"]
        assert set(leading) == {NAMES[0], NAMES[1]}
        assert (table[f"{measure}_sd"] >= 0).all()
    for key in ("title", "plain"):
        assert table[key].tolist().count(NAMES[3]) == 1  # without a name: the column's own
    assert list(table.columns[:7]) == [
        "feature", "title", "plain", "compartment", "family", "channel", "unit",
    ]  # fmt: skip


def test_gain_is_a_share_and_a_dropped_column_has_no_coefficient():
    features, target, groups = synthetic_classes()
    features[:, 4] = 1.0
    for name, measure in (("xgboost", "gain"), ("logistic", "coefficient")):
        folds = cross_validate(
            ESTIMATORS[name], features, target, groups, classes="ab", folds=3, repeats=1
        )
        table = importances(folds, features, target, NAMES, DICTIONARY, MEASURES[name])
        values = table.set_index("feature")[f"{measure}_mean"]
        assert values[NAMES[4]] == 0
        if measure == "gain":
            assert values.sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("classes", [2, 3, 4])
@pytest.mark.parametrize("limit", [10_000, 20])
def test_the_kernel_short_cut_equals_recomputed_scores(classes, limit, monkeypatch):
    monkeypatch.setattr(module, "KERNEL_LIMIT", limit)
    monkeypatch.setattr(module, "COMPONENTS", 15)
    features, target, groups = synthetic_classes(classes)
    features[:, 3] = 2.0  # dropped inside
    features[::4, 2] = np.nan
    kind = ESTIMATORS["svm"]
    model = fit_calibrated(kind, features, target, groups, seed=0)
    assert ("kernel" in model.pipeline.named_steps) == (limit == 20)
    fresh = synthetic_classes(classes, seed=3)[0][:30]
    rng = np.random.default_rng(0)
    orders = np.stack([rng.permutation(30) for _ in range(2)])
    rescore = rescorer(model, fresh)
    for column in range(5):
        scores = rescore(np.array([column]), orders)
        for order, found in zip(orders, scores, strict=True):
            moved = fresh.copy()
            moved[:, column] = fresh[order, column]
            assert found == pytest.approx(kind.scores(model.pipeline, moved), abs=1e-9)


def test_the_kernel_short_cut_survives_values_far_from_all_others():
    """Filterwarnings = error: an overflow would fail, infinity times nothing would be NaN."""
    rng = np.random.default_rng(5)
    features = rng.normal(size=(60, 3))
    features[:, 1:] = 5
    features[0, 1:] += 1e-6  # nearly constant here, not at all there
    target = (features[:, 0] > 0).astype(int)
    model = fit_calibrated(ESTIMATORS["svm"], features, target, np.arange(60), seed=0)
    strange = features.copy()
    strange[5:30, 1:] = -1e6
    orders = rng.permutation(60)[None]
    assert np.isfinite(rescorer(model, strange)(np.arange(3), orders)).all()


def test_the_general_way_stacks_the_orders():
    features, target, groups = synthetic_classes(3)
    model = fit_calibrated(ESTIMATORS["xgboost"], features, target, groups, seed=0)
    orders = np.stack([np.arange(20)[::-1], np.arange(20)])
    scores = rescorer(model, features[:20])(np.array([0]), orders)
    assert scores.shape == (2, 20, 3)
    same = ESTIMATORS["xgboost"].scores(model.pipeline, features[:20])
    assert scores[1].tolist() == same.tolist()
    assert scores[0].tolist() != same.tolist()


def test_the_picture_is_a_png_with_both_measures():
    features, target, groups = synthetic_classes()
    folds = cross_validate(
        ESTIMATORS["xgboost"], features, target, groups, classes="ab", folds=3, repeats=1
    )
    table = importances(folds, features, target, NAMES, DICTIONARY, MEASURES["xgboost"])
    picture = importance_picture(table, title="made up", top=3)
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    wide, high = (int.from_bytes(picture[at : at + 4]) for at in (16, 20))
    assert (wide, high) == (2220, round((1.9 + 0.42 * 3) * 150))


def test_columns_are_shuffled_together():
    """Two copies of a signal hide each other one by one; as a set they do not."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(20), 8)
    target = groups % 2
    signal = 3.0 * target + rng.normal(size=160)
    features = np.stack([signal, signal + 0.01 * rng.normal(size=160), rng.normal(size=160)], 1)
    for name in ("svm", "xgboost"):
        fold = cross_validate(
            ESTIMATORS[name], features, target, groups, classes="ab", folds=4, repeats=1
        )[0]
        sets = [np.array(columns) for columns in ([0], [1], [0, 1], [2])]
        one, other, both, noise = permutation(fold, features, target, sets, 0)
        assert both > 1.5 * max(one, other)
        assert noise < 0.2 * both


@pytest.mark.parametrize("classes", [2, 3])
def test_shap_values_add_up_to_the_score(classes):
    features, target, groups = synthetic_classes(classes)
    fold = cross_validate(
        ESTIMATORS["xgboost"], features, target, groups, classes="abc"[:classes], folds=3, repeats=1
    )[0]
    values = tree_shap_values(fold, features)
    scores = fold.model.estimator.scores(fold.model.pipeline, features)
    explained = values.sum(axis=2)
    unexplained = (scores[:, 1:] if classes == 2 else scores) - explained
    assert np.ptp(unexplained, axis=0) == pytest.approx(0, abs=1e-4)  # the constant base value
    everything = shap(fold, features, target, [np.arange(5)], 0)[0]
    assert everything == pytest.approx(np.abs(explained[fold.test]).mean(), rel=1e-6)


def test_a_set_without_columns_in_use_has_no_importance():
    features, target, groups = synthetic_classes()
    features[:, 4] = 1.0
    for name in ESTIMATORS:
        fold = cross_validate(
            ESTIMATORS[name], features, target, groups, classes="ab", folds=3, repeats=1
        )[0]
        for measure in MEASURES[name].values():
            assert measure(fold, features, target, [np.array([4])], 0)[0] == pytest.approx(
                0, abs=1e-9
            )
