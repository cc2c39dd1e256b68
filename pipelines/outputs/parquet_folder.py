"""A feature table as a folder of Parquet files, each of the same number of images.

One file needs one process that has seen every row; a folder is written by many, and a reader
takes from it what fits. Which rows lie in which file depends on the images' order alone.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import DataError

from ..workers.run_all import Workers
from .assemble import TableWriter, total_rows
from .thumbnails import thumbnails_path
from .write_tables import TableLayout

if TYPE_CHECKING:
    from .assemble import MeasuredImage

# Images a file: some 10 MB of a standard table of crops.
IMAGES = 1024


def write_dataset(
    folder: Path, layout: TableLayout, images: Sequence[MeasuredImage], workers: Workers
) -> int:
    """Write a folder of Parquet files in place of what was there; return the number of rows.

    The thumbnails come into a folder beside it, in files of the same names.

    Raises
    ------
    DataError
        If a file cannot be written, or the folder holds something else.
    """
    check_dataset(folder)
    folder = folder.absolute()
    pictures = thumbnails_path(folder)
    fresh, fresh_pictures = _beside(folder, "new"), _beside(pictures, "new")
    try:
        for left in (fresh, fresh_pictures):
            shutil.rmtree(left, ignore_errors=True)
            left.mkdir()
        tasks = []
        for start in range(0, len(images), IMAGES):
            name = f"part-{start // IMAGES:06d}.parquet"
            task = (fresh / name, fresh_pictures / name, images[start : start + IMAGES])
            tasks.append(task)
        rows = total_rows(folder, workers.run_tasks(TableWriter(layout), tasks))
        _put(fresh, folder)
        _put(fresh_pictures, pictures)
    except OSError as error:
        raise DataError(
            f"{folder} cannot be written ({error.strerror or error})",
            "see to its folder and run the same command again: what was done is kept",
        ) from error
    return rows


def _beside(folder: Path, word: str) -> Path:
    return folder.with_name(f".{folder.name}.{word}")


def _put(fresh: Path, folder: Path) -> None:
    """Put a folder in the place of another, or of the file that a table of one file left there."""
    old = _beside(folder, "old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.is_dir():
        folder.rename(old)
    else:
        folder.unlink(missing_ok=True)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def check_dataset(folder: Path) -> None:
    """Refuse to replace a folder that holds something else than a data set."""
    if not folder.exists():
        return
    if not folder.is_dir() or any(path.suffix != ".parquet" for path in folder.iterdir()):
        raise DataError(
            f"{folder} holds other files",
            "give a new name for the folder of the table, or one that ends in .parquet or .csv",
        )
