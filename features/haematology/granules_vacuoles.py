"""Features of the cytoplasm: colour, granules, vacuoles and the perinuclear halo."""

from __future__ import annotations

from functools import lru_cache, partial
from math import nan, pi, sqrt

import numpy as np

from ..core.cell import COMPARTMENT_BITS, Cell
from ..core.registry import feature
from ..primitives.channels import CHANNEL_SCALES
from ..primitives.masks import dilate, equivalent_diameter, ring_means
from .bright_spots import Spots, bright_spots, nearest_odd
from .nucleus_ratios import HAEMATOLOGY, CellParts

# Side of the square that erodes the cytoplasm, in diameters of the cell.
_RIM = 0.04
# Sides of the small and the large square and square root of the least area, in diameters of the
# cell; then the least contrast in levels.
_GRANULE = (0.01, 0.06, 0.009, 25.0)
_VACUOLE = (0.03, 0.15, 0.015, 40.0)
# Sides of the squares that dilate the nucleus to the ring's inner and outer edge, in diameters of
# the cell.
_RING = (0.03, 0.16)


def _spots(cell: Cell, kind: tuple[float, float, float, float], *, dark: bool) -> Spots | None:
    """Find spots of the cytoplasm in the green plane, in which both stains absorb."""
    if not cell.cytoplasm.any():
        return None
    diameter = equivalent_diameter(cell.cell)
    small, large, least, level = kind
    plane = cell.plane("Green")
    return bright_spots(
        np.invert(plane) if dark else plane,
        (cell.eroded(nearest_odd(_RIM * diameter, 3)) & COMPARTMENT_BITS["Cytoplasm"]).astype(
            np.bool_
        ),
        (nearest_odd(small * diameter), nearest_odd(large * diameter, 3)),
        level,
        (least * diameter) ** 2,
    )


@lru_cache(maxsize=1)
def _granules(parts: CellParts) -> Spots | None:
    """Find the granules of a cell; cached, because consecutive features read them."""
    return _spots(parts.cell, _GRANULE, dark=True)


@lru_cache(maxsize=1)
def _vacuoles(parts: CellParts) -> Spots | None:
    """Find the vacuoles of a cell; cached, because consecutive features read them."""
    return _spots(parts.cell, _VACUOLE, dark=False)


def _count(spots: Spots | None) -> float:
    return nan if spots is None else float(spots.areas.size)


def _area_share(spots: Spots | None) -> float:
    if spots is None or spots.search_area == 0:
        return nan
    return float(spots.areas.sum()) / spots.search_area


def _size(spots: Spots | None, cell: Cell) -> float:
    if spots is None or spots.areas.size == 0:
        return nan
    return sqrt(4 * float(spots.areas.mean()) / pi) / equivalent_diameter(cell.cell)


haematology_feature = partial(
    feature,
    HAEMATOLOGY,
    unit="1",
    nan="no cytoplasm",
    invariances="translation, rotation by 90 degrees, flips; scale, within sampling",
    vetted="by hand; scipy",
)
# No `colours`: green is used to find the spots, but number and size do not contain its level.
granule_feature = partial(
    haematology_feature,
    reference="means of squares of 1 % and 6 % of the cell's diameter differ by at least 25 levels "
    "of green; a rim of 2 % left out",
)
vacuole_feature = partial(
    haematology_feature,
    reference="means of squares of 3 % and 15 % of the cell's diameter differ by at least 40 "
    "levels of green; a rim of 2 % left out",
)
_NO_RIM = "no cytoplasm but its rim"


@granule_feature(
    plain="number of granules", range="integers from 0", vetted="by hand; formula in scipy"
)
def granule_count(parts: CellParts) -> float:
    """Number of small dark spots in the cytoplasm."""
    return _count(_granules(parts))


