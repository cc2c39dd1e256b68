"""Co-occurrence features against the IBSI phantom, scikit-image and mahotas."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import partial

import numpy as np
from oracles.vetting import Check
from support.cells.example_cells import textured_cell
from support.shared import SHARED

from features.core.cell import COMPARTMENTS, Cell
from features.core.registry import FEATURES, Axes
from features.texture.cooccurrence.glcm import (
    HARALICK,
    TEXTURE,
    Glcm,
    aggregate,
    compute_glcm,
)
from features.texture.cooccurrence.haralick import HARALICK_NAMES
from features.verification.ibsi_phantom import LEVELS, PHANTOM, REFERENCE
from features.verification.mahotas_oracle import haralick
from features.verification.skimage_oracle import cooccurrence_properties

IBSI = "IBSI digital phantom"
# Our features and the names of `cooccurrence_properties`.
PROPERTIES = {
    "Contrast": "contrast",
    "Dissimilarity": "dissimilarity",
    "DifferenceAverage": "dissimilarity",
    "InverseDifferenceMoment": "homogeneity",
    "AngularSecondMoment": "ASM",
    "Correlation": "correlation",
    "JointAverage": "mean + 1",
    "JointVariance": "variance",
    "JointEntropy": "entropy / ln 2",
}


def view_of(levels: np.ndarray, count: int) -> Glcm:
    """Return the GLCM statistics at distance 1 of an image with levels from 1, 0 outside."""
    plane = np.maximum(levels, 1).astype(np.uint16) - np.uint16(1)
    return compute_glcm(plane[None], (levels > 0).astype(np.uint8), (1,), count)


def over_slices(how: str):
    """Return a function: the mean of a feature over the phantom's slices."""
    views = [view_of(levels, LEVELS) for levels in PHANTOM]
    return lambda function: np.mean([aggregate(function(view)[0, 0, 0], how) for view in views])


def whole_cell(levels: np.ndarray):
    view = view_of(levels, 32)
    return lambda function: function(view)[0, 0, 0, :4]


def phantom_rows() -> list[Check]:
    rows = []
    for record in FEATURES.values():
        if record.family in (TEXTURE, HARALICK) and record.ibsi:
            for how, value in zip(("mean", "merged"), REFERENCE[record.ibsi], strict=True):
                rows.append(Check(record.key, IBSI, True, value, over_slices(how), digits=3))
    return rows


