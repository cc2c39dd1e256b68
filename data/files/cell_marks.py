"""Labels of single cells in an image: centres or boxes that somebody marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot

# First row, first column, rows and columns of a cell, pixels.
Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class CellMark:
    """A labelled place in an image.

    Attributes
    ----------
    row, col : float
        Its centre, pixels from the top left corner.
    rows, cols : float
        Size of a box, pixels; 0 for a point.
    label : str
    """

    row: float
    col: float
    rows: float
    cols: float
    label: str


@dataclass(frozen=True, slots=True)
class CellMarks:
    """The labelled places of one image.

    Attributes
    ----------
    marks : tuple of CellMark
    others : str or None
        Label of the cells without a mark, if all cells of another class are marked.
    """

    marks: tuple[CellMark, ...]
    others: str | None = None


@dataclass(frozen=True, slots=True)
class MarkedCells:
    """The labels that marks give to cells.

    Attributes
    ----------
    labels : tuple of (str or None)
        Of each cell; None where no mark or marks of several labels are on it.
    missed : int
        Marks on no cell.
    """

    labels: tuple[str | None, ...]
    missed: int


def mark_cells(
    marks: CellMarks, centroids: Sequence[tuple[float, float]], boxes: Sequence[Box]
) -> MarkedCells:
    """Give each mark to the nearest cell that it is on.

    A mark is on a cell if its centre is in the box around the cell and, if the mark is a box
    itself, the cell's centroid is in that. A mark on no cell may belong to a cell that was outlined
    wrongly: cells closer to it than their own size do not get the label of the others.

    Parameters
    ----------
    marks : CellMarks
    centroids : sequence of (float, float)
        Row and column of each cell.
    boxes : sequence of (int, int, int, int)
        The box around each cell.
    """
    found: list[set[str]] = [set() for _ in boxes]
    doubtful: set[int] = set()
    missed = 0
    for mark in marks.marks:
        distances = [hypot(row - mark.row, col - mark.col) for row, col in centroids]
        on = [
            index
            for index, (centroid, box) in enumerate(zip(centroids, boxes, strict=True))
            if _is_on(mark, centroid, box)
        ]
        if on:
            found[min(on, key=distances.__getitem__)].add(mark.label)
            continue
        missed += 1
        doubtful.update(
            index
            for index, (distance, box) in enumerate(zip(distances, boxes, strict=True))
            if distance < max(box[2:])
        )
    labels = tuple(
        (next(iter(names)) if len(names) == 1 else None)
        if names or index in doubtful
        else marks.others
        for index, names in enumerate(found)
    )
    return MarkedCells(labels, missed)


def _is_on(mark: CellMark, centroid: tuple[float, float], box: Box) -> bool:
    top, left, rows, cols = box
    inside = top <= mark.row < top + rows and left <= mark.col < left + cols
    if mark.rows == 0 or not inside:
        return inside
    down, across = abs(centroid[0] - mark.row), abs(centroid[1] - mark.col)
    return down <= mark.rows / 2 and across <= mark.cols / 2
