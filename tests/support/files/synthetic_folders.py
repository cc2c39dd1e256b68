"""Folders of synthetic cell images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from data.synthetic import synthetic_smear


def write_smear(folder: Path, *, subjects: int = 3, cells: int = 2, seed: int = 0) -> Path:
    """Write synthetic cells into class folders, file names starting with the subject; return it."""
    smear = synthetic_smear(seed, subjects=subjects, cells_per_subject=cells)
    for index, cell in enumerate(smear):
        path = folder / cell.label / f"{cell.subject}_{index:02d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(cell.rgb))
    return folder


def pngs_of_tiles(folder: Path, names: Sequence[str], tiles: int = 2) -> int:
    """Write fields of tiles x tiles equal cells; return the side of a tile.

    Each cell is in the middle of its tile.
    """
    (cell,) = synthetic_smear(0, subjects=1, cells_per_subject=1)
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(png(np.tile(cell.rgb, (tiles, tiles, 1))))
    return int(cell.rgb.shape[0])


def png(rgb: np.ndarray) -> bytes:
    """Encode an RGB image as PNG."""
    return cv2.imencode(".png", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))[1].tobytes()


def add_copy(folder: Path, name: str) -> None:
    """Copy an image of a smear under another name, with other bytes."""
    source = min(folder.glob("normal/S*"))
    (folder / "normal" / name).write_bytes(source.read_bytes() + name.encode())
