"""Recognised layouts of public data sets, in the order in which they are tried."""

from __future__ import annotations

from collections.abc import Callable

from ..files.entries import Entry
from ..files.tree import Tree
from .all_idb import read_all_idb
from .cnmc import read_cnmc
from .pbc_and_seg_wbc import read_pbc, read_seg_wbc
from .synthetic_names import read_synthetic

Layout = Callable[[Tree], tuple[str, list[Entry], list[str]] | None]
"""Returns the layout's name, entries and notes for a tree, or None if it does not match."""

LAYOUTS: tuple[Layout, ...] = (
    read_synthetic,
    read_cnmc,
    read_all_idb,
    read_pbc,
    read_seg_wbc,
)
