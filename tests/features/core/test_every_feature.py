"""Properties of every feature: invariances, NaN, range, presets, names and records."""

from __future__ import annotations

import itertools
import re

import cv2
import numpy as np
import pytest
from support.cells.declared_ranges import in_range
from support.cells.every_column import COLUMNS, PARSED, RECIPE, flips_sign, padded, transformed
from support.cells.example_cells import textured_cell
from support.cells.nan_reasons import REASONS, may_be_nan, reasons

from features import FEATURES, PRESETS, Cell, Recipe, parse_column, preset_columns
from features.core.catalogue import describe_column
from features.core.registry import feature_columns


def with_outside(cell: Cell, compartment: str, seed: int) -> Cell:
    """The cell with random pixels outside a compartment."""
    other = np.random.default_rng(seed).integers(0, 256, cell.rgb.shape, dtype=np.uint8)
    rgb = np.where(cell.mask(compartment)[..., None], cell.rgb, other)
    return Cell(rgb, cell.nucleus, cell.cell)


def permuted(cell: Cell, seed: int = 3) -> Cell:
    """The cell with permuted pixels in the nucleus, and in the cytoplasm."""
    rng = np.random.default_rng(seed)
    rgb = cell.rgb.copy()
    for mask in (cell.nucleus, cell.cytoplasm):
        rgb[mask] = rng.permutation(rgb[mask])
    return Cell(rgb, cell.nucleus, cell.cell)


def threaded() -> Cell:
    """A cell with a small nucleus at its end, and a line of single pixels on its outline."""
    ordinary = textured_cell(seed=5)
    row, col = np.mgrid[: ordinary.cell.shape[0], : ordinary.cell.shape[1]]
    rows, cols = np.nonzero(ordinary.cell)
    end = cols.argmax()
    thread = (row == rows[end]) & (col > cols[end] - 9)
    thread |= (row + col == rows[end] + cols[end] - 9) & (row >= rows[end]) & (row < rows[end] + 7)
    nucleus = thread | ((row - rows[end]) ** 2 + (col - cols[end]) ** 2 < 12)
    return Cell(ordinary.rgb, nucleus, ordinary.cell | nucleus)


@pytest.fixture(scope="module", params=[textured_cell, threaded])
def cell(request) -> Cell:
    """A cell that touches all four sides of its crop."""
    return request.param().trimmed(margin=0)


@pytest.fixture(scope="module")
def values(cell) -> np.ndarray:
    return RECIPE.measure(cell)


def test_no_value_is_infinite(values):
    assert [COLUMNS[index] for index in np.flatnonzero(np.isinf(values))] == []


@pytest.mark.parametrize("compartment", ["Cells", "Nuclei", "Cytoplasm"])
@pytest.mark.parametrize("seed", [1, 2])
def test_pixels_outside_the_compartment_have_no_influence(values, cell, compartment, seed):
    scrambled = RECIPE.measure(with_outside(cell, compartment, seed))
    own = [compartment in {"Cells", column.compartment} for column in PARSED]
    wrong = (scrambled.view(np.uint64) != values.view(np.uint64)) & own
    assert [COLUMNS[index] for index in np.flatnonzero(wrong)] == []


def test_values_do_not_depend_on_the_address_of_the_arrays(values, cell):
    """OpenCV's float filters may round by the alignment of an array."""
    for start in (1, 3, 8, 21, 40):
        occupied = np.empty(start * 1001, dtype=np.uint8)
        again = RECIPE.measure(transformed(cell, np.copy))
        wrong = again.view(np.uint64) != values.view(np.uint64)
        assert [COLUMNS[index] for index in np.flatnonzero(wrong)] == []
        del occupied


@pytest.mark.parametrize(
    ("word", "move"),
    [
        ("rotation by 90 degrees", np.rot90),
        ("rotation by 90 degrees", lambda part: np.rot90(part, 2)),
        ("flips", np.fliplr),
        ("flips", np.flipud),
    ],
)
def test_values_are_invariant_to_rotation_and_flips_where_declared(values, cell, word, move):
    got = RECIPE.measure(transformed(cell, move))
    keep = [word in column.feature.invariances for column in PARSED]
    sign = [-1 if word == "flips" and flips_sign(column) else 1 for column in PARSED]
    wrong = ~np.isclose(got, values * sign, rtol=1e-6, atol=1e-12, equal_nan=True) & keep
    assert [COLUMNS[index] for index in np.flatnonzero(wrong)] == []


