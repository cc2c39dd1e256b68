"""Records of measured images, stored in journals so that a stopped run can resume.

The key of a record is the SHA-256 of everything that the record was computed from. A record holds
the feature values as float64 bytes and, for a feature table, the image extras.
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
    from data.files.cell_marks import Box
    from data.files.entries import Entry

    from .settings import MeasurementSettings, ReadingSettings


@dataclass(frozen=True, eq=False)
class ImageRecord:
    """The measured cells of one image.

    Parameters
    ----------
    sha256, phash : str
        SHA-256 of the file; perceptual hash of the picture.
    source : str
        ``crop`` or ``field``.
    centroids : tuple of (float, float)
        Row and column of each cell.
    boxes : tuple of (int, int, int, int)
        First row, first column, rows and columns of each cell.
    quality : tuple of mapping
        Quality flags of each cell.
    kinds : tuple of str
        What each cell is, see `features.segmentation.segment.FoundCell`.
    probabilities : tuple of float
        Of these kinds.
    objects : tuple of int
        Found objects of each kind of `pipelines.measurement.settings.KINDS`; more than the cells
        if some are not kept.
    red_cell : float or None
        Diameter of a red cell in pixels, by which the cells were found; None for given masks.
    values : (cells, columns) float64
        The features.
    extras : ImageExtras or None
        What the audit and the report need.
    exchanged : bool
        Whether red and blue of the picture seem to be exchanged.
    """

    sha256: str
    phash: str
    source: str
    centroids: tuple[tuple[float, float], ...]
    boxes: tuple[Box, ...]
    quality: tuple[Mapping[str, bool], ...]
    kinds: tuple[str, ...]
    probabilities: tuple[float, ...]
    objects: tuple[int, ...]
    red_cell: float | None
    values: NDArray[np.float64]
    extras: ImageExtras | None = None
    exchanged: bool = False

    @property
    def cells(self) -> int:
        """Number of cells."""
        return len(self.values)

    @classmethod
    def from_bytes(cls, content: bytes) -> ImageRecord:
        """Read a record from the bytes that `to_bytes` returned."""
        head, _, body = content.partition(b"\n")
        record = json.loads(head)
        end = 8 * math.prod(record["shape"])
        extras = record["extras"]
        return cls(
            sha256=record["sha256"],
            phash=record["phash"],
            source=record["source"],
            centroids=tuple((row, col) for row, col in record["centroids"]),
            boxes=tuple((top, left, rows, cols) for top, left, rows, cols in record["boxes"]),
            quality=tuple(record["quality"]),
            kinds=tuple(record["kinds"]),
            probabilities=tuple(record["probabilities"]),
            objects=tuple(record["objects"]),
            red_cell=record["red_cell"],
            values=np.frombuffer(body[:end], dtype="<f8").reshape(record["shape"]),
            extras=None if extras is None else _unpack_extras(extras, body[end:]),
            exchanged=record["exchanged"],
        )

    def to_bytes(self) -> bytes:
        """Return this record as bytes."""
        extras, tail = (None, b"") if self.extras is None else _pack_extras(self.extras)
        record = {
            "sha256": self.sha256,
            "phash": self.phash,
            "source": self.source,
            "centroids": self.centroids,
            "boxes": self.boxes,
            "quality": [dict(flags) for flags in self.quality],
            "kinds": self.kinds,
            "probabilities": self.probabilities,
            "objects": self.objects,
            "red_cell": self.red_cell,
            "shape": self.values.shape,
            "extras": extras,
            "exchanged": self.exchanged,
        }
        return json.dumps(record).encode() + b"\n" + self.values.astype("<f8").tobytes() + tail


@dataclass(frozen=True)
class RecordStore:
    """The records of a run, found by their keys.

    Parameters
    ----------
    folder : Path
        Of the journals.
    digests : (str, str)
        Digests of the settings for images without and with a mask.
    run : str
        Differs between runs. A worker lists the stored records once in each run.
    """

    folder: Path
    digests: tuple[str, str]
    run: str

    @classmethod
    def open(cls, folder: Path, settings: MeasurementSettings) -> RecordStore:
        """Open the records in a folder for a new run."""
        digests = (settings.digest(masked=False), settings.digest(masked=True))
        return cls(folder, digests, uuid4().hex)

    def key(self, checksum: str, mask: bytes | None, *others: bytes) -> str:
        """Return the key of the record of an image, its mask and anything else it depends on.

        Parameters
        ----------
        checksum : str
            SHA-256 of the image's file.
        mask : bytes or None
        others : bytes
        """
        key = hashlib.sha256(self.digests[mask is not None].encode() + bytes.fromhex(checksum))
        for one in (mask or b"", *others):
            key.update(hashlib.sha256(one).digest())
        return key.hexdigest()

    def key_of(
        self,
        entry: Entry,
        checksum: str,
        mask: bytes | None,
        reading: ReadingSettings,
        *others: bytes,
    ) -> str:
        """Return the key of the record of an image whose data set may know how to read it.

        Parameters
        ----------
        entry : Entry
        checksum, mask, others
            As for `key`.
        reading : ReadingSettings
            Of the run.
        """
        source = reading.of_image(entry).source
        known = () if mask is not None or source == reading.source else (source.encode(),)
        return self.key(checksum, mask, *others, *known)

    def find(self, key: str) -> tuple[RecordPosition, bytes] | None:
        """Return position and bytes of the record that an earlier run stored under a key.

        None where there is none, or it is damaged.
        """
        position = _stored_positions(self.folder, self.run).get(key)
        try:
            return None if position is None else (position, read_record(position))
        except DataError:
            return None

    def add(self, key: str, content: bytes) -> RecordPosition:
        """Store a record; see `journals.append_record`."""
        return append_record(self.folder, key, content)


@lru_cache(maxsize=1)
def _stored_positions(folder: Path, _run: str) -> dict[str, RecordPosition]:
    return find_records(folder)


def _pack_extras(extras: ImageExtras) -> tuple[dict[str, Any], bytes]:
    """Split the extras into JSON values and bytes."""
    record = {
        "file": extras.file,
        "background": len(extras.background),
        "thumbnails": [len(one) for one in extras.thumbnails],
        "signatures": extras.signatures,
    }
    return record, extras.background.astype("<f8").tobytes() + b"".join(extras.thumbnails)


def _unpack_extras(record: Mapping[str, Any], body: bytes) -> ImageExtras:
    """Undo `_pack_extras`."""
    start = 8 * record["background"]
    background = np.frombuffer(body[:start], dtype="<f8")
    pictures = []
    for size in record["thumbnails"]:
        pictures.append(body[start : start + size])
        start += size
    return ImageExtras(
        tuple(record["file"]), background, tuple(pictures), tuple(record["signatures"])
    )
