"""Groups stay whole, every fold has every class, and an impossible split is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.dataset.groups import merged_groups
from models.errors import ModelError
from models.learning.splitting import (
    all_classes_everywhere,
    assert_disjoint,
    grouped_folds,
    groups_by_class,
    largest_folds,
)

AB = ("a", "b")


def codes(*values):
    return np.array(values, dtype=np.int64)


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(1, 9)), min_size=9, max_size=30),
    st.integers(2, 3),
    st.integers(0, 1000),
)
def test_every_fold_has_every_class_where_each_has_enough_groups(sizes, folds, seed):
    sizes = [*sizes, *((c, 1) for c in range(3) for _ in range(folds))]
    target = np.repeat([c for c, _ in sizes], [n for _, n in sizes]).astype(np.int64)
    groups = np.repeat(np.arange(len(sizes)), [n for _, n in sizes]).astype(np.int64)
    fold = grouped_folds(target, groups, folds=folds, seed=seed, classes="abc")
    assert_disjoint(groups, fold)
    assert all_classes_everywhere(target, fold, folds)
    assert set(fold.tolist()) == set(range(folds))


def test_where_scikit_learn_makes_a_fold_with_one_class_we_refuse():
    from sklearn.model_selection import StratifiedGroupKFold

    target = np.repeat([0, 0, 0, 1, 1], 5).astype(np.int64)
    groups = np.repeat(np.arange(5), 5).astype(np.int64)
    theirs = [
        len(set(target[test].tolist()))
        for _, test in StratifiedGroupKFold(3).split(target, target, groups)
    ]
    assert min(theirs) == 1  # without a word
    with pytest.raises(ModelError, match="at most 2 folds"):
        grouped_folds(target, groups, folds=3, seed=0, classes=AB)


def test_equal_groups_make_equal_folds():
    target = np.tile(np.repeat([0, 1], 5), 12).astype(np.int64)
    groups = np.repeat(np.arange(24), 5).astype(np.int64)
    fold = grouped_folds(target, groups, folds=4, seed=3, classes=AB)
    assert np.bincount(fold).tolist() == [30, 30, 30, 30]


def test_seeds_differ_and_repeat():
    target = np.repeat([0, 1], 30).astype(np.int64)
    groups = np.repeat(np.arange(20), 3).astype(np.int64)
    one, again, two = (
        grouped_folds(target, groups, folds=5, seed=seed, classes=AB) for seed in (1, 1, 2)
    )
    assert one.tolist() == again.tolist()
    assert one.tolist() != two.tolist()


def test_numbers_of_groups_may_have_gaps():
    target, groups = codes(0, 0, 1, 1), codes(3, 70, 5, 9)
    fold = grouped_folds(target, groups, folds=2, seed=0, classes=AB)
    assert all_classes_everywhere(target, fold, 2)


@pytest.mark.parametrize(
    ("target", "groups", "folds", "line"),
    [
        ((0, 0, 0, 1, 1), (0, 1, 2, 3, 4), 3, "3 folds need 3 subjects of each class, 'b' has 2"),
        ((0, 0, 0, 1, 1), (0, 1, 2, 3, 3), 2, "class 'b' has 1 of the subjects"),
        ((0, 0, 1, 1), (0, 1, 2, 3), 1, "1 folds asked for"),
        ((0, 1, 0, 1, 0), (0, 0, 1, 2, 2), 3, "3 folds need 3 subjects of each class, 'b' has 2"),
    ],
)
def test_too_few_groups_are_refused_in_one_line(target, groups, folds, line):
    with pytest.raises(ModelError, match=line) as caught:
        grouped_folds(codes(*target), codes(*groups), folds=folds, seed=0, classes=AB)
    assert "\n" not in str(caught.value)


def test_the_remedy_names_the_largest_number_of_folds():
    target, groups = codes(0, 0, 0, 1, 1, 1, 1), codes(0, 1, 2, 3, 4, 5, 6)
    with pytest.raises(ModelError, match="--folds 3"):
        grouped_folds(target, groups, folds=4, seed=0, classes=AB)
    assert largest_folds(target, groups) == 3
    grouped_folds(target, groups, folds=3, seed=0, classes=AB)


def test_a_split_that_cannot_exist_is_refused():
    # each class is in two groups, but both in the same ones: a fold takes one group with both
    # classes, and with a third fold-less group no fold lacks any; three classes in a chain fail
    target, groups = codes(0, 1, 1, 2, 2, 0), codes(0, 0, 1, 1, 2, 2)
    with pytest.raises(ModelError, match="no assignment of the subjects to 2 folds"):
        grouped_folds(target, groups, folds=2, seed=0, classes="abc")


def test_a_group_on_both_sides_is_an_assertion():
    with pytest.raises(AssertionError, match="two folds"):
        assert_disjoint(codes(0, 0, 1), codes(0, 1, 1))


def test_groups_are_counted_by_class():
    assert groups_by_class(codes(0, 0, 0, 1, 1), codes(0, 0, 1, 1, 1)).tolist() == [2, 1]


def groups_of(subjects, **identities):
    arrays = {name: np.array(values, dtype=object) for name, values in identities.items()}
    groups, notes = merged_groups(np.array(subjects), arrays)
    return groups.tolist(), notes


@pytest.mark.parametrize(
    ("subjects", "sha", "groups"),
    [
        (["a", "b", "c"], ["1", "2", "3"], [0, 1, 2]),
        (["a", "b", "c"], ["1", "2", "1"], [0, 1, 0]),
        (["a", "a", "b", "b", "c", "c"], ["1", "2", "2", "3", "3", "4"], [0, 0, 0, 0, 0, 0]),
        (["a", "b", "c"], ["", "", None], [0, 1, 2]),
        (["b", "a", "b"], [None, None, None], [0, 1, 0]),
    ],
)
def test_subjects_that_share_a_copy_are_joined(subjects, sha, groups):
    found, notes = groups_of(subjects, Metadata_SHA256=sha)
    assert found == groups
    assert bool(notes) == (len(set(groups)) < len(set(subjects)))


def test_a_chain_over_two_kinds_of_copies_is_one_group():
    groups, notes = groups_of(["a", "b", "c"], sha=["1", "1", "2"], phash=["p", "q", "q"])
    assert groups == [0, 0, 0]
    assert notes == [
        "3 subjects joined into 1 group, because they share copies of a picture: a = b = c"
    ]


def test_an_equal_value_in_another_column_joins_nothing():
    assert groups_of(["a", "b"], sha=["x", "y"], phash=["y", "x"])[0] == [0, 1]


def test_pairs_join_too():
    groups, _ = merged_groups(np.array(["a", "b", "c", "d"]), {}, np.array([[3, 1]]))
    assert groups.tolist() == [0, 1, 2, 1]
