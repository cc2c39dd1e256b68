"""Settings of reading and measuring images, and the key of stored measurements."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal

from data.errors import DataError
from data.limits import MAX_BYTES, MAX_PIXELS

from ..workers.settings import RunSettings
from .series import UNDECIDED, Series, Source

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from data.files.entries import Entry
    from features.colour.standardisation import Stain

    from .network import ChosenNetwork

# Raise it whenever the same pixels and options give other cells or another background, or a record
# holds more of them.
MEASURING_VERSION = 6

# Distributions that decode, segment or measure: another version may change the numbers.
COMPUTING_LIBRARIES = (
    "numba",
    "numpy",
    "opencv-python-headless",
    "pillow",
    "scikit-image",
    "scipy",
    "tifffile",
)


# What a field shows, in the order of the counts, by the names that --keep takes. White cells are
# always kept.
KINDS = {"white": "white cell", "broken": "broken cell", "platelets": "platelet", "cut": "cut cell"}


@dataclass(frozen=True, kw_only=True)
class ReadingSettings:
    """How an image is read and its cells are found.

    Parameters
    ----------
    masks : Path, optional
        Folder of masks at the images' relative paths.
    mask_is : {"nucleus", "cell"}, optional
        What the second value of a two-valued mask marks.
    source : {"auto", "crop", "field"}
        Whether an image is one cell or a field of several. ``auto`` takes it from the data set of
        the image, or else from its series, or else from its content.
    pixel_size : float, optional
        Micrometres per pixel of the image files. It sets the scale: a red cell has 7.5 micrometres.
        Lengths are in pixels.
    rescale_to : float, optional
        Micrometres per pixel that the images are resized to before anything is measured.
    red_cell : float, optional
        Diameter of a red cell in pixels; it sets the scale over `pixel_size`.
    keep : tuple of str
        Names of objects that are kept like white cells: ``broken``, ``platelets``, ``cut``.
    max_pixels, max_bytes : int
        Larger images are refused.
    series : Series
        What was decided for all images of the input.
    """

    masks: Path | None = None
    mask_is: Literal["nucleus", "cell"] | None = None
    source: Source = "auto"
    pixel_size: float | None = None
    rescale_to: float | None = None
    red_cell: float | None = None
    keep: tuple[str, ...] = ()
    max_pixels: int = MAX_PIXELS
    max_bytes: int = MAX_BYTES
    series: Series = UNDECIDED

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of objects that are kept."""
        return frozenset(KINDS[name] for name in ("white", *self.keep))

    def of_image(self, entry: Entry) -> ReadingSettings:
        """Return the settings for an image: data set or series may know whether it is a crop."""
        if self.source != "auto":
            return self
        return replace(self, source=entry.source or self.series.source_of(entry.name))

    def red_cell_of(self, shape: Sequence[int]) -> float | None:
        """Return the diameter of a red cell in an image of some rows and columns, in pixels.

        None if `pixel_size` sets the scale, or the image must be measured.
        """
        if self.red_cell is not None or self.pixel_size is not None:
            return self.red_cell
        return self.series.red_cell_of(shape)

    @property
    def scale(self) -> float:
        """New pixels for each pixel of the file, along a side; 1 without `rescale_to`.

        Raises
        ------
        DataError
            If the images are to be resized and their own size of a pixel is unknown.
        """
        if self.rescale_to is None:
            return 1.0
        if self.pixel_size is None:
            raise DataError(
                f"the images are to be resized to {self.rescale_to:g} micrometres per pixel, and"
                " their own is not stated",
                "state it with --pixel-size",
            )
        return self.pixel_size / self.rescale_to

    @property
    def measured_pixel_size(self) -> float | None:
        """Micrometres per pixel of what is measured; None if unknown."""
        return self.pixel_size if self.rescale_to is None else self.rescale_to

    @classmethod
    def from_sidecar(cls, sidecar: Mapping[str, Any]) -> ReadingSettings:
        """Return the settings in a table's sidecar, without the folder of masks."""
        configuration = sidecar.get("configuration", {})
        names = {one.name for one in fields(ReadingSettings)} - {"masks", "series"}
        known = {name: configuration[name] for name in names & {*configuration}}
        known["keep"] = tuple(known.get("keep", ()))
        return ReadingSettings(**known, series=Series.from_record(sidecar.get("series")))

    def reading(self) -> ReadingSettings:
        """Return these settings without those that a subclass adds."""
        names = [one.name for one in fields(ReadingSettings)]
        return ReadingSettings(**{name: getattr(self, name) for name in names})


@dataclass(frozen=True, kw_only=True)
class FolderSettings(ReadingSettings, RunSettings):
    """How the images of a folder are read and processed.

    Parameters
    ----------
    resume : bool
        Keep the results of an earlier run; else do everything again.

    See Also
    --------
    ReadingSettings, pipelines.workers.settings.RunSettings : the other parameters.
    """

    resume: bool = True


@dataclass(frozen=True)
class MeasurementSettings:
    """What is measured in an image, and how.

    Parameters
    ----------
    columns : tuple of str
        The named features to measure.
    reading : ReadingSettings
    network : ChosenNetwork, optional
        Adds the embedding of this network.
    stain : {"none", "background", "standard"}
        Colours that the named features see; see
        `features.colour.standardisation.standardise`. A network sees the photograph.
    keep_extras : bool
        Whether to describe the picture as well. A feature table and `predict` need it.
    """

    columns: tuple[str, ...]
    reading: ReadingSettings = field(default_factory=ReadingSettings)
    network: ChosenNetwork | None = None
    stain: Stain = "standard"
    keep_extras: bool = False

    @property
    def all_columns(self) -> tuple[str, ...]:
        """The named features, then the embedding's columns."""
        return self.columns + (self.network.embedding.columns if self.network else ())

    def with_series(self, series: Series) -> MeasurementSettings:
        """Return the settings for images of a series."""
        return replace(self, reading=replace(self.reading, series=series))

    def digest(self, *, masked: bool) -> str:
        """Return a SHA-256 of everything but the files that the numbers depend on.

        Limits are left out: an image measured under one limit has the same numbers under another.

        Parameters
        ----------
        masked : bool
            Whether the image has a mask, so that nothing is segmented.
        """
        from importlib.metadata import version  # slow to import, and --help reads the defaults

        from features import parse_column
        from features.colour.standardisation import STANDARDISATION_VERSION

        from .image_extras import extras_versions

        record = {
            "measuring": MEASURING_VERSION,
            "columns": self.columns,
            "versions": [parse_column(name).feature.version for name in self.columns],
            "libraries": {name: version(name) for name in COMPUTING_LIBRARIES},
            "cells": self.reading.mask_is if masked else self._segmentation(),
            "scale": self.reading.scale,
            "stain": [self.stain, STANDARDISATION_VERSION],
            "extras": extras_versions() if self.keep_extras else None,
            **(self.network.settings() if self.network else {}),
        }
        return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()

    def _segmentation(self) -> list[Any]:
        """Return what the cells of an image without a mask depend on, but for its source."""
        reading = self.reading
        series = None if reading.pixel_size or reading.red_cell else reading.series
        scales = [] if series is None else [series.scales, series.other_scale]
        size = reading.measured_pixel_size if reading.red_cell is None else None
        return [reading.source, reading.red_cell, size, scales, sorted(reading.kinds)]
