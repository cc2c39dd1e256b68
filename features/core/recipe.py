"""Select columns by presets and patterns, and measure a list of columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import CellError
from ..primitives.arrays import Floats
from .cell import COMPARTMENTS, Cell
from .registry import (
    FAMILIES,
    FEATURES,
    MEMBERSHIPS,
    PRESETS,
    Axes,
    Column,
    Family,
    Feature,
    Preset,
    feature_columns,
)


def preset_columns(preset: Preset = "standard", wanted: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the names of the columns of a preset, in the table's order.

    Parameters
    ----------
    preset : {"minimal", "standard", "full"}
        How much to measure.
    wanted : sequence of str
        If given, only these columns: the name of a family selects its columns in the preset; a
        column name, or a pattern with ``*`` or ``?``, selects matching columns of any preset.

    Raises
    ------
    CellError
        If one of `wanted` matches no column.

    Examples
    --------
    >>> preset_columns("minimal", ["Cells_AreaShape_*Area", "LBP_*"])
    Traceback (most recent call last):
        ...
    features.errors.CellError: no feature family or column of the preset 'minimal' matches 'LBP...
    >>> preset_columns("minimal", ["Cells_AreaShape_*Area", "Nuclei_AreaShape_Solidity"])
    ('Cells_AreaShape_Area', 'Cells_AreaShape_ConvexArea', 'Nuclei_AreaShape_Solidity')
    """
    limit = MEMBERSHIPS.index(preset)
    chosen: dict[str, None] = {}
    found: set[str] = set()
    for column in (column for record in FEATURES.values() for column in feature_columns(record)):
        inside = MEMBERSHIPS.index(column.membership) <= limit
        if not wanted:
            if inside:
                chosen[column.name] = None
            continue
        fits = {
            word
            for word in wanted
            if (inside and word == column.feature.family.name) or fnmatchcase(column.name, word)
        }
        found |= fits
        if fits:
            chosen[column.name] = None
    for word in wanted:
        if word not in found:
            raise _unknown_column(word, preset)
    return tuple(chosen)


def _unknown_column(word: str, preset: str) -> CellError:
    """Return the error for a word that matches no family or column of a preset."""
    limit = MEMBERSHIPS.index(preset)
    least = {
        name: min(
            MEMBERSHIPS.index(column.membership)
            for record in FEATURES.values()
            if record.family.name == name
            for column in feature_columns(record)
        )
        for name in FAMILIES
    }
    problem = f"no feature family or column of the preset {preset!r} matches {word!r}"
    if word in least and MEMBERSHIPS[least[word]] in PRESETS:
        return CellError(problem, f"use the preset {MEMBERSHIPS[least[word]]!r}")
    families = ", ".join(name for name, first in least.items() if first <= limit)
    return CellError(problem, f"choose from {families}, or give column names or patterns with *")


def parse_column(name: str) -> Column:
    """Parse the name of a column.

    Raises
    ------
    CellError
        If this version of blastometry has no such column.

    Examples
    --------
    >>> column = parse_column("Nuclei_Texture_Contrast_Lstar_d1_32_mean")
    >>> column.compartment, column.feature.key, column.channel, column.parameter
    ('Nuclei', 'Texture_Contrast', 'Lstar', 'd1_32_mean')
    """
    compartment, _, rest = name.partition("_")
    key = "_".join(rest.split("_")[:2])
    record = FEATURES.get(key)
    if record is not None and compartment in record.compartments:
        tail = rest[len(key) + 1 :]
        channel = tail.split("_")[0] if record.channels else ""
        if record.channels:
            tail = tail[len(channel) + 1 :]
        for parameter in record.family.parameters or ("",):
            for component in record.components or ("",):
                column = Column(compartment, record, channel, parameter, component)
                if column.name == name and (not record.channels or channel in record.channels):
                    return column
    raise CellError(
        f"no feature of this version has the column {name!r}",
        "`features` lists the columns",
    )


