"""Nyxus's tables of moments and of axes, where the shared data are there.

What the tables hold beside this is in `NOT_OURS`, with what keeps it from being compared;
`test_vetting.py` sees that no row of them goes missing.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
from oracles.stored.rows_mirp import VECTORS, table
from oracles.vetting import Check
from support.shared import SHARED

from features.shape.region import Shape

NYXUS = "Nyxus's table"

# Tables of Nyxus (and rows of those that are read) that hold no number of ours.
NOT_OURS = {
    "moments_2d_skimage_shape_ref_vals SPAT": "raw moments depend on where the image begins",
    "moments_2d_skimage_wedge_hu_ref_vals SPAT": "raw moments depend on where the image begins",
    "moments_2d_skimage_shape_ref_vals CENTRAL_MOMENT_00": "the area, compared as such",
    "moments_2d_skimage_shape_ref_vals CENTRAL_MOMENT_01": "0 for every shape",
    "moments_2d_skimage_shape_ref_vals CENTRAL_MOMENT_10": "0 for every shape",
    "moments_2d_skimage_shape_ref_vals CENTRAL_MOMENT_13": "of order 4; ours go to 3",
    "moments_2d_skimage_shape_ref_vals CENTRAL_MOMENT_22": "of order 4; ours go to 3",
    "moments_2d_skimage_shape_ref_vals CENTRAL_MOMENT_23": "of order 5; ours go to 3",
    "moments_2d_skimage_shape_ref_vals CENTRAL_MOMENT_31": "of order 4; ours go to 3",
    "moments_2d_skimage_shape_ref_vals CENTRAL_MOMENT_32": "of order 5; ours go to 3",
    "moments_2d_skimage_shape_ref_vals CENTRAL_MOMENT_33": "of order 6; ours go to 3",
    "moments_2d_skimage_intensity_ref_vals": "moments weighted by intensity; ours are of the mask",
    "moments_2d_skimage_normraw_shape_ref_vals": "raw moments over a power of the area",
    "moments_2d_skimage_normraw_intensity_ref_vals": "raw moments weighted by intensity",
    "morphology_2d_matlab_regionprops_ref_vals AREA_UM2": "a pixel size; ours are in pixels",
    "morphology_2d_matlab_regionprops_ref_vals CENTROID": "a position",
    "morphology_2d_matlab_regionprops_ref_vals WEIGHTED_CENTROID": "a position",
    "morphology_2d_matlab_regionprops_ref_vals BBOX_XMIN": "a position",
    "morphology_2d_matlab_regionprops_ref_vals BBOX_YMIN": "a position",
    "morphology_2d_matlab_regionprops_ref_vals ASPECT_RATIO": "of the box; both sides are read",
    "morphology_2d_skimage_shape2d_ref_vals CONVEX_HULL_AREA": "hull of the pixels' centres",
    "morphology_2d_skimage_shape2d_ref_vals SOLIDITY": "by the hull of the pixels' centres",
    "morphology_2d_skimage_shape2d_ref_vals EROSIONS_2_VANISH": "no feature of ours",
    "morphology_2d_skimage_circles_ref_vals": "another perimeter than Crofton's",
    "morphology_2d_cellprofiler_ref_vals MASS_DISPLACEMENT": "no feature of ours",
    "morphology_2d_cellprofiler_ref_vals EDGE": "an edge of four neighbours; ours is of eight",
    "morphology_2d_fraclac_ref_vals": "by the count of boxes; ours is of the levels",
    "morphology_2d_imea_shape2d_ref_vals": "no feature of ours",
    "morphology_2d_imea_ellipse_ref_vals": "of an ellipse that is not stored",
    "morphology_2d_matlab_extrema_ref_vals": "positions",
}


def place_of(name: str) -> str:
    """Component of a moment: Nyxus counts columns first, ours rows."""
    return name[-1] + name[-2]


def wedge() -> np.ndarray:
    """Nyxus's stepped wedge: 8 rows, each 5 pixels shorter at the left than the one above."""
    return np.arange(40)[None] >= 5 * np.arange(8)[:, None]


