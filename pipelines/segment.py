"""Segment: the masks that extract would use, as files to look at, to correct and to give back."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Literal

from data.errors import DataError

from .accounts import Failure, Progress, Workers, failures, settle
from .measuring import Refused, Settings, picture_and_cells, read_entry, stage
from .parts import Parts, whole_file
from .source import list_source
from .tables import write_errors
from .work_folder import work_folder

if TYPE_CHECKING:
    from data.entries import Entry

_NUCLEUS = (0, 255, 255)
_CELL = (255, 220, 0)


@dataclass(frozen=True)
class Masks:
    """What was written.

    Parameters
    ----------
    labels, overlays, errors : Path
        Folders of label images and of pictures with outlines; images that failed.
    images, cells, failed : int
        Counts.
    """

    labels: Path
    overlays: Path
    errors: Path
    images: int
    cells: int
    failed: int


def segment(
    images: Path | str,
    out: Path,
    *,
    masks: Path | None = None,
    mask_is: Literal["nucleus", "cell"] | None = None,
    source: Literal["auto", "crop", "field"] = "auto",
    pixel_size: float | None = None,
    max_pixels: int = 100_000_000,
    max_bytes: int = 1_000_000_000,
    time_limit: float = 300.0,
    memory_limit: float | None = None,
    jobs: int = 1,
    scheduler: str | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Masks:
    """Write label images (0 background, 128 cytoplasm, 255 nucleus) and overlays as PNG.

    Parameters
    ----------
    images, masks, mask_is, source, pixel_size, max_pixels, max_bytes
        As for `extract`.
    time_limit, memory_limit, jobs, scheduler, overwrite, progress
        As for `extract`.
    out : Path
        Folder; ``labels/`` and ``overlays/`` hold the images' relative paths.

    Raises
    ------
    DataError
        If the input or the options cannot be used, or `out` lies among the images.
    """
    _keep_apart(images, out)
    listing = list_source(images, masks=masks, shared=scheduler is not None)
    names = _names(listing.entries)
    settings = Settings((), source, mask_is, pixel_size, max_pixels, max_bytes)
    out = out.absolute()
    labels, overlays = out / "labels", out / "overlays"
    tasks = [
        (entry, labels / name, overlays / name)
        for entry, name in zip(listing.entries, names, strict=True)
    ]
    workers = Workers(jobs, time_limit, memory_limit, scheduler)
    with work_folder(out, overwrite=overwrite) as parts:
        work = Segmenting(settings, Parts.of(parts, settings))
        results = settle(work, tasks, listing, workers=workers, progress=progress)
        failed = list(failures(listing.entries, results))
        write_errors(out / "errors.csv", failed)
    cells = sum(result for result in results if isinstance(result, int))
    return Masks(labels, overlays, out / "errors.csv", len(tasks), cells, len(failed))


def _keep_apart(images: Path | str, out: Path) -> None:
    """Refuse to write pictures where the next run would take them for images."""
    if isinstance(images, str) or not images.is_dir():
        return
    if out.resolve().is_relative_to(images.resolve()):
        raise DataError(
            f"{out} lies in the folder of the images, where masks would be taken for images",
            "name a folder elsewhere with -o",
        )


def _names(entries: tuple[Entry, ...]) -> list[PurePosixPath]:
    """Return the outputs' relative paths; images that differ in their suffix only keep it.

    A manifest may name images above its folder, but nothing is written above the output's.
    """
    below = [
        PurePosixPath(
            *(part for part in PurePosixPath(entry.name).parts if part not in ("/", ".."))
        )
        for entry in entries
    ]
    taken = Counter(name.with_suffix(".png") for name in below)
    return [
        name.with_name(f"{name.name}.png")
        if taken[name.with_suffix(".png")] > 1
        else name.with_suffix(".png")
        for name in below
    ]


@dataclass(frozen=True)
class Segmenting:
    """The work of a worker: call it with an entry and the two files to write.

    Parameters
    ----------
    settings : Settings
    parts : Parts
        A record for each finished image, which holds the number of its cells.
    """

    settings: Settings
    parts: Parts

    def __call__(self, task: tuple[Entry, Path, Path]) -> int | Failure:
        """Write the masks of an image and return the number of its cells, or say why not."""
        from data.fingerprints import sha256

        entry, label_file, overlay_file = task
        try:
            with stage("read"):
                content, mask = read_entry(entry, self.settings.max_bytes)
            key = self.parts.key(sha256(content), mask, entry.name.encode())
            earlier = self.parts.earlier(key)
            if earlier is not None and label_file.is_file() and overlay_file.is_file():
                return int(earlier[1])
            rgb, found = picture_and_cells(content, mask, self.settings)
        except Refused as refused:
            return refused.failure
        labels = found.labels()
        _write_png(label_file, labels)
        _write_png(overlay_file, overlay(rgb, labels))
        self.parts.add(key, b"%d" % len(found.cells))
        return len(found.cells)


def overlay(rgb: Any, labels: Any) -> Any:  # noqa: ANN401
    """Draw the outlines of cells and nuclei over a picture: (rows, cols, 3) uint8, BGR."""
    import cv2
    import numpy as np

    picture = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    for level, colour in ((128, _CELL), (255, _NUCLEUS)):
        mask = (labels >= level).astype(np.uint8)
        outlines, _ = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(picture, outlines, -1, colour[::-1], 1)
    return picture


def _write_png(path: Path, image: Any) -> None:  # noqa: ANN401
    import cv2

    _, content = cv2.imencode(".png", image)
    with whole_file(path) as temporary:
        temporary.write_bytes(content.tobytes())
