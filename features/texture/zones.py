"""Grey-level zones (IBSI 3.8, 3.9): patches of one tone, by size and by distance to the edge.

A zone is an 8-connected patch of pixels of one level inside the compartment; its distance to
the edge is the smallest taxicab distance of its pixels to a pixel outside the compartment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..core.cell import COMPARTMENTS, Cell
from ..core.registry import FEATURES, Axes, Family, Membership
from ..primitives.channels import TEXTURE_CHANNELS
from ..primitives.quantise import quantise
from .image_levels import quantise_image
from .size_matrix import SizeMatrix, declare_features
from .zone_counts import zone_sums

NO_DISTANCES = np.empty((0, 0, 0), np.float32)


def edge_distances(parts: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the taxicab depth of every pixel in cell, nucleus and cytoplasm: (3, rows, cols)."""
    return np.stack(
        [
            cv2.distanceTransform(
                cv2.copyMakeBorder(inside.view(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT),
                cv2.DIST_L1,
                cv2.DIST_MASK_3,
            )[1:-1, 1:-1]
            for inside in (parts > 0, parts == 2, parts == 1)
        ]
    )


def _at_levels(cell: Cell, axes: Axes, depths: NDArray[np.float32]) -> SizeMatrix:
    levels = int(axes.parameters[0])
    sums = zone_sums(
        quantise(cell.planes(axes.channels), levels), cell.compartment_labels, levels, depths
    )
    return SizeMatrix.from_sums(
        sums[[COMPARTMENTS.index(word) for word in axes.compartments], :, None]
    )


def _size_view(cell: Cell, axes: Axes) -> SizeMatrix:
    return _at_levels(cell, axes, NO_DISTANCES)


def _distance_view(cell: Cell, axes: Axes) -> SizeMatrix:
    return _at_levels(cell, axes, edge_distances(cell.compartment_labels))


def _membership(channel: str, _parameter: str) -> Membership:
    return "full" if channel == "Gray" else "named"


GLSZM = Family(
    name="GLSZM",
    title="Grey-level zones by size: patches of one tone",
    compartments=COMPARTMENTS,
    view=_size_view,
    channels=TEXTURE_CHANNELS,
    parameters=("32",),
    membership=_membership,
)

GLDZM = Family(
    name="GLDZM",
    title="Grey-level zones by depth: patches of one tone near the edge or far from it",
    compartments=COMPARTMENTS,
    view=_distance_view,
    channels=TEXTURE_CHANNELS,
    parameters=("32",),
    membership=_membership,
)

declare_features(
    GLSZM,
    (
        ("SmallZoneEmphasis", "5QRC", "fineness of patches"),
        ("LargeZoneEmphasis", "48P8", "coarseness of patches"),
        ("LowGreyLevelZoneEmphasis", "XMSY", "share of dark patches"),
        ("HighGreyLevelZoneEmphasis", "5GN9", "share of bright patches"),
        ("SmallZoneLowGreyLevelEmphasis", "5RAI", "share of small dark patches"),
        ("SmallZoneHighGreyLevelEmphasis", "HW1V", "share of small bright patches"),
        ("LargeZoneLowGreyLevelEmphasis", "YH51", "share of large dark patches"),
        ("LargeZoneHighGreyLevelEmphasis", "J17V", "share of large bright patches"),
        ("GreyLevelNonUniformity", "JNSA", "sameness of the tone of patches, times their number"),
        ("NormalisedGreyLevelNonUniformity", "Y1RO", "sameness of the tone of patches"),
        ("ZoneSizeNonUniformity", "4JP3", "sameness of the size of patches, times their number"),
        ("NormalisedZoneSizeNonUniformity", "VB3A", "sameness of the size of patches"),
        ("ZonePercentage", "P30P", "fineness of patches"),
        ("GreyLevelVariance", "BYLV", "spread of the tone of patches"),
        ("ZoneSizeVariance", "3NSA", "spread of the size of patches"),
        ("ZoneSizeEntropy", "GU8N", "disorder of patches"),
    ),
    elements="zones",
    size="size",
    unit="px",
    reference="IBSI 3.8; Thibault 2014, doi:10.1109/TBME.2013.2284600",
    vetted="IBSI digital phantom; MIRP",
)

declare_features(
    GLDZM,
    (
        ("SmallDistanceEmphasis", "0GBI", "share of patches at the edge"),
        ("LargeDistanceEmphasis", "MB4I", "share of patches far from the edge"),
        ("LowGreyLevelZoneEmphasis", "S1RA", "share of dark patches"),
        ("HighGreyLevelZoneEmphasis", "K26C", "share of bright patches"),
        ("SmallDistanceLowGreyLevelEmphasis", "RUVG", "share of dark patches at the edge"),
        ("SmallDistanceHighGreyLevelEmphasis", "DKNJ", "share of bright patches at the edge"),
        ("LargeDistanceLowGreyLevelEmphasis", "A7WM", "share of dark patches inside"),
        ("LargeDistanceHighGreyLevelEmphasis", "KLTH", "share of bright patches inside"),
        ("GreyLevelNonUniformity", "VFT7", "sameness of the tone of patches, times their number"),
        ("NormalisedGreyLevelNonUniformity", "7HP3", "sameness of the tone of patches"),
        ("ZoneDistanceNonUniformity", "V294", "sameness of depth of patches, times their number"),
        ("NormalisedZoneDistanceNonUniformity", "IATH", "sameness of the depth of patches"),
        ("ZonePercentage", "VIWW", "fineness of patches"),
        ("GreyLevelVariance", "QK93", "spread of the tone of patches"),
        ("ZoneDistanceVariance", "7WT1", "spread of the depth of patches"),
        ("ZoneDistanceEntropy", "GBDU", "disorder of patches from the edge inwards"),
    ),
    elements="zones",
    size="distance",
    unit="px",
    reference="IBSI 3.9; Thibault 2014, doi:10.1109/TBME.2013.2284600",
    vetted="IBSI digital phantom; MIRP",
)


def _values(family: Family, sums: NDArray[np.float64]) -> Mapping[str, float]:
    view = SizeMatrix.from_sums(sums)
    return {
        record.name: float(record.function(view)[0, 0])
        for record in FEATURES.values()
        if record.family is family
    }


def size_zone_features(
    image: NDArray[np.integer[Any]], mask: NDArray[np.bool_], *, levels: int | None = 32
) -> Mapping[str, float]:
    """Return the 16 size-zone features of one grey image inside a mask.

    Parameters
    ----------
    image : (rows, cols) integer
        Grey levels: 0 to 255 where `levels` is a number, any levels from 1 where it is None.
    mask : (rows, cols) bool
        Which pixels count.
    levels : {32, 256} or None
        How many levels of equal width the 256 are brought to; None takes the image as it is.

    Returns
    -------
    mapping of str to float
        By feature name; NaN where the mask is empty.

    Raises
    ------
    CellError
        If the image has levels outside what `levels` says.
    """
    return _values(GLSZM, zone_sums(*quantise_image(image, mask, levels), NO_DISTANCES))


def distance_zone_features(
    image: NDArray[np.integer[Any]], mask: NDArray[np.bool_], *, levels: int | None = 32
) -> Mapping[str, float]:
    """Return the 16 distance-zone features of one grey image inside a mask.

    Parameters, returned mapping and errors are those of `size_zone_features`; the image's border
    counts as an edge.
    """
    planes, parts, count = quantise_image(image, mask, levels)
    return _values(GLDZM, zone_sums(planes, parts, count, edge_distances(parts)))
