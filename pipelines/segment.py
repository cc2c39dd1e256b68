"""Segment: the masks that extract would use, as files to look at, to correct and to give back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from data.errors import DataError
from data.listing.mask_names import mask_names
from data.printable import printable

from .measurement.image_record import RecordStore
from .measurement.measure_image import RefusedImage, decode_and_segment, read_entry, stage
from .measurement.settings import MeasurementSettings
from .measurement.source import list_source
from .outputs.atomic import whole_file
from .outputs.work_folder import refuse_to_replace_input, work_folder
from .outputs.write_tables import write_errors
from .workers.run_all import Failure, Progress, Workers, failures, run_all

if TYPE_CHECKING:
    from data.files.entries import Entry

_NUCLEUS = (0, 255, 255)
_CELL = (255, 220, 0)
# Part of the records' keys, raised whenever the same cells are drawn otherwise.
_RECORDS = b"masks 1"


@dataclass(frozen=True)
class Masks:
    """What was written.

    Parameters
    ----------
    labels, overlays, errors : Path
        Folders of label images and of pictures with outlines; images that failed.
    images, cells, failed : int
        Counts.
    warnings : tuple of str
        What the user should think over.
    """

    labels: Path
    overlays: Path
    errors: Path
    images: int
    cells: int
    failed: int
    warnings: tuple[str, ...]


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

    What lies in `out` under the same names is replaced if an earlier run wrote it, and kept if
    anybody has changed it since.

    Parameters
    ----------
    images, masks, mask_is, source, pixel_size, max_pixels, max_bytes
        As for `extract`.
    time_limit, memory_limit, jobs, scheduler, progress
        As for `extract`.
    out : Path
        Folder; ``labels/`` and ``overlays/`` hold the images' relative paths, see
        `data.listing.mask_names.mask_names`.
    overwrite : bool
        Make everything again, and replace what others have changed.

    Raises
    ------
    DataError
        If the input or the options cannot be used, or `out` lies among the images or masks.
    """
    _keep_apart(images, masks, out)
    listing = list_source(images, masks=masks, shared=scheduler is not None)
    _spare_files(listing.entries, out)
    names = mask_names([entry.name for entry in listing.entries])
    settings = MeasurementSettings((), source, mask_is, pixel_size, max_pixels, max_bytes)
    out = out.absolute()
    labels, overlays = out / "labels", out / "overlays"
    tasks = [
        (entry, labels / name, overlays / name)
        for entry, name in zip(listing.entries, names, strict=True)
    ]
    workers = Workers(jobs, time_limit, memory_limit, scheduler)
    # The records stay, to tell the files of earlier runs from those of others.
    with work_folder(out, overwrite=False) as parts:
        # The size of a pixel moves no outline.
        records = RecordStore.open(parts, replace(settings, pixel_size=None))
        work = ImageSegmenter(settings, records, overwrite)
        results = run_all(work, tasks, listing, workers=workers, progress=progress)
        failed = list(failures(listing.entries, results))
        write_errors(out / "errors.csv", failed)
    drawn = [result for result in results if isinstance(result, Drawn)]
    made = {name for name, result in zip(names, results, strict=True) if isinstance(result, Drawn)}
    return Masks(
        labels,
        overlays,
        out / "errors.csv",
        len(tasks),
        sum(one.cells for one in drawn),
        len(failed),
        (*_warn_of_edited(drawn, out), *_warn_of_stale(labels, made)),
    )


def _keep_apart(images: Path | str, masks: Path | None, out: Path) -> None:
    """Refuse to write pictures where the next run would take them for images or for masks."""
    for given, what in ((images, "images"), (masks, "masks")):
        if not isinstance(given, Path) or not given.is_dir():
            continue
        if out.resolve().is_relative_to(given.resolve()):
            raise DataError(
                f"{out} lies in the folder of the {what}, where masks would be taken for {what}",
                "name a folder elsewhere with -o",
            )
    refuse_to_replace_input(images, (out / "errors.csv",))


