"""Claims of the feature records, tested on cells chosen to contradict them."""

from __future__ import annotations

import re

import numpy as np
import pytest
from support.cells.drawn_masks import blob, disc

from features import FEATURES, Cell, Recipe
from features.core.registry import Column, feature_columns
from features.primitives.chamfer import chamfer_distance
from features.shape.region import Shape, largest_component

SYMMETRIES = {
    f"{'mirrored' if mirrored else 'turned'} {90 * turns}": (turns, mirrored)
    for turns in range(4)
    for mirrored in (False, True)
}


def turned(part: np.ndarray, turns: int, mirrored: bool) -> np.ndarray:
    return np.ascontiguousarray(np.rot90(part[:, ::-1] if mirrored else part, turns))


@pytest.mark.parametrize("symmetry", SYMMETRIES)
def test_chamfer_distances_rotate_with_the_mask(symmetry):
    """Bit by bit: rings and lobes compare distances, and many pixels are exactly at a limit."""
    for seed in range(20):
        mask = blob(seed)
        _, depth = chamfer_distance(mask)
        _, found = chamfer_distance(turned(mask, *SYMMETRIES[symmetry]))
        assert np.array_equal(found, turned(depth, *SYMMETRIES[symmetry]))


def test_zernike_magnitudes_of_order_0_and_1_are_constant():
    recipe = Recipe(("Nuclei_AreaShape_Zernike_0_0", "Nuclei_AreaShape_Zernike_1_1"))
    for seed in range(20):
        mask = blob(seed)
        cell = Cell(np.zeros((*mask.shape, 3), np.uint8), mask, mask)
        assert recipe.measure(cell).tolist() == [0.318309886184, 0.0]


SPACE = (120, 200)
SHAPES = {
    "one disc": disc(SPACE, 60, 60, 15),
    "two equal discs": disc(SPACE, 60, 60, 15) | disc(SPACE, 60, 130, 15),
    "three equal discs": (
        disc(SPACE, 20, 20, 15) | disc(SPACE, 60, 60, 15) | disc(SPACE, 70, 170, 15)
    ),
    "a disc and a small one": disc(SPACE, 60, 60, 15) | disc(SPACE, 20, 150, 4),
    "a disc in a thin ring": disc(SPACE, 60, 60, 15)
    | (disc(SPACE, 60, 60, 22) & ~disc(SPACE, 60, 60, 21)),
}
OUTLINES = tuple(
    f"Nuclei_{column.feature.key}" + (f"_{column.component}" if column.component else "")
    for record in FEATURES.values()
    if record.function.__module__ == "features.shape.contour"
    for column in feature_columns(record)
    if column.compartment == "Nuclei"
)