ORDERS = ("20", "11", "02", "30", "21", "12", "03")
MOMENTS = {"CENTRAL_MOMENT": "CentralMoment", "NORM_CENTRAL_MOMENT": "NormalisedCentralMoment"}
SHAPES = {
    "moments_2d_skimage_shape_ref_vals": np.ones((40, 48), bool),
    "moments_2d_skimage_wedge_hu_ref_vals": wedge(),
}


def reason(line: dict[str, str]) -> str | None:
    """Why a row of Nyxus's tables is not compared, if so."""
    whole = f"{line['table']} {line['feature']}"
    return next((why for start, why in NOT_OURS.items() if whole.startswith(start)), None)


def moment_row(line: dict[str, str]) -> Check | None:
    shape, name = Shape(SHAPES[line["table"]]), line["feature"]
    value = float(line["value"])
    stem, _, which = name.rpartition("_")
    if stem == "HU":
        place, key = int(which[1]) - 1, "HuMoment"
        # Columns and rows exchanged is a flip, under which the seventh changes its sign.
        value = -value if place == 6 else value
    elif stem in MOMENTS and place_of(which) in ORDERS:
        place, key = ORDERS.index(place_of(which)), MOMENTS[stem]
    else:
        return None
    # What is 0 in theory is about 1e-10 in either.
    scale = 1e-9 if stem == "CENTRAL_MOMENT" else 1e-9 / shape.area
    return Check(
        f"AreaShape_{key}",
        NYXUS,
        True,
        value,
        lambda f: f(shape)[place],
        relative=1e-9,
        absolute=scale * shape.area,
        shared=True,
    )


def _without_pixel_term(length: float) -> float:
    """MATLAB adds the variance of a unit square, 1/12, to the moments behind an axis."""
    return 4 * sqrt((length / 4) ** 2 - 1 / 12)


def axis_rows() -> list[Check]:
    with np.load(VECTORS / "nyxus" / "fixtures.npz") as stored:
        shape = Shape(stored["shape2d_morphology_mask"] > 0)
    wanted = {
        "morphology_2d_matlab_regionprops_ref_vals",
        "morphology_2d_skimage_shape2d_ref_vals",
    }
    known = {
        line["feature"]: float(line["value"])
        for line in table("nyxus/oracle_values.csv")
        if line["table"] in wanted
    }
    # The ratios that MATLAB gives are of its own lengths, so the term goes out of those first.
    major = _without_pixel_term(known["MAJOR_AXIS_LENGTH"])
    minor = _without_pixel_term(known["MAJOR_AXIS_LENGTH"] * known["ELONGATION"])
    flat = known["MAJOR_AXIS_LENGTH"] * sqrt(1 - known["ECCENTRICITY"] ** 2)
    expected = {
        "MajorAxisLength": major,
        "MinorAxisLength": _without_pixel_term(known["MINOR_AXIS_LENGTH"]),
        "Elongation": minor / major,
        "Eccentricity": sqrt(1 - (_without_pixel_term(flat) / major) ** 2),
        "Orientation": 90 - known["ORIENTATION"],
    }
    return [
        Check(f"AreaShape_{name}", NYXUS, True, value, lambda f: f(shape), 1e-9, shared=True)
        for name, value in expected.items()
    ]


AXES = {"MAJOR_AXIS_LENGTH", "MINOR_AXIS_LENGTH", "ELONGATION", "ECCENTRICITY", "ORIENTATION"}


def nyxus_rows() -> list[Check]:
    rows = [moment_row(row) for row in table("nyxus/oracle_values.csv") if row["table"] in SHAPES]
    return [row for row in rows if row is not None] + axis_rows()


CHECKS = nyxus_rows() if SHARED.is_dir() else []
