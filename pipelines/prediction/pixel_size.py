"""The size of a pixel in new images, compared with that of a model's training images."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from data.errors import DataError

if TYPE_CHECKING:
    from ..measurement.settings import ReadingSettings

# Calibrations of one objective differ by a few percent.
TOLERANCE = 0.05


def reading_for_model(
    reading: ReadingSettings, trained_on: float | None, *, rescale: bool
) -> tuple[ReadingSettings, list[str]]:
    """Return how images are read for a model, and notes on what could not be compared.

    Parameters
    ----------
    reading : ReadingSettings
    trained_on : float or None
        Micrometres per pixel of the training images, as far as it is known.
    rescale : bool
        Whether to resize the images to that size.

    Raises
    ------
    DataError
        If the sizes differ and the images are not to be resized, or if they are and a size is
        unknown.
    """
    if rescale:
        if trained_on is None:
            raise DataError(
                "the model does not know the size of a pixel in its training images",
                "leave out --rescale, or extract the training table with --pixel-size",
            )
        if reading.pixel_size is None:
            raise DataError(
                f"the images are to be resized to the model's {trained_on:g} micrometres per pixel,"
                " and their own are not stated",
                "state them with --pixel-size",
            )
        return replace(reading, rescale_to=trained_on), []
    return reading, compare_pixel_sizes(
        reading.pixel_size,
        trained_on,
        "add --rescale to resize the images, or correct --pixel-size",
    )


def compare_pixel_sizes(seen: float | None, trained_on: float | None, remedy: str) -> list[str]:
    """Return a note if a size is unknown, nothing if they agree or both are unknown.

    Parameters
    ----------
    seen, trained_on : float or None
        Micrometres per pixel of the new and of the training images.
    remedy : str
        What to do if they differ.

    Raises
    ------
    DataError
        If they differ by more than 5 %.
    """
    if seen is None and trained_on is None:
        return []
    if seen is None:
        return [
            f"the model was trained on {trained_on:g} micrometres per pixel; those of these images"
            " are not stated and not compared"
        ]
    if trained_on is None:
        return [
            f"these images have {seen:g} micrometres per pixel; the model does not know those of"
            " its training images, and they are not compared"
        ]
    if abs(seen / trained_on - 1) > TOLERANCE:
        raise DataError(
            f"the images have {seen:g} micrometres per pixel, the model was trained on"
            f" {trained_on:g}",
            remedy,
        )
    return []
