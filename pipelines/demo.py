"""Demo: synthetic cells, measured, learnt and explained, without a picture of one's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import DataError

from .extract import extract
from .train import train
from .workers.run_all import Progress

if TYPE_CHECKING:
    from .training.summary import TrainingReport

SUBJECTS, CELLS = 12, 12
AUDITED = 48  # cells suffice to show what the audit does


def demo(
    out: Path,
    *,
    seed: int = 0,
    jobs: int = 1,
    progress: Progress | None = None,
    tell: Callable[[str], None] | None = None,
) -> TrainingReport:
    """Draw a smear of synthetic cells, extract their features, train on them.

    The pictures are drawn by this program: what a model reaches on them says nothing of blood.

    Parameters
    ----------
    out : Path
        Folder to write: ``images/``, the table, and ``model/``.
    seed, jobs : int
        Seed of everything that is random; worker processes.
    progress, tell : callable, optional
        Told how many images are measured, and what step is done.

    Raises
    ------
    DataError
        If the folder holds something else or cannot be written to.
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
            f"{out} cannot be written to ({error.strerror})", "give a folder that can, with -o"
        ) from error
    for index, cell in enumerate(synthetic_smear(seed, subjects=SUBJECTS, cells_per_subject=CELLS)):
        path = images / synthetic_name(index, cell)
        cv2.imwrite(str(path), cv2.cvtColor(cell.rgb, cv2.COLOR_RGB2BGR))
    table = out / "cells.parquet"
    extract(images, table, jobs=jobs, progress=progress)
    return train(
        table,
        out / "model",
        folds=4,
        repeats=1,
        audit_cells=AUDITED,
        seed=seed,
        jobs=jobs,
        progress=tell,
    )
