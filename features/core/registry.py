"""The registry of features.

A *family* lists the compartments, channels and parameters of its features, and builds the view
that they read. A *feature* is a function of that view; its decorator declares unit, range and
source, and the first line of its docstring is its definition. Column names are built from the two:
``<Compartment>_<Family>_<Feature>[_<Channel>][_<parameters>][_<component>]``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from .cell import Cell

Preset = Literal["minimal", "standard", "full"]
PRESETS: tuple[Preset, ...] = ("minimal", "standard", "full")
# The smallest preset with a column; a "named" column is in no preset and is selected by name.
Membership = Literal["minimal", "standard", "full", "named"]
MEMBERSHIPS: tuple[Membership, ...] = (*PRESETS, "named")


@dataclass(frozen=True)
class Axes:
    """Compartments, channels and parameters of a view, in order."""

    compartments: tuple[str, ...]
    channels: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes; a family without channels (parameters) has no such axis."""
        sizes = (len(self.compartments), len(self.channels), len(self.parameters))
        return sizes[:1] + tuple(size for size in sizes[1:] if size)


def _always_minimal(_channel: str, _parameter: str) -> Membership:
    return "minimal"


def _one_group(_parameter: str) -> str:
    return ""


def _declared_range(_parameter: str, declared: str) -> str:
    return declared


@dataclass(frozen=True)
class Family:
    """Features that read one view of the cell.

    Parameters
    ----------
    name : str
        Name of the family in a column name.
    title : str
        What its features measure, in plain words.
    compartments, channels, parameters : tuple of str
        All that exist. A family that reads only masks has no channels.
    view : callable
        ``view(cell, axes)`` returns the argument of the features. With `each_compartment` it is
        called for one compartment at a time, and a feature returns one value, or one for each
        component. Without, a feature returns an array of `Axes.shape` (and components).
    group : callable
        ``group(parameter)``: parameters of an equal group share one view.
    finish : callable or None
        ``finish(view, values, axes)`` reduces the values of the features, stacked along a first
        axis, to the axes, for example by the mean over directions. Such features have no
        components.
    membership : callable
        ``membership(channel, parameter)``: the smallest preset with such columns, or ``named``. A
        feature may declare a larger one.
    bounds : callable
        ``bounds(parameter, declared)``: the range of a column, from the range of its feature.
    """

    name: str
    title: str
    compartments: tuple[str, ...]
    view: Callable[[Cell, Axes], Any]
    channels: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    each_compartment: bool = False
    group: Callable[[str], str] = _one_group
    finish: Callable[[Any, Any, Axes], Any] | None = None
    membership: Callable[[str, str], Membership] = _always_minimal
    bounds: Callable[[str, str], str] = _declared_range


@dataclass(frozen=True)
class Feature:
    """One feature: its function and its documentation, see `feature`."""

    name: str
    family: Family
    function: Callable[[Any], Any]
    definition: str
    unit: str
    reference: str
    plain: str
    range: str
    invariances: str
    nan: str
    vetted: str
    ibsi: str
    components: tuple[str, ...]
    compartments: tuple[str, ...]
    channels: tuple[str, ...]
    colours: tuple[str, ...]
    mean: bool
    preset: Membership
    version: int

    @property
    def key(self) -> str:
        """Family and feature, as in ``Texture_Contrast``."""
        return f"{self.family.name}_{self.name}"

    @property
    def place(self) -> tuple[str, str]:
        """Family and module: the place of the feature's columns in `COLUMN_ORDER`."""
        return self.family.name, self.function.__module__.rpartition(".")[2]


FEATURES: dict[str, Feature] = {}
FAMILIES: dict[str, Family] = {}

# The order of the columns in every table: (family, module of the functions). A new place is added
# at the end, so that the columns of earlier tables keep their order.
COLUMN_ORDER: tuple[tuple[str, str], ...] = (
    ("Haematology", "nucleus_ratios"),
    ("Haematology", "chromatin"),
    ("AreaShape", "contour"),
    ("Texture", "glcm_features"),
    ("IntensityDistribution", "radial_distribution"),
    ("Gradient", "gradient"),
    ("Granularity", "granularity"),
    ("Haralick", "glcm_features"),
    ("Haralick", "haralick"),
    ("AreaShape", "area_shape"),
    ("AreaShape", "hull"),
    ("Haematology", "granules_vacuoles"),
    ("Intensity", "intensity"),
    ("Laws", "laws_gabor"),
    ("Gabor", "laws_gabor"),
    ("LBP", "lbp"),
    ("Haematology", "lobes"),
    ("Wavelet", "wavelet_fractal"),
    ("Fractal", "wavelet_fractal"),
    ("NGTDM", "ngtdm_ngldm"),
    ("NGLDM", "size_matrix"),
    ("GLRLM", "size_matrix"),
    ("Haematology", "segments"),
    ("Tamura", "tamura"),
    ("AreaShape", "zernike"),
    ("GLSZM", "size_matrix"),
    ("GLDZM", "size_matrix"),
)

