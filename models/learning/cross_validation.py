"""Fit one calibrated model; cross-validate the same procedure on grouped folds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from ..errors import ModelError
from ..metrics.operating_points import threshold_for_sensitivity
from .calibration import Calibration, fit_calibration
from .estimators import Estimator
from .splitting import assert_disjoint, grouped_folds
from .tuning import Candidate, best, search

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class CalibratedModel:
    """A fitted Pipeline, the calibration of its scores, and its operating threshold.

    Parameters
    ----------
    estimator : Estimator
        With the settings that were chosen.
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
    """One fold of one repeat: its model, and the probabilities of its test cells.

    With tuning, also the probabilities of the default settings.
    """

    repeat: int
    number: int
    train: Codes
    test: Codes
    model: CalibratedModel
    probabilities: Floats
    by_default: Floats | None = None


def fit_calibrated(
    estimator: Estimator,
    features: Floats,
    target: Codes,
    groups: Codes,
    *,
    seed: int = 0,
    positive: int | None = None,
    sensitivity: float = 0.95,
    candidates: int = 0,
    pictures: Codes | None = None,
) -> CalibratedModel:
    """Fit on all cells; tune, calibrate and choose the threshold on inner grouped folds.

    If a class has one group only, its cells cannot be scored by a model that was trained on the
    class in other groups; the inner folds then split groups
    (see `inner_scores.splits_groups_to_calibrate`), but not copies of a picture.

    Parameters
    ----------
    features : (n, p) float64
    target, groups : (n,) int64
    seed : int
    positive : int or None
    sensitivity : float
        The sensitivity that the threshold should reach.
    candidates : int
        Configurations to try in addition to the default.
    pictures : (n,) int64, optional
        Equal for cells of one picture and its copies; by default each cell has its own.
    """
    tried = search(
        estimator, features, target, groups, candidates=candidates, seed=seed, pictures=pictures
    )
    return _fitted(best(tried), features, target, seed, positive, sensitivity)


def _fitted(
    candidate: Candidate,
    features: Floats,
    target: Codes,
    seed: int,
    positive: int | None,
    sensitivity: float,
) -> CalibratedModel:
    calibration = fit_calibration(candidate.scores, target)
    threshold = float("nan")
    if positive is not None:
        chances = calibration.probabilities(candidate.scores)[:, positive]
        threshold = threshold_for_sensitivity(target == positive, chances, sensitivity)
    pipeline = candidate.estimator.fit(features, target, seed)
    return CalibratedModel(candidate.estimator, pipeline, calibration, threshold)


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
    candidates: int = 0,
    pictures: Codes | None = None,
    progress: Callable[[str], None] | None = None,
) -> list[Fold]:
    """Test the whole procedure, including calibration, on groups that it has not seen.

    Parameters
    ----------
    features : (n, p) float64
    target, groups : (n,) int64
    classes : sequence of str
    folds, repeats : int
    seed : int
        Equal seeds give equal results, whatever `jobs` is.
    jobs : int
        Folds that are fitted at the same time (threads).
    unit : str
        What a group is, for error lines.
    positive : int or None
    sensitivity : float
        The sensitivity that each fold's operating threshold should reach.
    candidates : int
        Configurations that each fold tries in addition to the default, on its training part only.
    pictures : (n,) int64, optional
        As in `fit_calibrated`.
    progress : callable, optional
        Called after each fold.

    Returns
    -------
    list of Fold
        ``repeats * folds`` of them, in order.
    """
    plan = _plan(target, groups, classes, folds=folds, repeats=repeats, seed=seed, unit=unit)

    def run(repeat: int, number: int, train: Codes, test: Codes) -> Fold:
        part, truth, own = features[train], target[train], seed + 1_000 * repeat + number
        tried = search(
            estimator,
            part,
            truth,
            groups[train],
            candidates=candidates,
            seed=own,
            pictures=None if pictures is None else pictures[train],
        )
        chosen = best(tried)

        def model(one: Candidate) -> CalibratedModel:
            return _fitted(one, part, truth, own, positive, sensitivity)

        fitted = model(chosen)
        predicted = fitted.probabilities(features[test])
        default = predicted if chosen is tried[0] else model(tried[0]).probabilities(features[test])
        return Fold(repeat, number, train, test, fitted, predicted, default if candidates else None)

    done = []
    tasks = (delayed(run)(*task) for task in plan)
    for fold in Parallel(n_jobs=jobs, prefer="threads", return_as="generator")(tasks):
        done.append(fold)
        if progress is not None:
            progress(f"fold {len(done)} of {len(plan)}")
    return done


def _plan(
    target: Codes,
    groups: Codes,
    classes: Sequence[str],
    *,
    folds: int,
    repeats: int,
    seed: int,
    unit: str,
) -> list[tuple[int, int, Codes, Codes]]:
    """Return repeat, number, training rows and test rows of every fold, in order."""
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
    return plan


def pooled(done: Sequence[Fold], cells: int) -> Floats:
    """Out-of-fold probabilities of every repeat: (repeats, cells, classes) float64."""
    return _pooled(done, cells, [fold.probabilities for fold in done])


def pooled_default_settings(done: Sequence[Fold], cells: int) -> Floats | None:
    """Return those of the default settings; None if no others were tried."""
    default = [fold.by_default for fold in done if fold.by_default is not None]
    return _pooled(done, cells, default) if default else None


def _pooled(done: Sequence[Fold], cells: int, each: Sequence[Floats]) -> Floats:
    repeats = max(fold.repeat for fold in done) + 1
    probabilities: Floats = np.full((repeats, cells, each[0].shape[1]), np.nan)
    for fold, own in zip(done, each, strict=True):
        probabilities[fold.repeat, fold.test] = own
    return probabilities


def pooled_thresholds(done: Sequence[Fold], cells: int) -> Floats:
    """OperatingPoint threshold that applies to every cell: that of its fold, (repeats, cells)."""
    thresholds: Floats = np.full((max(fold.repeat for fold in done) + 1, cells), np.nan)
    for fold in done:
        thresholds[fold.repeat, fold.test] = fold.model.threshold
    return thresholds
