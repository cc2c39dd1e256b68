"""Nyxus's tables of moments and axis lengths, if the shared data are available.

`NOT_OURS` lists the other values of these tables with the reason why they are not compared;
`test_vetting.py` checks that it is complete.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
from oracles.stored.rows_mirp import VECTORS, table
from oracles.vetting import Check
from support.shared import SHARED

from features.shape.region import Shape

NYXUS = "Nyxus's table"

# Tables of Nyxus, and rows of the tables that are read, without an equal feature here.
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
    "morphology_2d_matlab_regionprops_ref_vals AREA_UM2": "in um^2; ours is in pixels",
    "morphology_2d_matlab_regionprops_ref_vals CENTROID": "a position",
    "morphology_2d_matlab_regionprops_ref_vals WEIGHTED_CENTROID": "a position",
    "morphology_2d_matlab_regionprops_ref_vals BBOX_XMIN": "a position",
    "morphology_2d_matlab_regionprops_ref_vals BBOX_YMIN": "a position",
    "morphology_2d_matlab_regionprops_ref_vals ASPECT_RATIO": "both sides of the box are compared",
    "morphology_2d_skimage_shape2d_ref_vals CONVEX_HULL_AREA": "hull of the pixel centres",
    "morphology_2d_skimage_shape2d_ref_vals SOLIDITY": "with the hull of the pixel centres",
    "morphology_2d_skimage_shape2d_ref_vals EROSIONS_2_VANISH": "no feature of ours",
    "morphology_2d_skimage_circles_ref_vals": "not the Crofton perimeter",
    "morphology_2d_cellprofiler_ref_vals MASS_DISPLACEMENT": "no feature of ours",
    "morphology_2d_cellprofiler_ref_vals EDGE": "4-connected edge; ours is 8-connected",
    "morphology_2d_fraclac_ref_vals": "box counting of a mask; ours uses grey values",
    "morphology_2d_imea_shape2d_ref_vals": "no feature of ours",
    "morphology_2d_imea_ellipse_ref_vals": "the ellipse is not stored",
    "morphology_2d_matlab_extrema_ref_vals": "positions",
}


def place_of(name: str) -> str:
    """Return our component of a moment (rows first); Nyxus names columns first."""
    return name[-1] + name[-2]


def wedge() -> np.ndarray:
    """Return Nyxus's stepped wedge: 8 rows, each starting 5 pixels further right."""
    return np.arange(40)[None] >= 5 * np.arange(8)[:, None]


ORDERS = ("20", "11", "02", "30", "21", "12", "03")
MOMENTS = {"CENTRAL_MOMENT": "CentralMoment", "NORM_CENTRAL_MOMENT": "NormalisedCentralMoment"}
SHAPES = {
    "moments_2d_skimage_shape_ref_vals": np.ones((40, 48), bool),
    "moments_2d_skimage_wedge_hu_ref_vals": wedge(),
}


def reason(line: dict[str, str]) -> str | None:
    """Return why a row of Nyxus's tables is not compared, or None."""
    whole = f"{line['table']} {line['feature']}"
    return next((why for start, why in NOT_OURS.items() if whole.startswith(start)), None)


def moment_row(line: dict[str, str]) -> Check | None:
    shape, name = Shape(SHAPES[line["table"]]), line["feature"]
    value = float(line["value"])
    stem, _, which = name.rpartition("_")
    if stem == "HU":
        place, key = int(which[1]) - 1, "HuMoment"
        # Exchanging columns and rows is a reflection, which changes the sign of the seventh.
        value = -value if place == 6 else value
    elif stem in MOMENTS and place_of(which) in ORDERS:
        place, key = ORDERS.index(place_of(which)), MOMENTS[stem]
    else:
        return None
    # Values that are 0 in theory are about 1e-10 in both programs.
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
    """Remove the 1/12 (variance of a unit square) that MATLAB adds to the second moments."""
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
    # MATLAB's ratios are of its own axis lengths, so the term is removed from these first.
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
