"""File names of synthetic cells, which identify them as synthetic."""

from __future__ import annotations

import re

from ..files.entries import Entry
from ..files.tree import Tree
from ..synthetic import SyntheticCell
from .recognised import Recognised, own_folders

LAYOUT = "synthetic cells"
NOTE = "these cells are synthetic: performance on them says nothing about real blood"

_FOLDERS = own_folders("synthetic.*|cells")
_NAME = re.compile(r"synthetic_(?P<subject>S\d+)_\d+_(?P<label>blast|normal)\.png")


def synthetic_name(index: int, cell: SyntheticCell) -> str:
    """Return the file name of a synthetic cell: subject, number and class."""
    return f"synthetic_{cell.subject}_{index:03d}_{cell.label}.png"


def read_synthetic(tree: Tree) -> Recognised | None:
    """Return the layout of a tree in which every image is a synthetic cell, else None."""
    entries = []
    for image in tree.images:
        match = _NAME.fullmatch(image.file)
        if match is None:
            return None
        entries.append(
            Entry(
                image.place,
                image.name,
                label=match["label"],
                original_label=f"synthetic {match['label']}",
                subject=match["subject"],
                source="crop",
            )
        )
    evidence = f"the names of all {len(entries)} files ({tree.images[0].file})"
    return Recognised(LAYOUT, evidence, tuple(entries), (NOTE,), _FOLDERS)
