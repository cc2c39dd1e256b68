"""Origin of a training table: images, failures, cells, columns."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.errors import ModelError

if TYPE_CHECKING:
    import pandas as pd

    from .training_table import TrainingTable

# Most reasons that are listed, of failed images and of skipped files.
MAX_LISTED_REASONS = 12
_COUNTED_COLUMNS = ("Metadata_Subject", "Metadata_Slide", "Metadata_Camera", "Metadata_Image")


def provenance(table: Path, cells: TrainingTable) -> dict[str, Any]:
    """Return what the report says about the data, as plain values.

    Parameters
    ----------
    table : Path
        The feature table.
    cells : TrainingTable

    Raises
    ------
    ModelError
        If the table of errors cannot be read.
    """
    import numpy as np

    sidecar, frame, data = cells.sidecar, cells.frame, cells.data
    missing = np.isnan(cells.in_memory.features)
    source, counts = sidecar.get("input", {}), sidecar.get("counts", {})
    described = sidecar["columns"]
    skipped = Counter(str(one.get("reason", "")) for one in source.get("skipped", []))
    rows = frame.iloc[data.rows]
    unchanged = sidecar["table"]["unchanged"]
    return {
        "layout": source.get("layout"),
        "notes": list(source.get("notes", [])),
        "table": sidecar["table"],
        "merged": [one["name"] for one in sidecar.get("merged", [])],
        "versions": dict(sidecar.get("versions", {})),
        "configuration": _without_local_paths(sidecar.get("configuration", {})),
        "flow": {
            "images": counts.get("images"),
            "measured": None
            if counts.get("images") is None
            else counts["images"] - counts.get("failed", 0) - counts.get("excluded", 0),
            "failed": counts.get("failed"),
            "excluded": counts.get("excluded", 0),
            "without_cells": counts.get("without_cells", 0),
            "skipped": sum(skipped.values()),
            "named_images": int(frame["Metadata_Image"].nunique())
            if "Metadata_Image" in frame
            else None,
            "cells": len(frame),
            "unlabelled": len(frame) - len(data.rows),
            "used": len(data.rows),
        },
        "skipped": [list(pair) for pair in skipped.most_common(MAX_LISTED_REASONS)],
        "failures": _failure_reasons(table.with_suffix(".errors.csv")) if unchanged else [],
        "columns": {"described": len(described), "used": len(data.columns)},
        "missing": {
            "cells": int(missing.any(axis=1).sum()),
            "columns": int(missing.any(axis=0).sum()),
            "share": float(missing.mean()),
        },
        "families": _family_counts({name: described[name] for name in data.columns}),
        "classes": [
            _class_counts(rows[data.target == code], name) for code, name in enumerate(data.classes)
        ],
        "flags": {
            name.removeprefix("Metadata_Quality_"): int(rows[name].eq(True).sum())
            for name in rows.columns
            if name.startswith("Metadata_Quality_")
        },
    }


def _without_local_paths(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """Remove the local folders of masks, labels and network; their names stay."""
    return {
        name: Path(str(value)).name
        if name in {"masks", "embedding", "cell_labels"} and value
        else value
        for name, value in configuration.items()
    }


def _class_counts(rows: pd.DataFrame, name: str) -> dict[str, Any]:
    """Count the cells of a class, and their subjects, slides, cameras and images."""
    found = {
        column.removeprefix("Metadata_").lower(): int(rows[column].nunique())
        for column in _COUNTED_COLUMNS
        if column in rows and rows[column].notna().any()
    }
    return {"class": name, "cells": len(rows), **found}


def _family_counts(columns: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """List the families: number of columns and features, compartments, channels."""
    by_family: dict[str, list[Mapping[str, Any]]] = {}
    for record in columns.values():
        by_family.setdefault(str(record.get("family") or ""), []).append(record)
    return [
        {
            "family": family,
            "columns": len(records),
            "features": len({str(one.get("feature")) for one in records}),
            "compartments": sorted({str(one.get("compartment") or "") for one in records}),
            "channels": sorted({str(one.get("channel") or "") for one in records} - {""}),
        }
        for family, records in by_family.items()
    ]


def _failure_reasons(path: Path) -> list[list[Any]]:
    """Count the reasons in the table of errors; none if there is no such table."""
    if not path.is_file():
        return []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            found = Counter((row["stage"], row["reason"]) for row in csv.DictReader(file))
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(
            f"{path} cannot be read: {error!r}",
            "restore the table of errors that extract wrote, or delete it",
        ) from error
    return [[*pair, count] for pair, count in found.most_common(MAX_LISTED_REASONS)]
