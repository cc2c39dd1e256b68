"""Write the table of predictions, and its summaries by image and by subject."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import Any, Literal

from .write_tables import write_csv

_HEAD = (
    "Metadata_Image",
    "Metadata_Cell",
    "Metadata_Label",
    "Metadata_ImageLabel",
    "Metadata_Subject",
    "Metadata_Object",
    "Metadata_CentroidRow",
    "Metadata_CentroidCol",
    "Metadata_Quality",
    "Unlike_Training",
    "Unlike_Training_Share",
    "Unlike_Training_Distance",
    "Predicted",
)


@dataclass(frozen=True)
class CellFacts:
    """What is known of a cell beyond its features.

    Parameters
    ----------
    image : str
    number : int
        Of the cell in its image, from 1.
    label, image_label, subject : str or None
        Of the cell itself, of its image, and the subject.
    centroid : (float, float)
        Row and column, pixels; NaN where unknown.
    quality : str
        Names of the raised quality flags, separated by spaces.
    kind : str or None
        What the object is, ``white cell`` for example; None where unknown.
    """

    image: str
    number: int
    label: str | None
    image_label: str | None
    subject: str | None
    centroid: tuple[float, float]
    quality: str
    kind: str | None


@dataclass(frozen=True)
class PredictedCell(CellFacts):
    """What a model predicts for a cell.

    Parameters
    ----------
    unlike : bool
        Whether the cell is unlike the training cells, by `share` or `distance`.
    share, distance : float
        As in `models.explanation.novelty`.
    predicted : str
        The class.
    probabilities : tuple of float
        One for each class of the model.

    See Also
    --------
    CellFacts : the other parameters.
    """

    unlike: bool
    share: float
    distance: float
    predicted: str
    probabilities: tuple[float, ...]


def write_predictions(path: Path, classes: Sequence[str], cells: Sequence[PredictedCell]) -> None:
    """Write a CSV with a row for each cell."""
    write_csv(
        path, (*_HEAD, *(f"Probability_{name}" for name in classes)), (_row(one) for one in cells)
    )


def _row(cell: PredictedCell) -> list[Any]:
    row, col = cell.centroid
    return [
        cell.image,
        cell.number,
        cell.label,
        cell.image_label,
        cell.subject,
        cell.kind,
        round(row, 1),
        round(col, 1),
        cell.quality,
        int(cell.unlike),
        "" if isnan(cell.share) else f"{cell.share:.4f}",
        f"{cell.distance:.3f}",
        cell.predicted,
        *(f"{probability:.6f}" for probability in cell.probabilities),
    ]


def write_summary(
    path: Path,
    by: Literal["image", "subject"],
    cells: Sequence[PredictedCell],
    classes: Sequence[str],
    empty: Sequence[str] = (),
) -> None:
    """Write counts and shares of classes for each image or subject, with Wilson intervals.

    Parameters
    ----------
    path : Path
    by : {"image", "subject"}
    cells : sequence of PredictedCell
    classes : sequence of str
        Those that are counted.
    empty : sequence of str
        Images without cells: they have 0 cells and no shares.
    """
    from models.metrics.wilson import wilson

    predicted: dict[str, list[str]] = {name: [] for name in empty}
    for name, cell in zip(_names(by, cells), cells, strict=True):
        if name is not None:
            predicted.setdefault(name, []).append(cell.predicted)
    head = [f"Metadata_{by.title()}", "Cells"]
    for name in classes:
        head += [f"Cells_{name}", f"Share_{name}", f"Share_{name}_Low", f"Share_{name}_High"]
    lines = []
    for name, found in sorted(predicted.items()):
        line: list[Any] = [name, len(found)]
        for one in classes:
            if not found:
                line += [0, "", "", ""]
                continue
            count = found.count(one)
            low, high = wilson(count, len(found))
            line += [count, f"{count / len(found):.4f}", f"{low:.4f}", f"{high:.4f}"]
        lines.append(line)
    write_csv(path, head, lines)


def _names(by: Literal["image", "subject"], cells: Sequence[PredictedCell]) -> list[str | None]:
    """Return image or subject of each cell; a subject that is written in two ways is one."""
    import pandas as pd

    from models.dataset.spelling import one_spelling

    if by == "image":
        return [cell.image for cell in cells]
    subjects = pd.Series([cell.subject for cell in cells], dtype=object)
    return one_spelling(subjects).names.tolist()
