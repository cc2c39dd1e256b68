"""Measure one image in a worker process: read, decode, segment, measure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.errors import DataError
from features.errors import CellError

from ..workers.run_all import Failure
from .cell_labels import LabelCounts
from .image_record import ImageRecord, RecordStore
from .objects import count_objects
from .rescale import box_in_file, place_in_file, rescale_image, rescale_mask

if TYPE_CHECKING:
    from data.files.entries import Entry, Facts, RemoteFile
    from features import Recipe
    from features.segmentation.segment import Segmentation

    from .journals import RecordPosition
    from .settings import MeasurementSettings, ReadingSettings


@dataclass(frozen=True, slots=True)
class ImageResult:
    """A measured image. It is small, as a run keeps one for every image.

    Parameters
    ----------
    position : RecordPosition
        Of the image's record.
    cells : int
        Number of cells in the record.
    reused : bool
        Whether an earlier run measured them.
    facts : Facts or None
        What the program knows of this image by its checksum.
    labels : LabelCounts
        How many cells have a label.
    exchanged : bool
        Whether red and blue seem to be exchanged.
    objects : tuple of int
        As in the record: found objects of each kind, kept or not.
    red_cell : float or None
        As in the record.
    """

    position: RecordPosition
    cells: int
    reused: bool
    facts: Facts | None
    labels: LabelCounts
    exchanged: bool
    objects: tuple[int, ...]
    red_cell: float | None

    @classmethod
    def of(
        cls, entry: Entry, record: ImageRecord, position: RecordPosition, *, reused: bool
    ) -> ImageResult:
        """Return the result for a record that is stored at a position."""
        from data.layouts.all_idb import known_facts

        counts = LabelCounts.of(entry, record)
        facts = known_facts(record.sha256)
        return cls(
            position,
            record.cells,
            reused,
            facts,
            counts,
            record.exchanged,
            record.objects,
            record.red_cell,
        )


class RefusedImage(Exception):  # noqa: N818  (every caller catches it and reports a Failure)
    """An image that cannot be used."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Add the name of the step to the error of an image that cannot be used."""
    import cv2

    try:
        yield
    except (DataError, CellError) as error:
        raise RefusedImage(Failure(name, error.reason, error.remedy)) from error
    except cv2.error as error:
        if error.code == cv2.Error.StsNoMem:
            raise MemoryError from error
        raise


@dataclass(frozen=True)
class ImageMeasurer:
    """The work of a worker: call it with an entry of the listing.

    Parameters
    ----------
    settings : MeasurementSettings
    records : RecordStore
        Holds the records of earlier runs and receives the new ones.
    """

    settings: MeasurementSettings
    records: RecordStore

    def __call__(self, entry: Entry) -> ImageResult | Failure:
        """Measure an image, unless its record is stored already, or return why that failed."""
        from data.fingerprints.perceptual_hash import sha256

        reading = self.settings.reading.of_image(entry)
        try:
            with stage("read"):
                content, mask = read_entry(entry, reading.max_bytes)
            checksum = sha256(content)
            key = self.records.key_of(entry, checksum, mask, self.settings.reading)
            found = self.records.find(key)
            if found is not None:
                position, stored = found
                return ImageResult.of(entry, ImageRecord.from_bytes(stored), position, reused=True)
            rgb, cells = decode_and_segment(content, mask, reading)
            record = measure_record(content, rgb, cells, self.settings, checksum)
        except RefusedImage as refused:
            return refused.failure
        return ImageResult.of(entry, record, self.records.add(key, record.to_bytes()), reused=False)


