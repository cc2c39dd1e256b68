"""Demo: draw synthetic cells and fields, outline them, measure the cells, train a model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import DataError

from .extract import ExtractSettings, extract
from .progress import SILENCE, Progress
from .segment import SegmentSettings, segment
from .train import train
from .training.training_settings import TrainingSettings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .training.summary import TrainingReport

SUBJECTS, CELLS = 12, 12
AUDITED = 48  # cells, enough to show what the audit does
FIELDS = ("good microscope", "eyepiece disc", "phone vignette", "lamp glare")


def demo(
    out: Path,
    *,
    seed: int = 0,
    jobs: int = 1,
    progress: Progress = SILENCE,
) -> TrainingReport:
    """Draw synthetic cells, extract their features and train a model on them; outline fields.

    Four cameras photograph the fields, see `data.drawn_fields`. The pictures are synthetic: the
    performance of the model on them says nothing about blood.

    Parameters
    ----------
    out : Path
        Folder to write: ``images/``, the table, ``model/``, ``fields/``, and ``outlines/`` of the
        white cells in these fields.
    seed, jobs : int
        Seed of all random numbers; number of worker processes.
    progress : Progress
        Shows the steps; by default nothing.

    Raises
    ------
    DataError
        If the folder holds other files or cannot be written to.
    """
    images, fields = _empty_folder(out / "images"), _empty_folder(out / "fields")
    _draw_cells(images, seed)
    _draw_fields(fields, seed)
    settings = SegmentSettings(source="field", jobs=jobs)
    segment(fields, out / "outlines", settings, progress)
    table = out / "cells.parquet"
    extract(images, table, ExtractSettings(jobs=jobs), progress)
    return train(
        table,
        out / "model",
        TrainingSettings(folds=4, repeats=1, audit_cells=AUDITED, seed=seed, jobs=jobs),
        progress,
    )


def _empty_folder(folder: Path) -> Path:
    """Make a folder of synthetic images, which holds none or those of an earlier run."""
    if any(path for path in folder.glob("*") if not path.name.startswith("synthetic_")):
        raise DataError(f"{folder} holds other files", "give a new folder, with -o")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"{folder} cannot be written to ({error.strerror})", "give another folder with -o"
        ) from error
    return folder


def _draw_cells(folder: Path, seed: int) -> None:
    from data.layouts.synthetic_names import synthetic_name
    from data.synthetic import synthetic_smear

    for index, cell in enumerate(synthetic_smear(seed, subjects=SUBJECTS, cells_per_subject=CELLS)):
        _write_png(folder / synthetic_name(index, cell), cell.rgb)


def _draw_fields(folder: Path, seed: int) -> None:
    """Draw one field as each of four cameras sees it."""
    from data.drawn_fields.cameras import CAMERAS
    from data.drawn_fields.content import FieldContent
    from data.drawn_fields.draw import draw_field

    content = FieldContent(white_cells=6, clusters=(3,), smudges=1)
    for name in FIELDS:
        field = draw_field(seed, content=content, camera=CAMERAS[name])
        _write_png(folder / f"synthetic_field_{name.replace(' ', '_')}.png", field.rgb)


def _write_png(path: Path, rgb: NDArray[np.uint8]) -> None:
    import cv2

    cv2.imwrite(str(path), cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
