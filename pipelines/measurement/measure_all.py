"""Measure every image of a listing, in workers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..workers.run_all import Failure, Progress, Workers, settle
from .image_record import Parts
from .measure_image import Done, Measuring
from .settings import Settings

if TYPE_CHECKING:
    from data.files.entries import Listing


def measure_all(
    listing: Listing,
    settings: Settings,
    parts: Path,
    *,
    workers: Workers,
    fail_fast: bool = False,
    progress: Progress | None = None,
) -> list[Done | Failure]:
    """Measure every image into parts and return what became of each, in their order.

    Raises
    ------
    DataError
        As `accounts.settle` does.
    """
    return settle(
        Measuring(settings, Parts.of(parts, settings)),
        listing.entries,
        listing,
        workers=workers,
        fail_fast=fail_fast,
        progress=progress,
    )
