"""Recognised layouts of public data sets, in the order in which they are tried."""

from __future__ import annotations

from collections.abc import Callable

from ..files.tree import Tree
from .all_idb import read_all_idb
from .cnmc import read_cnmc
from .pbc import read_pbc
from .recognised import Recognised
from .seg_wbc import read_seg_wbc
from .synthetic_names import read_synthetic

Layout = Callable[[Tree], Recognised | None]
"""Returns what a layout knows of a tree, or None without strong evidence for it.

Strong evidence is a checksum of the set's files, or file names of most images that are peculiar to
the set, in its structure. The name of a folder or the number of an image is none.
"""

LAYOUTS: tuple[Layout, ...] = (
    read_synthetic,
    read_cnmc,
    read_all_idb,
    read_pbc,
    read_seg_wbc,
)


def recognise(tree: Tree) -> Recognised | None:
    """Return what the first layout that fits knows of a tree, or None."""
    described = (layout(tree) for layout in LAYOUTS)
    return next((found for found in described if found), None)
