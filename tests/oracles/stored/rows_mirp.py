"""MIRP's values of two cells, if the shared data are available.

pyradiomics and mahotas agree on 148 values within 1e-6 if they define a feature in the same way.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache

import numpy as np
from oracles.vetting import Check
from support.shared import SHARED

from features.colour.histogram import INTENSITY, Histogram
from features.core.registry import FEATURES
from features.texture.cooccurrence.glcm import TEXTURE, aggregate, compute_glcm

VECTORS = SHARED / "vectors"


def table(name: str) -> list[dict[str, str]]:
    with (VECTORS / name).open(newline="") as stream:
        return list(csv.DictReader(stream))


@cache
def levels_of(cell: int, region: str) -> np.ndarray:
    """Return the 32 grey levels of a cell, 0 outside its mask."""
    with np.load(VECTORS / "peers" / "cells.npz") as stored:
        mask = stored[region][cell] > 0
        return np.where(mask, stored["gray"][cell] // 8 + 1, 0).astype(np.uint8)


def texture(cell: int, region: str, how: str):
    """Return a function that applies a feature; MIRP has levels up to the brightest pixel's."""
    levels = levels_of(cell, region)
    plane = np.maximum(levels, 1).astype(np.uint16) - np.uint16(1)
    view = compute_glcm(plane[None], (levels > 0).astype(np.uint8), (1,), int(levels.max()))
    return lambda function: aggregate(function(view)[0, 0, 0], how)


def statistics(cell: int, region: str):
    levels = levels_of(cell, region)
    counts = np.bincount(levels[levels > 0], minlength=33)[None, None, 1:]
    view = Histogram(counts.astype(float), np.arange(1.0, 33)[None])
    return lambda function: function(view)[0, 0]


def mirp_values() -> Iterator[tuple[str, int, str, float]]:
    """Yield MIRP's features: name, cell, region and value."""
    for row in table("peers/values.csv"):
        if row["tool"] == "mirp":
            yield row["feature"], int(row["cell"]), row["region"], float(row["value"])


def mirp_rows() -> list[Check]:
    codes = {
        row["tag"]: row["ibsi_code"] for row in table("ibsi1_digital_phantom/ibsi_identifiers.csv")
    }
    codes["stat_rmad"] = "1128"
    first = {record.ibsi: record.key for record in FEATURES.values() if record.family is INTENSITY}
    matrix = {record.ibsi: record.key for record in FEATURES.values() if record.family is TEXTURE}
    rows = []
    for name, cell, region, value in mirp_values():
        if key := first.get(codes.get(name, "no code")):
            rows.append(Check(key, "MIRP", True, value, statistics(cell, region), shared=True))
        for suffix, how in (("_d1_2d_avg", "mean"), ("_d1_2d_s_mrg", "merged")):
            if name.startswith("cm_") and name.endswith(suffix):
                key = matrix[codes[name.removesuffix(suffix)]]
                got = texture(cell, region, how)
                rows.append(Check(key, "MIRP", True, value, got, shared=True))
    return rows


CHECKS = mirp_rows() if SHARED.is_dir() else []
