"""Training sets: classes, and what is left out of a table."""

import numpy as np
import pandas as pd
import pytest
from support.tables.synthetic_tables import (
    SIGNAL,
    column_dictionary,
    synthetic_table,
)

from models.dataset.training_set import training_set
from models.errors import ModelError

DICTIONARY = column_dictionary()


def test_notes_name_what_is_left_out():
    table = synthetic_table()
    table["Cytoplasm_Texture_Noise0_Gray"] = np.resize([1 / 3, np.nextafter(1 / 3, 1)], 72)
    table["Cytoplasm_Texture_Noise1_Gray"] = np.nan
    table.loc[[0, 1], "Metadata_Label"] = None
    table.loc[2, "Metadata_Label"] = " "
    table.loc[[70, 71], "Metadata_Subject"] = "S0"
    data = training_set(table, DICTIONARY)
    assert data.notes == (
        "3 cells without a value in Metadata_Label left out",
        "1 of 12 values of Metadata_Subject have cells of several classes",
        "1 columns without any value left out",
        "1 constant columns left out",
    )
    assert data.features.shape == (69, 6)
    assert len(data.columns) == 6
    assert data.rows.tolist() == list(range(3, 72))


def test_a_constant_with_gaps_is_kept():
    table = synthetic_table()
    table["Cytoplasm_Texture_Noise0_Gray"] = np.where(np.arange(72) % 2, 4.0, np.nan)
    assert "Cytoplasm_Texture_Noise0_Gray" in training_set(table, DICTIONARY).columns


@pytest.mark.parametrize(
    ("classes", "positive", "expected"),
    [
        (("blast", "normal"), None, "blast"),
        (("blast", "normal"), "normal", "normal"),
        (("all", "hem"), "all", "all"),
        (("a", "b", "c"), None, None),
        (("a", "b", "c"), "b", "b"),
        (("a", "blast", "c"), None, "blast"),
    ],
)
def test_the_positive_class_is_named_or_called_blast(classes, positive, expected):
    data = training_set(synthetic_table(classes=classes), DICTIONARY, positive=positive)
    assert (None if data.positive is None else data.classes[data.positive]) == expected


def test_numeric_labels_become_names():
    table = synthetic_table()
    table["Metadata_Label"] = (table["Metadata_Label"] == "blast").astype(int)
    assert training_set(table, DICTIONARY, positive="1").classes == ("0", "1")


def test_a_column_that_occurs_twice_is_refused():
    table = synthetic_table()
    with pytest.raises(ModelError, match=f"column {SIGNAL} occurs twice"):
        training_set(pd.concat([table, table[[SIGNAL]]], axis=1), DICTIONARY)
