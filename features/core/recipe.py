"""What to measure: column names from presets and families, and back from names to a plan."""

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
        Only these: a family's name takes its columns in the preset; a pattern with ``*`` or
        ``?``, or a whole column name, takes the columns that it fits in any setting.

    Raises
    ------
    CellError
        If one of `wanted` fits no column.

    Examples
    --------
    >>> preset_columns("minimal", ["Cells_AreaShape_*Area", "LBP_*"])
    Traceback (most recent call last):
        ...
    features.errors.CellError: no feature family or column of the preset 'minimal' fits 'LBP_*'...
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
    """Say that a word names no family or column of a preset, and what would."""
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
    problem = f"no feature family or column of the preset {preset!r} fits {word!r}"
    if word in least and MEMBERSHIPS[least[word]] in PRESETS:
        return CellError(problem, f"ask for it with the preset {MEMBERSHIPS[least[word]]!r}")
    families = ", ".join(name for name, first in least.items() if first <= limit)
    return CellError(problem, f"choose among {families}, or name columns, with * where they vary")


def parse_column(name: str) -> Column:
    """Take a column's name apart.

    Raises
    ------
    CellError
        If no feature of this version of blastometry has such a column.

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
        "`features` lists the columns that there are",
    )


@dataclass(frozen=True)
class _PlanStep:
    """The part of a plan that one view serves."""

    family: Family
    axes: Axes
    features: tuple[Feature, ...]

    def columns(self) -> Iterator[str]:
        """Yield the names of the values that it computes, in order."""
        for record in self.features:
            for compartment in self.axes.compartments:
                for channel in self.axes.channels or ("",):
                    for parameter in self.axes.parameters or ("",):
                        for component in record.components or ("",):
                            yield Column(compartment, record, channel, parameter, component).name

    @cached_property
    def _blocks(self) -> tuple[tuple[Callable[[Any], Any], slice, tuple[int, ...]], ...]:
        """Each feature's function, and place and shape of its values for all compartments."""
        blocks, start = [], 0
        for record in self.features:
            components = (len(record.components),) if record.components else ()
            shape = self.axes.shape + components
            blocks.append((record.function, slice(start, start + prod(shape)), shape))
            start = blocks[-1][1].stop
        return tuple(blocks)

    @cached_property
    def _alone(self) -> tuple[tuple[Axes, tuple[tuple[Callable[[Any], Any], slice], ...]], ...]:
        """Axes of each compartment alone, and each feature's function and place of its values."""
        alone = []
        for index, word in enumerate(self.axes.compartments):
            places = []
            for function, block, shape in self._blocks:
                size = prod(shape[1:])
                first = block.start + index * size
                places.append((function, slice(first, first + size)))
            alone.append((replace(self.axes, compartments=(word,)), tuple(places)))
        return tuple(alone)

    def measure(self, cell: Cell, out: Floats) -> None:
        """Write the values of `columns` to `out`."""
        if self.family.each_compartment:
            for axes, places in self._alone:
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
    chosen = set(wanted)
    return tuple(word for word in order if word in chosen)


def _plan_steps(family: Family, columns: Sequence[Column]) -> Iterator[_PlanStep]:
    """Yield the shares of a family: channels that want the same parameters go together."""
    parameters: dict[str, set[str]] = {}
    for column in columns:
        parameters.setdefault(column.channel, set()).add(column.parameter)
    for alike in dict.fromkeys(frozenset(words) for words in parameters.values()):
        mine = [column for column in columns if parameters[column.channel] == alike]
        axes = Axes(
            _in_order((column.compartment for column in mine), COMPARTMENTS),
            _in_order((column.channel for column in mine), family.channels),
            _in_order(alike, family.parameters),
        )
        yield _PlanStep(family, axes, tuple({c.feature.key: c.feature for c in mine}.values()))


@dataclass(frozen=True)
class Recipe:
    """A list of columns, and the plan that fills them for a cell.

    Parameters
    ----------
    columns : tuple of str
        Names as in the feature table; only what they need is computed.

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
        """The columns, taken apart."""
        return tuple(parse_column(name) for name in self.columns)

    @cached_property
    def _plan(self) -> tuple[tuple[tuple[_PlanStep, slice], ...], NDArray[np.intp]]:
        groups: dict[tuple[str, str], list[Column]] = {}
        for column in self.parsed:
            family = column.feature.family
            groups.setdefault((family.name, family.group(column.parameter)), []).append(column)
        shares = [
            share
            for (name, _), mine in groups.items()
            for share in _plan_steps(FAMILIES[name], mine)
        ]
        place: dict[str, int] = {}
        placed = []
        for share in shares:
            start = len(place)
            place.update((name, start + index) for index, name in enumerate(share.columns()))
            placed.append((share, slice(start, len(place))))
        return tuple(placed), np.array([place[name] for name in self.columns], dtype=np.intp)

    def measure(self, cell: Cell) -> Floats:
        """Return the features of a cell: (columns,) float64, NaN where a definition says so."""
        shares, index = self._plan
        values = np.empty(shares[-1][1].stop if shares else 0)
        for share, place in shares:
            share.measure(cell, values[place])
        return values[index]