def measure_record(
    content: bytes,
    rgb: Any,  # noqa: ANN401
    found: Segmentation,
    settings: MeasurementSettings,
    checksum: str | None = None,
) -> ImageRecord:
    """Measure every cell of a picture that is kept.

    Parameters
    ----------
    content : bytes
        The file of the picture.
    rgb : (rows, cols, 3) uint8
    found : Segmentation
        All objects, as `decode_and_segment` returns them.
    settings : MeasurementSettings
    checksum : str, optional
        SHA-256 of `content`, where it is known.

    Raises
    ------
    RefusedImage
        If a cell cannot be measured.
    """
    import cv2

    from data.fingerprints.perceptual_hash import perceptual_hash, sha256
    from features.colour.channel_order import red_and_blue_seem_exchanged

    from .image_extras import collect_extras

    gray = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    kept = found.kept(settings.reading.kinds)
    with stage("measure"):
        values = feature_values(rgb, kept, settings)
        extras = collect_extras(content, rgb, gray, found, kept) if settings.keep_extras else None
    return ImageRecord(
        sha256=checksum or sha256(content),
        phash=perceptual_hash(gray),
        source=found.source,
        centroids=tuple(place_in_file(one.centroid, settings.reading.scale) for one in kept.cells),
        boxes=tuple(
            box_in_file((*one.cell.origin, *one.cell.cell.shape), settings.reading.scale)
            for one in kept.cells
        ),
        quality=tuple(dict(vars(one.quality)) for one in kept.cells),
        kinds=tuple(one.kind for one in kept.cells),
        probabilities=tuple(one.probability for one in kept.cells),
        objects=count_objects(found),
        red_cell=None
        if found.evidence is None
        else found.evidence.red_cell / settings.reading.scale,
        values=values,
        extras=extras,
        exchanged=red_and_blue_seem_exchanged(rgb),
    )


def feature_values(rgb: Any, found: Segmentation, settings: MeasurementSettings) -> Any:  # noqa: ANN401
    """Return the features of every cell of a picture: (cells, columns) float64."""
    import numpy as np

    from features.colour.standardisation import background_colour, standardise

    if not found.cells:
        return np.empty((0, len(settings.all_columns)))
    recipe, slide = _recipe(settings.columns), background_colour(rgb)
    shown = (standardise(one.cell, settings.stain, slide) for one in found.cells)
    values = np.stack([recipe.measure(cell) for cell in shown])
    if settings.network is None:
        return values
    return np.concatenate([values, settings.network.embed(rgb, found)], axis=1)


def read_entry(entry: Entry, max_bytes: int) -> tuple[bytes, bytes | None]:
    """Return the bytes of an image, and of its mask where it has one."""
    content = _read(entry.path, max_bytes)
    return content, None if entry.mask is None else _read(entry.mask, max_bytes)


def _read(file: Path | RemoteFile, max_bytes: int) -> bytes:
    from data.decoding.images import read_bytes
    from data.listing.remote import read_remote

    if isinstance(file, Path):
        return read_bytes(file, max_bytes=max_bytes)
    return read_remote(file, max_bytes=max_bytes)


def decode_and_segment(
    content: bytes, mask: bytes | None, settings: ReadingSettings
) -> tuple[Any, Segmentation]:
    """Decode a picture and find its objects of all kinds, or those of its mask.

    Returns
    -------
    rgb : (rows, cols, 3) uint8
        Resized if the settings say so; `found` has its pixels.
    found : Segmentation

    Raises
    ------
    RefusedImage
        If the picture or its mask cannot be used.
    """
    from data.decoding.colour_check import check_colour
    from data.decoding.images import decode_rgb
    from data.decoding.masks import decode_mask
    from features.segmentation.segment import from_masks, segment

    with stage("decode"):
        decoded = decode_rgb(content, max_pixels=settings.max_pixels)
        check_colour(decoded)
        rgb = rescale_image(decoded, settings.scale, settings.max_pixels)
    size = settings.measured_pixel_size
    red_cell = settings.red_cell_of(decoded.shape)
    if mask is None:
        with stage("segment"):
            return rgb, segment(
                rgb,
                source=settings.source,
                pixel_size=size,
                red_cell=None if red_cell is None else red_cell * settings.scale,
            )
    with stage("mask"):
        nucleus, cell = decode_mask(
            mask, decoded.shape[:2], mask_is=settings.mask_is, max_pixels=settings.max_pixels
        )
        return rgb, from_masks(
            rgb,
            rescale_mask(nucleus, rgb.shape[:2]),
            rescale_mask(cell, rgb.shape[:2]),
            pixel_size=size,
        )


@cache
def _recipe(columns: tuple[str, ...]) -> Recipe:
    """Return the plan for a list of columns, made once in each worker."""
    from features import Recipe

    return Recipe(columns)
