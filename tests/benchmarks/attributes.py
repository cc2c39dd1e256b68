"""What pathologists noted of cells, from the features: the 11 attributes of WBCAtt.

Beside each stands what the class of the cell alone gives (the commonest value in the class, learnt
from the training folds) and what the commonest value of all gives. The settings of the estimators
are the program's own; nothing is tuned. Of several estimators the last column is the mean of their
probabilities, on the same folds.
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
from pipelines.training.training_table import near_duplicate_rows

FOLDS = 5
MEAN, SHAPE = 0.92, 0.75
NUCLEUS_SHAPE = "nucleus_shape"


def commonest(target: np.ndarray, strata: np.ndarray, done: Sequence[Fold]) -> np.ndarray:
    """Decide for each cell left out the commonest value of its stratum in the training part."""
    decided = np.empty_like(target)
    for fold in done:
        known, strata_known = target[fold.train], strata[fold.train]
        for stratum in np.unique(strata[fold.test]):
            values = known[strata_known == stratum]
            here = fold.test[strata[fold.test] == stratum]
            decided[here] = np.bincount(values if len(values) else known).argmax()
    return decided


def noted(table: Path, notes: Path) -> tuple[pd.DataFrame, list[str]]:
    """Put the attributes beside the features of the cells that have them."""
    attributes = pd.read_csv(notes)
    names = [name for name in attributes.columns if name not in {"image", "class"}]
    attributes = attributes.rename(columns={name: f"Metadata_{name}" for name in attributes})
    cells = read_table(table).merge(
        attributes, left_on="Metadata_Image", right_on="Metadata_image", validate="one_to_one"
    )
    return cells, names


def cross_validated(data: TrainingSet, estimator: str, seed: int, jobs: int) -> list[Fold]:
    """Leave out each fold once; copies of a picture stay on one side."""
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
    """Print the accuracy of each attribute, their mean, and nucleus shape class by class."""
    cells, names = noted(table, notes)
    dictionary = read_sidecar(table)["columns"]
    copies, _ = near_duplicate_rows(cells)
    kind = cells["Metadata_class"].to_numpy(dtype=str)
    columns = [*estimators, *(["mean of these"] if len(estimators) > 1 else [])]
    print(f"WBCAtt: {len(cells)} cells, {FOLDS} folds")
    print(f"  {'attribute':28}{', '.join(columns)} [95 % interval]   class alone  commonest")
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
        rights = [one.argmax(axis=1) == target for one in probabilities]
        right = rights[-1]
        from_class = commonest(target, strata, done) == target
        from_all = commonest(target, np.zeros(len(target)), done) == target
        rows.append([one.mean() for one in (*rights, from_class, from_all)])
        low, high = wilson(int(right.sum()), len(right))
        print(f"  {name:28}{_line(rows[-1], f'[{low:.3f}, {high:.3f}]')}", flush=True)
        if name == NUCLEUS_SHAPE:
            shape = float(right.mean())
            by_class = "  ".join(
                f"{one} {right[strata == one].mean():.3f} ({from_class[strata == one].mean():.3f})"
                for one in np.unique(strata)
            )
    print(f"  {'mean':28}{_line(np.mean(rows, axis=0), f'(target {MEAN})')}")
    print(f"  {NUCLEUS_SHAPE} {shape:.3f} (target {SHAPE}); by class, beside the class alone: ")
    print(f"    {by_class}")


def _line(figures: Sequence[float], words: str) -> str:
    """Write the estimators' figures, words on the last, and what class and commonest value give."""
    *found, from_class, from_all = (f"{one:.3f}" for one in figures)
    return f"{' '.join(found)} {words:18}{from_class}        {from_all}"