@pytest.mark.parametrize("place", [(5, 8), (300, 700)])
def test_values_are_invariant_to_translation_where_declared(values, cell, place):
    got = RECIPE.measure(padded(cell, *place))
    keep = ["translation" in column.feature.invariances for column in PARSED]
    wrong = ~np.isclose(got, values, rtol=1e-6, atol=1e-12, equal_nan=True) & keep
    assert [COLUMNS[index] for index in np.flatnonzero(wrong)] == []


def test_values_are_invariant_to_permutation_where_declared(values, cell):
    got = RECIPE.measure(permuted(cell))
    keep = ["permutation" in column.feature.invariances for column in PARSED]
    assert any(keep)
    assert np.array_equal(got[keep], values[keep], equal_nan=True)


def test_values_are_invariant_to_added_brightness_where_declared(cell):
    lighter = Cell((cell.rgb // 2 + 90).astype(np.uint8), cell.nucleus, cell.cell)
    darker = Cell((cell.rgb // 2 + 20).astype(np.uint8), cell.nucleus, cell.cell)
    keep = [
        "an added brightness" in column.feature.invariances and column.channel == "Red"
        for column in PARSED
    ]
    assert any(keep)
    assert np.array_equal(RECIPE.measure(lighter)[keep], RECIPE.measure(darker)[keep])


def _blank(rows: int, cols: int, level: int = 0) -> tuple[np.ndarray, np.ndarray]:
    return np.full((rows, cols, 3), level, np.uint8), np.zeros((rows, cols), dtype=bool)


def painted(picture: np.ndarray, nucleus: np.ndarray | None = None) -> Cell:
    """A cell that fills its crop, grey or in colour; without a nucleus mask it is all nucleus."""
    rgb = picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)
    everything = np.ones(rgb.shape[:2], dtype=bool)
    return Cell(rgb.astype(np.uint8), everything if nucleus is None else nucleus, everything)


def extreme_cells() -> dict[str, Cell]:
    """Cells at the limits of the range of some feature."""
    row, col = np.mgrid[:60, :60]
    colours = np.array([[255, 0, 0], [0, 255, 255], [255, 6, 0], [255, 0, 6]])
    at_the_end = np.zeros((9, 60), bool)
    at_the_end[:, :9] = True
    return {
        "a nucleus at the end": painted(np.full((9, 60), 90), at_the_end),
        "bright specks": painted(255 * ((row % 2 == 0) & (col % 2 == 0))),
        "a bright band": painted(255 * (np.mgrid[:100, :100][0] < 21)),
        "a checkerboard": painted(255 * ((row + col) % 2)),
        "halves": painted(255 * (row < 30), row < 30),
        "halves, bright outside": painted(255 * (row >= 30), row < 30),
        "hues that cancel out": painted(colours[(row + col) % 2]),
        "hues on both sides of 0": painted(colours[2 + (row + col) % 2]),
    }


def special_cells() -> dict[str, Cell]:
    """An ordinary cell, and cells too small, too uniform or too empty for some feature."""
    ordinary = textured_cell()
    rgb, nothing = _blank(5, 6, level=40)
    point = nothing.copy()
    point[2, 3] = True
    row = nothing.copy()
    row[2] = True
    everything = ~nothing
    square = nothing.copy()
    square[1:4, 1:4] = True
    return {
        "ordinary": ordinary,
        "one pixel": Cell(rgb, point, point),
        "one pixel without a nucleus": Cell(rgb, nothing, point),
        "a crop of one pixel": Cell(rgb[:1, :1], point[:1, :1], everything[:1, :1]),
        "a row of pixels": Cell(rgb, point, row),
        "six pixels": painted(np.array([[30, 90, 60], [80, 80, 200]])),
        "two pixels": painted(np.array([[[10, 50, 90], [200, 60, 91]]])),
        "a square": Cell(rgb, square, everything),
        "one level": Cell(np.full_like(ordinary.rgb, 40), ordinary.nucleus, ordinary.cell),
        "black": Cell(np.zeros_like(ordinary.rgb), ordinary.nucleus, ordinary.cell),
        "white": Cell(np.full_like(ordinary.rgb, 255), ordinary.nucleus, ordinary.cell),
        "no nucleus": Cell(ordinary.rgb, np.zeros_like(ordinary.nucleus), ordinary.cell),
        "no cytoplasm": Cell(ordinary.rgb, ordinary.cell, ordinary.cell),
        **extreme_cells(),
    }


def test_every_reason_for_nan_has_a_predicate():
    assert {reason for record in FEATURES.values() for reason in reasons(record)} <= set(REASONS)


@pytest.mark.parametrize("name", special_cells())
def test_values_are_nan_exactly_where_declared(name):
    cell = special_cells()[name]
    got = np.isnan(RECIPE.measure(cell))
    expected = np.array([may_be_nan(cell, column) for column in PARSED])
    assert [COLUMNS[index] for index in np.flatnonzero(got & ~expected)] == [], "NaN, undocumented"
    assert [COLUMNS[index] for index in np.flatnonzero(expected & ~got)] == [], "documented, no NaN"


@pytest.mark.parametrize("seed", range(6))
def test_a_subset_of_columns_has_the_same_bytes(values, cell, seed):
    """A model computes only its own columns; they must equal those of its training."""
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(COLUMNS))[: (1, 3, 10, 40, 150, 600)[seed]]
    got = Recipe(tuple(COLUMNS[index] for index in chosen)).measure(cell)
    wrong = got.view(np.uint64) != values[chosen].view(np.uint64)
    assert [COLUMNS[index] for index in chosen[wrong]] == []


@pytest.mark.parametrize("name", special_cells())
def test_values_are_in_the_declared_range(name):
    cell = special_cells()[name]
    outside = [
        f"{column.name} = {value}, declared {declared}"
        for column, value in zip(PARSED, RECIPE.measure(cell), strict=True)
        if not np.isnan(value)
        and not in_range(value, declared := describe_column(column.name)["range"], column)
    ]
    assert outside == []


# Found in the green or the red plane, but the values are numbers and sizes, not levels.
FOUND_ON_A_PLANE = re.compile("Haematology_(Granule|Vacuole)(Count|AreaShare|Size)|.*SegmentShare")


def test_columns_without_a_channel_depend_on_the_declared_colours_only():
    """An image and its luma differ in colour only: a different value depends on colour."""
    nameless = [
        one for record in FEATURES.values() for one in feature_columns(record) if not one.channel
    ]
    recipe, moving = Recipe(tuple(one.name for one in nameless)), set()
    for seed in range(3):
        cell = textured_cell(seed, 121, 140)
        grey = np.repeat(cv2.cvtColor(cell.rgb, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
        of_grey = recipe.measure(Cell(grey, cell.nucleus, cell.cell))
        same = np.isclose(recipe.measure(cell), of_grey, rtol=0, atol=0, equal_nan=True)
        moving |= {one.feature.key for one, equal in zip(nameless, same, strict=True) if not equal}
    declared = {one.feature.key for one in nameless if set(one.colours) - {"Gray"}}
    assert {key for key in moving if not FOUND_ON_A_PLANE.fullmatch(key)} == declared
    assert {one.feature.key for one in nameless if one.feature.mean} == declared
    assert all(one.colours == (one.channel,) for one in PARSED if one.channel)


def test_column_names_are_identifiers_unique_and_parsed_back():
    names = [column.name for record in FEATURES.values() for column in feature_columns(record)]
    assert [name for name in names if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name)] == []
    assert len({name.casefold() for name in names}) == len(names)
    assert [name for name in names if parse_column(name).name != name] == []


def test_presets_are_nested_and_keep_the_order_of_the_table():
    largest = preset_columns(PRESETS[-1])
    for smaller, larger in itertools.pairwise(PRESETS):
        assert set(preset_columns(smaller)) < set(preset_columns(larger))
        wanted = set(preset_columns(smaller))
        assert tuple(name for name in largest if name in wanted) == preset_columns(smaller)


def test_every_record_is_complete():
    for record in FEATURES.values():
        for word in ("definition", "unit", "reference", "plain", "range", "invariances", "nan"):
            assert getattr(record, word).strip(), f"{record.key} has no {word}"
        assert record.vetted.strip(), f"{record.key} has no vetted"
