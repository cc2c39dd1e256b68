"""What holds for every feature of the registry, whatever it measures."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
from examples import textured_cell
from nan_reasons import REASONS, may_be_nan, reasons

from features import FEATURES, PRESETS, Cell, Recipe, parse_column, preset_columns
from features.catalogue import describe_column
from features.registry import columns_of

# Every column of the largest preset, every setting of the grey ones, and patterns of a primary.
WANTED = ["*_Gray_*", "*_LBP_*_Red_*"]
COLUMNS = tuple(dict.fromkeys(preset_columns("full") + preset_columns("full", WANTED)))
RECIPE = Recipe(COLUMNS)
PARSED = RECIPE.parsed


def moved(cell: Cell, move) -> Cell:
    """The cell with a transformation of arrays applied to its pixels and masks."""
    parts = (cell.rgb, cell.nucleus, cell.cell)
    return Cell(*(np.ascontiguousarray(move(part)) for part in parts))


def with_outside(cell: Cell, seed: int) -> Cell:
    """The cell with other pixels outside its mask."""
    other = np.random.default_rng(seed).integers(0, 256, cell.rgb.shape, dtype=np.uint8)
    return Cell(np.where(cell.cell[..., None], cell.rgb, other), cell.nucleus, cell.cell)


def framed(cell: Cell, top: int, left: int) -> Cell:
    """The cell further down and to the right, in a larger image."""
    size = ((top, 3), (left, 2))
    rgb = np.pad(cell.rgb, (*size, (0, 0)), constant_values=77)
    return Cell(rgb, np.pad(cell.nucleus, size), np.pad(cell.cell, size))


def shuffled(cell: Cell, seed: int = 3) -> Cell:
    """The pixels of the nucleus change places, and those of the cytoplasm."""
    rng = np.random.default_rng(seed)
    rgb = cell.rgb.copy()
    for mask in (cell.nucleus, cell.cytoplasm):
        rgb[mask] = rng.permutation(rgb[mask])
    return Cell(rgb, cell.nucleus, cell.cell)


@pytest.fixture(scope="module")
def cell() -> Cell:
    """A cell that touches all four sides of its crop."""
    return textured_cell().trimmed(margin=0)


@pytest.fixture(scope="module")
def values(cell) -> np.ndarray:
    return RECIPE.measure(cell)


def test_nothing_is_infinite(values):
    assert [COLUMNS[index] for index in np.flatnonzero(np.isinf(values))] == []


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_outside_the_mask_is_read(values, cell, seed):
    scrambled = RECIPE.measure(with_outside(cell, seed))
    wrong = scrambled.view(np.uint64) != values.view(np.uint64)
    assert [COLUMNS[index] for index in np.flatnonzero(wrong)] == []


def test_measuring_again_elsewhere_in_memory_gives_the_same_bytes(values, cell):
    """OpenCV's float filters may round by the alignment of an array."""
    for start in (1, 3, 8, 21, 40):
        occupied = np.empty(start * 1001, dtype=np.uint8)
        again = RECIPE.measure(moved(cell, np.copy))
        wrong = again.view(np.uint64) != values.view(np.uint64)
        assert [COLUMNS[index] for index in np.flatnonzero(wrong)] == []
        del occupied


def flips_sign(column) -> bool:
    """Whether the record says that this component changes its sign under flips."""
    named = re.findall(r"component (\w+) changes its sign under flips", column.feature.invariances)
    return column.component in named


@pytest.mark.parametrize(
    ("word", "move"),
    [
        ("rotation by 90 degrees", np.rot90),
        ("rotation by 90 degrees", lambda part: np.rot90(part, 2)),
        ("flips", np.fliplr),
        ("flips", np.flipud),
    ],
)
def test_turned_cells_keep_what_the_record_says(values, cell, word, move):
    got = RECIPE.measure(moved(cell, move))
    keep = [word in column.feature.invariances for column in PARSED]
    sign = [-1 if word == "flips" and flips_sign(column) else 1 for column in PARSED]
    wrong = ~np.isclose(got, values * sign, rtol=1e-6, atol=1e-12, equal_nan=True) & keep
    assert [COLUMNS[index] for index in np.flatnonzero(wrong)] == []


def test_moved_cells_keep_what_the_record_says(values, cell):
    got = RECIPE.measure(framed(cell, 5, 8))
    keep = ["translation" in column.feature.invariances for column in PARSED]
    wrong = ~np.isclose(got, values, rtol=1e-6, atol=1e-12, equal_nan=True) & keep
    assert [COLUMNS[index] for index in np.flatnonzero(wrong)] == []


