"""The page that explains cells: pictures, probability, evidence, the nearest training cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import isnan
from typing import TYPE_CHECKING, Any

from ..html.elements import jpeg
from ..html.render import render
from ..reporting.shortcut_section import warnings
from .cell_pictures import numbered_field, portrait

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from features.segmentation.segment import Segmentation
    from models.storage.bundle import Bundle

    from .cell_sheet import CellSheet

    UInt8 = NDArray[np.uint8]


def explanation_page(
    name: str,
    rgb: UInt8,
    found: Segmentation,
    sheets: Sequence[CellSheet],
    bundle: Bundle,
    evaluation: Mapping[str, Any],
) -> str:
    """Return the self-contained page.

    Parameters
    ----------
    name : str
        Of the image.
    rgb : (rows, cols, 3) uint8
    found : Segmentation
        All its cells.
    sheets : sequence of CellSheet
        Of the cells that are explained.
    bundle : Bundle
    evaluation : mapping
        As ``evaluation.json`` of the model holds it.
    """
    several = len(found.cells) > 1
    cells = [_cell(rgb, sheet, bundle, several=several) for sheet in sheets]
    links = [{"name": f"cell-{cell['number']}", "title": cell["title"]} for cell in cells]
    return render(
        "explanation.html",
        name=name,
        several=several,
        count=len(found.cells),
        warnings=warnings(evaluation),
        field=jpeg(numbered_field(rgb, found), "the whole image, its cells numbered")
        if several
        else None,
        cells=cells,
        contents=[*links, {"name": "method", "title": "Method"}],
        measure=sheets[0].explained.measure,
    )


def _cell(rgb: UInt8, sheet: CellSheet, bundle: Bundle, *, several: bool) -> dict[str, Any]:
    """Return what the template of a cell takes."""
    two_classes = bundle.positive is not None and len(bundle.classes) == 2
    return {
        "number": sheet.number,
        "title": f"Cell {sheet.number}: classified as {sheet.decided}"
        if several
        else f"Classified as {sheet.decided}",
        "warnings": sheet.warnings,
        "outlined": jpeg(portrait(rgb, sheet.found, outlined=True), "the cell with its outlines"),
        "original": jpeg(portrait(rgb, sheet.found, outlined=False), "the cell"),
        "probabilities": [
            {"name": name, "probability": share}
            for name, share in zip(bundle.classes, sheet.probabilities, strict=True)
        ],
        "rule": f"A cell is classified as {bundle.positive} if its probability is at least "
        f"{bundle.threshold:.2f}."
        if two_classes
        else "",
        "calibration": sheet.calibration,
        "decided": sheet.decided,
        "of": sheet.of,
        "against": sheet.against,
        "reasons": sheet.reasons,
        "largest": max((abs(reason.contribution) for reason in sheet.reasons), default=1.0),
        "sums": _sums(sheet),
        "nearest": _nearest(sheet),
        "nearest_same": sum(other.label == sheet.decided for other in sheet.nearest),
        "mean_distance": sheet.novelty.distance,
    }


def _sums(sheet: CellSheet) -> list[dict[str, Any]]:
    """Return the rows that complete the sum; none where contributions do not add up."""
    if isnan(sheet.explained.base):
        return []
    values = {
        "all other features together": sheet.rest,
        "base value, before any feature of the cell": sheet.explained.base,
        f"log odds of {sheet.of} against {sheet.against}": sheet.explained.log_odds,
    }
    return [{"name": name, "value": value} for name, value in values.items()]


def _nearest(sheet: CellSheet) -> list[dict[str, Any]]:
    return [
        {
            **asdict(other),
            "subject": other.subject or "-",
            "distance": other.distance / sheet.usual,
            "picture": jpeg(picture, f"training cell, {other.label}")
            if (picture := sheet.pictures.get((other.image, other.cell)))
            else None,
        }
        for other in sheet.nearest
    ]
