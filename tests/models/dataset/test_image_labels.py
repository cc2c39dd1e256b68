"""Tables in which images of several cells have labels, and cells have none or their own."""

from __future__ import annotations

import numpy as np
import pytest
from support.tables.synthetic_tables import column_dictionary, synthetic_table

from models.dataset.training_set import training_set
from models.errors import ModelError

DICTIONARY = column_dictionary()
IMAGE_LEVEL = {"label": "Metadata_ImageLabel", "group": "Metadata_Image"}


def draw_fields(seed):
    """Return a table of fields of 2 to 5 cells; labels are of images, and some of cells too."""
    rng = np.random.default_rng(seed)
    table = synthetic_table(subjects=12, cells=5)
    table = table.groupby("Metadata_Subject", group_keys=False).head(int(rng.integers(2, 6)))
    table["Metadata_ImageLabel"] = table["Metadata_Label"]
    table["Metadata_Image"] = table["Metadata_SHA256"] = table["Metadata_Subject"]
    table["Metadata_PHash"] = ""
    table["Metadata_Source"] = "field"
    return table.reset_index(drop=True), rng


@pytest.mark.parametrize("seed", range(8))
def test_labels_of_images_only_are_refused_and_can_be_used_on_their_level(seed):
    table, _ = draw_fields(seed)
    table["Metadata_Label"] = None
    with pytest.raises(ModelError) as caught:
        training_set(table, DICTIONARY)
    text = str(caught.value)
    assert f"Metadata_ImageLabel of {len(table)} cells" in text
    assert "--label Metadata_ImageLabel --group Metadata_Image" in text
    assert "\n" not in text
    data = training_set(table, DICTIONARY, **IMAGE_LEVEL)
    assert (len(data.rows), data.groups.max() + 1) == (len(table), 12)
    (note,) = [note for note in data.notes if "Metadata_ImageLabel" in note]
    assert "one value for all cells of each of 12 fields" in note


@pytest.mark.parametrize("seed", range(8))
def test_cells_with_labels_of_their_own_are_used_and_the_others_counted(seed):
    table, rng = draw_fields(seed)
    without = rng.permutation(len(table))[: len(table) // 3]
    table.loc[without, "Metadata_Label"] = None
    data = training_set(table, DICTIONARY)
    assert len(data.rows) == len(table) - len(without)
    (note,) = [note for note in data.notes if "Metadata_ImageLabel" in note]
    assert note.startswith(f"{len(without)} of these are cells of fields")


@pytest.mark.parametrize("column", ["Metadata_diagnosis", "Metadata_Label"])
def test_any_column_with_one_value_in_each_field_is_noted(column):
    table, _ = draw_fields(3)
    table[column] = table.pop("Metadata_ImageLabel")
    data = training_set(table, DICTIONARY, label=column)
    assert any(f"{column} has one value for all" in note for note in data.notes)
    table.loc[0, column] = "normal" if table.loc[0, column] == "blast" else "blast"
    data = training_set(table, DICTIONARY, label=column)
    assert not any("one value for all" in note for note in data.notes)
    crops = table.assign(Metadata_Source="crop")
    assert not any("one value" in n for n in training_set(crops, DICTIONARY, label=column).notes)