@pytest.mark.parametrize("symmetry", SYMMETRIES)
@pytest.mark.parametrize("name", SHAPES)
def test_contour_features_read_the_largest_component_only(name, symmetry):
    def measured(mask: np.ndarray) -> np.ndarray:
        rgb = np.full((*mask.shape, 3), 90, np.uint8)
        return Recipe(OUTLINES).measure(Cell(rgb, mask, np.ones_like(mask)))

    alone = measured(SHAPES["one disc"])
    found = measured(turned(SHAPES[name], *SYMMETRIES[symmetry]))
    np.testing.assert_allclose(found, alone, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("symmetry", SYMMETRIES)
def test_the_largest_component_has_most_pixels_and_a_tie_is_broken_by_its_extent(symmetry):
    mask = np.zeros((40, 80), bool)
    mask[20:23, 70:73] = True  # within its outline more area than a line of 60 pixels has
    mask[5, 5:65] = True
    line = mask.copy()
    line[20:] = False
    mask[30:36, 5:15] = True  # 60 pixels as well
    whole, expected = (turned(part, *SYMMETRIES[symmetry]) for part in (mask, line))
    assert np.array_equal(largest_component(Shape(whole)).mask, expected)


def test_a_single_level_has_zero_entropy_on_cells_of_any_size():
    """Logarithms of the number of pairs are rounded up or down."""
    names = [
        f"Cells_{family}_{feature}_Gray_d1_32_{how}"
        for family, feature in [
            ("Texture", "InformationCorrelation1"),
            ("Texture", "InformationCorrelation2"),
            ("Texture", "JointEntropy"),
            ("Texture", "SumEntropy"),
            ("Texture", "DifferenceEntropy"),
            ("Haralick", "InfoMeas1"),
            ("Haralick", "InfoMeas2"),
        ]
        for how in ("mean", "range", "merged")
    ]
    recipe, wrong = Recipe(tuple(names)), {}
    for rows in range(2, 60):
        for cols in range(2, 60, 3):
            whole = np.ones((rows, cols), bool)
            flat = Cell(np.full((rows, cols, 3), 90, np.uint8), ~whole, whole)
            values = recipe.measure(flat)
            if values.any():
                wrong[rows, cols] = values
    assert wrong == {}


def scaled_cell(size: int) -> Cell:
    """A cell of any size: an ellipse with a lobed nucleus, nucleoli, granules and a vacuole."""
    row, col = (np.mgrid[: 2 * size + 9, : 2 * size + 9] - (size + 4)) / size

    def spot(down: float, right: float, radius: float) -> np.ndarray:
        return (row - down) ** 2 + (col - right) ** 2 <= radius**2

    cell = (row / 0.85) ** 2 + col**2 <= 1
    nucleus = spot(-0.13, -0.27, 0.36) | spot(0.13, 0.27, 0.34)
    tone = np.where(nucleus, 80 + 9 * np.sin(7 * col) + 7 * np.cos(6 * row + 1), 160.0)
    tone[nucleus & (spot(-0.2, -0.3, 0.08) | spot(0.15, 0.3, 0.07))] = 115
    for down, right in ((-0.62, 0.3), (0.5, -0.4), (-0.35, 0.6), (0.62, 0.15)):
        tone[spot(down, right, 0.03)] -= 60
    tone[spot(0.25, -0.72, 0.06)] = 205
    rgb = np.stack([tone, tone, np.minimum(tone + 20, 255)], axis=-1)
    return Cell(np.clip(np.rint(rgb), 0, 255).astype(np.uint8), nucleus, cell)


def is_scale_invariant(column: Column) -> bool:
    """Whether the record declares invariance to scale for this component."""
    claim = re.search(r"scale, within sampling(, except .*)?", column.feature.invariances)
    return claim is not None and column.component not in re.findall(r"\w+", claim[1] or "")


SCALED = tuple(
    column
    for record in FEATURES.values()
    for column in feature_columns(record)
    if is_scale_invariant(column)
)


def test_scale_invariant_values_are_similar_at_four_times_the_size():
    """Within 10 %, or within 0.02 (0.5 for levels)."""
    names = tuple(column.name for column in SCALED)
    sizes = [Recipe(names).measure(scaled_cell(size)) for size in (40, 80, 160)]
    wrong = {}
    for column, *values in zip(SCALED, *sizes, strict=True):
        nothing = 0.5 if column.feature.unit == "8-bit level" else 0.02
        if not np.allclose(values, values[-1], rtol=0.1, atol=nothing, equal_nan=True):
            wrong[column.name] = values
    assert wrong == {}
    assert len(SCALED) > 150


UNITS = [
    *(f"NGTDM_{name}" for name in ("Coarseness", "Contrast", "Complexity", "Strength")),
    *(f"Texture_{name}" for name in ("Contrast", "Dissimilarity", "JointVariance")),
    *(f"Texture_Cluster{name}" for name in ("Tendency", "Shade", "Prominence")),
]


@pytest.mark.parametrize("key", UNITS)
def test_values_scale_with_the_levels_according_to_their_unit(key):
    """Features of differences of levels, for differences twice as large."""
    steps = np.random.default_rng(0).integers(0, 12, (30, 30, 1)) * np.full(3, 8)
    whole = np.ones((30, 30), bool)
    name = f"Cells_{key}_Gray_{'32' if key.startswith('NGTDM') else 'd1_32_mean'}"
    once, twice = (
        Recipe((name,)).measure(Cell((factor * steps).astype(np.uint8), ~whole, whole))[0]
        for factor in (1, 2)
    )
    below, power = re.fullmatch(r"(1/)?level(?:\^(\d))?", FEATURES[key].unit).groups()
    assert twice / once == pytest.approx(2.0 ** (int(power or 1) * (-1 if below else 1)))
