"""Folds that keep groups whole and contain every class; both are checked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelError

ATTEMPTS = 50


def largest_folds(target: NDArray[np.int64], groups: NDArray[np.int64]) -> int:
    """Count the folds that can all contain every class: the groups of the rarest class."""
    return int(groups_by_class(target, groups).min())


def groups_by_class(target: NDArray[np.int64], groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count the groups that hold cells of each class: (classes,) int64."""
    pairs = np.unique(np.stack([target, groups]), axis=1)
    return np.bincount(pairs[0]).astype(np.int64)


def grouped_folds(
    target: NDArray[np.int64],
    groups: NDArray[np.int64],
    *,
    folds: int,
    seed: int,
    classes: Sequence[str],
    unit: str = "subjects",
) -> NDArray[np.int64]:
    """Assign groups to folds so that each fold gets its share of every class.

    Large groups are assigned first, each to the fold that has least of its classes so far; their
    order is random within a factor of two, so that seeds give different folds. A class with at
    least `folds` groups reaches every fold, and the result is checked: scikit-learn's
    StratifiedGroupKFold silently makes folds with one class.

    Parameters
    ----------
    target, groups : (n,) int64
        Class and group of each cell.
    folds : int
        At least 2.
    seed : int
        Equal seeds give equal folds.
    classes : sequence of str
        Names of the classes, for the error line.
    unit : str
        What a group is, for the error line.

    Returns
    -------
    (n,) int64
        The fold in which a cell is tested, from 0.

    Raises
    ------
    ModelError
        If there are fewer groups of a class than folds.
    """
    by_class = groups_by_class(target, groups)
    rarest = int(by_class.argmin())
    most = int(by_class[rarest])
    if folds < 2:
        raise ModelError(f"{folds} folds asked for", "ask for at least 2")
    if most < 2:
        raise ModelError(
            f"class {classes[rarest]!r} has {most} of the {unit}",
            f"each class needs at least 2 {unit}: one to test on and one to train on",
        )
    if folds > most:
        raise ModelError(
            f"{folds} folds need {folds} {unit} of each class, {classes[rarest]!r} has {most}",
            f"ask for at most {most} folds (--folds {most})",
        )
    for attempt in range(ATTEMPTS):
        fold = _assign_groups(target, groups, folds, np.random.default_rng([seed, attempt]))
        if all_classes_everywhere(target, fold, folds):
            assert_disjoint(groups, fold)
            return fold
    raise ModelError(
        f"no assignment of the {unit} to {folds} folds that all contain every class was found",
        f"ask for fewer folds, or see which {unit} have cells of several classes",
    )


def all_classes_everywhere(target: NDArray[np.int64], fold: NDArray[np.int64], folds: int) -> bool:
    """Return whether every fold, and the complement of every fold, contains every class."""
    counts = np.zeros((folds, int(target.max()) + 1), dtype=np.int64)
    np.add.at(counts, (fold, target), 1)
    return bool((counts > 0).all() and (counts.sum(axis=0) - counts > 0).all())


def assert_disjoint(groups: NDArray[np.int64], fold: NDArray[np.int64]) -> None:
    """Raise AssertionError if the cells of a group are in two folds."""
    pairs = np.unique(np.stack([groups, fold]), axis=1)
    if pairs.shape[1] != len(np.unique(groups)):
        raise AssertionError("a group is in two folds")


def _assign_groups(
    target: NDArray[np.int64], groups: NDArray[np.int64], folds: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    groups = np.unique(groups, return_inverse=True)[1]
    counts = np.zeros((int(groups.max()) + 1, int(target.max()) + 1))
    np.add.at(counts, (groups, target), 1.0)
    shares = counts / counts.sum(axis=0)
    order = np.argsort(-shares.sum(axis=1) * rng.uniform(0.5, 1.0, len(shares)), kind="stable")
    load = np.zeros((folds, counts.shape[1]))
    ties = rng.random((len(shares), folds)) * 1e-9
    chosen = np.empty(len(shares), dtype=np.int64)
    for group in order:
        fold = int(np.argmin(load @ shares[group] / shares[group].sum() + ties[group]))
        load[fold] += shares[group]
        chosen[group] = fold
    return chosen[groups]
