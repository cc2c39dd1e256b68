"""A set is unlike the training cells if it moved as a whole, not if it has other classes."""

from math import isnan

import numpy as np
import pandas as pd
import pytest

from models.explanation.picture_reference import (
    COLUMNS,
    FILE,
    load_picture_reference,
    make_picture_reference,
)
from models.explanation.set_judgement import judge_set, moved_columns
from models.explanation.training_reference import make_reference

COLUMN_COUNT = 200
NAMES = [f"Cells_Texture_F{at}_Gray" for at in range(COLUMN_COUNT - 1)] + ["Cells_AreaShape_Area"]
# Means of the classes, in standard deviations of one class.
DISTANCES = (0.0, 1.5, 3.0)


def cells(rng, codes):
    """Draw cells of classes that differ in every second column."""
    values = rng.normal(10, 1, (len(codes), COLUMN_COUNT))
    values[:, ::2] += np.take(DISTANCES, codes)[:, None]
    values[:, -1] = values[:, -1].clip(5) * 100
    return values


def reference(seed=0):
    rng = np.random.default_rng(seed)
    codes = np.arange(300) % 3
    return make_reference(cells(rng, codes), codes, NAMES, ("a", "b", "c"))


def judged(known, values, unlike=0):
    table = pd.DataFrame(values, columns=NAMES)
    return judge_set(known, table, None, cells=len(values), unlike=unlike)


def test_drawn_sets_of_any_mixture_of_the_classes_are_like_the_training_cells():
    rng = np.random.default_rng(1)
    known = reference()
    for _ in range(120):
        shares = rng.dirichlet([0.3] * 3)  # often a single class
        count = int(rng.integers(5, 60))
        found = judged(known, cells(rng, rng.choice(3, count, p=shares)), unlike=count // 20)
        assert not found.unlike_training, (shares, count, len(found.moved))


def test_drawn_sets_with_another_scale_or_place_of_some_columns_are_unlike():
    rng = np.random.default_rng(2)
    known = reference()
    for _ in range(60):
        count = int(rng.integers(5, 60))
        values = cells(rng, rng.choice(3, count))
        moved = rng.choice(COLUMN_COUNT, int(rng.integers(8, COLUMN_COUNT)), replace=False)
        factor, offset = [(0.4, 0), (2, 0), (1, 9), (1, -9)][rng.integers(4)]
        values[:, moved] = values[:, moved] * factor + offset
        found = judged(known, values)
        assert found.unlike_training
        assert {one.name for one in found.moved} <= {NAMES[at] for at in moved} | {
            one.name for one in judged(known, cells(rng, rng.choice(3, count))).moved
        }
        shifts = [abs(one.shift) for one in found.moved]
        assert shifts == sorted(shifts, reverse=True)


def test_the_shift_and_the_ratio_of_areas_are_those_of_the_medians():
    known = reference()
    own = known.table[known.table["class"] == ""].set_index("feature").loc[NAMES]
    values = np.tile(own["p50"].to_numpy(float), (7, 1))
    values[:, -1] *= 4
    values[:, 0] += 12
    found = judged(known, values)
    assert found.area_ratio == pytest.approx(4)
    assert {one.name for one in found.moved} == {NAMES[0], NAMES[-1]}
    one = next(one for one in found.moved if one.name == NAMES[0])
    span = (own["p84"] - own["p16"]).iloc[0] / 2
    assert one.shift == pytest.approx(12 / span, rel=1e-5)
    assert one.found == pytest.approx(one.training + 12)
    assert one.high < one.found


@pytest.mark.parametrize(
    ("count", "unlike", "expected"),
    [(1, 1, False), (2, 2, False), (3, 3, True), (3, 1, False), (20, 2, False), (20, 8, True)],
)
def test_a_share_of_unlike_cells_counts_by_the_lower_limit_of_its_interval(count, unlike, expected):
    known = reference()
    values = np.tile(known.medians(NAMES), (count, 1))
    assert judged(known, values, unlike).unlike_training is expected


def test_few_cells_and_missing_values_move_no_column():
    known = reference()
    values = cells(np.random.default_rng(3), np.zeros(20, int))
    values[:, :50] += 1e3
    assert len(judged(known, values[:4]).moved) == 0
    assert len(judged(known, values[:5]).moved) == 50
    values[4:, :10] = np.nan
    assert len(judged(known, values).moved) == 40
    empty = judged(known, values[:0])
    assert (empty.moved, empty.unlike_training) == ((), False)
    assert isnan(empty.area_ratio)


def pictures(rng, count, source="crop"):
    table = pd.DataFrame(rng.normal(200, 3, (count, len(COLUMNS))), columns=list(COLUMNS))
    return table.assign(Metadata_Source=source)


def test_pictures_are_compared_with_those_of_their_kind(tmp_path):
    rng = np.random.default_rng(4)
    rows = pd.concat([pictures(rng, 60), pictures(rng, 20, "field")], ignore_index=True)
    target = np.arange(80) % 2
    made = make_picture_reference(rows, target, ("blast", "normal"))
    (tmp_path / FILE).write_bytes(made.to_bytes())
    known = load_picture_reference(tmp_path)
    assert known.source == "crop"
    dark = pictures(rng, 10)
    dark["Background_Mean_Red"] -= 80
    for source, expected in (("crop", ["Background_Mean_Red"]), ("field", [])):
        shown = known.comparable(dark, [source] * 10)
        moved = moved_columns(known.reference, shown, margin=0.05)
        assert [one.name for one in moved] == expected
    assert moved_columns(known.reference, known.comparable(dark[[]], ["crop"] * 10)) == ()


def test_a_difference_too_small_to_see_is_none():
    rng = np.random.default_rng(5)
    rows = pictures(rng, 60)
    rows[list(COLUMNS)] = 200.0 + rng.normal(0, 1e-3, (60, len(COLUMNS)))
    known = make_picture_reference(rows, np.arange(60) % 2, ("blast", "normal"))
    for change, expected in ((0.01, 0), (9, 0), (11, len(COLUMNS)), (-11, len(COLUMNS))):
        shown = known.comparable(rows[list(COLUMNS)] + change, ["crop"] * 60)
        assert len(moved_columns(known.reference, shown, margin=0.05)) == expected


def test_a_table_without_pictures_has_no_reference_of_them(tmp_path):
    table = pd.DataFrame({"Cells_AreaShape_Area": [1.0, 2.0]})
    assert make_picture_reference(table, np.array([0, 1]), ("a", "b")) is None
    assert load_picture_reference(tmp_path) is None
