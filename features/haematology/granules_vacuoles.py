"""Signs inside the cytoplasm: its colour, granules, vacuoles and the halo about the nucleus."""

from __future__ import annotations

from functools import lru_cache, partial
from math import nan, pi, sqrt

import numpy as np

from ..core.cell import BITS, Cell
from ..core.registry import feature
from ..primitives.channels import SCALES
from ..primitives.masks import dilated, near_and_far
from .bright_spots import Spots, bright_spots, diameter, odd
from .nucleus_ratios import HAEMATOLOGY, Parts

# In parts of the cell's diameter: the rim of the cytoplasm that is left out, the two squares
# whose means are compared and the side of the least spot; then the difference in grey levels.
_RIM = 0.04
_GRANULE = (0.01, 0.06, 0.009, 25.0)
_VACUOLE = (0.03, 0.15, 0.015, 40.0)
# Ring about the nucleus: where it begins and ends, twice its distance from the nucleus.
_RING = (0.03, 0.16)


def _spots(cell: Cell, kind: tuple[float, float, float, float], *, dark: bool) -> Spots | None:
    """Find the spots of the cytoplasm in the green plane, where both stains absorb."""
    if not cell.cytoplasm.any():
        return None
    across = diameter(cell.cell)
    small, large, least, level = kind
    plane = cell.plane("Green")
    return bright_spots(
        np.invert(plane) if dark else plane,
        (cell.cores(odd(_RIM * across, 3)) & BITS["Cytoplasm"]).astype(np.bool_),
        (odd(small * across), odd(large * across, 3)),
        level,
        (least * across) ** 2,
    )


@lru_cache(maxsize=1)
def _granules(parts: Parts) -> Spots | None:
    """Find the granules of a cell once for the features that follow one another."""
    return _spots(parts.whole, _GRANULE, dark=True)


@lru_cache(maxsize=1)
def _vacuoles(parts: Parts) -> Spots | None:
    """Find the vacuoles of a cell once for the features that follow one another."""
    return _spots(parts.whole, _VACUOLE, dark=False)


def _count(spots: Spots | None) -> float:
    return nan if spots is None else float(spots.areas.size)


def _share(spots: Spots | None) -> float:
    if spots is None or spots.ground == 0:
        return nan
    return float(spots.areas.sum()) / spots.ground


def _size(spots: Spots | None, cell: Cell) -> float:
    if spots is None or spots.areas.size == 0:
        return nan
    return sqrt(4 * float(spots.areas.mean()) / pi) / diameter(cell.cell)


sign = partial(
    feature,
    HAEMATOLOGY,
    unit="1",
    nan="no cytoplasm",
    invariances="translation, rotation by 90 degrees, flips; scale, within sampling",
    vetted="by hand; scipy",
)
# Green finds the spots; what is told of them is how many and how large, not their colour.
granule = partial(
    sign,
    reference="spots 25 levels of green darker than their surroundings, squares of 1 % and 6 % "
    "of the cell's diameter, a rim of 2 % left out",
)
vacuole = partial(
    sign,
    reference="spots 40 levels of green brighter than their surroundings, squares of 3 % and "
    "15 % of the cell's diameter, a rim of 2 % left out",
)
_NO_RIM = "no cytoplasm but its rim"


@granule(plain="number of granules", range="integers from 0", vetted="by hand; formula in scipy")
def granule_count(parts: Parts) -> float:
    """Number of small dark spots of the cytoplasm."""
    return _count(_granules(parts))


@granule(
    plain="share of the cytoplasm that granules fill",
    range="[0, 1]",
    nan=_NO_RIM,
    vetted="by hand; formula in scipy",
)
def granule_area_share(parts: Parts) -> float:
    """Area of the small dark spots over the area of the cytoplasm without its rim."""
    return _share(_granules(parts))


@granule(
    plain="size of the granules",
    range="(0, 1)",
    nan="no granule",
    vetted="by hand; formula in scipy",
)
def granule_size(parts: Parts) -> float:
    """Diameter of a disc with the mean area of the granules over the cell's diameter."""
    return _size(_granules(parts), parts.whole)


@granule(
    unit="optical density",
    plain="colour of the granules: eosin red above 0, azure blue below",
    range="[-2, 2]",
    nan="no granule",
    colours=("Azure", "Eosin"),
    mean=True,
    vetted="by hand; formula in scipy",
)
def granule_eosin_over_azure(parts: Parts) -> float:
    """Mean eosin less mean azure of the granules, in optical density."""
    spots = _granules(parts)
    if spots is None or spots.areas.size == 0:
        return nan
    eosin, azure = (
        parts.whole.plane(stain)[spots.mask].mean(dtype=np.float64) for stain in ("Eosin", "Azure")
    )
    return SCALES["Eosin"][0] * float(eosin - azure)


@vacuole(plain="number of vacuoles", range="integers from 0", vetted="by hand; formula in scipy")
def vacuole_count(parts: Parts) -> float:
    """Number of pale round spots of the cytoplasm."""
    return _count(_vacuoles(parts))


@vacuole(
    plain="share of the cytoplasm that vacuoles fill",
    range="[0, 1]",
    nan=_NO_RIM,
    vetted="by hand; formula in scipy",
)
def vacuole_area_share(parts: Parts) -> float:
    """Area of the pale spots over the area of the cytoplasm without its rim."""
    return _share(_vacuoles(parts))


@vacuole(
    plain="size of the vacuoles",
    range="(0, 1)",
    nan="no vacuole",
    vetted="by hand; formula in scipy",
)
def vacuole_size(parts: Parts) -> float:
    """Diameter of a disc with the mean area of the vacuoles over the cell's diameter."""
    return _size(_vacuoles(parts), parts.whole)


@sign(
    unit="optical density",
    plain="basophilia (blueness) of the cytoplasm",
    range="[-2, 2]",
    reference="Bain 2021, Blood Cells, 6th ed.; difference of the two stains",
    vetted="by hand; formula in numpy",
    colours=("Azure", "Eosin"),
    mean=True,
)
def cytoplasm_basophilia(parts: Parts) -> float:
    """Mean azure less mean eosin of the cytoplasm, in optical density."""
    cell = parts.whole
    counts = cell.histograms(("Cytoplasm",), ("Azure", "Eosin"))[0]
    if not counts[0].any():
        return nan
    azure, eosin = counts @ np.arange(256.0) / counts.sum(axis=1)
    return SCALES["Azure"][0] * float(azure - eosin)


@sign(
    unit="8-bit level",
    plain="pale halo about the nucleus",
    range="[-255, 255]",
    nan="no nucleus, or no cytoplasm near to it or none far from it",
    reference="ring of cytoplasm at 1.5 to 8 % of the cell's diameter from the nucleus",
    colours=("Gray",),
    vetted="by hand; formula in scipy",
)
def perinuclear_halo(parts: Parts) -> float:
    """Mean grey level of the cytoplasm beside the nucleus less that of the rest."""
    cell = parts.whole
    across = diameter(cell.cell)
    inner = dilated(cell.nucleus, odd(_RING[0] * across))
    outer = dilated(cell.nucleus, odd(_RING[1] * across, 3))
    near, far = near_and_far(cell.plane("Gray"), cell.parts, inner, outer)
    return float(near - far)