def mahotas_rows() -> list[Check]:
    """Each direction, 32 grey levels of a cell."""
    cell = textured_cell()
    levels = np.where(cell.cell, cell.plane("Gray") // 8 + 1, 0)
    peer = haralick(levels)
    texture_records = {
        record.function: record for record in FEATURES.values() if record.family is TEXTURE
    }
    return [
        Check(key, "mahotas", True, peer[name], whole_cell(levels), 1e-9)
        for name, function in HARALICK_NAMES.items()
        for key in (f"Haralick_{name}", texture_records[function].key)
    ]


def skimage_rows() -> list[Check]:
    """Each direction, 32 grey levels of a whole image and of a cell."""
    cell = textured_cell()
    plane = cell.plane("Gray") // 8 + 1
    rows = []
    for levels in (plane, np.where(cell.cell, plane, 0)):
        peer = cooccurrence_properties(levels, 32)
        rows += [
            Check(f"Texture_{name}", "scikit-image", True, peer[word], whole_cell(levels), 1e-9)
            for name, word in PROPERTIES.items()
        ]
    return rows


MAXIMAL = "Haralick_MaximalCorrelationCoefficient"
STEPS = [(0, 1), (-1, 1), (-1, 0), (-1, -1)]  # rows and columns at 0, 45, 90 and 135 degrees


def maximal_row(oracle: str, expected, cell: Cell, distances: tuple[int, ...], picked) -> Check:
    """Return a row for Gray at 32 levels; `picked` indexes (3, 1, distances, 5)."""
    parameters = tuple(f"d{distance}_32_merged" for distance in distances)
    view = HARALICK.view(cell, Axes(COMPARTMENTS, ("Gray",), parameters))
    return Check(MAXIMAL, oracle, False, expected, lambda f: f(view)[picked], 1e-9)


def matrix_of(levels: np.ndarray, mask: np.ndarray, down: int, right: int) -> np.ndarray:
    """Return the symmetric matrix of one direction, by a loop over the pixels."""
    matrix = np.zeros((32, 32))
    for row, col in np.argwhere(mask):
        there = (row + down, col + right)
        if all(0 <= at < size for at, size in zip(there, mask.shape, strict=True)) and mask[there]:
            matrix[levels[row, col], levels[there]] += 1
    return matrix + matrix.T


def second_of_q(matrix: np.ndarray) -> float:
    """Haralick's f14 as published: Q(i, j) = sum over k of p(i, k) p(j, k) / (px(i) py(k))."""
    kept = matrix.any(axis=1)
    p = matrix[np.ix_(kept, kept)] / matrix.sum()
    q = np.einsum("ik,jk,i,k->ij", p, p, 1 / p.sum(axis=1), 1 / p.sum(axis=0))
    return np.sqrt(np.sort(np.linalg.eigvals(q).real)[-2])


def maximal_rows() -> list[Check]:
    cell = textured_cell()
    levels = cell.plane("Gray") // 8
    expected = []
    for word in COMPARTMENTS:
        expected.append([])
        for distance in (2, 4):
            turned = [
                matrix_of(levels, cell.mask(word), distance * down, distance * right)
                for down, right in STEPS
            ]
            expected[-1].append([second_of_q(one) for one in (*turned, sum(turned))])
    # Two levels: the absolute correlation, here (4 2 - 2 2) / (6 4) along the row.
    row = np.repeat(np.array([[9, 9, 9, 90, 90, 9]], np.uint8)[..., None], 3, axis=2)
    nothing, all_of_it = np.zeros((1, 6), bool), np.ones((1, 6), bool)
    nan = np.nan
    return [
        maximal_row("numpy", expected, cell, (2, 4), np.s_[:, 0]),
        maximal_row(
            "closed form",
            [[1 / 6, nan, nan, nan, 1 / 6], [nan] * 5, [1 / 6, nan, nan, nan, 1 / 6]],
            Cell(row, nothing, all_of_it),
            (1,),
            np.s_[:, 0, 0],
        ),
        maximal_row(
            "closed form",
            [1, nan, nan, nan, 1],
            Cell(row[:, :3], nothing[:, :3], all_of_it[:, :3]),
            (1,),
            np.s_[0, 0, 0],
        ),
    ]


def over_directions(view: Glcm, place: int, function) -> float:
    return function(view)[place, 0, 0, :4].mean()


def pyradiomics_rows() -> Iterator[Check]:
    """pyradiomics' MCC of two cells and their nuclei; mahotas' 14th differs (above 1)."""
    peers = SHARED / "vectors" / "peers"
    axes = Axes(COMPARTMENTS, ("Gray",), ("d1_32_mean",))
    with np.load(peers / "cells.npz") as stored:
        rgb = np.repeat(stored["gray"][..., None], 3, axis=-1)
        cells = [
            Cell(*one) for one in zip(rgb, stored["nucleus"] > 0, stored["cell"] > 0, strict=True)
        ]
    with (peers / "values.csv").open(newline="") as stream:
        for row in csv.DictReader(stream):
            if row["feature"] == "original_glcm_MCC":
                view = HARALICK.view(cells[int(row["cell"])], axes)
                place = ("cell", "nucleus").index(row["region"])
                got = partial(over_directions, view, place)
                yield Check(MAXIMAL, "pyradiomics", True, float(row["value"]), got, shared=True)


CHECKS = phantom_rows() + mahotas_rows() + skimage_rows() + maximal_rows()
CHECKS += pyradiomics_rows() if SHARED.is_dir() else []
