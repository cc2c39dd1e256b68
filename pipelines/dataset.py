"""A feature table as a folder of Parquet files, each of the same number of images.

One file needs one process that has seen every row; a folder is written by many, and a reader
takes from it what fits. Which rows lie in which file depends on the images' order alone.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import DataError

from .accounts import Workers
from .pool import Lost
from .tables import Layout, write_table

if TYPE_CHECKING:
    from .gathering import Measured

# Images a file: some 10 MB of a standard table of crops.
IMAGES = 1024


@dataclass(frozen=True)
class Assembling:
    """The work of a worker: call it with a file's name and its images to write the file.

    Parameters
    ----------
    layout : Layout
        Of the table.
    folder : Path
        Of the files.
    """

    layout: Layout
    folder: Path

    def __call__(self, task: tuple[str, Sequence[Measured]]) -> int:
        """Write a file of the data set and return the number of its rows."""
        name, images = task
        return write_table(self.folder / name, self.layout, (one.cells() for one in images))


def write_dataset(
    folder: Path, layout: Layout, images: Sequence[Measured], workers: Workers
) -> int:
    """Write a folder of Parquet files in place of what was there; return the number of rows.

    Raises
    ------
    DataError
        If a file cannot be written, or the folder holds something else.
    """
    check_dataset(folder)
    fresh = folder.absolute().with_name(f".{folder.name}.new")
    old = folder.absolute().with_name(f".{folder.name}.old")
    try:
        for left in (fresh, old):
            shutil.rmtree(left, ignore_errors=True)
        fresh.mkdir()
        tasks = [
            (f"part-{start // IMAGES:06d}.parquet", images[start : start + IMAGES])
            for start in range(0, len(images), IMAGES)
        ]
        rows = 0
        for _, answer in workers.answers(Assembling(layout, fresh), tasks):
            if isinstance(answer, Lost):
                raise DataError(f"{folder} cannot be written: {answer.reason}", answer.remedy)
            rows += answer
        if folder.exists():
            folder.rename(old)
        fresh.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise DataError(
            f"{folder} cannot be written ({error.strerror or error})",
            "see to its folder and run the same command again: what was done is kept",
        ) from error
    return rows


def check_dataset(folder: Path) -> None:
    """Refuse to replace a folder that holds something else than a data set."""
    if not folder.exists():
        return
    if not folder.is_dir() or any(path.suffix != ".parquet" for path in folder.iterdir()):
        raise DataError(
            f"{folder} holds other files",
            "give a new name for the folder of the table, or one that ends in .parquet or .csv",
        )
