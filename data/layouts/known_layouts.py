"""The layouts of public data sets that are recognised, in the order in which they are tried."""

from __future__ import annotations

from collections.abc import Callable

from .all_idb import read_all_idb
from .cnmc import read_cnmc
from .drawn import read_synthetic
from .entries import Entry
from .tree import Tree
from .white_cells import read_pbc, read_seg_wbc

Layout = Callable[[Tree], tuple[str, list[Entry], list[str]] | None]
"""From a tree to the layout's name, its entries and its notes; None where it does not fit."""

LAYOUTS: tuple[Layout, ...] = (
    read_synthetic,
    read_cnmc,
    read_all_idb,
    read_pbc,
    read_seg_wbc,
)