Function = TypeVar("Function", bound=Callable[[Any], Any])


def feature(
    family: Family,
    *,
    name: str = "",
    unit: str,
    reference: str,
    plain: str,
    range: str,  # noqa: A002  (as in the catalogue)
    invariances: str = "translation, rotation by 90 degrees, flips",
    nan: str = "empty compartment",
    vetted: str,
    ibsi: str = "",
    components: tuple[str, ...] = (),
    compartments: tuple[str, ...] = (),
    channels: tuple[str, ...] = (),
    colours: tuple[str, ...] = (),
    mean: bool = False,
    preset: Membership = "standard",
    version: int = 1,
) -> Callable[[Function], Function]:
    """Declare a function as a feature of `family`; the first docstring line is its definition.

    Parameters
    ----------
    family : Family
        Defines what the function reads, and the columns.
    name : str
        Name of the feature in a column name; by default the function's name in CamelCase.
    unit, reference, plain, range, invariances, nan, vetted, ibsi : str
        Unit of the value; source of the definition; description in plain words; possible values;
        transformations of the image that do not change it; when it is NaN; the reference
        implementations of its tests; the IBSI code if it has one.
    components : tuple of str
        Names along the last axis of the result, if the function returns several values.
    compartments, channels : tuple of str
        Those of the feature, if not all of the family apply.
    colours : tuple of str
        Channels whose levels the value contains although the column's name has no channel. A plane
        that is only used to find a shape is not one of them.
    mean : bool
        Whether the value is a mean level, or a difference between the means of two channels.
    preset : {"minimal", "standard", "full", "named"}
        The smallest preset with it; ``named`` columns are in no preset.
    version : int
        Increased when equal pixels give a different value.
    """

    def declare(function: Function) -> Function:
        word = name or "".join(part.capitalize() for part in function.__name__.split("_"))
        record = Feature(
            name=word,
            family=family,
            function=function,
            definition=(function.__doc__ or "").strip().split("\n")[0],
            unit=unit,
            reference=reference,
            plain=plain,
            range=range,
            invariances=invariances,
            nan=nan,
            vetted=vetted,
            ibsi=ibsi,
            components=components,
            compartments=compartments or family.compartments,
            channels=channels or family.channels,
            colours=colours,
            mean=mean,
            preset=preset,
            version=version,
        )
        if record.key in FEATURES:
            raise ValueError(f"the feature {record.key} is declared twice")
        if FAMILIES.setdefault(family.name, family) is not family:
            raise ValueError(f"the family {family.name} is declared twice")
        FEATURES[record.key] = record
        return function

    return declare


def sort_features() -> None:
    """Sort `FEATURES` and `FAMILIES` in the order of `COLUMN_ORDER`.

    Raises
    ------
    ValueError
        If `COLUMN_ORDER` does not contain the place of a feature.
    """
    unplaced = sorted({record.place for record in FEATURES.values()} - set(COLUMN_ORDER))
    if unplaced:
        raise ValueError(
            f"features were declared at {unplaced}: add these to COLUMN_ORDER in {__name__}"
        )
    ordered = sorted(FEATURES.values(), key=lambda record: COLUMN_ORDER.index(record.place))
    FEATURES.clear()
    FEATURES.update((record.key, record) for record in ordered)
    families = {record.family.name: record.family for record in ordered}
    FAMILIES.clear()
    FAMILIES.update(families)


@dataclass(frozen=True)
class Column:
    """One column of the feature table: its feature and its settings."""

    compartment: str
    feature: Feature
    channel: str = ""
    parameter: str = ""
    component: str = ""

    @property
    def name(self) -> str:
        """The column's name."""
        parts = (self.compartment, self.feature.key, self.channel, self.parameter, self.component)
        return "_".join(part for part in parts if part)

    @property
    def colours(self) -> tuple[str, ...]:
        """Channels whose levels the value contains; none if it depends on the masks only."""
        return (self.channel,) if self.channel else self.feature.colours

    @property
    def membership(self) -> Membership:
        """The smallest preset with the column, or ``named``."""
        settings = self.feature.family.membership(self.channel, self.parameter)
        return max(self.feature.preset, settings, key=MEMBERSHIPS.index)


def feature_columns(record: Feature) -> Iterator[Column]:
    """Yield all columns of a feature, in the order of the table."""
    for compartment in record.compartments:
        for channel in record.channels or ("",):
            for parameter in record.family.parameters or ("",):
                for component in record.components or ("",):
                    yield Column(compartment, record, channel, parameter, component)
