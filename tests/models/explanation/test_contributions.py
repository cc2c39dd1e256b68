"""Contributions add up where documented, and the planted set leads."""

import numpy as np
import pandas as pd
import pytest
from support.tables.synthetic_classes import synthetic_classes
from xgboost import DMatrix

from models.explanation.contributions import ADDED, ADDITIVE, REPLACED, explain
from models.learning.cross_validation import fit_calibrated
from models.learning.estimators import ESTIMATORS
from models.storage.bundle import Bundle, predict_probabilities

NAMES = [f"Cells_AreaShape_F{i}" for i in range(5)]
SETS = [np.array([0, 1]), np.array([2]), np.array([3, 4])]


def bundled(name, classes=2, positive=None, **planted):
    features, target, groups = synthetic_classes(classes, groups=18, **planted)
    model = fit_calibrated(ESTIMATORS[name], features, target, groups)
    words = tuple("abcd"[:classes])
    bundle = Bundle(
        model.pipeline, name, model.calibration, tuple(NAMES), dict.fromkeys(NAMES, 1), words,
        positive, 0.5,
    )  # fmt: skip
    return bundle, pd.DataFrame(features, columns=NAMES), np.median(features, axis=0)


@pytest.mark.parametrize("name", sorted(ADDITIVE))
@pytest.mark.parametrize(("classes", "positive"), [(2, "a"), (2, "b"), (3, None), (4, "c")])
def test_contributions_and_base_add_up_to_the_log_odds(name, classes, positive):
    bundle, table, medians = bundled(name, classes, positive)
    probabilities = predict_probabilities(bundle, table)
    for one, shares in zip(explain(bundle, table, SETS, medians), probabilities, strict=True):
        assert one.base + one.columns.sum() == pytest.approx(one.log_odds, abs=1e-4)
        assert one.sets == pytest.approx([one.columns[columns].sum() for columns in SETS])
        assert one.log_odds == pytest.approx(np.log(shares[one.of] / shares[one.against]))
        order = [int(code) for code in np.argsort(-shares) if code != one.of]
        assert one.against == order[0]
        assert one.of == (shares.argmax() if positive is None else bundle.classes.index(positive))


def test_values_of_trees_are_those_of_xgboost():
    bundle, table, medians = bundled("xgboost", positive="b")
    booster = bundle.pipeline["model"].get_booster()
    whole = booster.predict(DMatrix(table.to_numpy()), pred_contribs=True)
    margin = booster.predict(DMatrix(table.to_numpy()), output_margin=True)
    assert whole.sum(axis=1) == pytest.approx(margin, abs=1e-4)
    for one, row in zip(explain(bundle, table, SETS, medians), whole, strict=True):
        assert one.columns == pytest.approx(bundle.calibration.scale * row[:-1], abs=1e-5)
        assert one.measure == ADDED


@pytest.mark.parametrize("name", sorted(ESTIMATORS))
def test_a_planted_set_leads(name):
    """Of a cell that differs in one set of columns only, that set is named first."""
    bundle, table, medians = bundled(name, positive="a", strength=3.0)
    cell = pd.DataFrame([medians], columns=NAMES)
    cell[NAMES[0]] = table[NAMES[0]].max()
    (one,) = explain(bundle, cell[NAMES[::-1]], SETS, medians)
    assert np.abs(one.sets).argmax() == 0
    assert one.sets[0] > 0  # class a is at +strength


def test_contributions_to_a_kernel_machine_are_changes_on_replacement():
    bundle, table, medians = bundled("svm", positive="a")
    explained = explain(bundle, table, SETS, medians)
    assert explained[0].measure == REPLACED
    for number, columns in enumerate(SETS):
        changed = table.copy()
        changed.iloc[:, columns] = medians[columns]
        odds = [one.log_odds for one in explain(bundle, changed, SETS, medians)]
        for before, after in zip(explained, odds, strict=True):
            assert before.sets[number] == pytest.approx(before.log_odds - after, abs=1e-9)
    assert np.isnan(explained[0].base)
    assert np.isnan(explained[0].columns).all()


def test_columns_that_a_step_leaves_out_contribute_nothing():
    features, target, groups = synthetic_classes()
    features[:, 2] = 7.0  # constant: dropped inside the pipeline
    model = fit_calibrated(ESTIMATORS["logistic"], features, target, groups)
    bundle = Bundle(
        model.pipeline, "logistic", model.calibration, tuple(NAMES), {}, ("a", "b"), "a", 0.5
    )
    table = pd.DataFrame(features, columns=NAMES)
    for one in explain(bundle, table, SETS, np.median(features, axis=0)):
        assert one.columns[2] == 0
        assert one.base + one.sets.sum() == pytest.approx(one.log_odds, abs=1e-9)
