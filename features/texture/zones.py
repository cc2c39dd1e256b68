"""Grey-level size-zone and distance-zone matrices, GLSZM and GLDZM (IBSI 3.8, 3.9).

A zone is an 8-connected component of pixels of equal grey level inside the compartment. Its
distance to the edge is the smallest taxicab distance of its pixels to a pixel outside the
compartment.
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
    """Return taxicab distances to the outside of cell, nucleus and cytoplasm: (3, rows, cols)."""
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


def _zone_matrix(cell: Cell, axes: Axes, distances: NDArray[np.float32]) -> SizeMatrix:
    levels = int(axes.parameters[0])
    sums = zone_sums(
        quantise(cell.planes(axes.channels), levels), cell.compartment_labels, levels, distances
    )
    return SizeMatrix.from_sums(
        sums[[COMPARTMENTS.index(word) for word in axes.compartments], :, None]
    )


def _size_view(cell: Cell, axes: Axes) -> SizeMatrix:
    return _zone_matrix(cell, axes, NO_DISTANCES)


def _distance_view(cell: Cell, axes: Axes) -> SizeMatrix:
    return _zone_matrix(cell, axes, edge_distances(cell.compartment_labels))


def _membership(channel: str, _parameter: str) -> Membership:
    return "full" if channel == "Gray" else "named"


GLSZM = Family(
    name="GLSZM",
    title="Grey-level size-zone matrix (GLSZM): patches of equal grey level, by size",
    compartments=COMPARTMENTS,
    view=_size_view,
    channels=TEXTURE_CHANNELS,
    parameters=("32",),
    membership=_membership,
)

GLDZM = Family(
    name="GLDZM",
    title="Grey-level distance-zone matrix (GLDZM): patches of equal grey level, by edge distance",
    compartments=COMPARTMENTS,
    view=_distance_view,
    channels=TEXTURE_CHANNELS,
    parameters=("32",),
    membership=_membership,
)

declare_features(
    GLSZM,
    (
        ("SmallZoneEmphasis", "5QRC", "weight of small patches"),
        ("LargeZoneEmphasis", "48P8", "weight of large patches"),
        ("LowGreyLevelZoneEmphasis", "XMSY", "weight of dark patches"),
        ("HighGreyLevelZoneEmphasis", "5GN9", "weight of bright patches"),
        ("SmallZoneLowGreyLevelEmphasis", "5RAI", "weight of small dark patches"),
        ("SmallZoneHighGreyLevelEmphasis", "HW1V", "weight of small bright patches"),
        ("LargeZoneLowGreyLevelEmphasis", "YH51", "weight of large dark patches"),
        ("LargeZoneHighGreyLevelEmphasis", "J17V", "weight of large bright patches"),
        (
            "GreyLevelNonUniformity",
            "JNSA",
            "uneven distribution of patches over grey levels, grows with number",
        ),
        (
            "NormalisedGreyLevelNonUniformity",
            "Y1RO",
            "uneven distribution of patches over grey levels",
        ),
        (
            "ZoneSizeNonUniformity",
            "4JP3",
            "uneven distribution of patches over sizes, grows with number",
        ),
        ("NormalisedZoneSizeNonUniformity", "VB3A", "uneven distribution of patches over sizes"),
        ("ZonePercentage", "P30P", "number of patches per pixel"),
        ("GreyLevelVariance", "BYLV", "spread of the grey level of patches"),
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
        ("SmallDistanceEmphasis", "0GBI", "weight of patches near the edge"),
        ("LargeDistanceEmphasis", "MB4I", "weight of patches far from the edge"),
        ("LowGreyLevelZoneEmphasis", "S1RA", "weight of dark patches"),
        ("HighGreyLevelZoneEmphasis", "K26C", "weight of bright patches"),
        ("SmallDistanceLowGreyLevelEmphasis", "RUVG", "weight of dark patches near the edge"),
        ("SmallDistanceHighGreyLevelEmphasis", "DKNJ", "weight of bright patches near the edge"),
        ("LargeDistanceLowGreyLevelEmphasis", "A7WM", "weight of dark patches far from the edge"),
        (
            "LargeDistanceHighGreyLevelEmphasis",
            "KLTH",
            "weight of bright patches far from the edge",
        ),
        (
            "GreyLevelNonUniformity",
            "VFT7",
            "uneven distribution of patches over grey levels, grows with number",
        ),
        (
            "NormalisedGreyLevelNonUniformity",
            "7HP3",
            "uneven distribution of patches over grey levels",
        ),
        (
            "ZoneDistanceNonUniformity",
            "V294",
            "uneven distribution of patches over edge distances, grows with number",
        ),
        (
            "NormalisedZoneDistanceNonUniformity",
            "IATH",
            "uneven distribution of patches over edge distances",
        ),
        ("ZonePercentage", "VIWW", "number of patches per pixel"),
        ("GreyLevelVariance", "QK93", "spread of the grey level of patches"),
        ("ZoneDistanceVariance", "7WT1", "spread of the edge distance of patches"),
        ("ZoneDistanceEntropy", "GBDU", "disorder of patches, by grey level and edge distance"),
    ),
    elements="zones",
    size="distance",
    unit="px",
    reference="IBSI 3.9; Thibault 2014, doi:10.1109/TBME.2013.2284600",
    vetted="IBSI digital phantom; MIRP",
)


def _feature_values(family: Family, sums: NDArray[np.float64]) -> Mapping[str, float]:
    view = SizeMatrix.from_sums(sums)
    return {
        record.name: float(record.function(view)[0, 0])
        for record in FEATURES.values()
        if record.family is family
    }


def size_zone_features(
    image: NDArray[np.integer[Any]], mask: NDArray[np.bool_], *, levels: int | None = 32
) -> Mapping[str, float]:
    """Return the 16 GLSZM features of one grey-scale image inside a mask.

    Parameters
    ----------
    image : (rows, cols) integer
        Grey values from 0 to 255 if `levels` is a number; grey levels from 1 if it is None.
    mask : (rows, cols) bool
        Pixels to measure.
    levels : {32, 256} or None
        Number of grey levels of equal width; None keeps the image's own levels.

    Returns
    -------
    mapping of str to float
        Values by feature name; NaN for an empty mask.

    Raises
    ------
    CellError
        If the image has a value outside the range that `levels` requires.
    """
    return _feature_values(GLSZM, zone_sums(*quantise_image(image, mask, levels), NO_DISTANCES))


def distance_zone_features(
    image: NDArray[np.integer[Any]], mask: NDArray[np.bool_], *, levels: int | None = 32
) -> Mapping[str, float]:
    """Return the 16 GLDZM features of one grey-scale image inside a mask.

    Parameters, returned mapping and errors are those of `size_zone_features`. Pixels beyond the
    image border count as outside the mask.
    """
    planes, parts, count = quantise_image(image, mask, levels)
    return _feature_values(GLDZM, zone_sums(planes, parts, count, edge_distances(parts)))
