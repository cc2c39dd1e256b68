"""Section of the report: pairs of slides that the model has not seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..html.elements import Table
from .section import Section

# A difference in AUROC by the camera that is a warning.
CAMERA_EFFECT = 0.05


def unseen_slides(found: Mapping[str, Any]) -> Section:
    """Return the section on slides held out in pairs, by camera."""
    from models.evaluation.slide_pairs import DIFFERENT, KINDS, SAME

    most_pairs, most_cells, most_training = found["limits"]
    whole = found["features"][0]["figures"]
    kinds = [kind for kind in KINDS if kind in whole]
    same, different = (whole.get(kind, {}).get("mean") for kind in (SAME, DIFFERENT))
    return Section(
        "unseen-slides",
        "Unseen slides",
        "report/unseen_slides.html",
        {
            "tried": found["tried"],
            "existing": found["existing"],
            "counts": ", ".join(f"{kind}: {whole[kind]['pairs']}" for kind in kinds),
            "features": _by_features(found["features"], kinds),
            "estimators": found["estimators"],
            "most_pairs": most_pairs,
            "most_cells": most_cells,
            "most_training": most_training,
            "no_common_camera": same is None,
            "camera_helps": None not in (same, different) and different - same > CAMERA_EFFECT,
            "same_mean": same,
            "different_mean": different,
            "pairs": Table(
                "Pairs of slides",
                ["positive slide", "other slide", "cameras", "AUROC of all features"],
                [
                    [one["positive"], one["negative"], one["kind"], one["auroc"]]
                    for one in found["pairs"]
                ],
            ),
        },
    )


def _by_features(features: list[Mapping[str, Any]], kinds: list[str]) -> Table:
    head = ["features", "columns"]
    for kind in kinds:
        head += [f"{kind}: pairs", f"{kind}: mean AUROC", f"{kind}: lowest AUROC"]
    rows = []
    for one in features:
        values = [one["name"], one["columns"]]
        for kind in kinds:
            reached = one["figures"].get(kind, {})
            values += [reached.get("pairs"), reached.get("mean"), reached.get("least")]
        rows.append(values)
    return Table("AUROC on unseen pairs of slides", head, rows)
