"""Features of the nucleus: nucleoli, and the coarseness of the chromatin at several scales."""

from __future__ import annotations

from functools import lru_cache, partial
from math import nan

import cv2
import numpy as np

from ..core.cell import COMPARTMENT_BITS
from ..core.registry import feature
from ..primitives.arrays import Bytes, Floats, Mask
from ..primitives.masks import equivalent_diameter
from .bright_spots import Spots, bright_spots, nearest_odd, scale_differences
from .nucleus_ratios import HAEMATOLOGY, CellParts

# Sides of the squares in percent of the nucleus's diameter, from fine to coarse.
_SCALES = (5, 10, 20, 40)
# Nucleoli: sides of the two squares in diameters of the nucleus, least contrast in grey levels, and
# least area as a share of the nucleus.
_NUCLEOLUS_SIDES = (0.08, 0.35)
_NUCLEOLUS_CONTRAST = 10
_NUCLEOLUS_AREA = 0.005


def _nucleus(parts: CellParts, side: int = 1) -> tuple[Bytes, Mask]:
    """Return grey plane and mask of the nucleus, eroded with a square, in its bounding box."""
    left, top, cols, rows = cv2.boundingRect(parts.cell.nucleus.view(np.uint8))
    box = np.s_[top : top + rows, left : left + cols]
    inside = parts.cell.eroded(side)[box] & COMPARTMENT_BITS["Nuclei"]
    return parts.cell.plane("Gray")[box], inside.astype(np.bool_)


@lru_cache(maxsize=1)
def _nucleoli(parts: CellParts) -> Spots | None:
    """Find the nucleoli of a cell; cached, because consecutive features read them."""
    if parts.nucleus_shape.empty:
        return None
    diameter = equivalent_diameter(parts.cell.nucleus)
    sides = (
        nearest_odd(_NUCLEOLUS_SIDES[0] * diameter),
        nearest_odd(_NUCLEOLUS_SIDES[1] * diameter, 3),
    )
    # The outermost pixels are partly cytoplasm.
    plane, mask = _nucleus(parts, 3)
    return bright_spots(
        plane, mask, sides, _NUCLEOLUS_CONTRAST, _NUCLEOLUS_AREA * parts.nucleus_shape.area
    )


_INVARIANCES = "translation, rotation by 90 degrees, flips"
haematology_feature = partial(
    feature,
    HAEMATOLOGY,
    nan="no nucleus",
    invariances=f"{_INVARIANCES}; scale, within sampling",
)
nucleolus_feature = partial(
    haematology_feature,
    reference="means of squares of 8 % and 35 % of the nucleus's diameter differ by at least 10 "
    "grey levels; spots of at least 0.5 % of its area; its outermost pixels left out",
    vetted="by hand; scipy",
)


@nucleolus_feature(
    unit="1",
    plain="number of nucleoli",
    range="integers from 0",
    vetted="by hand; formula in scipy",
)
def nucleoli_count(parts: CellParts) -> float:
    """Number of pale spots in the nucleus; gaps between clumps of chromatin also count."""
    spots = _nucleoli(parts)
    return nan if spots is None else float(spots.areas.size)


@nucleolus_feature(
    unit="1",
    plain="share of the nucleus covered by nucleoli",
    range="[0, 1]",
    vetted="by hand; formula in scipy",
)
def nucleoli_area_share(parts: CellParts) -> float:
    """Area of the pale spots of the nucleus over the area of the nucleus."""
    spots = _nucleoli(parts)
    return nan if spots is None else float(spots.areas.sum()) / parts.nucleus_shape.area


@nucleolus_feature(
    unit="8-bit level",
    plain="contrast of the nucleoli",
    range="[10, 255]",
    nan="no nucleus or no nucleolus",
    colours=("Gray",),
    vetted="by hand; formula in scipy",
)
def nucleoli_contrast(parts: CellParts) -> float:
    """Mean difference between the pale spots and their surroundings, in grey levels."""
    spots = _nucleoli(parts)
    return nan if spots is None else spots.contrast


@haematology_feature(
    unit="8-bit level",
    plain="coarseness of the chromatin at one scale",
    range="[0, 255)",
    components=tuple(f"{scale:02d}" for scale in _SCALES),
    # The smaller squares have few pixels, and their sides are odd.
    invariances=f"{_INVARIANCES}; scale, within sampling, except components 05 and 10",
    reference="difference of the means in squares of 2.5 and 5, 5 and 10, 10 and 20, 20 and 40 % "
    "of the nucleus's diameter, inside the nucleus",
    vetted="by hand; formula in scipy",
    colours=("Gray",),
)
def chromatin_coarseness(parts: CellParts) -> Floats:
    """Root mean square difference of the local mean grey levels at two scales."""
    plane, mask = _nucleus(parts)
    if parts.nucleus_shape.empty:
        return np.full(len(_SCALES), nan)
    diameter = equivalent_diameter(mask) / 100
    sides = [
        nearest_odd(_SCALES[0] / 2 * diameter),
        *(nearest_odd(scale * diameter, 3) for scale in _SCALES),
    ]
    return np.sqrt(scale_differences(plane, mask, sides) / parts.nucleus_shape.area)
