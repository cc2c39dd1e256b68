"""The catalogue: the documentation of every column, from the registry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypedDict

from ..primitives.channels import CHANNEL_SCALES, level_values
from .recipe import parse_column
from .registry import FEATURES, MEMBERSHIPS, Column, Feature, feature_columns
from .titles import column_title, feature_title

_CHANNELS_UNIT = "the channel's"


class ColumnRecord(TypedDict):
    """Documentation of a column in the sidecar of a feature table."""

    title: str
    plain: str
    compartment: str
    family: str
    feature: str
    channel: str
    colours: list[str]
    mean: bool
    parameters: str
    unit: str
    range: str
    definition: str
    nan: str
    invariances: str
    reference: str
    ibsi: str
    vetted: str
    version: int


class FeatureRecord(TypedDict):
    """Documentation of a feature in the catalogue."""

    name: str
    title: str
    plain: str
    definition: str
    unit: str
    range: str
    nan: str
    invariances: str
    reference: str
    ibsi: str
    vetted: str
    compartments: list[str]
    channels: list[str]
    preset: str
    version: int
    columns: int


def describe_column(name: str) -> ColumnRecord:
    """Return the documentation of a column of the feature table.

    Raises
    ------
    CellError
        If no column has this name.

    Examples
    --------
    >>> record = describe_column("Nuclei_Intensity_Mean_bstar")
    >>> record["title"], record["plain"]
    ('Mean intensity, nucleus (bstar)', 'mean colour')
    """
    column = parse_column(name)
    record = column.feature
    parameters = "_".join(part for part in (column.parameter, column.component) if part)
    return ColumnRecord(
        title=column_title(column),
        plain=record.plain,
        compartment=column.compartment,
        family=record.family.name,
        feature=record.name,
        channel=column.channel,
        colours=list(column.colours),
        mean=record.mean,
        parameters=parameters,
        unit=_unit(column),
        range=_range(column),
        definition=record.definition,
        nan=record.nan,
        invariances=record.invariances,
        reference=record.reference,
        ibsi=record.ibsi,
        vetted=record.vetted,
        version=record.version,
    )


def _unit(column: Column) -> str:
    unit = column.feature.unit
    if column.channel:
        return unit.replace(_CHANNELS_UNIT, CHANNEL_SCALES[column.channel][2])
    return unit


def _range(column: Column) -> str:
    """Return the range of a column, with the numbers of its channel."""
    words = column.feature.family.bounds(column.parameter, column.feature.range)
    if "the channel's" not in words or not column.channel:
        return words
    low, high = level_values((column.channel,))[0][[0, -1]]
    if words == "the channel's":
        return f"[{low:g}, {high:g}]"
    return f"[{low - high:g}, {high - low:g}]"


def _ranges(record: Feature) -> dict[str, None]:
    """Return the different ranges of a feature's columns, in order."""
    parameters = record.family.parameters or ("",)
    return dict.fromkeys(record.family.bounds(one, record.range) for one in parameters)


def describe_feature(record: Feature) -> FeatureRecord:
    """Return the documentation of a feature."""
    return FeatureRecord(
        name=record.key,
        title=feature_title(record),
        plain=record.plain,
        definition=record.definition,
        unit=record.unit,
        range="; ".join(_ranges(record)),
        nan=record.nan,
        invariances=record.invariances,
        reference=record.reference,
        ibsi=record.ibsi,
        vetted=record.vetted,
        compartments=list(record.compartments),
        channels=list(record.channels),
        preset=min((one.membership for one in feature_columns(record)), key=MEMBERSHIPS.index),
        version=record.version,
        columns=sum(1 for _ in feature_columns(record)),
    )


def catalogue() -> Iterator[FeatureRecord]:
    """Yield the documentation of all features, in the order of the table."""
    return (describe_feature(record) for record in FEATURES.values())


def column_versions() -> dict[str, int]:
    """Return the version of the definition of every column."""
    return {
        column.name: record.version
        for record in FEATURES.values()
        for column in feature_columns(record)
    }
