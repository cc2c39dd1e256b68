"""Where a cell stands among the training cells, and whether it stands among them at all."""

import numpy as np
import pandas as pd
import pytest
from tables import columns, made_table, write_table

from models.errors import ModelError
from models.reference import load_reference, make_reference
from pipelines.train import train

NAMES = ["a", "b", "c"]


def made(cells=1001):
    rng = np.random.default_rng(0)
    target = np.arange(cells) % 2
    features = rng.normal(size=(cells, 3))
    features[:, 0] = np.arange(cells)
    features[:, 1] += 10 * target
    return make_reference(features, target, NAMES, ("blast", "normal")), features


@pytest.mark.parametrize(
    ("value", "percentile"), [(500, 50), (250, 25), (10, 1), (375, 37.5), (-1, 0), (1001, 100)]
)
def test_a_value_is_placed_among_all(value, percentile):
    assert made()[0].percentile("a", "", value) == pytest.approx(percentile)


def test_a_value_is_placed_within_a_class():
    reference, _ = made()
    assert reference.percentile("b", "blast", 0.0) == pytest.approx(50, abs=4)
    assert reference.percentile("b", "normal", 0.0) == 0
    assert np.isnan(reference.percentile("b", "normal", float("nan")))
    with pytest.raises(ModelError, match="no training values of b for the class 'hem'"):
        reference.percentile("b", "hem", 0.0)


def test_a_value_on_a_plateau_is_placed_in_its_middle():
    features = np.concatenate([np.zeros(700), np.arange(1, 301)])[:, None]
    reference = make_reference(features, np.arange(1000) % 2, ["x"], ("p", "q"))
    assert reference.percentile("x", "", 0.0) == pytest.approx(25.5, abs=0.5)  # p1 to p50 are 0


def test_unlike_cells_are_far_out_in_many_columns():
    reference, features = made()
    table = pd.DataFrame(features, columns=NAMES)
    assert (reference.out_of_range(table) > reference.usual).mean() < 0.02
    far = table + 1e4
    assert (reference.out_of_range(far[NAMES[::-1]]) == 1).all()
    far.loc[0, :] = np.nan
    assert np.isnan(reference.out_of_range(far)[0])
    with pytest.raises(ModelError, match="lacks column c"):
        reference.out_of_range(table[["a", "b"]])


def test_a_column_without_values_in_a_class_has_no_percentile():
    features = np.array([[1.0, np.nan], [2.0, np.nan], [3.0, 1.0]])
    reference = make_reference(features, np.array([0, 0, 1]), ["x", "y"], ("p", "q"))
    assert np.isnan(reference.percentile("y", "p", 1.0))
    assert reference.percentile("y", "q", 1.0) == 50


def test_a_trained_model_brings_its_reference(tmp_path):
    table = made_table()
    done = train(
        write_table(tmp_path, table), tmp_path / "model", estimator="logistic", folds=3, repeats=1
    )
    reference = load_reference(done.out)
    assert set(reference.table["feature"]) == set(columns())
    assert set(reference.table["class"]) == {"", "blast", "normal"}
    assert len(reference.out_of_range(table)) == len(table)
    (done.out / "reference.parquet").write_bytes(b"no parquet")
    with pytest.raises(ModelError, match=r"reference\.parquet cannot be read"):
        load_reference(done.out)
    pd.DataFrame({"feature": ["x"]}).to_parquet(done.out / "reference.parquet")
    with pytest.raises(ModelError, match="no reference of training cells"):
        load_reference(done.out)
