"""Co-occurrence features against the IBSI phantom, scikit-image and mahotas."""

from __future__ import annotations

import mahotas
import numpy as np
from examples import textured_cell
from skimage.feature import graycomatrix, graycoprops
from vetting import Check

from features.glcm import HARALICK, TEXTURE, Glcm, aggregate, glcm_of, quantise
from features.haralick import HARALICK_NAMES
from features.phantom import LEVELS, PHANTOM, REFERENCE
from features.registry import FEATURES

IBSI = "IBSI digital phantom"
TURNED = [0, 3, 2, 1]  # peers count 45 degrees downwards, where rows grow


def view_of(levels: np.ndarray, count: int) -> Glcm:
    """The matrices of an image with levels from 1, 0 outside, at distance 1."""
    plane = np.maximum(levels, 1).astype(np.uint16) - np.uint16(1)
    return glcm_of(plane[None], (levels > 0).astype(np.uint8), (1,), count)


def over_slices(how: str):
    """Mean over the phantom's slices of a feature, aggregated over directions."""
    views = [view_of(levels, LEVELS) for levels in PHANTOM]
    return lambda function: np.mean([aggregate(function(view)[0, 0, 0], how) for view in views])


def whole_cell(levels: np.ndarray):
    view = view_of(levels, 32)
    return lambda function: function(view)[0, 0, 0, :4]


def phantom_rows() -> list[Check]:
    rows = []
    for record in FEATURES.values():
        if record.family in (TEXTURE, HARALICK):
            for how, value in zip(("mean", "merged"), REFERENCE[record.ibsi], strict=True):
                rows.append(Check(record.key, IBSI, True, value, over_slices(how), digits=3))
    return rows


def mahotas_rows() -> list[Check]:
    """Each direction of the 32 levels of a cell; mahotas turns the other way."""
    cell = textured_cell()
    levels = np.where(cell.cell, cell.plane("Gray") // 8 + 1, 0)
    peer = mahotas.features.haralick(levels, ignore_zeros=True, use_x_minus_y_variance=True)
    twins = {record.function: record for record in FEATURES.values() if record.family is TEXTURE}
    return [
        Check(key, "mahotas", True, peer[TURNED, column], whole_cell(levels), 1e-9)
        for column, (name, function) in enumerate(HARALICK_NAMES.items())
        for key in (f"Haralick_{name}", twins[function].key)
    ]


def skimage_rows() -> list[Check]:
    """A whole image, since graycomatrix takes no mask."""
    plane = textured_cell().plane("Gray")
    angles = [0, np.pi / 4, np.pi / 2, 3 * np.pi / 4]
    matrix = graycomatrix(quantise(plane, 32).astype(np.uint8), [1], angles, 32, True, True)
    view = view_of(plane // 8 + 1, 32)
    peer = {
        "Contrast": graycoprops(matrix, "contrast"),
        "Dissimilarity": graycoprops(matrix, "dissimilarity"),
        "DifferenceAverage": graycoprops(matrix, "dissimilarity"),
        "InverseDifferenceMoment": graycoprops(matrix, "homogeneity"),
        "AngularSecondMoment": graycoprops(matrix, "ASM"),
        "Correlation": graycoprops(matrix, "correlation"),
        "JointAverage": graycoprops(matrix, "mean") + 1,
        "JointVariance": graycoprops(matrix, "variance"),
    }
    return [
        Check(
            f"Texture_{name}",
            "scikit-image",
            True,
            values[0, TURNED],
            lambda function: function(view)[0, 0, 0, :4],
            1e-9,
        )
        for name, values in peer.items()
    ]


CHECKS = phantom_rows() + mahotas_rows() + skimage_rows()
