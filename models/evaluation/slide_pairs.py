"""Pairs of slides held out: performance on slides that the model has not seen.

Where each slide has cells of one class only, slide and class are one. A pair of slides, one of
each class, is separated by any difference between them: the cells, the stain, or the camera.
Two slides from one camera leave it the cells and the stain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from ..learning.estimators import Estimator
from ..metrics.probability import auroc

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Texts = NDArray[np.str_]

# Limits of the computing time: pairs of each kind, test cells of a slide, training cells.
MOST_PAIRS = 30
MOST_OF_A_SLIDE = 200
MAX_TRAINING_CELLS = 1_000

SAME, DIFFERENT, UNKNOWN = "same camera", "different cameras", "camera not known"
KINDS = (SAME, DIFFERENT, UNKNOWN)


@dataclass(frozen=True)
class SlidePair:
    """Two slides that are held out together, one of each class.

    Parameters
    ----------
    positive, negative : str
        The slide of the positive class and the one of the other.
    kind : {"same camera", "different cameras", "camera not known"}
    """

    positive: str
    negative: str
    kind: str


@dataclass(frozen=True)
class PairFigures:
    """Figures over several pairs: their number, and the mean, minimum and maximum AUROC."""

    pairs: int
    mean: float
    least: float
    greatest: float


def slide_pairs(slides: Texts, cameras: Texts, positive: NDArray[np.bool_]) -> list[SlidePair]:
    """List every pair of slides, one of each class.

    Parameters
    ----------
    slides, cameras : (n,) str
        Of each cell; empty where it is not known. Cells of no known slide are in no pair.
    positive : (n,) bool
        The class.

    Returns
    -------
    list of SlidePair
        In the order of the slides' names; empty where a slide has cells of both classes, and where
        a class has fewer than two slides, for then nothing is left to learn it from.
    """
    classes = {
        str(slide): set(positive[slides == slide].tolist()) for slide in np.unique(slides) if slide
    }
    if any(len(found) > 1 for found in classes.values()):
        return []
    ours = [slide for slide, found in classes.items() if True in found]
    theirs = [slide for slide, found in classes.items() if False in found]
    if min(len(ours), len(theirs)) < 2:
        return []
    taken = {slide: set(cameras[slides == slide].tolist()) for slide in classes}
    return [
        SlidePair(one, other, _kind(taken[one], taken[other])) for one in ours for other in theirs
    ]


def _kind(one: set[str], other: set[str]) -> str:
    if "" in one | other or max(len(one), len(other)) > 1:
        return UNKNOWN
    return SAME if one == other else DIFFERENT


def chosen_pairs(pairs: Sequence[SlidePair], most: int = MOST_PAIRS) -> list[SlidePair]:
    """Take at most so many pairs of each kind, at even steps along the list.

    Examples
    --------
    >>> pairs = [SlidePair("a", str(n), SAME) for n in range(5)]
    >>> [pair.negative for pair in chosen_pairs(pairs, 3)]
    ['0', '2', '4']
    """
    chosen = []
    for kind in KINDS:
        of_kind = [pair for pair in pairs if pair.kind == kind]
        steps = np.rint(np.linspace(0, len(of_kind) - 1, min(most, len(of_kind)))).astype(int)
        chosen += [of_kind[step] for step in steps]
    return chosen


def split_of(pair: SlidePair, slides: Texts, groups: Codes, seed: int = 0) -> tuple[Codes, Codes]:
    """Split cells into training cells and test cells, those of the pair.

    A group with a cell on either slide is not used for training, nor is a cell of no known slide.
    At most 200 cells of each slide are tested, and at most 1,000 others are used for training, as
    evenly from the other slides as possible; both are drawn with the seed.

    Returns
    -------
    train, test : (m,) int64
        Positions of cells, ascending.
    """
    rng = np.random.default_rng(seed)
    held_out = np.isin(slides, [pair.positive, pair.negative])
    free = ~held_out & (slides != "") & ~np.isin(groups, groups[held_out])
    test = [
        _drawn(np.flatnonzero(slides == name), MOST_OF_A_SLIDE, rng)
        for name in (pair.positive, pair.negative)
    ]
    train = np.flatnonzero(free)
    if len(train) > MAX_TRAINING_CELLS:
        order = rng.permutation(train)
        ranks = np.empty(len(order), dtype=np.int64)  # a cell's number on its own slide
        for name in np.unique(slides[order]):
            here = slides[order] == name
            ranks[here] = np.arange(here.sum())
        train = np.sort(order[np.argsort(ranks, kind="stable")[:MAX_TRAINING_CELLS]])
    return train.astype(np.int64), np.sort(np.concatenate(test)).astype(np.int64)


def pair_aurocs(
    estimator: Estimator,
    features: Floats,
    positive: NDArray[np.bool_],
    splits: Sequence[tuple[Codes, Codes]],
    *,
    columns: Codes | None = None,
    seed: int = 0,
    jobs: int = 1,
) -> Floats:
    """Compute the AUROC of each pair with a model trained on the other slides: (pairs,) float64.

    NaN where the other slides have one class only. Columns that do not vary among the cells
    used for training are left out; without any, the AUROC is 0.5.

    Parameters
    ----------
    estimator : Estimator
    features : (n, p) float64
    positive : (n,) bool
    splits : sequence of (train, test)
        See `split_of`.
    columns : (m,) int64, optional
        Those to train on; all without it.
    seed, jobs : int
    """
    target = positive.astype(np.int64)
    chosen = np.arange(features.shape[1]) if columns is None else columns

    def one(train: Codes, test: Codes) -> float:
        if len(np.unique(target[train])) < 2:
            return float("nan")
        varied = chosen[_varied(features[np.ix_(train, chosen)])]
        if not varied.size:
            return 0.5
        pipeline = estimator.fit(features[np.ix_(train, varied)], target[train], seed)
        scores = estimator.scores(pipeline, features[np.ix_(test, varied)])[:, 1]
        return auroc(positive[test], scores)

    tasks = (delayed(one)(*split) for split in splits)
    return np.array(list(Parallel(n_jobs=jobs, prefer="threads")(tasks)), dtype=np.float64)


def figures_by_kind(pairs: Sequence[SlidePair], areas: Floats) -> Mapping[str, PairFigures]:
    """Summarise each kind of pair; a kind without pairs is left out."""
    kinds = np.array([pair.kind for pair in pairs])
    known = ~np.isnan(areas)
    return {
        kind: PairFigures(
            int(here.sum()),
            float(areas[here].mean()),
            float(areas[here].min()),
            float(areas[here].max()),
        )
        for kind in KINDS
        if (here := known & (kinds == kind)).any()
    }


def _drawn(rows: NDArray[np.intp], most: int, rng: np.random.Generator) -> NDArray[np.intp]:
    return rows if len(rows) <= most else rng.choice(rows, most, replace=False)


def _varied(features: Floats) -> NDArray[np.bool_]:
    """Columns with at least two values among the known ones."""
    known = np.isfinite(features)
    low = np.where(known, features, np.inf).min(axis=0)
    high = np.where(known, features, -np.inf).max(axis=0)
    varied: NDArray[np.bool_] = low < high
    return varied