def _spare_files(entries: Sequence[Entry], out: Path) -> None:
    """Refuse to write pictures where images or given masks lie, which they might replace."""
    places = (place for entry in entries for place in (entry.place, entry.mask_place))
    folders = {Path(place).parent for place in places if isinstance(place, str)}
    for written in (out / "labels", out / "overlays"):
        for folder in sorted(folders):
            if folder.resolve().is_relative_to(written.resolve()):
                raise DataError(
                    f"{written} holds images or masks of the input, which would be replaced",
                    "name a folder elsewhere with -o",
                )


def _warn_of_edited(drawn: Sequence[Drawn], out: Path) -> Iterator[str]:
    edited = [path for one in drawn for path in one.edited]
    if edited:
        example = edited[0].relative_to(out).as_posix()
        yield (
            f"{_masks(len(edited))} edited by hand and kept, {example} for example; "
            "--overwrite replaces them"
        )


def _warn_of_stale(labels: Path, made: set[str]) -> Iterator[str]:
    stale = sorted(
        printable(name)
        for name in (path.relative_to(labels).as_posix() for path in labels.rglob("*.png"))
        if name not in made
    )
    if stale:
        yield (
            f"{_masks(len(stale))} left of images that failed now or are no longer there, "
            f"{stale[0]} for example; look at them before you give the masks back"
        )


def _masks(count: int) -> str:
    return f"{count} mask{'s were' if count > 1 else ' was'}"


@dataclass(frozen=True)
class Drawn:
    """An image whose masks are there.

    Parameters
    ----------
    cells : int
        How many are in it.
    edited : tuple of Path
        Files that somebody has changed, and that were kept.
    """

    cells: int
    edited: tuple[Path, ...]


@dataclass(frozen=True)
class ImageSegmenter:
    """The work of a worker: call it with an entry and the two files to write.

    Parameters
    ----------
    settings : MeasurementSettings
    records : RecordStore
        A `MaskRecord` for each image that was segmented.
    overwrite : bool
        Whether to segment what was segmented before, and to replace what others have changed.
    """

    settings: MeasurementSettings
    records: RecordStore
    overwrite: bool

    def __call__(self, task: tuple[Entry, Path, Path]) -> Drawn | Failure:
        """Write the masks of an image, where they are not there already, or say why not."""
        from data.fingerprints import sha256

        from .outputs.mask_files import MaskRecord, sort_files

        entry, *files = task
        try:
            with stage("read"):
                content, mask = read_entry(entry, self.settings.max_bytes)
            key = self.records.key(sha256(content), mask, _RECORDS)
            earlier = None if self.overwrite else self.records.find(key)
            before = None if earlier is None else MaskRecord.from_bytes(earlier[1])
            if before is not None:
                to_write, edited = sort_files(files, before, self.records, overwrite=False)
                if not to_write:
                    return Drawn(before.cells, tuple(edited))
            rgb, found = decode_and_segment(content, mask, self.settings)
        except RefusedImage as refused:
            return refused.failure
        labels = found.labels()
        pictures = dict(zip(files, (_png(labels), _png(overlay(rgb, labels))), strict=True))
        record = MaskRecord(len(found.cells), tuple(sha256(one) for one in pictures.values()))
        if record != before:
            # Before the files: a run that is killed between them leaves none that it disowns.
            self.records.add(key, record.to_bytes())
        to_write, edited = sort_files(files, record, self.records, overwrite=self.overwrite)
        for file in to_write:
            with whole_file(file) as temporary:
                temporary.write_bytes(pictures[file])
        return Drawn(record.cells, tuple(edited))


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


def _png(image: Any) -> bytes:  # noqa: ANN401
    import cv2

    content: bytes = cv2.imencode(".png", image)[1].tobytes()
    return content
