"""Build the table's layout from the per-image results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING

from ..measurement.cell_labels import label_notes
from ..measurement.measure_image import ImageResult
from .assemble import MeasuredImage
from .table_layout import TableLayout

if TYPE_CHECKING:
    from data.files.entries import Entry


def measured_images(entries: Sequence[Entry], results: Sequence[object]) -> list[MeasuredImage]:
    """Return the images that were measured, in the order of the entries."""
    return [
        MeasuredImage(
            entry if result.facts is None else entry.with_facts(result.facts), result.position
        )
        for entry, result in zip(entries, results, strict=True)
        if isinstance(result, ImageResult)
    ]


def known_image_notes(results: Sequence[object]) -> list[str]:
    """Return a note for each published data set to which images belong by their checksums."""
    known = Counter(
        result.facts.source.split()[0]
        for result in results
        if isinstance(result, ImageResult) and result.facts
    )
    return [
        f"{count} images are files of {name} by SHA-256: subject, slide and camera are those of the"
        " set where you gave none"
        for name, count in sorted(known.items())
    ]


def found_objects(results: Sequence[object]) -> list[tuple[int, ...]]:
    """Return the number of objects of each kind in each image that was measured."""
    return [result.objects for result in results if isinstance(result, ImageResult)]


def own_evidence(
    entries: Sequence[Entry], results: Sequence[object]
) -> list[tuple[str, bool, float | None]]:
    """Return name, whether it is a field, and red-cell diameter of each measured image."""
    return [
        (entry.name, result.labels.field, result.red_cell)
        for entry, result in zip(entries, results, strict=True)
        if isinstance(result, ImageResult) and entry.mask_place is None
    ]


def cell_label_notes(entries: Sequence[Entry], results: Sequence[object]) -> list[str]:
    """Return what the user must know about the labels of the cells."""
    return label_notes(
        [
            (entry, result.cells, result.labels)
            for entry, result in zip(entries, results, strict=True)
            if isinstance(result, ImageResult)
        ]
    )


def doubt_notes(entries: Sequence[Entry], results: Sequence[object]) -> list[str]:
    """Return a note on the images of which red and blue seem to be exchanged."""
    doubtful = [
        entry.name
        for entry, result in zip(entries, results, strict=True)
        if isinstance(result, ImageResult) and result.exchanged
    ]
    if not doubtful:
        return []
    return [
        f"in {len(doubtful)} of {len(results)} images red and blue seem to be exchanged (the"
        f" darkest stain absorbs more blue than red), {doubtful[0]} for example: look at them; if a"
        " program saved BGR as RGB, save them again"
    ]


def table_layout(
    entries: Sequence[Entry], images: Sequence[MeasuredImage], features: tuple[str, ...]
) -> TableLayout:
    """Return the columns of a table.

    Parameters
    ----------
    entries : sequence of Entry
        All images: a metadata column does not depend on which of them failed.
    images : sequence of MeasuredImage
        May have further metadata.
    features : tuple of str
    """
    from features.colour.background import BACKGROUND
    from features.segmentation.quality import Quality

    extra = {name for entry in entries for name in entry.extra}
    extra |= {name for image in images for name in image.entry.extra}
    flags = tuple(one.name for one in fields(Quality))
    return TableLayout(flags, tuple(sorted(extra)), (*BACKGROUND, *features))
