"""Write the folder of a model whole, in place of an older one."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from ..errors import ModelError


def replace_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files to a temporary folder, then rename it; an older folder is replaced.

    Raises
    ------
    ModelError
        If the folder cannot be written.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(
            prefix=f".{folder.name}.", dir=folder.parent, ignore_cleanup_errors=True
        ) as temporary:
            fresh = Path(temporary) / "new"
            fresh.mkdir()
            for name, content in files.items():
                (fresh / name).write_bytes(content)
            _swap(fresh, folder, Path(temporary) / "old")
    except OSError as error:
        raise ModelError(
            f"{folder} cannot be written: {error.strerror}", "name another folder for the model"
        ) from error


def _swap(fresh: Path, folder: Path, aside: Path) -> None:
    """Replace the old folder by the new one; restore the old one if that fails."""
    if not folder.exists():
        fresh.rename(folder)
        return
    folder.rename(aside)
    try:
        fresh.rename(folder)
    except OSError:
        aside.rename(folder)
        raise