@dataclass(frozen=True)
class _PlanStep:
    """Features of one family that are computed from one view."""

    family: Family
    axes: Axes
    features: tuple[Feature, ...]

    def columns(self) -> Iterator[str]:
        """Yield the names of the computed columns, in order."""
        for record in self.features:
            for compartment in self.axes.compartments:
                for channel in self.axes.channels or ("",):
                    for parameter in self.axes.parameters or ("",):
                        for component in record.components or ("",):
                            yield Column(compartment, record, channel, parameter, component).name

    @cached_property
    def _blocks(self) -> tuple[tuple[Callable[[Any], Any], slice, tuple[int, ...]], ...]:
        """Function of each feature, and slice and shape of its values for all compartments."""
        blocks, start = [], 0
        for record in self.features:
            components = (len(record.components),) if record.components else ()
            shape = self.axes.shape + components
            blocks.append((record.function, slice(start, start + prod(shape)), shape))
            start = blocks[-1][1].stop
        return tuple(blocks)

    @cached_property
    def _by_compartment(
        self,
    ) -> tuple[tuple[Axes, tuple[tuple[Callable[[Any], Any], slice], ...]], ...]:
        """Axes of each single compartment, and function and slice of each feature's values."""
        single = []
        for index, word in enumerate(self.axes.compartments):
            places = []
            for function, block, shape in self._blocks:
                size = prod(shape[1:])
                first = block.start + index * size
                places.append((function, slice(first, first + size)))
            single.append((replace(self.axes, compartments=(word,)), tuple(places)))
        return tuple(single)

    def measure(self, cell: Cell, out: Floats) -> None:
        """Write the values of `columns` to `out`."""
        if self.family.each_compartment:
            for axes, places in self._by_compartment:
                view = self.family.view(cell, axes)
                for function, place in places:
                    out[place] = function(view)
            return
        view = self.family.view(cell, self.axes)
        if self.family.finish is not None:
            values = np.array([function(view) for function, _, _ in self._blocks])
            out[:] = self.family.finish(view, values, self.axes).ravel()
            return
        for function, block, shape in self._blocks:
            out[block].reshape(shape)[...] = function(view)


def _in_order(wanted: Iterable[str], order: Sequence[str]) -> tuple[str, ...]:
    """Return the wanted words in the given order."""
    chosen = set(wanted)
    return tuple(word for word in order if word in chosen)


def _plan_steps(family: Family, columns: Sequence[Column]) -> Iterator[_PlanStep]:
    """Yield the steps of a family; channels with equal sets of parameters share one step."""
    parameters: dict[str, set[str]] = {}
    for column in columns:
        parameters.setdefault(column.channel, set()).add(column.parameter)
    for same in dict.fromkeys(frozenset(words) for words in parameters.values()):
        mine = [column for column in columns if parameters[column.channel] == same]
        axes = Axes(
            _in_order((column.compartment for column in mine), COMPARTMENTS),
            _in_order((column.channel for column in mine), family.channels),
            _in_order(same, family.parameters),
        )
        yield _PlanStep(family, axes, tuple({c.feature.key: c.feature for c in mine}.values()))


@dataclass(frozen=True)
class Recipe:
    """A list of columns, and the plan that computes them for a cell.

    Parameters
    ----------
    columns : tuple of str
        Names as in the feature table; no other features are computed.

    Examples
    --------
    >>> recipe = Recipe(("Nuclei_AreaShape_Area", "Cells_AreaShape_FormFactor"))
    >>> import numpy as np
    >>> from features import Cell
    >>> mask = np.ones((4, 5), dtype=bool)
    >>> float(recipe.measure(Cell(np.zeros((4, 5, 3), np.uint8), mask, mask))[0])
    20.0
    """

    columns: tuple[str, ...]

    @cached_property
    def parsed(self) -> tuple[Column, ...]:
        """The parsed columns."""
        return tuple(parse_column(name) for name in self.columns)

    @cached_property
    def _plan(self) -> tuple[tuple[tuple[_PlanStep, slice], ...], NDArray[np.intp]]:
        """Steps with the slices of their values, and the index of each column in these."""
        groups: dict[tuple[str, str], list[Column]] = {}
        for column in self.parsed:
            family = column.feature.family
            groups.setdefault((family.name, family.group(column.parameter)), []).append(column)
        steps = [
            step for (name, _), mine in groups.items() for step in _plan_steps(FAMILIES[name], mine)
        ]
        place: dict[str, int] = {}
        placed = []
        for step in steps:
            start = len(place)
            place.update((name, start + index) for index, name in enumerate(step.columns()))
            placed.append((step, slice(start, len(place))))
        return tuple(placed), np.array([place[name] for name in self.columns], dtype=np.intp)

    def measure(self, cell: Cell) -> Floats:
        """Return the features of a cell: (columns,) float64, NaN as its definition says."""
        steps, index = self._plan
        values = np.empty(steps[-1][1].stop if steps else 0)
        for step, place in steps:
            step.measure(cell, values[place])
        return values[index]
