"""Titles: short, unique, and the names that a reader can look up."""

from __future__ import annotations

import pytest

from features.core.catalogue import describe_column, describe_feature
from features.core.registry import FEATURES, feature_columns
from features.core.titles import column_title, feature_title
from features.embedding.embedding_columns import Embedding
from features.embedding.network_input import Preprocessing

LONGEST = 94  # characters


@pytest.mark.parametrize(
    ("column", "title"),
    [
        ("Cells_Haematology_NucleusToCellAreaRatio", "Nucleus-to-cell area ratio"),
        ("Cells_Haematology_ChromatinCoarseness_05", "Chromatin coarseness (5 % of diameter)"),
        ("Cells_Haematology_LobeProminence_2", "Lobe prominence (lobe 2)"),
        ("Nuclei_AreaShape_FormFactor", "Form factor, nucleus"),
        ("Nuclei_AreaShape_EulerNumber", "Euler number, nucleus"),
        ("Nuclei_AreaShape_Zernike_4_2", "Zernike 4,2, nucleus"),
        ("Cells_AreaShape_HuMoment_0", "Hu moment 0, cell"),
        ("Cells_AreaShape_CentralMoment_02", "Central moment 02, cell"),
        ("Cells_AreaShape_EllipticFourierMajor_3", "Elliptic Fourier major, cell (harmonic 3)"),
        ("Cells_Intensity_Mean_Red", "Mean intensity, cell (Red)"),
        ("Cytoplasm_Intensity_MAD_bstar", "Intensity MAD, cytoplasm (bstar)"),
        (
            "Cells_IntensityDistribution_RingExcess_Gray_1of4",
            "Intensity ring excess, cell (Gray, ring 1 of 4)",
        ),
        ("Nuclei_Texture_Correlation_Gray_d1_32_mean", "Texture correlation, nucleus (Gray, d=1)"),
        (
            "Nuclei_Texture_Correlation_Gray_d2_32_range",
            "Texture correlation, nucleus (Gray, d=2, range)",
        ),
        (
            "Nuclei_Haralick_InfoMeas1_Gray_d1_256_merged",
            "Haralick information measure of correlation 1, nucleus"
            " (Gray, d=1, 256 levels, merged)",
        ),
        ("Cells_LBP_Frequency_Gray_P16R2_07", "LBP frequency, cell (Gray, P=16, R=2, bin 7)"),
        ("Cells_Laws_Energy_Gray_L5E5", "Laws energy L5E5, cell (Gray)"),
        ("Cells_Granularity_DarkSpectrum_Gray_03", "Granularity dark spectrum, cell (Gray, 3 px)"),
        ("Cells_Gabor_Amplitude_Gray_8", "Gabor amplitude, cell (Gray, 8 px)"),
        ("Cells_GLRLM_RunEntropy_Gray_32_mean", "GLRLM run entropy, cell (Gray)"),
        (
            "Cells_GLRLM_GreyLevelNonUniformity_Gray_32_merged",
            "GLRLM grey-level non-uniformity, cell (Gray, merged)",
        ),
    ],
)
def test_a_title_is_the_standard_name_and_where_it_was_measured(column, title):
    assert describe_column(column)["title"] == title


def test_every_column_has_a_title_of_its_own_that_begins_with_its_feature():
    every = [
        (column, column_title(column)) for f in FEATURES.values() for column in feature_columns(f)
    ]
    assert len({title.casefold() for _, title in every}) == len(every)
    for column, title in every:
        assert title.isascii(), title
        assert len(title) <= LONGEST, title
        assert title.startswith(feature_title(column.feature)), title


def test_every_feature_has_a_title_of_its_own():
    titles = [describe_feature(record)["title"] for record in FEATURES.values()]
    assert len(set(titles)) == len(titles)


def test_columns_of_a_network_have_titles_of_their_own():
    settings = Preprocessing(8, 8, (0.5,) * 3, (0.5,) * 3, "RGB", "pad", "values")
    records = Embedding("tiny", "0" * 64, 11, settings).descriptions()
    titles = {name: record["title"] for name, record in records.items()}
    assert titles["Cells_Embedding_tiny_0010"] == "Embedding 10, cell (tiny)"
    assert titles["Image_Embedding_tiny_0010"] == "Embedding 10, image (tiny)"
    assert len(set(titles.values())) == len(titles) == 22
