"""From what became of every image to the columns and the cells of one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING

from ..measurement.measure_image import Done
from .assemble import Measured
from .write_tables import Layout

if TYPE_CHECKING:
    from data.files.entries import Entry


def gather(
    entries: Sequence[Entry], results: Sequence[object], features: tuple[str, ...]
) -> tuple[Layout, list[Measured]]:
    """Return the table's columns and the images with cells, in the entries' order."""
    from features.colour.background import BACKGROUND
    from features.segmentation.quality import Quality

    images = [
        Measured(entry if result.facts is None else entry.completed(result.facts), result.part)
        for entry, result in zip(entries, results, strict=True)
        if isinstance(result, Done)
    ]
    extra = {name for entry in entries for name in entry.extra}
    extra |= {name for image in images for name in image.entry.extra}
    flags = tuple(one.name for one in fields(Quality))
    return Layout(flags, tuple(sorted(extra)), (*BACKGROUND, *features)), images
