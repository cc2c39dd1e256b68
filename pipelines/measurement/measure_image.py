"""One image: read, decoded, segmented and measured, in a worker process."""

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
from .image_record import ImageRecord, RecordStore
from .settings import MeasurementSettings

if TYPE_CHECKING:
    from data.files.entries import Entry, Facts, RemoteFile
    from features import Recipe
    from features.segmentation.segment import Segmentation

    from .journals import RecordPosition


@dataclass(frozen=True, slots=True)
class ImageResult:
    """An image whose cells lie in a part; small, as there is one for every image of a run.

    Parameters
    ----------
    position : RecordPosition
        Where that lies.
    cells : int
        How many cells it holds.
    reused : bool
        Whether an earlier run had measured them.
    facts : Facts or None
        What is known of the image by its checksum.
    """

    position: RecordPosition
    cells: int
    reused: bool
    facts: Facts | None

    @classmethod
    def of(cls, part: ImageRecord, place: RecordPosition, *, reused: bool) -> ImageResult:
        """Say of a part that it lies there."""
        from data.layouts.all_idb import known_facts

        return cls(place, part.cells, reused, known_facts(part.sha256))


class RefusedImage(Exception):  # noqa: N818  (it is caught where it is raised, and becomes a Failure)
    """An image that cannot be used."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Name what was being done to an image when it turned out to be unusable."""
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
        Where it looks for what was measured before, and keeps what it measures.
    """

    settings: MeasurementSettings
    records: RecordStore

    def __call__(self, entry: Entry) -> ImageResult | Failure:
        """Measure an image, or find that it was measured before, or say why it cannot be."""
        from data.fingerprints import sha256

        try:
            with stage("read"):
                content, mask = read_entry(entry, self.settings.max_bytes)
            checksum = sha256(content)
            key = self.records.key(checksum, mask)
            earlier = self.records.find(key)
            if earlier is not None:
                place, kept = earlier
                return ImageResult.of(ImageRecord.from_bytes(kept), place, reused=True)
            rgb, found = decode_and_segment(content, mask, self.settings)
            part = measure_record(content, rgb, found, self.settings, checksum)
        except RefusedImage as refused:
            return refused.failure
        return ImageResult.of(part, self.records.add(key, part.to_bytes()), reused=False)


def measure_record(
    content: bytes,
    rgb: Any,  # noqa: ANN401
    found: Segmentation,
    settings: MeasurementSettings,
    checksum: str | None = None,
) -> ImageRecord:
    """Return the numbers of every cell of a picture, and what identifies the picture.

    Parameters
    ----------
    content : bytes
        The file of the picture.
    rgb, found : (rows, cols, 3) uint8, Segmentation
        What `decode_and_segment` makes of it.
    settings : MeasurementSettings
    checksum : str, optional
        SHA-256 of `content`, where it is known.

    Raises
    ------
    RefusedImage
        If a cell cannot be measured.
    """
    import cv2

    from data.fingerprints import perceptual_hash, sha256

    from .image_extras import collect_extras

    gray = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    with stage("measure"):
        values = feature_values(rgb, found, settings)
        extras = collect_extras(content, rgb, gray, found) if settings.keep_extras else None
    return ImageRecord(
        sha256=checksum or sha256(content),
        phash=perceptual_hash(gray),
        source=found.source,
        centroids=tuple(one.centroid for one in found.cells),
        quality=tuple(dict(vars(one.quality)) for one in found.cells),
        values=values,
        extras=extras,
    )


def feature_values(rgb: Any, found: Segmentation, settings: MeasurementSettings) -> Any:  # noqa: ANN401
    """Return the features of every cell of a picture: (cells, columns) float64."""
    import numpy as np

    from features.colour.standardisation import background_colour, standardise

    recipe, slide = _recipe(settings.columns), background_colour(rgb)
    shown = (standardise(one.cell, settings.stain, slide) for one in found.cells)
    values = np.stack([recipe.measure(cell) for cell in shown])
    if settings.network is None:
        return values
    return np.concatenate([values, settings.network.embed(rgb, found)], axis=1)


def read_entry(entry: Entry, max_bytes: int) -> tuple[bytes, bytes | None]:
    """Return the bytes of an image and of its mask, where it has one."""
    content = _read(entry.path, max_bytes)
    return content, None if entry.mask is None else _read(entry.mask, max_bytes)


def _read(file: Path | RemoteFile, max_bytes: int) -> bytes:
    from data.decoding.images import read_bytes
    from data.listing.remote import read_remote

    if isinstance(file, Path):
        return read_bytes(file, max_bytes=max_bytes)
    return read_remote(file, max_bytes=max_bytes)


def decode_and_segment(
    content: bytes, mask: bytes | None, settings: MeasurementSettings
) -> tuple[Any, Segmentation]:
    """Decode a picture and segment it, or take the mask that came with it.

    Returns
    -------
    (rgb, found)
        (rows, cols, 3) uint8, and its cells.

    Raises
    ------
    RefusedImage
        If it cannot be decoded or holds no cell.
    """
    from data.decoding.images import decode_rgb
    from data.decoding.masks import decode_mask
    from features.segmentation.segment import from_masks, segment

    with stage("decode"):
        rgb = decode_rgb(content, max_pixels=settings.max_pixels)
    if mask is None:
        with stage("segment"):
            return rgb, segment(rgb, source=settings.source, pixel_size=settings.pixel_size)
    with stage("mask"):
        nucleus, cell = decode_mask(
            mask, rgb.shape[:2], mask_is=settings.mask_is, max_pixels=settings.max_pixels
        )
        return rgb, from_masks(rgb, nucleus, cell, pixel_size=settings.pixel_size)


@cache
def _recipe(columns: tuple[str, ...]) -> Recipe:
    """Return the plan for a list of columns, made once a worker."""
    from features import Recipe

    return Recipe(columns)
