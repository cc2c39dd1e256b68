"""Columns are assigned to shortcuts by their description."""

import json

import numpy as np
import pandas as pd
import pytest
from support.tables.synthetic_tables import column_dictionary, synthetic_table, write_table

from features.core.catalogue import describe_column
from features.embedding.embedding_columns import Embedding
from features.embedding.network_input import Preprocessing
from models.evaluation.shortcuts import share_of_lead, shortcuts
from pipelines.train import train
from pipelines.training.training_settings import TrainingSettings


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


BASOPHILIA = "Cells_Haematology_CytoplasmBasophilia"
# Column: whether it is independent of colour, whether it is a mean colour.
EXPECTED = {
    BASOPHILIA: (False, True),
    "Cells_Haematology_GranuleEosinOverAzure": (False, True),
    "Cells_Haematology_GranuleCount": (True, False),
    "Cells_Haematology_VacuoleAreaShare": (True, False),
    "Cells_Haematology_SecondSegmentShare_15": (True, False),
    "Cells_Haematology_PerinuclearHalo": (True, False),
    "Cells_Haematology_ChromatinCoarseness_05": (True, False),
    "Nuclei_AreaShape_Area": (True, False),
    "Cells_Intensity_Mean_Gray": (True, True),
    "Cells_Intensity_Mean_bstar": (False, True),
    "Cells_Intensity_CircularMean_Hue": (False, True),
    "Cells_Intensity_CircularVariance_Hue": (False, False),
    "Cells_Intensity_Median_Azure": (False, False),
    "Nuclei_Texture_Contrast_Gray_d1_32_mean": (True, False),
}


def test_colour_is_recognised_whether_or_not_the_name_has_a_channel():
    settings = Preprocessing(8, 8, (0.5,) * 3, (0.5,) * 3, "RGB", "pad", "values")
    network = Embedding("tiny", "0" * 64, 1, settings, ("Cells",)).descriptions()
    dictionary = {name: describe_column(name) for name in EXPECTED} | network
    table = pd.DataFrame([range(len(dictionary))], columns=list(dictionary), dtype=float)
    cut = found(table, dictionary)
    for title, place in (("without colour", 0), ("mean colours only", 1)):
        taken = [list(dictionary)[int(number)] for number in cut[title].features[0]]
        assert taken == [name for name, expected in EXPECTED.items() if expected[place]]


def test_columns_of_an_earlier_table_count_as_colourless_where_that_is_certain():
    earlier = {
        name: {
            key: value
            for key, value in describe_column(name).items()
            if key not in {"colours", "mean"}
        }
        for name in EXPECTED
    }
    table = pd.DataFrame([range(len(earlier))], columns=list(earlier), dtype=float)
    cut = found(table, earlier)
    taken = {
        title: [list(earlier)[int(number)] for number in cut[title].features[0]]
        for title in ("without colour", "mean colours only")
    }
    assert taken == {
        "without colour": [
            "Nuclei_AreaShape_Area",
            "Cells_Intensity_Mean_Gray",
            "Nuclei_Texture_Contrast_Gray_d1_32_mean",
        ],
        "mean colours only": ["Cells_Intensity_Mean_Gray", "Cells_Intensity_Mean_bstar"],
    }


def test_classes_that_differ_in_basophilia_alone_need_colour(tmp_path):
    table = synthetic_table(strength=0.0)
    blasts = (table["Metadata_Label"] == "blast").to_numpy()
    table[BASOPHILIA] = np.random.default_rng(1).normal(size=len(table)) + 4 * blasts
    dictionary = {**column_dictionary(), BASOPHILIA: dict(describe_column(BASOPHILIA))}
    path = write_table(tmp_path, table, dictionary)
    done = train(
        path, tmp_path / "model", TrainingSettings(estimator="logistic", folds=3, repeats=1)
    )
    stored = json.loads((done.out / "evaluation.json").read_bytes())["shortcuts"]
    by_name = {one["name"]: one for one in stored}
    assert by_name["mean colours only"]["share_of_lead"] > 0.8
    assert by_name["without colour"]["share_of_lead"] < 0.5
    assert by_name["without colour"]["finding"] is None
    assert "Colour is hardly needed" not in (done.out / "report.html").read_text("utf-8")


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


def test_the_size_of_an_image_belongs_to_shape_and_its_format_to_the_file():
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


def test_no_columns_or_all_columns_are_no_shortcut():
    table, dictionary = made()
    only = {"Nuclei_AreaShape_Area": dictionary["Nuclei_AreaShape_Area"]}
    assert found(table[list(only)], only) == {}


@pytest.mark.parametrize(
    ("shortcut", "model", "share"),
    [(0.7, 0.9, 0.5), (0.4, 0.9, 0.0), (0.9, 0.5, 1.0), (0.4, 0.5, 0.0)],
)
def test_the_share_is_that_of_the_lead_over_chance(shortcut, model, share):
    assert share_of_lead(shortcut, model, 0.5) == pytest.approx(share)
