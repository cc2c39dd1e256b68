"""One image: read, decoded, segmented and measured, in a worker process."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from data.errors import DataError
from features.errors import CellError

from .parts import Part, write_part

if TYPE_CHECKING:
    from data.entries import Entry
    from features.segmentation import Segmentation

# Raised whenever the same pixels and options give other cells or another background.
MEASURING_VERSION = 1


@dataclass(frozen=True)
class Settings:
    """Everything that the numbers of an image depend on, beside its bytes.

    Parameters
    ----------
    columns : tuple of str
        The features to measure.
    source : {"auto", "crop", "field"}
        Whether an image is one cell or a field of several.
    mask_is : {"nucleus", "cell"} or None
        What the second value of a two-valued mask stands for.
    pixel_size : float or None
        Micrometres per pixel.
    max_pixels, max_bytes : int
        Larger images are refused.
    """

    columns: tuple[str, ...]
    source: Literal["auto", "crop", "field"] = "auto"
    mask_is: Literal["nucleus", "cell"] | None = None
    pixel_size: float | None = None
    max_pixels: int = 100_000_000
    max_bytes: int = 1_000_000_000

    def digest(self) -> str:
        """Return a SHA-256 over the settings and the versions of what they ask for."""
        from features import parse_column

        versions = [parse_column(name).feature.version for name in self.columns]
        record = {"measuring": MEASURING_VERSION, "versions": versions, **asdict(self)}
        return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Failure:
    """Why an image gave no cells.

    Parameters
    ----------
    stage : {"read", "decode", "mask", "segment", "measure", "worker"}
        What could not be done.
    reason, remedy : str
        Why, and what its owner can do about it.
    """

    stage: str
    reason: str
    remedy: str


@dataclass(frozen=True)
class Done:
    """An image whose cells lie in a part file.

    Parameters
    ----------
    part : Path
        The file.
    sha256 : str
        Of the image.
    cells : int
        How many cells it holds.
    reused : bool
        Whether an earlier run had measured them.
    """

    part: Path
    sha256: str
    cells: int
    reused: bool


def single_thread() -> None:
    """Keep the libraries of a worker to one thread: there is one worker a core already."""
    import cv2
    from threadpoolctl import threadpool_limits

    cv2.setNumThreads(1)
    threadpool_limits(1)


@dataclass(frozen=True)
class Measuring:
    """The work of a worker: call it with an entry of the listing.

    Parameters
    ----------
    settings : Settings
    digest : str
        The settings' digest.
    parts : Path
        Folder of the part files; each is named by what it was computed from.
    """

    settings: Settings
    digest: str
    parts: Path

    def __call__(self, entry: Entry) -> Done | Failure:
        """Measure an image, or find that it was measured before, or say why it cannot be."""
        stage = "read"
        try:
            content, mask = read_entry(entry, self.settings.max_bytes)
            key = hashlib.sha256(self.digest.encode())
            for part in (content, mask or b""):
                key.update(hashlib.sha256(part).digest())
            name = key.hexdigest()
            path = self.parts / name[:2] / name
            if path.is_file():
                earlier = Part.read(path)
                return Done(path, earlier.sha256, earlier.cells, reused=True)
            stage = "decode"
            rgb = decode(content, self.settings)
            stage = "mask" if mask is not None else "segment"
            found = find_cells(rgb, mask, self.settings)
            stage = "measure"
            measured = measure(content, rgb, found, self.settings)
        except (DataError, CellError) as error:
            return Failure(stage, error.reason, error.remedy)
        write_part(measured, path)
        return Done(path, measured.sha256, measured.cells, reused=False)


def read_entry(entry: Entry, max_bytes: int) -> tuple[bytes, bytes | None]:
    """Return the bytes of an image and of its mask, where it has one."""
    from data.images import read_bytes

    content = read_bytes(entry.path, max_bytes=max_bytes)
    return content, None if entry.mask is None else read_bytes(entry.mask, max_bytes=max_bytes)


def decode(content: bytes, settings: Settings) -> Any:  # noqa: ANN401
    """Return the picture: (rows, cols, 3) uint8."""
    from data.images import decode_rgb

    return decode_rgb(content, max_pixels=settings.max_pixels)


def find_cells(rgb: Any, mask: bytes | None, settings: Settings) -> Segmentation:  # noqa: ANN401
    """Segment a picture, or take the mask that came with it."""
    from data.masks import decode_mask
    from features.segmentation import from_masks, segment

    if mask is None:
        return segment(rgb, source=settings.source, pixel_size=settings.pixel_size)
    nucleus, cell = decode_mask(mask, rgb.shape[:2], mask_is=settings.mask_is)
    return from_masks(rgb, nucleus, cell)


def measure(content: bytes, rgb: Any, found: Segmentation, settings: Settings) -> Part:  # noqa: ANN401
    """Return the numbers of every cell of a picture, and what identifies the picture."""
    import numpy as np

    from data.fingerprints import perceptual_hash, sha256

    recipe = _recipe(settings.columns)
    rows = [recipe.measure(one.cell) for one in found.cells]
    return Part(
        sha256=sha256(content),
        phash=perceptual_hash(rgb),
        source=found.source,
        centroids=tuple(one.centroid for one in found.cells),
        quality=tuple(asdict(one.quality) for one in found.cells),
        values=np.stack(rows) if rows else np.empty((0, len(settings.columns))),
    )


_RECIPES: dict[tuple[str, ...], Any] = {}


def _recipe(columns: tuple[str, ...]) -> Any:  # noqa: ANN401
    """Return the plan for a list of columns, made once a worker."""
    from features import Recipe

    if columns not in _RECIPES:
        _RECIPES[columns] = Recipe(columns)
    return _RECIPES[columns]
