"""Shape against scikit-image, scipy, Nyxus's oracle table and closed forms."""

from __future__ import annotations

import json
from math import degrees, hypot, pi, sqrt

import numpy as np
from oracles.stored.rows_mirp import VECTORS, table
from oracles.vetting import Check
from scipy.ndimage import distance_transform_edt
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist
from support.cells.example_cells import textured_cell
from support.shared import SHARED

from features.shape.region import Shape
from features.verification.skimage_oracle import shape_properties

SKIMAGE = "scikit-image"
SCIPY = "scipy"
HAND = "by hand"
CELL = textured_cell()
# Our features and the names of `shape_properties`.
NAMES = {
    "Area": "area",
    "Perimeter": "perimeter_crofton",
    "FormFactor": "4 pi area / perimeter_crofton^2",
    "EquivalentDiameter": "equivalent_diameter_area",
    "MajorAxisLength": "axis_major_length",
    "MinorAxisLength": "axis_minor_length",
    "Eccentricity": "eccentricity",
    "Elongation": "axis_minor_length / axis_major_length",
    "Orientation": "orientation in degrees",
    "Extent": "extent",
    "BoundingBoxColumns": "bbox columns",
    "BoundingBoxRows": "bbox rows",
    "EulerNumber": "euler_number",
}


def row(name: str, oracle: str, expected, mask: np.ndarray, **kwargs) -> Check:
    independent = kwargs.pop("independent", True)
    return Check(
        f"AreaShape_{name}", oracle, independent, expected, lambda f: f(Shape(mask)), **kwargs
    )


def skimage_rows(mask: np.ndarray) -> list[Check]:
    peer = shape_properties(mask)
    rows = [row(name, SKIMAGE, peer[word], mask, relative=1e-9) for name, word in NAMES.items()]
    # The seventh is a small difference of large terms.
    rows.append(row("HuMoment", SKIMAGE, peer["moments_hu"], mask, absolute=1e-14))
    return rows


def corners(mask: np.ndarray) -> np.ndarray:
    """Return the corners of the pixels as unit squares."""
    pixels = np.argwhere(mask)
    return np.concatenate([pixels + offset for offset in ([0, 0], [0, 1], [1, 0], [1, 1])])


def least_width(points: np.ndarray) -> float:
    """Return the smallest width over the directions of the hull's edges and 3,600 others."""
    hull = points[ConvexHull(points).vertices].astype(float)
    edges = np.roll(hull, -1, axis=0) - hull
    angles = np.concatenate([np.linspace(0, pi, 3600), np.arctan2(edges[:, 1], edges[:, 0])])
    return float(np.ptp(points @ np.stack([-np.sin(angles), np.cos(angles)]), axis=0).min())


def convex_crofton(mask: np.ndarray) -> float:
    """Cauchy: a convex set's Crofton length is pi times its mean projection, in 4 directions."""
    pixels = np.argwhere(mask)
    shadows = [np.ptp(pixels @ np.array(way)) + 1 for way in ([1, 0], [0, 1], [1, 1], [1, -1])]
    return pi / 4 * (shadows[0] + shadows[1] + (shadows[2] + shadows[3]) / sqrt(2))


def scipy_rows(mask: np.ndarray) -> list[Check]:
    points = corners(mask)
    area, longest, shortest = ConvexHull(points).volume, pdist(points).max(), least_width(points)
    depth = distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1][mask]
    crofton = shape_properties(mask)["perimeter_crofton"]
    peer = {
        "ConvexArea": area,
        "Solidity": mask.sum() / area,
        "MaximumFeretDiameter": longest,
        "Roundness": 4 * mask.sum() / (pi * longest**2),
        "MaximumRadius": depth.max(),
        "MeanRadius": depth.mean(),
    }
    # The minimum width and Cauchy's formula are implemented here, so not independent.
    ours = [
        ("MinimumFeretDiameter", SCIPY, shortest),
        ("FeretRatio", SCIPY, shortest / longest),
        ("Convexity", SKIMAGE, convex_crofton(mask) / crofton),
    ]
    rows = [row(name, SCIPY, value, mask, relative=1e-6) for name, value in peer.items()]
    return rows + [
        row(name, oracle, value, mask, independent=False, relative=1e-6)
        for name, oracle, value in ours
    ]


