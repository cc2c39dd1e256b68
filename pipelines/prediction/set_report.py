"""What `predict` says about a set of cells that is unlike the training cells."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING

from ..outputs.write_tables import write_csv

if TYPE_CHECKING:
    from models.explanation.set_judgement import MovedColumn, SetJudgement

# Median areas that differ by more than this factor are named.
_LARGE_FACTOR = 1.5
# Columns that the warning names, each of another family.
_NAMED = 3
_SHARPNESS = "Metadata_File_Sharpness"


def set_warning(judgement: SetJudgement, details: Path) -> list[str]:
    """Return one line if a set is unlike the training cells, else nothing.

    Parameters
    ----------
    judgement : SetJudgement
    details : Path
        Table of the moved columns, which the line names.
    """
    if not judgement.unlike_training:
        return []
    every = (*judgement.moved, *judgement.moved_pictures)
    parts = [
        f"THESE CELLS AS A SET ARE UNLIKE THE TRAINING CELLS: {judgement.unlike} of"
        f" {judgement.cells} ({judgement.unlike / judgement.cells:.0%}) are unlike any training"
        f" cell; {len(judgement.moved)} of {judgement.columns} columns"
        f" ({judgement.moved_share:.1%}, usual is up to {judgement.usual_share:.1%}) and"
        f" {len(judgement.moved_pictures)} that describe the pictures have a median outside every"
        " training class",
        *_differences(judgement),
    ]
    if every:
        parts.append(f"moved farthest: {', '.join(_words(one) for one in _leading(every))}")
    return [f"{'; '.join(parts)}. Find the reason before you use the predictions: {details}"]


def _differences(judgement: SetJudgement) -> list[str]:
    """Say in what the set may differ: size, sharpness, colour."""
    ratio = judgement.area_ratio
    found = []
    if ratio > 0 and not 1 / _LARGE_FACTOR <= ratio <= _LARGE_FACTOR:
        found.append(f"the cells are {ratio:.2g} times as large (area): another magnification?")
    for one in judgement.moved_pictures:
        if one.name == _SHARPNESS and one.training > 0:
            times = f"{one.found / one.training:.2g}"
            found.append(
                f"the pictures are {times} times as sharp: another focus or magnification?"
            )
    if any(one.name != _SHARPNESS for one in judgement.moved_pictures):
        found.append("the background has other colours: another stain, lamp or camera?")
    return found


def _leading(moved: Sequence[MovedColumn]) -> list[MovedColumn]:
    """Return the column that moved farthest of each of the families with the farthest columns."""
    order = sorted(moved, key=lambda one: 0.0 if isnan(one.shift) else -abs(one.shift))
    first: dict[str, MovedColumn] = {}
    for one in order:
        first.setdefault(_family(one.name), one)
    return list(first.values())[:_NAMED]


def _words(one: MovedColumn) -> str:
    spreads = "" if isnan(one.shift) else f" ({one.shift:+.1f} spreads)"
    return f"{title(one.name)} from {one.training:.3g} to {one.found:.3g}{spreads}"


def write_moved_columns(path: Path, moved: Sequence[MovedColumn]) -> None:
    """Write a CSV with a row for each column that has moved; only the head if none has."""
    write_csv(
        path,
        (
            "Column",
            "Title",
            "Training_Median",
            "Set_Median",
            "Training_Low",
            "Training_High",
            "Shift_In_Spreads",
        ),
        (
            (
                one.name,
                title(one.name),
                *(float(f"{value:.6g}") for value in (one.training, one.found, one.low, one.high)),
                round(one.shift, 2),
            )
            for one in moved
        ),
    )


def _family(column: str) -> str:
    parts = column.split("_")
    return parts[1] if len(parts) > 1 else column


def title(column: str) -> str:
    """Return the standard name of a column; of a network's, its own name."""
    from features.core.catalogue import describe_column
    from features.errors import CellError

    try:
        return describe_column(column)["title"]
    except CellError:
        return column
