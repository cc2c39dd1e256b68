"""Segment: write the masks that extract would use, for users to check, edit and give back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.errors import DataError
from data.listing.mask_names import mask_names
from data.printable import printable

from .measurement.image_record import RecordStore
from .measurement.measure_image import RefusedImage, decode_and_segment, read_entry, stage
from .measurement.settings import FolderSettings, MeasurementSettings
from .measurement.source import list_source
from .outputs.atomic import whole_file
from .outputs.work_folder import refuse_to_replace_input, work_folder
from .outputs.write_tables import write_errors
from .progress import SILENCE, Progress
from .workers.run_all import Failure, failures, run_all

if TYPE_CHECKING:
    from data.files.entries import Entry

    from .measurement.settings import ReadingSettings

_NUCLEUS = (0, 255, 255)
_CELL = (255, 220, 0)
# Part of the records' keys. Raise it whenever the same cells are drawn in another way.
_RECORDS = b"masks 1"
_DEFAULTS = FolderSettings()


@dataclass(frozen=True)
class Masks:
    """The result of `segment`.

    Parameters
    ----------
    labels, overlays, errors : Path
        Folders of label images and of pictures with outlines; table of failed images.
    images, cells, failed : int
        Counts.
    warnings : tuple of str
        For the user.
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
    settings: FolderSettings = _DEFAULTS,
    progress: Progress = SILENCE,
) -> Masks:
    """Write label images (0 background, 128 cytoplasm, 255 nucleus) and overlays as PNG.

    A file in `out` with the same name is replaced if an earlier run wrote it, and kept if a user
    has edited it since.

    Parameters
    ----------
    images : Path or str
        As for `extract`.
    out : Path
        Folder. ``labels/`` and ``overlays/`` hold files at the images' relative paths; see
        `data.listing.mask_names.mask_names`.
    settings : FolderSettings
        Without `resume`, everything is segmented again and edited files are replaced.
    progress : Progress
        As for `extract`.

    Raises
    ------
    DataError
        If the input or the settings cannot be used, or `out` is inside the folder of the images
        or masks.
    """
    _keep_apart(images, settings.masks, out)
    listing = list_source(images, masks=settings.masks, shared=settings.scheduler is not None)
    _keep_input(listing.entries, out)
    names = mask_names([entry.name for entry in listing.entries])
    out = out.absolute()
    labels, overlays = out / "labels", out / "overlays"
    tasks = [
        (entry, labels / name, overlays / name)
        for entry, name in zip(listing.entries, names, strict=True)
    ]
    # Keep the records even without `resume`: they distinguish our files from edited ones.
    with work_folder(out, resume=True) as journals:
        records = RecordStore.open(journals, MeasurementSettings((), settings.reading()))
        work = ImageSegmenter(settings.reading(), records, overwrite=not settings.resume)
        progress.begin("segment", len(tasks))
        results = run_all(work, tasks, listing, settings, progress)
        failed = list(failures(listing.entries, results))
        write_errors(out / "errors.csv", failed)
    drawn = [result for result in results if isinstance(result, DrawnMasks)]
    made = {
        name for name, result in zip(names, results, strict=True) if isinstance(result, DrawnMasks)
    }
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
    """Refuse to write masks where the next run would read them as images or masks."""
    for given, what in ((images, "images"), (masks, "masks")):
        if not isinstance(given, Path) or not given.is_dir():
            continue
        if out.resolve().is_relative_to(given.resolve()):
            raise DataError(
                f"{out} is in the folder of the {what}: the next run would read masks as {what}",
                "give a folder elsewhere with -o",
            )
    refuse_to_replace_input(images, (out / "errors.csv",))


def _keep_input(entries: Sequence[Entry], out: Path) -> None:
    """Refuse to write masks into a folder of images or given masks: they might be replaced."""
    places = (place for entry in entries for place in (entry.place, entry.mask_place))
    folders = {Path(place).parent for place in places if isinstance(place, str)}
    for written in (out / "labels", out / "overlays"):
        for folder in sorted(folders):
            if folder.resolve().is_relative_to(written.resolve()):
                raise DataError(
                    f"{written} holds images or masks of the input, which would be replaced",
                    "give a folder elsewhere with -o",
                )


def _warn_of_edited(drawn: Sequence[DrawnMasks], out: Path) -> Iterator[str]:
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
            f"{_masks(len(stale))} left of images that failed now or no longer exist, "
            f"{stale[0]} for example; check them before you give the masks back"
        )


def _masks(count: int) -> str:
    return f"{count} mask{'s were' if count > 1 else ' was'}"


@dataclass(frozen=True)
class DrawnMasks:
    """An image whose masks are written.

    Parameters
    ----------
    cells : int
        Number of cells.
    edited : tuple of Path
        Files that a user has edited, and that were kept.
    """

    cells: int
    edited: tuple[Path, ...]


@dataclass(frozen=True)
class ImageSegmenter:
    """The work of a worker: call it with an entry and the two files to write.

    Parameters
    ----------
    reading : ReadingSettings
    records : RecordStore
        A `MaskRecord` for each image that was segmented.
    overwrite : bool
        Whether to segment every image again, and to replace edited files.
    """

    reading: ReadingSettings
    records: RecordStore
    overwrite: bool

    def __call__(self, task: tuple[Entry, Path, Path]) -> DrawnMasks | Failure:
        """Write the masks of an image, unless they exist already, or return why that failed."""
        from data.fingerprints.perceptual_hash import sha256

        from .outputs.mask_files import MaskRecord, sort_files

        entry, *files = task
        try:
            with stage("read"):
                content, mask = read_entry(entry, self.reading.max_bytes)
            key = self.records.key_of(entry, sha256(content), mask, self.reading, _RECORDS)
            earlier = None if self.overwrite else self.records.find(key)
            before = None if earlier is None else MaskRecord.from_bytes(earlier[1])
            if before is not None:
                to_write, edited = sort_files(files, before, self.records, overwrite=False)
                if not to_write:
                    return DrawnMasks(before.cells, tuple(edited))
            rgb, found = decode_and_segment(content, mask, self.reading.of_image(entry))
        except RefusedImage as refused:
            return refused.failure
        labels = found.labels()
        pictures = dict(zip(files, (_png(labels), _png(overlay(rgb, labels))), strict=True))
        record = MaskRecord(len(found.cells), tuple(sha256(one) for one in pictures.values()))
        if record != before:
            # Before the files: a killed run leaves no file that its records do not know.
            self.records.add(key, record.to_bytes())
        to_write, edited = sort_files(files, record, self.records, overwrite=self.overwrite)
        for file in to_write:
            with whole_file(file) as temporary:
                temporary.write_bytes(pictures[file])
        return DrawnMasks(record.cells, tuple(edited))


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
