"""Labels of cells: an image's label is that of its cell only if it shows one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from data.files.cell_marks import mark_cells

if TYPE_CHECKING:
    from data.files.entries import Entry

    from .image_record import ImageRecord


@dataclass(frozen=True, slots=True)
class CellLabels:
    """The labels of the cells of an image.

    Parameters
    ----------
    labels, originals : tuple of (str or None)
        Of each cell: the class, and the word of the data set or the user for it.
    missed : int
        Marks on no cell.
    """

    labels: tuple[str | None, ...]
    originals: tuple[str | None, ...]
    missed: int = 0


def cell_labels(entry: Entry, record: ImageRecord) -> CellLabels:
    """Return the labels that the cells of an image have themselves.

    They come from marks of cells. Without marks, the label of the image is that of its cells if it
    is a crop, or if a mask says which cells are meant.
    """
    if entry.marks is not None:
        marked = mark_cells(entry.marks, record.centroids, record.boxes)
        return CellLabels(marked.labels, marked.labels, marked.missed)
    if record.source == "crop" or entry.mask_place is not None:
        return CellLabels((entry.label,) * record.cells, (entry.original_label,) * record.cells)
    return CellLabels((None,) * record.cells, (None,) * record.cells)


@dataclass(frozen=True, slots=True)
class LabelCounts:
    """How the cells of an image got their labels.

    Parameters
    ----------
    field : bool
        Whether the image is a field.
    labelled : int
        Cells with a label of their own.
    missed : int
        Marks on no cell.
    """

    field: bool
    labelled: int
    missed: int

    @classmethod
    def of(cls, entry: Entry, record: ImageRecord) -> LabelCounts:
        """Count the labels of an image's cells."""
        found = cell_labels(entry, record)
        labelled = sum(label is not None for label in found.labels)
        return cls(record.source == "field", labelled, found.missed)


def label_notes(images: Sequence[tuple[Entry, int, LabelCounts]]) -> list[str]:
    """Return what the user must know about the labels of cells.

    Parameters
    ----------
    images : sequence of (Entry, int, LabelCounts)
        Each measured image with its number of cells.
    """
    notes = []
    fields = [
        (entry.mask_place is not None, cells)
        for entry, cells, counts in images
        if counts.field and entry.label is not None and entry.marks is None
    ]
    unlabelled = [cells for is_masked, cells in fields if not is_masked]
    if unlabelled:
        notes.append(
            f"the labels of {len(unlabelled)} images are of fields, not of cells: their"
            f" {sum(unlabelled)} cells have them as Metadata_ImageLabel, and no Metadata_Label;"
            " give the cells labels of their own with --cell-labels or masks, or --source crop if"
            " each image shows one cell"
        )
    masked = [cells for is_masked, cells in fields if is_masked]
    if masked:
        notes.append(
            f"{len(masked)} fields have masks: each of their {sum(masked)} cells has the label of"
            " its image; leave the cells of other classes out of the masks"
        )
    marked = [(cells, counts) for entry, cells, counts in images if entry.marks is not None]
    if marked:
        missed = sum(counts.missed for _, counts in marked)
        notes.append(
            f"{sum(counts.labelled for _, counts in marked)} of {sum(cells for cells, _ in marked)}"
            f" cells in {len(marked)} images with labelled places have a label; {missed} places are"
            " on no cell"
        )
    return notes
