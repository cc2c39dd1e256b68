"""Write a feature table as a folder of Parquet files with the same number of images each.

Several processes write a folder at once, and a reader can read it in portions. The rows of each
file depend only on the order of the images.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import DataError

from ..workers.run_all import run_tasks
from .assemble import TableWriter, total_rows
from .thumbnails import thumbnails_path

if TYPE_CHECKING:
    from ..workers.settings import RunSettings
    from .assemble import MeasuredImage
    from .table_layout import TableLayout

# Images of a file: about 10 MB of a standard table of crops.
IMAGES = 1024


def write_dataset(
    folder: Path, layout: TableLayout, images: Sequence[MeasuredImage], settings: RunSettings
) -> int:
    """Write a folder of Parquet files, replacing an earlier one; return the number of rows.

    The thumbnails are written to a second folder, in files with the same names.

    Raises
    ------
    DataError
        If a file cannot be written, or the folder holds other files.
    """
    check_dataset(folder)
    folder = folder.absolute()
    pictures = thumbnails_path(folder)
    fresh, fresh_pictures = _sibling(folder, "new"), _sibling(pictures, "new")
    try:
        for left in (fresh, fresh_pictures):
            shutil.rmtree(left, ignore_errors=True)
            left.mkdir()
        tasks = []
        for start in range(0, len(images), IMAGES):
            name = f"part-{start // IMAGES:06d}.parquet"
            task = (fresh / name, fresh_pictures / name, images[start : start + IMAGES])
            tasks.append(task)
        rows = total_rows(folder, run_tasks(TableWriter(layout), tasks, settings))
        _replace(folder, fresh)
        _replace(pictures, fresh_pictures)
    except OSError as error:
        raise DataError(
            f"{folder} cannot be written ({error.strerror or error})",
            "correct that and run the same command again: finished images are kept",
        ) from error
    return rows


def _sibling(folder: Path, word: str) -> Path:
    return folder.with_name(f".{folder.name}.{word}")


def _replace(folder: Path, fresh: Path) -> None:
    """Rename `fresh` to `folder`; remove an older folder or file of this name."""
    old = _sibling(folder, "old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.is_dir():
        folder.rename(old)
    else:
        folder.unlink(missing_ok=True)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def check_dataset(folder: Path) -> None:
    """Refuse to replace a folder that holds other files than Parquet files."""
    if not folder.exists():
        return
    if not folder.is_dir() or any(path.suffix != ".parquet" for path in folder.iterdir()):
        raise DataError(
            f"{folder} holds other files",
            "give a new name for the table's folder, or a name that ends in .parquet or .csv",
        )
