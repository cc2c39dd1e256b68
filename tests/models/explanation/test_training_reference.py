"""Percentiles of a cell among the training cells, and columns that are out of range."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import percentileofscore
from support.tables.synthetic_tables import column_dictionary, synthetic_table, write_table

from models.errors import ModelError
from models.explanation.training_reference import load_reference, make_reference
from pipelines.train import train
from pipelines.training.training_settings import TrainingSettings

NAMES = ["a", "b", "c"]


def made(cells=1001):
    rng = np.random.default_rng(0)
    target = np.arange(cells) % 2
    features = rng.normal(size=(cells, 3))
    features[:, 0] = np.arange(cells)
    features[:, 1] += 10 * target
    return make_reference(features, target, NAMES, ("blast", "normal")), features


@pytest.mark.parametrize("value", [500, 250, 10, 375, 0, 1000, -1, 1001])
def test_a_value_is_placed_among_all(value):
    """Where the percentiles are the cells' own values, there is nothing to approximate."""
    among = percentileofscore(np.arange(1001), value, kind="mean")
    assert made()[0].percentile("a", "", value) == pytest.approx(among)


SKEWED = {
    "log-normal": lambda rng, cells: rng.lognormal(0, 3, cells),
    "Cauchy": lambda rng, cells: rng.standard_cauchy(cells),
    "counts, mostly 0": lambda rng, cells: rng.poisson(0.4, cells).astype(float),
    "tenths": lambda rng, cells: rng.integers(0, 4, cells) / 10,
    "a plateau and a tail": lambda rng, cells: np.maximum(rng.exponential(1, cells), 1.2),
    "two plateaus": lambda rng, cells: np.clip(rng.normal(0, 2, cells), -1, 1),
    "far from 0": lambda rng, cells: 1e4 + rng.exponential(1, cells),
    "tiny": lambda rng, cells: 1e-9 * rng.gamma(0.2, 1, cells),
}


@pytest.mark.parametrize("cells", [1, 2, 7, 60, 260, 5000])
@pytest.mark.parametrize("kind", SKEWED)
def test_percentiles_are_those_of_the_cells_however_skewed_or_tied(kind, cells):
    """Oracle: scipy, on the cells themselves, which a model does not keep."""
    rng = np.random.default_rng(cells)
    values = SKEWED[kind](rng, cells)
    reference = make_reference(values[:, None], np.zeros(cells, np.int64), ["x"], ("p",))
    tested = rng.choice(values, min(cells, 60), replace=False)
    if cells == 5000:
        tested = np.append(tested, SKEWED[kind](rng, 60))  # and of cells that were not there
    for value in tested:
        among = percentileofscore(values, value, kind="mean")
        assert reference.percentile("x", "p", float(value)) == pytest.approx(among, abs=1.5)


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
    assert reference.percentile("x", "", 0.0) == pytest.approx(35, abs=0.5)


def test_values_that_differ_by_rounding_only_are_equal():
    levels = np.arange(300) % 3 + 1
    values = np.where(np.arange(300) < 150, levels / 10, levels * 0.1)  # 0.3, 0.1 + 0.2
    assert len(np.unique(values)) == 4
    reference = make_reference(values[:, None], np.zeros(300, np.int64), ["x"], ("p",))
    for value in (0.3, 3 * 0.1):
        assert reference.percentile("x", "p", value) == pytest.approx(500 / 6, abs=0.5)


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
    table = synthetic_table()
    done = train(
        write_table(tmp_path, table),
        tmp_path / "model",
        TrainingSettings(estimator="logistic", folds=3, repeats=1),
    )
    reference = load_reference(done.out)
    assert set(reference.table["feature"]) == set(column_dictionary())
    assert set(reference.table["class"]) == {"", "blast", "normal"}
    assert len(reference.out_of_range(table)) == len(table)
    (done.out / "reference.parquet").write_bytes(b"no parquet")
    with pytest.raises(ModelError, match=r"reference\.parquet cannot be read"):
        load_reference(done.out)
    pd.DataFrame({"feature": ["x"]}).to_parquet(done.out / "reference.parquet")
    with pytest.raises(ModelError, match="no reference of training cells"):
        load_reference(done.out)


def test_a_reference_of_an_earlier_version_is_refused_in_one_line(tmp_path):
    nine = [f"p{percent}" for percent in (1, 5, 10, 25, 50, 75, 90, 95, 99)]
    stored = made()[0].table[["feature", "class", *nine, "usual"]]
    stored.to_parquet(tmp_path / "reference.parquet")
    line = "is of another version: 9 of the 102 columns .*, without cells; train the model again"
    with pytest.raises(ModelError, match=line) as caught:
        load_reference(tmp_path)
    assert "\n" not in str(caught.value)


def test_what_is_stored_comes_back_and_equal_values_stay_equal(tmp_path):
    """0.1 is another number in 32 bits: all cells have it, and none is out of range."""
    features = np.stack([np.full(50, 0.1), np.arange(50.0)], axis=1)
    reference = make_reference(features, np.arange(50) % 2, ["x", "y"], ("p", "q"))
    (tmp_path / "reference.parquet").write_bytes(reference.to_bytes())
    again = load_reference(tmp_path)
    pd.testing.assert_frame_equal(again.table, reference.table)
    assert again.percentile("x", "p", 0.1) == pytest.approx(50)
    shares = again.out_of_range(pd.DataFrame(features, columns=["x", "y"]))
    assert shares.tolist() == [0.5, *[0.0] * 48, 0.5]
