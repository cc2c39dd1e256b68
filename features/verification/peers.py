"""Comparison of our features with those of mahotas and scikit-image on given cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from time import perf_counter
from typing import Literal

import numpy as np

from ..core.cell import Cell
from ..core.recipe import Recipe, parse_column
from ..core.titles import column_title
from ..primitives.arrays import Floats
from .peer_rows import COMPARED_COMPARTMENTS, PEER_FUNCTIONS, PeerFunction, PeerRow

_MODULES = {"mahotas": "mahotas", "scikit-image": "skimage"}
Verdict = Literal["OK", "differs by convention", "DIFFERS"]


@dataclass(frozen=True)
class PeerAgreement:
    """A feature compared with a package's value over all cells.

    Parameters
    ----------
    row : PeerRow
    column : str
        Column of the largest difference.
    ours, peer : float
        The two values of the cell with the largest difference, in the column's unit.
    difference : float
        Largest relative difference over all cells, compartments and components; infinite where
        one of the two is NaN.
    """

    row: PeerRow
    column: str
    ours: float
    peer: float
    difference: float

    @property
    def title(self) -> str:
        """Standard name of the column."""
        return column_title(parse_column(self.column))

    @property
    def verdict(self) -> Verdict:
        """Whether the two agree, differ as much as the conventions do, or disagree."""
        if self.difference <= self.row.tolerance:
            return "OK"
        return "differs by convention" if self.difference <= self.row.limit else "DIFFERS"


@dataclass(frozen=True)
class PeerComparison:
    """A package's function compared with our features.

    Parameters
    ----------
    function : PeerFunction
    rows : tuple of PeerAgreement
    ours, peer : float
        Median time for the two compartments of a cell, milliseconds.
    """

    function: PeerFunction
    rows: tuple[PeerAgreement, ...]
    ours: float
    peer: float


def missing_packages() -> tuple[str, ...]:
    """Return the packages that cannot be imported here."""
    missing = []
    for package, module in _MODULES.items():
        try:
            import_module(module)
        except ImportError:
            missing.append(package)
    return tuple(missing)


def compare_with_peers(cells: Sequence[Cell]) -> tuple[PeerComparison, ...]:
    """Compare our features with those of the packages that are installed.

    Parameters
    ----------
    cells : sequence of Cell
        At least one.
    """
    missing = missing_packages()
    return tuple(
        compare_function(function, cells)
        for function in PEER_FUNCTIONS
        if function.package not in missing
    )


def compare_function(function: PeerFunction, cells: Sequence[Cell]) -> PeerComparison:
    """Compare our features with one function of a package.

    Parameters
    ----------
    function : PeerFunction
    cells : sequence of Cell
        At least one. Each is measured twice, with nothing computed before.
    """
    columns = [
        [name for word in COMPARED_COMPARTMENTS for name in function.columns(row, word)]
        for row in function.rows
    ]
    recipe = Recipe(tuple(dict.fromkeys(name for names in columns for name in names)))
    places = {name: place for place, name in enumerate(recipe.columns)}
    recipe.measure(_fresh(cells[0]))  # kernels are compiled, modules are imported
    _peer_values(function, _fresh(cells[0]))
    ours, peers, times = [], [], []
    for cell in cells:
        begin = perf_counter()
        ours.append(recipe.measure(_fresh(cell)))
        between = perf_counter()
        peers.append(_peer_values(function, _fresh(cell)))
        times.append((between - begin, perf_counter() - between))
    table = np.array(ours)
    rows = tuple(
        _agreement(
            row, names, table[:, [places[name] for name in names]], np.array([v[at] for v in peers])
        )
        for at, (row, names) in enumerate(zip(function.rows, columns, strict=True))
    )
    median = 1000 * np.median(times, axis=0)
    return PeerComparison(function, rows, float(median[0]), float(median[1]))


def _fresh(cell: Cell) -> Cell:
    """Return the cell with nothing computed yet."""
    return Cell(cell.rgb, cell.nucleus, cell.cell)


def _peer_values(function: PeerFunction, cell: Cell) -> list[Floats]:
    """Return a package's values of each row, compartment by compartment; NaN for an empty one."""
    found = [
        function.measure(cell, word) if cell.mask(word).any() else None
        for word in COMPARED_COMPARTMENTS
    ]
    return [
        np.concatenate(
            [
                np.full(len(tuple(function.columns(row, word))), np.nan)
                if values is None
                else np.atleast_1d(np.asarray(values[row.name], dtype=np.float64))
                for word, values in zip(COMPARED_COMPARTMENTS, found, strict=True)
            ]
        )
        for row in function.rows
    ]


def _agreement(row: PeerRow, names: Sequence[str], ours: Floats, peer: Floats) -> PeerAgreement:
    """Find the largest relative difference between two (cells, columns) arrays."""
    with np.errstate(invalid="ignore"):
        scale = np.maximum(np.maximum(np.abs(ours), np.abs(peer)), row.floor)
        difference = np.abs(ours - peer) / scale
    undefined = np.isnan(ours), np.isnan(peer)
    difference[undefined[0] & undefined[1]] = 0.0
    difference[undefined[0] ^ undefined[1]] = np.inf
    cell, place = divmod(int(np.argmax(difference)), difference.shape[1])
    return PeerAgreement(
        row,
        names[place],
        float(ours[cell, place]),
        float(peer[cell, place]),
        float(difference[cell, place]),
    )
