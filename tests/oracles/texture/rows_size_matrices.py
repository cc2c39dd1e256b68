"""GLRLM, GLSZM, GLDZM, NGTDM and NGLDM: the IBSI phantom and MIRP."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np
from oracles.stored.rows_mirp import levels_of, mirp_values, table
from oracles.vetting import Check, Function
from support.shared import SHARED

from features.core.registry import FEATURES
from features.texture.cooccurrence.glcm import aggregate
from features.texture.neighbour_counts import ToneDifferenceMatrix, neighbour_sums
from features.texture.ngtdm_ngldm import NGLDM, NGTDM
from features.texture.run_length import GLRLM, run_length_sums
from features.texture.size_matrix import SizeMatrix
from features.texture.zone_counts import zone_sums
from features.texture.zones import GLDZM, GLSZM, NO_DISTANCES, edge_distances
from features.verification.ibsi_phantom import LEVELS, PHANTOM, REFERENCE

FAMILIES = (GLRLM, GLSZM, GLDZM, NGTDM, NGLDM)
RECORDS = [record for record in FEATURES.values() if record.family in FAMILIES]


def view_of(family: str, levels: np.ndarray, count: int) -> Any:
    """Return the view of a family, for grey levels from 1 and 0 outside the mask."""
    planes = (np.maximum(levels, 1).astype(np.uint16) - np.uint16(1))[None]
    parts = (levels > 0).astype(np.uint8)
    if family == "GLRLM":
        return SizeMatrix.from_sums(run_length_sums(planes, parts, count))
    if family == "GLSZM":
        return SizeMatrix.from_sums(zone_sums(planes, parts, count, NO_DISTANCES))
    if family == "GLDZM":
        return SizeMatrix.from_sums(zone_sums(planes, parts, count, edge_distances(parts)))
    pixels, differences, dependence = neighbour_sums(planes, parts, count)
    return (
        ToneDifferenceMatrix(pixels, differences)
        if family == "NGTDM"
        else SizeMatrix.from_sums(dependence)
    )


@cache
def phantom_views(family: str) -> list[Any]:
    return [view_of(family, levels, LEVELS) for levels in PHANTOM]


def over_slices(family: str, how: str, function: Function) -> float:
    values = [function(view)[0, 0] for view in phantom_views(family)]
    return float(np.mean([aggregate(value, how) if value.shape else value for value in values]))


def phantom_rows() -> list[Check]:
    return [
        Check(
            record.key,
            "IBSI digital phantom",
            True,
            value,
            partial(over_slices, record.family.name, how),
            digits=3,
        )
        for record in RECORDS
        for how, value in zip(("mean", "merged"), REFERENCE[record.ibsi], strict=False)
    ]


@cache
def cell_view(family: str, cell: int, region: str) -> Any:
    return view_of(family, levels_of(cell, region), 32)


def on_cell(family: str, cell: int, region: str, how: str, function: Function) -> float:
    value = function(cell_view(family, cell, region))[0, 0]
    return float(aggregate(value, how) if value.shape else value)


def mirp_rows() -> list[Check]:
    """MIRP's values of two cells; pyradiomics agrees with most of them within 1e-6."""
    codes = {
        row["tag"]: row["ibsi_code"] for row in table("ibsi1_digital_phantom/ibsi_identifiers.csv")
    }
    keys = {record.ibsi: record for record in RECORDS}
    rows = []
    for name, cell, region, value in mirp_values():
        tag, _, setting = name.partition("_2d")
        tag = tag.removesuffix("_d1_a0.0")
        record = keys.get(codes.get(tag, "no code"))
        if record is not None and setting in {"", "_avg", "_s_mrg"}:
            how = "merged" if setting == "_s_mrg" else "mean"
            got = partial(on_cell, record.family.name, cell, region, how)
            rows.append(Check(record.key, "MIRP", True, value, got, shared=True))
    return rows


CHECKS = phantom_rows() + (mirp_rows() if SHARED.is_dir() else [])
