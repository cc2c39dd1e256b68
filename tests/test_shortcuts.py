"""Shortcuts are taken from columns by what they mean."""

import numpy as np
import pandas as pd
import pytest

from models.shortcuts import nearness, shortcuts


def made():
    dictionary = {
        "Nuclei_AreaShape_Area": {"family": "AreaShape", "feature": "Area", "channel": ""},
        "Cells_Intensity_Mean_Red": {"family": "Intensity", "feature": "Mean", "channel": "Red"},
        "Cells_Intensity_MAD_Gray": {"family": "Intensity", "feature": "MAD", "channel": "Gray"},
    }
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(6, 3)), columns=list(dictionary))
    return table, dictionary


def found(table, dictionary):
    features = table[list(dictionary)].to_numpy()
    return {one.name: one for one in shortcuts(table, features, list(dictionary), dictionary)}


def test_features_are_chosen_by_family_feature_and_channel():
    table, dictionary = made()
    cut = found(table, dictionary)
    assert cut["shape and size only"].features.tolist() == table.iloc[:, [0]].to_numpy().tolist()
    assert cut["mean colours only"].features.tolist() == table.iloc[:, [1]].to_numpy().tolist()
    assert cut["without colour"].features.tolist() == table.iloc[:, [0, 2]].to_numpy().tolist()
    assert not any(one.suspicious for one in cut.values())


def test_background_and_files_are_suspicious_and_cleaned():
    table, dictionary = made()
    table["Background_Mean"] = [1.0, np.inf, np.nan, 2.0, 3.0, 4.0]
    table["Background_Constant"] = 1.0
    table["Metadata_File_Bytes"] = range(6)
    table["Metadata_Quality_Smudge"] = [True, False] * 3
    table["Metadata_File_Format"] = "png"
    cut = found(table, dictionary)
    background = cut["background pixels only"]
    assert background.suspicious
    assert background.features.shape == (6, 1)
    assert np.isnan(background.features[1:3]).all()
    assert cut["file properties, sharpness and quality flags only"].features.shape == (6, 2)


def test_the_size_of_a_picture_goes_with_shape_and_its_format_with_the_file():
    table, dictionary = made()
    table["Metadata_File_Rows"] = [100, 100, 120, 100, 100, 120]
    table["Metadata_File_Columns"] = 100
    table["Metadata_File_Format"] = ["PNG", "JPEG", "BMP"] * 2
    table["Background_TopLeft1_Red"] = [0.0, 255.0] * 3
    cut = found(table, dictionary)
    shape = cut["shape and size only"].features
    assert shape[:, 1].tolist() == table["Metadata_File_Rows"].tolist()
    assert shape.shape == (6, 2)
    files = cut["file properties, sharpness and quality flags only"].features
    assert files.shape == (6, 1 + 3)
    assert files[:, 1:].sum(axis=1).tolist() == [1.0] * 6
    assert cut["corner pixels only"].features.ravel().tolist() == [0.0, 255.0] * 3
    assert "background pixels only" not in cut


def test_what_is_absent_or_everything_is_no_shortcut():
    table, dictionary = made()
    only = {"Nuclei_AreaShape_Area": dictionary["Nuclei_AreaShape_Area"]}
    assert found(table[list(only)], only) == {}


@pytest.mark.parametrize(
    ("shortcut", "model", "near"),
    [(0.7, 0.9, 0.5), (0.4, 0.9, 0.0), (0.9, 0.5, 1.0), (0.4, 0.5, 0.0)],
)
def test_nearness_is_a_share_of_the_lead_over_chance(shortcut, model, near):
    assert nearness(shortcut, model, 0.5) == pytest.approx(near)