def test_shuffled_pixels_keep_what_the_record_says(values, cell):
    got = RECIPE.measure(shuffled(cell))
    keep = ["shuffling" in column.feature.invariances for column in PARSED]
    assert any(keep)
    assert np.array_equal(got[keep], values[keep], equal_nan=True)


def test_added_brightness_keeps_what_the_record_says(cell):
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


def special_cells() -> dict[str, Cell]:
    """An ordinary cell, and some too small, too even or too empty for some feature."""
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
        "a square": Cell(rgb, square, everything),
        "one level": Cell(np.full_like(ordinary.rgb, 40), ordinary.nucleus, ordinary.cell),
        "black": Cell(np.zeros_like(ordinary.rgb), ordinary.nucleus, ordinary.cell),
        "white": Cell(np.full_like(ordinary.rgb, 255), ordinary.nucleus, ordinary.cell),
        "no nucleus": Cell(ordinary.rgb, np.zeros_like(ordinary.nucleus), ordinary.cell),
        "no cytoplasm": Cell(ordinary.rgb, ordinary.cell, ordinary.cell),
    }


def test_every_reason_for_nan_is_one_that_can_be_checked():
    assert {reason for record in FEATURES.values() for reason in reasons(record)} <= set(REASONS)


@pytest.mark.parametrize("name", special_cells())
def test_nan_stands_exactly_where_the_record_says(name):
    cell = special_cells()[name]
    got = np.isnan(RECIPE.measure(cell))
    expected = np.array([may_be_nan(cell, column) for column in PARSED])
    assert [COLUMNS[index] for index in np.flatnonzero(got & ~expected)] == [], "NaN, undocumented"
    assert [COLUMNS[index] for index in np.flatnonzero(expected & ~got)] == [], "documented, no NaN"


@pytest.mark.parametrize("seed", range(6))
def test_a_few_columns_have_the_bytes_that_all_have(values, cell, seed):
    """A model computes only its own columns; they must be the ones that it was trained on."""
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(COLUMNS))[: (1, 3, 10, 40, 150, 600)[seed]]
    got = Recipe(tuple(COLUMNS[index] for index in chosen)).measure(cell)
    wrong = got.view(np.uint64) != values[chosen].view(np.uint64)
    assert [COLUMNS[index] for index in chosen[wrong]] == []


def bound(text: str, levels: int) -> float:
    """Value of one end of a declared range."""
    words = {
        "levels": levels,
        "-levels^3": -(levels**3),
        "levels^2 / 4": levels**2 / 4,
        "2 levels": 2 * levels,
        "log2 levels": np.log2(levels),
        "2 log2 levels": 2 * np.log2(levels),
        "log2 (2 levels - 1)": np.log2(2 * levels - 1),
    } | {f"levels^{power}": levels**power for power in (2, 3, 4)}
    return words[text] if text in words else float(text)


@pytest.mark.parametrize("name", special_cells())
def test_values_lie_in_the_declared_range(name):
    """Open ends count as closed: rounding may reach them. Ranges in words are left out."""
    outside, checked = [], 0
    for column, value in zip(PARSED, RECIPE.measure(special_cells()[name]), strict=True):
        declared = describe_column(column.name)["range"]
        ends = re.match(r"[\[(](.+), (.+)[\])]", declared)
        if ends is None or np.isnan(value):
            continue
        levels = int(re.search(r"(?<!\d)(32|256)(?!\d)", f"{column.parameter} 32").group())
        low, high = (bound(end, levels) for end in ends.groups())
        room = 1e-9 * max(1.0, abs(value))
        checked += 1
        if not low - room <= value <= high + room:
            outside.append(f"{column.name} = {value}, declared {declared}")
    assert outside == []
    assert checked > 100


def test_names_are_safe_unique_and_parse_back():
    names = [column.name for record in FEATURES.values() for column in columns_of(record)]
    assert [name for name in names if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name)] == []
    assert len({name.casefold() for name in names}) == len(names)
    assert [name for name in names if parse_column(name).name != name] == []


def test_presets_nest_and_keep_the_order_of_the_table():
    largest = preset_columns(PRESETS[-1])
    for smaller, larger in itertools.pairwise(PRESETS):
        assert set(preset_columns(smaller)) < set(preset_columns(larger))
        wanted = set(preset_columns(smaller))
        assert tuple(name for name in largest if name in wanted) == preset_columns(smaller)


def test_every_record_is_complete():
    for record in FEATURES.values():
        for word in ("definition", "unit", "reference", "plain", "range", "invariances", "nan"):
            assert getattr(record, word).strip(), f"{record.key} does not say its {word}"
        assert record.vetted.strip(), f"{record.key} does not say what vetted it"