def rectangle_rows(rows: int, cols: int) -> list[Check]:
    """A rectangle of rows by cols pixels inside a larger image."""
    mask = np.zeros((rows + 5, cols + 3), dtype=bool)
    mask[2 : 2 + rows, 1 : 1 + cols] = True
    area, longest = rows * cols, hypot(rows, cols)
    # Variance of n pixel centres: (n^2 - 1) / 12.
    tall, wide = (rows**2 - 1) / 12, (cols**2 - 1) / 12
    major, minor = 4 * sqrt(max(tall, wide)), 4 * sqrt(min(tall, wide))
    # Lines in 4 directions, each crossed twice; diagonal lines are 1/sqrt 2 apart.
    perimeter = pi / 4 * (rows + cols + sqrt(2) * (rows + cols - 1))
    worked = {
        "Area": area,
        "EquivalentDiameter": 2 * sqrt(area / pi),
        "ConvexArea": area,
        "Solidity": 1,
        "Convexity": 1,
        "Extent": 1,
        "Perimeter": perimeter,
        "FormFactor": 4 * pi * area / perimeter**2,
        "MajorAxisLength": major,
        "MinorAxisLength": minor,
        "Eccentricity": sqrt(1 - (minor / major) ** 2),
        "Elongation": minor / major,
        "Orientation": 0 if rows > cols else 90,
        "MaximumFeretDiameter": longest,
        "MinimumFeretDiameter": min(rows, cols),
        "FeretRatio": min(rows, cols) / longest,
        "Roundness": 4 * area / (pi * longest**2),
        "EulerNumber": 1,
        "BoundingBoxColumns": cols,
        "BoundingBoxRows": rows,
        "MaximumRadius": (min(rows, cols) + 1) // 2,
    }
    return [row(name, HAND, value, mask, independent=False) for name, value in worked.items()]


def hand_rows() -> list[Check]:
    """A plus sign of five pixels; the nearest outer pixels of its centre are diagonal."""
    plus = (
        np.array([[0, 0, 0, 0, 0], [0, 0, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 0, 0], [0] * 5]) > 0
    )
    worked = {
        "MeanRadius": (4 * 1 + sqrt(2)) / 5,
        "MaximumRadius": sqrt(2),
        "ConvexArea": 7,
        "Solidity": 5 / 7,
        "HuMoment": [4 / 25, 0, 0, 0, 0, 0, 0],
        "Convexity": 1,
    }
    return [
        row(name, HAND, value, plus, independent=False, absolute=1e-12)
        for name, value in worked.items()
    ]


def matlab_rows() -> list[Check]:
    """scikit-image's test sample with values from MATLAB and OpenCV."""
    stored = json.loads((VECTORS / "skimage" / "regionprops.json").read_text())
    mask, expected = np.array(stored["SAMPLE"]) > 0, stored["expected"]
    peer = {
        "Area": expected["area"],
        "Eccentricity": expected["eccentricity"],
        "EquivalentDiameter": expected["equivalent_diameter_area"],
        "EulerNumber": expected["euler_number_8conn"],
        "Extent": expected["extent"],
        "HuMoment": expected["moments_hu"],
        "MajorAxisLength": expected["axis_major_length"],
        "MinorAxisLength": expected["axis_minor_length"],
        "Orientation": degrees(expected["orientation"]),
        "Perimeter": expected["perimeter_crofton_4dir"],
    }
    oracle = "MATLAB"
    return [row(name, oracle, value, mask, shared=True) for name, value in peer.items()]


WANTED = {
    "AREA_PIXELS_COUNT": "Area",
    "EXTENT": "Extent",
    "BBOX_WIDTH": "BoundingBoxColumns",
    "BBOX_HEIGHT": "BoundingBoxRows",
    "EULER_NUMBER": "EulerNumber",
    "DIAMETER_EQUAL_AREA": "EquivalentDiameter",
}


def nyxus_rows() -> list[Check]:
    """Nyxus's table of an 8x8 mask with a hole: values of MATLAB and scikit-image."""
    with np.load(VECTORS / "nyxus" / "fixtures.npz") as stored:
        mask = stored["shape2d_morphology_mask"] > 0
    tables = {"morphology_2d_matlab_regionprops_ref_vals", "morphology_2d_skimage_shape2d_ref_vals"}
    return [
        row(WANTED[line["feature"]], "Nyxus's table", float(line["value"]), mask, shared=True)
        for line in table("nyxus/oracle_values.csv")
        if line["table"] in tables and line["feature"] in WANTED
    ]


CHECKS = [
    *skimage_rows(CELL.nucleus),
    *skimage_rows(CELL.cell),
    *scipy_rows(CELL.nucleus),
    *scipy_rows(CELL.cell),
    *rectangle_rows(4, 9),
    *rectangle_rows(7, 3),
    *hand_rows(),
    *(matlab_rows() + nyxus_rows() if SHARED.is_dir() else []),
]
