"""Size and shape features of the cell and of its nucleus, from mask moments and counts."""

from __future__ import annotations

from functools import partial
from math import atan2, degrees, nan, pi, sqrt

import numpy as np

from ..core.registry import feature
from ..primitives.arrays import Floats
from .region import AREA_SHAPE, Shape

_MOTION_INVARIANT = "translation, rotation by 90 degrees, flips"
SCALE_INVARIANT = f"{_MOTION_INVARIANT}; scale, within sampling"
shape_feature = partial(feature, AREA_SHAPE, invariances=_MOTION_INVARIANT)


@shape_feature(
    unit="px^2",
    plain="size",
    range="[1, inf)",
    preset="minimal",
    reference="scikit-image regionprops area",
    vetted="MATLAB; Nyxus's table; scikit-image; by hand",
)
def area(shape: Shape) -> float:
    """Number of pixels."""
    return shape.area


@shape_feature(
    unit="px",
    plain="length of the outline",
    range="[0, inf)",
    reference="Crofton 1868; scikit-image perimeter_crofton",
    vetted="MATLAB; scikit-image; by hand",
)
def perimeter(shape: Shape) -> float:
    """Crofton perimeter: estimated from intersections with lines in 4 directions."""
    return shape.perimeter


@shape_feature(
    unit="px",
    plain="size as a diameter",
    range="[1.1, inf)",
    reference="scikit-image regionprops equivalent_diameter_area",
    vetted="MATLAB; Nyxus's table; scikit-image; by hand",
)
def equivalent_diameter(shape: Shape) -> float:
    """Diameter of the disc with the same area."""
    return sqrt(4 * shape.area / pi)


@shape_feature(
    unit="px",
    plain="length",
    range="[0, inf)",
    reference="scikit-image regionprops axis_major_length",
    vetted="MATLAB; scikit-image; by hand; Nyxus's table",
)
def major_axis_length(shape: Shape) -> float:
    """Full major axis of the ellipse with the same second central moments (no pixel term added)."""
    return shape.axes[0]


@shape_feature(
    unit="px",
    plain="width",
    range="[0, inf)",
    reference="scikit-image regionprops axis_minor_length",
    vetted="MATLAB; scikit-image; by hand; Nyxus's table",
)
def minor_axis_length(shape: Shape) -> float:
    """Full minor axis of the ellipse with the same second central moments (no pixel term added)."""
    return shape.axes[1]


@shape_feature(
    unit="1",
    plain="elongation",
    range="[0, 1]",
    preset="minimal",
    invariances=SCALE_INVARIANT,
    nan="empty compartment or a single pixel",
    reference="scikit-image regionprops eccentricity",
    vetted="MATLAB; scikit-image; by hand; Nyxus's table",
)
def eccentricity(shape: Shape) -> float:
    """Eccentricity of the ellipse with the same second moments: 0 for a disc, 1 for a line."""
    major, minor = shape.axes
    return sqrt(1 - (minor / major) ** 2) if major > 0 else nan


@shape_feature(
    unit="1",
    plain="ratio of width to length",
    range="[0, 1]",
    invariances=SCALE_INVARIANT,
    nan="empty compartment or a single pixel",
    reference="IBSI 3.1 elongation (Q3CK)",
    ibsi="Q3CK",
    vetted="scikit-image; by hand; Nyxus's table",
)
def elongation(shape: Shape) -> float:
    """Minor axis length / major axis length: 1 for a disc, 0 for a line."""
    major, minor = shape.axes
    return minor / major if major > 0 else nan


@shape_feature(
    unit="degree",
    plain="direction of the long axis",
    range="(-90, 90]",
    preset="full",
    invariances="translation",
    nan="empty compartment, or equal axes",
    reference="scikit-image regionprops orientation, in degrees",
    vetted="MATLAB; scikit-image; by hand; Nyxus's table",
)
def orientation(shape: Shape) -> float:
    """Angle between the row axis (axis 0, downwards) and the major axis, counter-clockwise."""
    rows, cols, both = shape.covariance
    if shape.empty or (rows == cols and both == 0):
        return nan
    angle = degrees(atan2(2 * both, rows - cols) / 2)
    return 90.0 if angle == -90 else angle


