"""Signs inside the nucleus: nucleoli, and how coarse the chromatin is at several scales."""

from __future__ import annotations

from functools import lru_cache, partial
from math import nan

import cv2
import numpy as np

from ..core.cell import COMPARTMENT_BITS
from ..core.registry import feature
from ..primitives.arrays import Bytes, Floats, Mask
from .bright_spots import Spots, bright_spots, equivalent_diameter, nearest_odd, scale_differences
from .nucleus_ratios import HAEMATOLOGY, CellParts

# Side of the squares in parts of the nucleus's diameter, percent: from grain to patches.
SCALES = (5, 10, 20, 40)
# Nucleoli: squares of 8 % and 35 % of the nucleus's diameter, 10 grey levels, 0.5 % of its area.
_NUCLEOLUS = (0.08, 0.35)
_PALER = 10
_LEAST = 0.005


def _nucleus(parts: CellParts, side: int = 1) -> tuple[Bytes, Mask]:
    """Grey plane and mask of the nucleus, or its core, on the nucleus's bounding box."""
    left, top, cols, rows = cv2.boundingRect(parts.cell.nucleus.view(np.uint8))
    box = np.s_[top : top + rows, left : left + cols]
    inside = parts.cell.eroded(side)[box] & COMPARTMENT_BITS["Nuclei"]
    return parts.cell.plane("Gray")[box], inside.astype(np.bool_)


@lru_cache(maxsize=1)
def _nucleoli(parts: CellParts) -> Spots | None:
    """Find the nucleoli of a cell once for the features that follow one another."""
    if parts.nucleus_shape.empty:
        return None
    across = equivalent_diameter(parts.cell.nucleus)
    sides = nearest_odd(_NUCLEOLUS[0] * across), nearest_odd(_NUCLEOLUS[1] * across, 3)
    # The outermost pixels are half cytoplasm.
    plane, mask = _nucleus(parts, 3)
    return bright_spots(plane, mask, sides, _PALER, _LEAST * parts.nucleus_shape.area)


_MOVES = "translation, rotation by 90 degrees, flips"
haematology_feature = partial(
    feature,
    HAEMATOLOGY,
    nan="no nucleus",
    invariances=f"{_MOVES}; scale, within sampling",
)
nucleolus_feature = partial(
    haematology_feature,
    reference="spots 10 grey levels paler than their surroundings, squares of 8 % and 35 % of "
    "the nucleus's diameter, at least 0.5 % of its area, its outermost pixels left out",
    vetted="by hand; scipy",
)


@nucleolus_feature(
    unit="1",
    plain="number of nucleoli",
    range="integers from 0",
    vetted="by hand; formula in scipy",
)
def nucleoli_count(parts: CellParts) -> float:
    """Number of pale spots of the nucleus; clumped chromatin leaves such spots as well."""
    spots = _nucleoli(parts)
    return nan if spots is None else float(spots.areas.size)


@nucleolus_feature(
    unit="1",
    plain="share of the nucleus that nucleoli fill",
    range="[0, 1]",
    vetted="by hand; formula in scipy",
)
def nucleoli_area_share(parts: CellParts) -> float:
    """Area of the pale spots over the area of the nucleus."""
    spots = _nucleoli(parts)
    return nan if spots is None else float(spots.areas.sum()) / parts.nucleus_shape.area


@nucleolus_feature(
    unit="8-bit level",
    plain="prominence of the nucleoli",
    range="[10, 255]",
    nan="no nucleus or no nucleolus",
    colours=("Gray",),
    vetted="by hand; formula in scipy",
)
def nucleoli_contrast(parts: CellParts) -> float:
    """Mean excess of the pale spots over their surroundings, in grey levels."""
    spots = _nucleoli(parts)
    return nan if spots is None else spots.contrast


@haematology_feature(
    unit="8-bit level",
    plain="coarseness of the chromatin, from grain to patches",
    range="[0, 255)",
    components=tuple(f"{scale:02d}" for scale in SCALES),
    # The smaller squares measure few pixels, an odd number of them.
    invariances=f"{_MOVES}; scale, within sampling, except components 05 and 10",
    reference="difference of the means in squares of 2.5 and 5, 5 and 10, 10 and 20, 20 and 40 % "
    "of the nucleus's diameter, inside the nucleus",
    vetted="by hand; formula in scipy",
    colours=("Gray",),
)
def chromatin_coarseness(parts: CellParts) -> Floats:
    """Root mean square difference of local mean grey levels at two scales, by the larger."""
    plane, mask = _nucleus(parts)
    if parts.nucleus_shape.empty:
        return np.full(len(SCALES), nan)
    across = equivalent_diameter(mask) / 100
    sides = [
        nearest_odd(SCALES[0] / 2 * across),
        *(nearest_odd(scale * across, 3) for scale in SCALES),
    ]
    return np.sqrt(scale_differences(plane, mask, sides) / parts.nucleus_shape.area)
