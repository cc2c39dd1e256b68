"""Columns made without pandas are those that pyarrow makes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from pipelines.outputs.arrow_columns import column, number_column

CASES = [
    (["a", "Zelle ß", None, "", "細胞"], pa.string()),
    (["a", "b"], pa.string()),
    ([None, None], pa.string()),
    ([b"\x00\xff", b""], pa.binary()),
    ([True, False, True] * 5, pa.bool_()),
    ([np.True_, None], pa.bool_()),
    ([1, -(2**60), None], pa.int64()),
    ([0.5, np.nan, None], pa.float64()),
    ([], pa.string()),
    ([], pa.float64()),
]


@pytest.mark.parametrize(("values", "kind"), CASES)
def test_a_column_equals_the_one_of_pyarrow(values, kind):
    made, expected = column(values, kind), pa.array(values, type=kind)
    made.validate(full=True)
    assert (made.type, made.null_count) == (expected.type, expected.null_count)
    assert repr(made.to_pylist()) == repr(expected.to_pylist())


def test_a_column_of_numbers_keeps_them_and_nan():
    values = np.array([[1.0, np.nan], [np.inf, -0.0]])
    made = number_column(values[:, 1])
    made.validate(full=True)
    assert repr(made.to_pylist()) == "[nan, -0.0]"


def test_pandas_is_not_imported_to_write_a_table():
    program = (
        "import sys, pyarrow as pa; from pipelines.outputs.arrow_columns import column;"
        "column(['a', None], pa.string()); sys.exit('pandas' in sys.modules)"
    )
    root = Path(__file__).parents[3]
    assert subprocess.run([sys.executable, "-c", program], cwd=root, check=False).returncode == 0