@shape_feature(
    unit="1",
    plain="share of its bounding box",
    range="(0, 1]",
    invariances=SCALE_INVARIANT,
    reference="scikit-image regionprops extent",
    vetted="MATLAB; Nyxus's table; scikit-image; by hand",
)
def extent(shape: Shape) -> float:
    """Area / area of the bounding box."""
    return shape.area / (shape.box[0] * shape.box[1])


@shape_feature(
    unit="px",
    plain="width",
    range="[1, inf)",
    preset="full",
    invariances="translation, flips",
    reference="scikit-image regionprops bbox",
    vetted="Nyxus's table; scikit-image; by hand",
)
def bounding_box_columns(shape: Shape) -> float:
    """Number of columns of the bounding box."""
    return shape.box[1]


@shape_feature(
    unit="px",
    plain="height",
    range="[1, inf)",
    preset="full",
    invariances="translation, flips",
    reference="scikit-image regionprops bbox",
    vetted="Nyxus's table; scikit-image; by hand",
)
def bounding_box_rows(shape: Shape) -> float:
    """Number of rows of the bounding box."""
    return shape.box[0]


@shape_feature(
    unit="1",
    plain="roundness",
    range="(0, 1.75]",
    preset="minimal",
    invariances=SCALE_INVARIANT,
    reference="CellProfiler MeasureObjectSizeShape; Cox 1927",
    vetted="scikit-image; by hand",
)
def form_factor(shape: Shape) -> float:
    """4 pi area / perimeter^2 (Crofton): 1 for a disc, less for a rough or elongated outline."""
    return 4 * pi * shape.area / shape.perimeter**2


@shape_feature(
    unit="1",
    plain="number of parts minus number of holes",
    range="integers",
    invariances=SCALE_INVARIANT,
    reference="Gray 1971; scikit-image euler_number with connectivity 2",
    vetted="MATLAB; Nyxus's table; scikit-image; by hand",
)
def euler_number(shape: Shape) -> float:
    """Number of 8-connected components minus number of holes."""
    return shape.euler_number


@shape_feature(
    unit="px",
    plain="half of the largest thickness",
    range="[1, inf)",
    preset="full",
    reference="CellProfiler MeasureObjectSizeShape MaximumRadius",
    vetted="scipy; by hand",
)
def maximum_radius(shape: Shape) -> float:
    """Radius of the inscribed disc: largest distance of a pixel to the nearest outside the mask."""
    return nan if shape.empty else float(shape.depth.max())


@shape_feature(
    unit="px",
    plain="mean depth within the outline",
    range="[1, inf)",
    preset="full",
    reference="CellProfiler MeasureObjectSizeShape MeanRadius",
    vetted="scipy; by hand",
)
def mean_radius(shape: Shape) -> float:
    """Mean Euclidean distance from a mask pixel to the nearest pixel outside the mask."""
    return nan if shape.empty else float(shape.depth.mean())


@shape_feature(
    unit="1",
    plain="shape, independent of rotation",
    range="(-inf, inf)",
    components=tuple("0123456"),
    invariances=f"{SCALE_INVARIANT}; component 6 changes its sign under flips",
    reference="Hu 1962, doi:10.1109/TIT.1962.1057692",
    vetted="MATLAB; scikit-image; by hand; Nyxus's table",
)
def hu_moment(shape: Shape) -> Floats:
    """Hu's seven moment invariants, computed from the normalised central moments."""
    n = shape.normalised
    across, along = n[3, 0] + n[1, 2], n[2, 1] + n[0, 3]
    skew, bend = n[3, 0] - 3 * n[1, 2], 3 * n[2, 1] - n[0, 3]
    difference, shear = n[2, 0] - n[0, 2], n[1, 1]
    first = across**2 - 3 * along**2
    second = 3 * across**2 - along**2
    return np.array(
        [
            n[2, 0] + n[0, 2],
            difference**2 + 4 * shear**2,
            skew**2 + bend**2,
            across**2 + along**2,
            skew * across * first + bend * along * second,
            difference * (across**2 - along**2) + 4 * shear * across * along,
            bend * across * first - skew * along * second,
        ]
    )
