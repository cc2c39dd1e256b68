"""RecordStore: what was measured in one image, so that a stopped run goes on where it was.

A part is a record of a journal, and its key is the SHA-256 of all that it was computed from. It
holds the feature values as they lie in memory, and perhaps what the audit and the report need:
background values and thumbnails.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from data.errors import DataError

from .image_extras import ImageExtras
from .journals import RecordPosition, append_record, find_records, read_record

if TYPE_CHECKING:
    from .settings import MeasurementSettings


@dataclass(frozen=True, eq=False)
class ImageRecord:
    """The cells of one image.

    Parameters
    ----------
    sha256, phash : str
        Of the file, and of the picture.
    source : str
        ``crop`` or ``field``.
    centroids : tuple of (float, float)
        Row and column of each cell.
    quality : tuple of mapping
        Doubts about each cell.
    values : (cells, columns) float64
        The features.
    extras : ImageExtras or None
        What was kept for the audit and the report.
    """

    sha256: str
    phash: str
    source: str
    centroids: tuple[tuple[float, float], ...]
    quality: tuple[Mapping[str, bool], ...]
    values: NDArray[np.float64]
    extras: ImageExtras | None = None

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return len(self.values)

    @classmethod
    def from_bytes(cls, content: bytes) -> ImageRecord:
        """Return the part that a record holds."""
        head, _, body = content.partition(b"\n")
        record = json.loads(head)
        end = 8 * math.prod(record["shape"])
        extras = record["extras"]
        return cls(
            sha256=record["sha256"],
            phash=record["phash"],
            source=record["source"],
            centroids=tuple((row, col) for row, col in record["centroids"]),
            quality=tuple(record["quality"]),
            values=np.frombuffer(body[:end], dtype="<f8").reshape(record["shape"]),
            extras=None if extras is None else _unpack_extras(extras, body[end:]),
        )

    def to_bytes(self) -> bytes:
        """Return the record of this part."""
        extras, tail = (None, b"") if self.extras is None else _pack_extras(self.extras)
        record = {
            "sha256": self.sha256,
            "phash": self.phash,
            "source": self.source,
            "centroids": self.centroids,
            "quality": [dict(flags) for flags in self.quality],
            "shape": self.values.shape,
            "extras": extras,
        }
        return json.dumps(record).encode() + b"\n" + self.values.astype("<f8").tobytes() + tail


@dataclass(frozen=True)
class RecordStore:
    """The parts of a run: where they lie, and by which keys they are found.

    Parameters
    ----------
    folder : Path
        Of the journals.
    digests : (str, str)
        The settings' digests without and with a mask.
    run : str
        Differs from run to run: a worker looks once a run for what others have left.
    """

    folder: Path
    digests: tuple[str, str]
    run: str

    @classmethod
    def open(cls, folder: Path, settings: MeasurementSettings) -> RecordStore:
        """Return the parts of a new run with some settings."""
        digests = (settings.digest(masked=False), settings.digest(masked=True))
        return cls(folder, digests, uuid4().hex)

    def key(self, checksum: str, mask: bytes | None, *others: bytes) -> str:
        """Return the key of an image and its mask, and of what else its part depends on.

        Parameters
        ----------
        checksum : str
            SHA-256 of the image's file: hashed once, for the key and for the table.
        mask : bytes or None
        others : bytes
        """
        key = hashlib.sha256(self.digests[mask is not None].encode() + bytes.fromhex(checksum))
        for one in (mask or b"", *others):
            key.update(hashlib.sha256(one).digest())
        return key.hexdigest()

    def find(self, key: str) -> tuple[RecordPosition, bytes] | None:
        """Return what an earlier run, or a worker that died, left under a key, and its place.

        None where there is nothing, or it is damaged.
        """
        place = _stored_positions(self.folder, self.run).get(key)
        try:
            return None if place is None else (place, read_record(place))
        except DataError:
            return None

    def add(self, key: str, content: bytes) -> RecordPosition:
        """Keep a record; see `journals.append_record`."""
        return append_record(self.folder, key, content)


@lru_cache(maxsize=1)
def _stored_positions(folder: Path, _run: str) -> dict[str, RecordPosition]:
    return find_records(folder)


def _pack_extras(extras: ImageExtras) -> tuple[dict[str, Any], bytes]:
    """Split what is kept beside the features into a record and bytes."""
    record = {
        "file": extras.file,
        "background": len(extras.background),
        "thumbnails": [len(one) for one in extras.thumbnails],
    }
    return record, extras.background.astype("<f8").tobytes() + b"".join(extras.thumbnails)


def _unpack_extras(record: Mapping[str, Any], body: bytes) -> ImageExtras:
    """Undo `_pack_extras`."""
    place = 8 * record["background"]
    background = np.frombuffer(body[:place], dtype="<f8")
    pictures = []
    for size in record["thumbnails"]:
        pictures.append(body[place : place + size])
        place += size
    return ImageExtras(tuple(record["file"]), background, tuple(pictures))
