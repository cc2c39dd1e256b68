"""What to measure: column names from presets and families, and back from names to a plan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .cell import COMPARTMENTS, Cell, Floats
from .errors import CellError
from .registry import (
    FAMILIES,
    FEATURES,
    PRESETS,
    Axes,
    Column,
    Family,
    Feature,
    Preset,
    columns_of,
    evaluate,
)


def _first_preset(column: Column) -> int:
    """Return the index of the smallest preset that has the column."""
    wanted = [column.feature.preset]
    wanted += [
        column.feature.family.presets[part]
        for part in (column.channel, column.parameter)
        if part in column.feature.family.presets
    ]
    return max(PRESETS.index(preset) for preset in wanted)


def preset_columns(
    preset: Preset = "standard", families: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return the names of the columns of a preset, in the table's order.

    Parameters
    ----------
    preset : {"minimal", "standard", "full"}
        How much to measure.
    families : sequence of str
        Only these families; all of them by default.

    Raises
    ------
    CellError
        If a family is unknown, or the families have no column in this preset.
    """
    unknown = [name for name in families if name not in FAMILIES]
    if unknown:
        raise CellError(
            f"there is no feature family {unknown[0]!r}", f"choose among {', '.join(FAMILIES)}"
        )
    limit = PRESETS.index(preset)
    names = [
        column.name
        for record in FEATURES.values()
        if not families or record.family.name in families
        for column in columns_of(record)
        if _first_preset(column) <= limit
    ]
    if not names:
        raise CellError(
            f"{', '.join(families)} has no column in the preset {preset!r}", "use --preset full"
        )
    return tuple(names)


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
class _Share:
    """The part of a plan that one family computes."""

    family: Family
    axes: Axes
    features: tuple[Feature, ...]


def _ordered(wanted: Iterable[str], order: Sequence[str]) -> tuple[str, ...]:
    chosen = set(wanted)
    return tuple(word for word in order if word in chosen)


def _share(family: Family, columns: Sequence[Column]) -> _Share:
    axes = Axes(
        _ordered((column.compartment for column in columns), COMPARTMENTS),
        _ordered((column.channel for column in columns), family.channels),
        _ordered((column.parameter for column in columns), family.parameters),
    )
    return _Share(family, axes, tuple({column.feature.key: column.feature for column in columns}.values()))


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
    def _plan(self) -> tuple[tuple[_Share, ...], NDArray[np.intp]]:
        shares = []
        place: dict[str, int] = {}
        start = 0
        groups: dict[tuple[str, str], list[Column]] = {}
        for column in self.parsed:
            family = column.feature.family
            groups.setdefault((family.name, family.group(column.parameter)), []).append(column)
        for (name, _), columns in groups.items():
            share = _share(FAMILIES[name], columns)
            shares.append(share)
            for record in share.features:
                names = [
                    Column(compartment, record, channel, parameter, component).name
                    for compartment in share.axes.compartments
                    for channel in share.axes.channels or ("",)
                    for parameter in share.axes.parameters or ("",)
                    for component in record.components or ("",)
                ]
                place |= {name: start + index for index, name in enumerate(names)}
                start += len(names)
        return tuple(shares), np.array([place[name] for name in self.columns], dtype=np.intp)

    def measure(self, cell: Cell) -> Floats:
        """Return the features of a cell: (columns,) float64, NaN where a definition says so."""
        shares, index = self._plan
        parts: list[Floats] = []
        for share in shares:
            if share.family.each_compartment:
                views = [
                    share.family.view(cell, Axes((word,), share.axes.channels, share.axes.parameters))
                    for word in share.axes.compartments
                ]
                parts += [
                    evaluate(record, view, share.axes).ravel()
                    for record in share.features
                    for view in views
                ]
            else:
                view = share.family.view(cell, share.axes)
                parts += [evaluate(record, view, share.axes).ravel() for record in share.features]
        return np.concatenate(parts)[index]
