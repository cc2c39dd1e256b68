"""Part files: what was measured in one image, so that a stopped run goes on where it was.

A part is named by the SHA-256 of all that it was computed from, appears whole or not at all, and
holds a line of JSON, with a checksum, then the feature values as they lie in memory, and perhaps
what the audit and the report need: background values and thumbnails.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from data.errors import DataError

from .beside import Beside

if TYPE_CHECKING:
    from .measuring import Settings

TEMPORARY = ".tmp"


@dataclass(frozen=True, eq=False)
class Part:
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
    beside : Beside or None
        What was kept for the audit and the report.
    """

    sha256: str
    phash: str
    source: str
    centroids: tuple[tuple[float, float], ...]
    quality: tuple[Mapping[str, bool], ...]
    values: NDArray[np.float64]
    beside: Beside | None = None

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return len(self.values)

    @classmethod
    def read(cls, path: Path) -> Part:
        """Read a part file.

        Raises
        ------
        DataError
            If it is not what `write_part` wrote.
        """
        if not path.exists():
            raise DataError(
                f"{path} is missing",
                "workers on other machines must see the output's folder under the same path",
            )
        try:
            head, _, body = path.read_bytes().partition(b"\n")
            record = json.loads(head)
            if record["digest"] != hashlib.sha256(body).hexdigest():
                raise ValueError("another checksum")
            end = 8 * math.prod(record["shape"])
            values = np.frombuffer(body[:end], dtype="<f8").reshape(record["shape"])
            kept = record["beside"]
            return cls(
                sha256=record["sha256"],
                phash=record["phash"],
                source=record["source"],
                centroids=tuple((row, col) for row, col in record["centroids"]),
                quality=tuple(record["quality"]),
                values=values,
                beside=None if kept is None else _unpacked(kept, body[end:]),
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"{path} is not a part of a feature table",
                "run the same command again: it is measured anew",
            ) from error


@dataclass(frozen=True)
class PartNames:
    """Where the part of an image lies: its name says all that it is computed from.

    Parameters
    ----------
    folder : Path
        Of all parts.
    digests : (str, str)
        The settings' digests without and with a mask.
    """

    folder: Path
    digests: tuple[str, str]

    @classmethod
    def of(cls, folder: Path, settings: Settings) -> PartNames:
        """Return the names of what is computed with some settings."""
        return cls(folder, (settings.digest(masked=False), settings.digest(masked=True)))

    def path(self, checksum: str, mask: bytes | None, *others: bytes) -> Path:
        """Return the part of an image and its mask, and of what else it depends on.

        Parameters
        ----------
        checksum : str
            SHA-256 of the image's file: hashed once, for the name and for the table.
        mask : bytes or None
        others : bytes
        """
        key = hashlib.sha256(self.digests[mask is not None].encode() + bytes.fromhex(checksum))
        for one in (mask or b"", *others):
            key.update(hashlib.sha256(one).digest())
        name = key.hexdigest()
        return self.folder / name[:2] / name


def write_part(part: Part, path: Path) -> None:
    """Write a part file; it appears under its name when it is whole."""
    kept, tail = (None, b"") if part.beside is None else _packed(part.beside)
    body = part.values.astype("<f8").tobytes() + tail
    record = {
        "digest": hashlib.sha256(body).hexdigest(),
        "sha256": part.sha256,
        "phash": part.phash,
        "source": part.source,
        "centroids": part.centroids,
        "quality": [dict(flags) for flags in part.quality],
        "shape": part.values.shape,
        "beside": kept,
    }
    with whole_file(path) as temporary:
        temporary.write_bytes(json.dumps(record).encode() + b"\n" + body)


def _packed(beside: Beside) -> tuple[dict[str, Any], bytes]:
    """Split what is kept beside the features into a record and bytes."""
    record = {
        "file": beside.file,
        "background": len(beside.background),
        "thumbnails": [len(one) for one in beside.thumbnails],
    }
    return record, beside.background.astype("<f8").tobytes() + b"".join(beside.thumbnails)


def _unpacked(record: Mapping[str, Any], body: bytes) -> Beside:
    """Undo `_packed`."""
    place = 8 * record["background"]
    background = np.frombuffer(body[:place], dtype="<f8")
    pictures = []
    for size in record["thumbnails"]:
        pictures.append(body[place : place + size])
        place += size
    if place != len(body):
        raise ValueError("another length")
    return Beside(tuple(record["file"]), background, tuple(pictures))


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a name to write to, which becomes `path` at the end; on an error nothing is left.

    Raises
    ------
    DataError
        If the disk is full, the folder read-only or gone.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}{TEMPORARY}")
    try:
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True, exist_ok=True)
        there = False
        try:
            yield temporary
            temporary.replace(path)
            there = True
        finally:
            if not there:
                temporary.unlink(missing_ok=True)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise DataError(
            f"{path} cannot be written ({reason})",
            "see to its folder and run the same command again: what was done is kept",
        ) from error
