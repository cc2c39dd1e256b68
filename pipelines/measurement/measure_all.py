"""Measure every image of a listing, in workers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..progress import SILENCE, Progress
from ..workers.run_all import Failure, run_all
from .image_record import RecordStore
from .measure_image import ImageMeasurer, ImageResult

if TYPE_CHECKING:
    from data.files.entries import Listing

    from ..workers.settings import RunSettings
    from .settings import MeasurementSettings


def measure_all(
    listing: Listing,
    settings: MeasurementSettings,
    folder: Path,
    run: RunSettings,
    progress: Progress = SILENCE,
) -> list[ImageResult | Failure]:
    """Measure every image and return a result or a failure for each, in the listing's order.

    Parameters
    ----------
    listing : Listing
    settings : MeasurementSettings
    folder : Path
        Of the journals that keep the records.
    run : RunSettings
    progress : Progress
        As for `run_all`.

    Raises
    ------
    DataError
        As `run_all` does.
    """
    work = ImageMeasurer(settings, RecordStore.open(folder, settings))
    return run_all(work, listing.entries, listing, run, progress)