@granule_feature(
    plain="share of the cytoplasm covered by granules",
    range="[0, 1]",
    nan=_NO_RIM,
    vetted="by hand; formula in scipy",
)
def granule_area_share(parts: CellParts) -> float:
    """Area of the small dark spots over the area of the cytoplasm without its rim."""
    return _area_share(_granules(parts))


@granule_feature(
    plain="size of the granules",
    range="(0, 1)",
    nan="no granule",
    vetted="by hand; formula in scipy",
)
def granule_size(parts: CellParts) -> float:
    """Diameter of a disc with the mean area of the granules over the diameter of the cell."""
    return _size(_granules(parts), parts.cell)


@granule_feature(
    unit="optical density",
    plain="colour of the granules: eosin red above 0, azure blue below",
    range="[-2, 2]",
    nan="no granule",
    colours=("Azure", "Eosin"),
    mean=True,
    vetted="by hand; formula in scipy",
)
def granule_eosin_over_azure(parts: CellParts) -> float:
    """Mean eosin minus mean azure of the granules, in optical density."""
    spots = _granules(parts)
    if spots is None or spots.areas.size == 0:
        return nan
    eosin, azure = (
        parts.cell.plane(stain)[spots.mask].mean(dtype=np.float64) for stain in ("Eosin", "Azure")
    )
    return CHANNEL_SCALES["Eosin"][0] * float(eosin - azure)


@vacuole_feature(
    plain="number of vacuoles", range="integers from 0", vetted="by hand; formula in scipy"
)
def vacuole_count(parts: CellParts) -> float:
    """Number of pale spots in the cytoplasm."""
    return _count(_vacuoles(parts))


@vacuole_feature(
    plain="share of the cytoplasm covered by vacuoles",
    range="[0, 1]",
    nan=_NO_RIM,
    vetted="by hand; formula in scipy",
)
def vacuole_area_share(parts: CellParts) -> float:
    """Area of the pale spots over the area of the cytoplasm without its rim."""
    return _area_share(_vacuoles(parts))


@vacuole_feature(
    plain="size of the vacuoles",
    range="(0, 1)",
    nan="no vacuole",
    vetted="by hand; formula in scipy",
)
def vacuole_size(parts: CellParts) -> float:
    """Diameter of a disc with the mean area of the vacuoles over the diameter of the cell."""
    return _size(_vacuoles(parts), parts.cell)


@haematology_feature(
    unit="optical density",
    plain="basophilia (blueness) of the cytoplasm",
    range="[-2, 2]",
    reference="Bain 2021, Blood Cells, 6th ed.; difference of the two stains",
    vetted="by hand; formula in numpy",
    colours=("Azure", "Eosin"),
    mean=True,
)
def cytoplasm_basophilia(parts: CellParts) -> float:
    """Mean azure minus mean eosin of the cytoplasm, in optical density."""
    cell = parts.cell
    counts = cell.histograms(("Cytoplasm",), ("Azure", "Eosin"))[0]
    if not counts[0].any():
        return nan
    azure, eosin = counts @ np.arange(256.0) / counts.sum(axis=1)
    return CHANNEL_SCALES["Azure"][0] * float(azure - eosin)


@haematology_feature(
    unit="8-bit level",
    plain="pale halo around the nucleus",
    range="[-255, 255]",
    nan="no nucleus, or no cytoplasm near to it or none far from it",
    reference="near: 1.5 to 8 % of the cell's diameter from the nucleus; farther away: the rest",
    colours=("Gray",),
    vetted="by hand; formula in scipy",
)
def perinuclear_halo(parts: CellParts) -> float:
    """Mean grey level of the cytoplasm near the nucleus minus that farther away."""
    cell = parts.cell
    diameter = equivalent_diameter(cell.cell)
    inner = dilate(cell.nucleus, nearest_odd(_RING[0] * diameter))
    outer = dilate(cell.nucleus, nearest_odd(_RING[1] * diameter, 3))
    near, far = ring_means(cell.plane("Gray"), cell.compartment_labels, inner, outer)
    return float(near - far)
