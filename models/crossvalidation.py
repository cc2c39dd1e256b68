"""Fit one calibrated model, and do exactly the same on every fold to see what it is worth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from .calibration import Calibration, fit_calibration
from .errors import ModelError
from .estimators import Estimator
from .operating import threshold_for_sensitivity
from .splitting import assert_disjoint, grouped_folds, groups_by_class

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

INNER_FOLDS = 3


@dataclass(frozen=True, eq=False)
class CalibratedModel:
    """A fitted Pipeline, the calibration of its scores, and its operating threshold.

    Parameters
    ----------
    estimator : Estimator
    pipeline : Pipeline
    calibration : Calibration
    threshold : float
        Probability of the positive class from which on the stated share of positives was called
        among the cells of the inner folds; NaN without a positive class.
    """

    estimator: Estimator
    pipeline: Pipeline
    calibration: Calibration
    threshold: float

    def probabilities(self, features: Floats) -> Floats:
        """(n, p) features to (n, classes) probabilities."""
        return self.calibration.probabilities(self.estimator.scores(self.pipeline, features))


@dataclass(frozen=True, eq=False)
class Fold:
    """One fold of one repeat: its model, and what the model says of the cells left out."""

    repeat: int
    number: int
    train: Codes
    test: Codes
    model: CalibratedModel
    probabilities: Floats


def fit_calibrated(
    estimator: Estimator,
    features: Floats,
    target: Codes,
    groups: Codes,
    *,
    seed: int = 0,
    positive: int | None = None,
    sensitivity: float = 0.95,
) -> CalibratedModel:
    """Fit on all cells; calibrate and choose the threshold on scores from inner grouped folds.

    Where a class has one group only, its cells cannot be scored by a model that learnt the class
    from others; the inner folds then part groups (`calibrated_within_groups` tells).

    Parameters
    ----------
    features : (n, p) float64
    target, groups : (n,) int64
    seed : int
    positive : int or None
    sensitivity : float
        What the threshold is to reach.
    """
    scores = inner_scores(estimator, features, target, groups, seed)
    calibration = fit_calibration(scores, target)
    threshold = float("nan")
    if positive is not None:
        chances = calibration.probabilities(scores)[:, positive]
        threshold = threshold_for_sensitivity(target == positive, chances, sensitivity)
    return CalibratedModel(estimator, estimator.fit(features, target, seed), calibration, threshold)


def inner_scores(
    estimator: Estimator, features: Floats, target: Codes, groups: Codes, seed: int
) -> Floats:
    """Score every cell by a model that has not seen its group: (n, classes) float64."""
    if calibrated_within_groups(target, groups):
        groups = np.arange(len(target))
    folds = min(INNER_FOLDS, int(groups_by_class(target, groups).min()))
    names = [str(code) for code in range(int(target.max()) + 1)]
    fold = grouped_folds(target, groups, folds=folds, seed=seed, classes=names, unit="groups")
    scores: Floats = np.empty((len(target), len(names)))
    for number in range(folds):
        test = fold == number
        pipeline = estimator.fit(features[~test], target[~test], seed)
        scores[test] = estimator.scores(pipeline, features[test])
    return scores


def calibrated_within_groups(target: Codes, groups: Codes) -> bool:
    """Whether a class has one group only, so that calibration cannot keep groups whole."""
    return bool(groups_by_class(target, groups).min() < 2)


def cross_validate(
    estimator: Estimator,
    features: Floats,
    target: Codes,
    groups: Codes,
    *,
    classes: Sequence[str],
    folds: int = 5,
    repeats: int = 3,
    seed: int = 0,
    jobs: int = 1,
    unit: str = "subjects",
    positive: int | None = None,
    sensitivity: float = 0.95,
    progress: Callable[[str], None] | None = None,
) -> list[Fold]:
    """Test the whole procedure, calibration included, on groups that it has not seen.

    Parameters
    ----------
    features : (n, p) float64
    target, groups : (n,) int64
    classes : sequence of str
    folds, repeats : int
    seed : int
        Equal seeds give equal results, whatever `jobs` is.
    jobs : int
        Folds that are fitted at a time (threads).
    unit : str
        What a group is, for error lines.
    positive : int or None
    sensitivity : float
        What each fold's operating threshold is to reach.
    progress : callable, optional
        Told of every fold that is done.

    Returns
    -------
    list of Fold
        ``repeats * folds`` of them, in order.
    """
    if repeats < 1:
        raise ModelError(f"{repeats} repeats asked for", "ask for at least 1")
    plan: list[tuple[int, int, Codes, Codes]] = []
    for repeat in range(repeats):
        fold = grouped_folds(
            target, groups, folds=folds, seed=seed + repeat, classes=classes, unit=unit
        )
        assert_disjoint(groups, fold)
        plan += [
            (repeat, number, np.flatnonzero(fold != number), np.flatnonzero(fold == number))
            for number in range(folds)
        ]

    def run(repeat: int, number: int, train: Codes, test: Codes) -> Fold:
        model = fit_calibrated(
            estimator,
            features[train],
            target[train],
            groups[train],
            seed=seed + 1_000 * repeat + number,
            positive=positive,
            sensitivity=sensitivity,
        )
        return Fold(repeat, number, train, test, model, model.probabilities(features[test]))

    done = []
    tasks = (delayed(run)(*task) for task in plan)
    for fold in Parallel(n_jobs=jobs, prefer="threads", return_as="generator")(tasks):
        done.append(fold)
        if progress is not None:
            progress(f"fold {len(done)} of {len(plan)}")
    return done


def pooled(done: Sequence[Fold], cells: int) -> Floats:
    """Out-of-fold probabilities of every repeat: (repeats, cells, classes) float64."""
    repeats = max(fold.repeat for fold in done) + 1
    classes = done[0].probabilities.shape[1]
    probabilities: Floats = np.full((repeats, cells, classes), np.nan)
    for fold in done:
        probabilities[fold.repeat, fold.test] = fold.probabilities
    return probabilities


def pooled_thresholds(done: Sequence[Fold], cells: int) -> Floats:
    """Operating threshold that applies to every cell: that of its fold, (repeats, cells)."""
    thresholds: Floats = np.full((max(fold.repeat for fold in done) + 1, cells), np.nan)
    for fold in done:
        thresholds[fold.repeat, fold.test] = fold.model.threshold
    return thresholds
