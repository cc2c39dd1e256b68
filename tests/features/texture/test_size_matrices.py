"""Functions for single images, GLRLM to NGLDM: IBSI phantom, feature table, invalid levels."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from support.cells.example_cells import textured_cell
from support.shared import SHARED, needs_shared

from features import Cell, CellError, Recipe
from features.core.registry import FEATURES
from features.texture.ngtdm_ngldm import dependence_features, tone_difference_features
from features.texture.run_length import run_length_features
from features.texture.size_matrix import SUM_COUNT, SizeMatrix, sum_size_matrix
from features.texture.zones import distance_zone_features, size_zone_features
from features.verification.ibsi_phantom import PHANTOM, REFERENCE

FUNCTIONS = {
    "GLSZM": size_zone_features,
    "GLDZM": distance_zone_features,
    "NGTDM": tone_difference_features,
    "NGLDM": dependence_features,
}
COUNTS = {"GLRLM": 16, "GLSZM": 16, "GLDZM": 16, "NGTDM": 5, "NGLDM": 17}


def measure(family: str, image: np.ndarray, mask: np.ndarray, levels: int | None, how: str):
    if family == "GLRLM":
        return run_length_features(image, mask, levels=levels, aggregation=how)
    return FUNCTIONS[family](image, mask, levels=levels)


@pytest.mark.parametrize("family", COUNTS)
@pytest.mark.parametrize(("how", "place"), [("mean", 0), ("merged", -1)])
def test_features_of_the_phantom_have_the_published_values(family, how, place):
    slices = [measure(family, levels, levels > 0, None, how) for levels in PHANTOM]
    assert len(slices[0]) == COUNTS[family]
    for name in slices[0]:
        got = np.mean([each[name] for each in slices])
        expected = REFERENCE[FEATURES[f"{family}_{name}"].ibsi][place]
        assert float(f"{got:.3g}") == float(f"{expected:.3g}"), name


@pytest.mark.parametrize("family", COUNTS)
def test_one_mask_gives_the_columns_of_its_compartment(family):
    cell = textured_cell()
    setting = "32_mean" if family == "GLRLM" else "32"
    for compartment in ("Cells", "Nuclei", "Cytoplasm"):
        alone = measure(family, cell.plane("Gray"), cell.mask(compartment), 32, "mean")
        names = [f"{compartment}_{family}_{name}_Gray_{setting}" for name in alone]
        np.testing.assert_allclose(
            Recipe(tuple(names)).measure(cell), list(alone.values()), rtol=1e-12
        )


@pytest.mark.parametrize("family", COUNTS)
def test_levels_outside_the_range_are_refused(family):
    mask = np.ones((2, 2), bool)
    with pytest.raises(CellError, match="from 0 to 5"):
        measure(family, np.array([[0, 5], [1, 1]]), mask, None, "mean")
    with pytest.raises(CellError, match="from 3 to 256"):
        measure(family, np.array([[256, 5], [3, 3]]), mask, 32, "mean")


@pytest.mark.parametrize("family", COUNTS)
def test_an_empty_mask_gives_nan(family):
    values = measure(family, np.ones((3, 4), int), np.zeros((3, 4), bool), 32, "mean")
    assert np.isnan(list(values.values())).all()


def zone_count(levels: list[list[int]]) -> float:
    """Return the number of zones of a small image."""
    image = np.array(levels)
    return size_zone_features(image, image > 0, levels=None)["ZonePercentage"] * (image > 0).sum()


@pytest.mark.parametrize(
    ("levels", "zones"),
    [
        ([[1, 2, 1], [2, 1, 2], [1, 2, 1]], 2),  # two lattices, each connected at corners
        ([[1, 1, 1], [1, 2, 1], [1, 1, 1]], 2),
        (
            [[1, 2, 1], [1, 2, 1], [1, 1, 1]],
            2,
        ),  # a U shape: two provisional labels that merge at the bottom
        ([[1, 2, 2], [2, 2, 1], [2, 1, 1]], 3),
        ([[1, 0, 1], [0, 0, 0], [1, 0, 1]], 4),
    ],
)
def test_zones_are_eight_connected(levels, zones):
    assert zone_count(levels) == pytest.approx(zones)


def test_a_zone_of_the_cell_crosses_the_border_of_the_nucleus():
    """A single grey level: one zone each in cell, nucleus and cytoplasm."""
    whole, core = np.ones((7, 8), bool), np.zeros((7, 8), bool)
    core[2:5, 3:6] = True
    cell = Cell(np.full((7, 8, 3), 90, np.uint8), core, whole)
    columns = ("Cells", "Nuclei", "Cytoplasm")
    recipe = Recipe(tuple(f"{word}_GLSZM_ZonePercentage_Gray_32" for word in columns))
    np.testing.assert_allclose(recipe.measure(cell), [1 / 56, 1 / 9, 1 / 47])


# pyradiomics' names that differ from ours.
NAMES = {
    "LongRunEmphasis": "LongRunsEmphasis",
    "ShortRunEmphasis": "ShortRunsEmphasis",
    "RunVariance": "RunLengthVariance",
    "LowGrayLevelEmphasis": "LowGreyLevelCountEmphasis",
    "HighGrayLevelEmphasis": "HighGreyLevelCountEmphasis",
    "DependenceNonUniformity": "DependenceCountNonUniformity",
    "DependenceNonUniformityNormalized": "NormalisedDependenceCountNonUniformity",
    "DependenceVariance": "DependenceCountVariance",
    "DependenceEntropy": "DependenceCountEntropy",
}


def our_name(name: str) -> str:
    if name in NAMES:
        return NAMES[name]
    words = (
        name.replace("Gray", "Grey").replace("SmallDep", "LowDep").replace("LargeDep", "HighDep")
    )
    stem = words.removesuffix("Normalized")
    return stem if stem == words else f"Normalised{stem}"


@needs_shared
@pytest.mark.parametrize(
    ("case", "kind", "family", "count"),
    [("breast1", "glrlm", "GLRLM", 15), ("brain1", "gldm", "NGLDM", 14)],
)
def test_features_of_pyradiomics_matrices_have_its_values(case, kind, family, count):
    folder = SHARED / "vectors" / "pyradiomics" / "baseline"
    matrices = np.load(folder / f"{case}_{kind}.npy")
    matrices = matrices.reshape(*matrices.shape[:2], -1).astype(np.int64)
    sizes = np.arange(1, matrices.shape[1] + 1)
    sums = np.empty((matrices.shape[2], SUM_COUNT))
    for number, out in enumerate(sums):
        # The number of pixels is unknown; only a percentage feature needs it.
        sum_size_matrix(np.ascontiguousarray(matrices[..., number]), sizes, 1, out)
    view = SizeMatrix.from_sums(sums)
    checked = 0
    with (folder / f"baseline_{kind}.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            name = row["featureName"].rpartition("_")[2]
            if row["featureName"].startswith("original") and name != "RunPercentage":
                got = FEATURES[f"{family}_{our_name(name)}"].function(view).mean()
                assert got == pytest.approx(float(row[case]), rel=1e-9), name
                checked += 1
    assert checked == count
