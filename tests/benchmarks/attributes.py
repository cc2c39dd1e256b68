"""Prediction of the 11 morphological attributes of WBCAtt from the features.

Two baselines are printed with each accuracy: the most frequent value in the cell's class, and the
most frequent value overall, both from the training folds. The estimators have the program's
default settings. With several estimators, the last column is the mean of their probabilities on the
same folds.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from models.dataset.training_set import TrainingSet, training_set
from models.learning.cross_validation import Fold, cross_validate, pooled
from models.learning.estimators import ESTIMATORS
from models.metrics.wilson import wilson
from pipelines.outputs.read_table import read_table
from pipelines.outputs.sidecar import read_sidecar
from pipelines.training.near_copies import near_copies

FOLDS = 5
MEAN, SHAPE = 0.92, 0.75
NUCLEUS_SHAPE = "nucleus_shape"


def most_frequent(target: np.ndarray, strata: np.ndarray, done: Sequence[Fold]) -> np.ndarray:
    """Return for each test cell the most frequent value of its stratum in the training folds."""
    decided = np.empty_like(target)
    for fold in done:
        known, strata_known = target[fold.train], strata[fold.train]
        for stratum in np.unique(strata[fold.test]):
            values = known[strata_known == stratum]
            here = fold.test[strata[fold.test] == stratum]
            decided[here] = np.bincount(values if len(values) else known).argmax()
    return decided


def annotated_cells(table: Path, notes: Path) -> tuple[pd.DataFrame, list[str]]:
    """Return the cells with attributes, merged with their features, and the attribute names."""
    attributes = pd.read_csv(notes)
    names = [name for name in attributes.columns if name not in {"image", "class"}]
    attributes = attributes.rename(columns={name: f"Metadata_{name}" for name in attributes})
    cells = read_table(table).merge(
        attributes, left_on="Metadata_Image", right_on="Metadata_image", validate="one_to_one"
    )
    return cells, names


def cross_validated(data: TrainingSet, estimator: str, seed: int, jobs: int) -> list[Fold]:
    """Cross-validate once; copies of an image stay in one fold."""
    return cross_validate(
        ESTIMATORS[estimator],
        data.features,
        data.target,
        data.groups,
        classes=data.classes,
        folds=FOLDS,
        repeats=1,
        seed=seed,
        jobs=jobs,
        unit="cells",
    )


def print_attributes(
    table: Path, notes: Path, estimators: Sequence[str], jobs: int, seed: int = 0
) -> None:
    """Print the accuracy of each attribute, their mean, and nucleus shape by class."""
    cells, names = annotated_cells(table, notes)
    dictionary = read_sidecar(table)["columns"]
    copies, _ = near_copies(cells)
    kind = cells["Metadata_class"].to_numpy(dtype=str)
    columns = [*estimators, *(["mean of these"] if len(estimators) > 1 else [])]
    print(f"WBCAtt: {len(cells)} cells, {FOLDS} folds")
    print(f"  {'attribute':28}{', '.join(columns)} [95 % interval]   class only  most frequent")
    rows = []
    for name in names:
        label = f"Metadata_{name}"
        values = sorted(set(cells[label].astype(str)))
        data = training_set(
            cells, dictionary, label=label, group=None, positive=values[0], copies=copies
        )
        target, strata = data.target, kind[data.rows]
        every = [cross_validated(data, estimator, seed, jobs) for estimator in estimators]
        done = every[0]  # the folds are the same
        probabilities = [pooled(one, len(target))[0] for one in every]
        if len(every) > 1:
            probabilities.append(np.mean(probabilities, axis=0))
        corrects = [one.argmax(axis=1) == target for one in probabilities]
        correct = corrects[-1]
        from_class = most_frequent(target, strata, done) == target
        from_all = most_frequent(target, np.zeros(len(target)), done) == target
        rows.append([one.mean() for one in (*corrects, from_class, from_all)])
        low, high = wilson(int(correct.sum()), len(correct))
        print(f"  {name:28}{_line(rows[-1], f'[{low:.3f}, {high:.3f}]')}", flush=True)
        if name == NUCLEUS_SHAPE:
            shape = float(correct.mean())
            by_class = "  ".join(
                f"{one} {correct[strata == one].mean():.3f}"
                f" ({from_class[strata == one].mean():.3f})"
                for one in np.unique(strata)
            )
    print(f"  {'mean':28}{_line(np.mean(rows, axis=0), f'(target {MEAN})')}")
    print(f"  {NUCLEUS_SHAPE} {shape:.3f} (target {SHAPE}); by class (class only): ")
    print(f"    {by_class}")


def _line(figures: Sequence[float], words: str) -> str:
    """Format the estimators' accuracies, `words` on the last, and both baselines."""
    *found, from_class, from_all = (f"{one:.3f}" for one in figures)
    return f"{' '.join(found)} {words:18}{from_class}        {from_all}"
