"""Segment: the masks that extract would use, as files to look at, to correct and to give back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Literal

from data.errors import DataError
from features.errors import CellError

from .extract import Progress, failures
from .measuring import Failure, Settings, decode, find_cells, read_entry, single_thread
from .parts import whole_file
from .pool import Lost, run
from .tables import write_errors

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
    images: Path,
    out: Path,
    *,
    masks: Path | None = None,
    mask_is: Literal["nucleus", "cell"] | None = None,
    source: Literal["auto", "crop", "field"] = "auto",
    pixel_size: float | None = None,
    max_pixels: int = 100_000_000,
    max_bytes: int = 1_000_000_000,
    time_limit: float = 300.0,
    jobs: int = 1,
    progress: Progress | None = None,
) -> Masks:
    """Write label images (0 background, 128 cytoplasm, 255 nucleus) and overlays as PNG.

    Parameters
    ----------
    images, masks, mask_is, source, pixel_size, max_pixels, max_bytes, time_limit, jobs, progress
        As for `extract`.
    out : Path
        Folder; ``labels/`` and ``overlays/`` hold the images' relative paths.

    Raises
    ------
    DataError
        If the input or the options cannot be used.
    """
    from data.listing import list_images

    listing = list_images(images, masks=masks)
    names = _names(listing.entries)
    settings = Settings((), source, mask_is, pixel_size, max_pixels, max_bytes)
    labels, overlays = out / "labels", out / "overlays"
    try:
        for folder in {root / name.parent for root in (labels, overlays) for name in names}:
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"{out} cannot be written to ({error.strerror})", "give a folder that can, with -o"
        ) from error
    tasks = [
        (entry, labels / name, overlays / name)
        for entry, name in zip(listing.entries, names, strict=True)
    ]
    results: dict[int, int | Failure] = {}
    answers = run(
        Segmenting(settings), tasks, jobs=jobs, prepare=single_thread, time_limit=time_limit
    )
    for index, answer in answers:
        results[index] = (
            Failure("worker", answer.reason, "look at this file; the others are not touched")
            if isinstance(answer, Lost)
            else answer
        )
        if progress is not None:
            failed = sum(isinstance(result, Failure) for result in results.values())
            progress(len(results), len(tasks), failed)
    ordered = [results[index] for index in range(len(tasks))]
    failed_images = list(failures(listing.entries, ordered))
    write_errors(out / "errors.csv", failed_images)
    cells = sum(result for result in ordered if isinstance(result, int))
    return Masks(labels, overlays, out / "errors.csv", len(tasks), cells, len(failed_images))


def _names(entries: tuple[Entry, ...]) -> list[PurePosixPath]:
    """Return the outputs' relative paths; images that differ in their suffix only keep it."""
    stems = [PurePosixPath(entry.name.lstrip("/")).with_suffix(".png") for entry in entries]
    taken = {stem: stems.count(stem) for stem in set(stems)} if len(set(stems)) < len(stems) else {}
    return [
        PurePosixPath(f"{entry.name.lstrip('/')}.png") if taken.get(stem, 1) > 1 else stem
        for entry, stem in zip(entries, stems, strict=True)
    ]


@dataclass(frozen=True)
class Segmenting:
    """The work of a worker: call it with an entry and the two files to write."""

    settings: Settings

    def __call__(self, task: tuple[Entry, Path, Path]) -> int | Failure:
        """Write the masks of an image and return the number of its cells, or say why not."""
        entry, label_file, overlay_file = task
        stage = "read"
        try:
            content, mask = read_entry(entry, self.settings.max_bytes)
            stage = "decode"
            rgb = decode(content, self.settings)
            stage = "segment"
            found = find_cells(rgb, mask, self.settings)
        except (DataError, CellError) as error:
            return Failure(stage, error.reason, error.remedy)
        labels = found.labels()
        _write_png(label_file, labels)
        _write_png(overlay_file, overlay(rgb, labels))
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
