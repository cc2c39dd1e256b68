"""Values that a model cannot take are refused before it sees them, whatever the estimator."""

import numpy as np
import pandas as pd
import pytest
from support.tables.synthetic_tables import SIGNAL, synthetic_table, write_table

from models.dataset.training_set import feature_matrix
from models.errors import ModelError
from models.evaluation.shortcuts import shortcuts
from pipelines.train import train
from pipelines.training.training_settings import TrainingSettings

LARGEST = float(np.finfo(np.float32).max)


@pytest.mark.parametrize("estimator", ["svm", "xgboost", "logistic"])
@pytest.mark.parametrize("value", [1e39, -1e300])
def test_a_value_beyond_32_bits_is_refused_in_one_line(tmp_path, estimator, value):
    table = synthetic_table()
    table.loc[5, SIGNAL] = value
    path = write_table(tmp_path, table)
    line = rf"^column {SIGNAL} is {value:g} at row 5, wanted at most 3\.4e\+38 .*; leave the value"
    with pytest.raises(ModelError, match=line.replace("+39", r"\+39").replace("+300", r"\+300")):
        train(path, tmp_path / "model", TrainingSettings(estimator=estimator, folds=3, repeats=1))
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (LARGEST, None),
        (-LARGEST, None),
        (LARGEST * (1 + 2**-26), None),  # rounds to the largest
        (LARGEST * (1 + 2**-24), "column b is 3.4"),
        (np.inf, "column b is infinite at row 1"),
        (-np.inf, "column b is infinite at row 1"),
        (np.nan, None),
        (5e-324, None),
    ],
)
def test_the_limit_is_where_32_bits_end(value, line):
    table = pd.DataFrame({"a": [1.0, np.nan], "b": [np.nan, value]})
    if line is not None:
        with pytest.raises(ModelError, match=line):
            feature_matrix(table, ["a", "b"])
        return
    found = feature_matrix(table, ["b", "a"])
    np.testing.assert_array_equal(found, table[["b", "a"]].to_numpy())
    assert not np.isinf(found.astype(np.float32)).any()


def test_a_table_without_rows_has_no_values():
    assert feature_matrix(pd.DataFrame({"a": []}, dtype=float), ["a"]).shape == (0, 1)


def test_a_shortcut_omits_values_beyond_32_bits():
    table = pd.DataFrame({"Metadata_File_Bytes": [1.0, 2.0, 1e39, np.inf]})
    (files,) = shortcuts(table, np.empty((4, 0)), [], {})
    assert files.features.ravel().tolist()[:2] == [1.0, 2.0]
    assert np.isnan(files.features[2:]).all()
