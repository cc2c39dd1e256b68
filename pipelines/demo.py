"""Demo: draw synthetic cells, extract their features and train a model on them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import DataError

from .extract import ExtractSettings, extract
from .progress import SILENCE, Progress
from .train import train
from .training.training_settings import TrainingSettings

if TYPE_CHECKING:
    from .training.summary import TrainingReport

SUBJECTS, CELLS = 12, 12
AUDITED = 48  # cells, enough to show what the audit does


def demo(
    out: Path,
    *,
    seed: int = 0,
    jobs: int = 1,
    progress: Progress = SILENCE,
) -> TrainingReport:
    """Draw synthetic cells, extract their features and train a model on them.

    The pictures are synthetic: the performance of the model on them says nothing about blood.

    Parameters
    ----------
    out : Path
        Folder to write: ``images/``, the table, and ``model/``.
    seed, jobs : int
        Seed of all random numbers; number of worker processes.
    progress : Progress
        Shows the steps; by default nothing.

    Raises
    ------
    DataError
        If the folder holds other files or cannot be written to.
    """
    import cv2

    from data.layouts.synthetic_names import synthetic_name
    from data.synthetic import synthetic_smear

    images = out / "images"
    if any(path for path in images.glob("*") if not path.name.startswith("synthetic_")):
        raise DataError(f"{images} holds other files", "give a new folder, with -o")
    try:
        images.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"{out} cannot be written to ({error.strerror})", "give another folder with -o"
        ) from error
    for index, cell in enumerate(synthetic_smear(seed, subjects=SUBJECTS, cells_per_subject=CELLS)):
        path = images / synthetic_name(index, cell)
        cv2.imwrite(str(path), cv2.cvtColor(cell.rgb, cv2.COLOR_RGB2BGR))
    table = out / "cells.parquet"
    extract(images, table, ExtractSettings(jobs=jobs), progress)
    return train(
        table,
        out / "model",
        TrainingSettings(folds=4, repeats=1, audit_cells=AUDITED, seed=seed, jobs=jobs),
        progress,
    )
