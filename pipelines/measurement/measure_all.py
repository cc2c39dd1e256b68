"""Measure every image of a listing, in workers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..workers.run_all import Failure, Progress, Workers, run_all
from .image_record import RecordStore
from .measure_image import ImageMeasurer, ImageResult
from .settings import MeasurementSettings

if TYPE_CHECKING:
    from data.files.entries import Listing


def measure_all(
    listing: Listing,
    settings: MeasurementSettings,
    parts: Path,
    *,
    workers: Workers,
    fail_fast: bool = False,
    progress: Progress | None = None,
) -> list[ImageResult | Failure]:
    """Measure every image into parts and return what became of each, in their order.

    Raises
    ------
    DataError
        As `run_all.run_all` does.
    """
    return run_all(
        ImageMeasurer(settings, RecordStore.open(parts, settings)),
        listing.entries,
        listing,
        workers=workers,
        fail_fast=fail_fast,
        progress=progress,
    )
