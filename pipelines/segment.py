"""Segment: write the masks that extract would use, for users to check, edit and give back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.errors import DataError
from data.listing.mask_names import mask_names
from data.printable import printable

from .measurement.image_record import RecordStore
from .measurement.measure_image import RefusedImage, decode_and_segment, read_entry, stage
from .measurement.objects import ObjectCounts, count_objects
from .measurement.settings import FolderSettings, MeasurementSettings
from .measurement.source import list_source
from .outputs.atomic import whole_file
from .outputs.work_folder import refuse_to_replace_input, work_folder
from .outputs.write_tables import write_errors
from .progress import SILENCE, Progress
from .series.decision import decide_series
from .workers.run_all import Failure, failures, run_all

if TYPE_CHECKING:
    from data.files.entries import Entry
    from features.segmentation.segment import Segmentation

    from .measurement.settings import ReadingSettings
    from .outputs.mask_files import MaskRecord
    from .series.scale import SeriesDecision

# Part of the records' keys. Raise it whenever the same cells are drawn in another way.
_RECORDS = b"masks 2"


@dataclass(frozen=True, kw_only=True)
class SegmentSettings(FolderSettings):
    """How `segment` reads and processes the images.

    Parameters
    ----------
    debug : bool
        Write pictures of the steps of every image.

    See Also
    --------
    pipelines.measurement.settings.ReadingSettings : masks, source, scale, kinds, limits.
    pipelines.workers.settings.RunSettings : workers, time and memory limits, scheduler.
    """

    debug: bool = False


_DEFAULTS = SegmentSettings()


@dataclass(frozen=True)
class Masks:
    """The result of `segment`.

    Parameters
    ----------
    labels, overlays, errors : Path
        Folders of label images and of pictures with outlines; table of failed images.
    steps : Path or None
        Folder of pictures of the steps.
    images, cells, failed : int
        Counts.
    objects : ObjectCounts
        What was found in the images.
    series : SeriesDecision
        What the images share.
    warnings : tuple of str
        For the user.
    """

    labels: Path
    overlays: Path
    errors: Path
    steps: Path | None
    images: int
    cells: int
    failed: int
    objects: ObjectCounts
    series: SeriesDecision
    warnings: tuple[str, ...]


def segment(
    images: Path | str,
    out: Path,
    settings: SegmentSettings = _DEFAULTS,
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
        `data.listing.mask_names.mask_names`. ``steps/`` holds a folder for each image.
    settings : SegmentSettings
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
    steps = out / "steps" if settings.debug else None
    tasks = [
        MaskTask(
            entry,
            (labels / name, overlays / name),
            None if steps is None else steps / name.removesuffix(".png"),
        )
        for entry, name in zip(listing.entries, names, strict=True)
    ]
    # Keep the records even without `resume`: they distinguish our files from edited ones.
    with work_folder(out, resume=True) as journals:
        series = decide_series(listing, settings, settings, progress)
        reading = replace(settings.reading(), series=series.series)
        records = RecordStore.open(journals, MeasurementSettings((), reading))
        work = ImageSegmenter(reading, records, overwrite=not settings.resume)
        progress.begin("segment", len(tasks))
        results = run_all(work, tasks, listing, settings, progress)
        failed = list(failures(listing.entries, results))
        write_errors(out / "errors.csv", failed)
    drawn = [result for result in results if isinstance(result, DrawnMasks)]
    made = {
        name for name, result in zip(names, results, strict=True) if isinstance(result, DrawnMasks)
    }
    own = [
        (entry.name, result.record.field, result.record.red_cell)
        for entry, result in zip(listing.entries, results, strict=True)
        if isinstance(result, DrawnMasks) and entry.mask_place is None
    ]
    return Masks(
        labels,
        overlays,
        out / "errors.csv",
        steps,
        len(tasks),
        sum(one.record.cells for one in drawn),
        len(failed),
        ObjectCounts.of((one.record.objects for one in drawn), settings.kinds),
        series.with_own(own),
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
    for written in (out / "labels", out / "overlays", out / "steps"):
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
    record : MaskRecord
    edited : tuple of Path
        Files that a user has edited, and that were kept.
    """

    record: MaskRecord
    edited: tuple[Path, ...]


@dataclass(frozen=True)
class MaskTask:
    """An image, and what to write of it.

    Parameters
    ----------
    entry : Entry
    files : (Path, Path)
        The label image and the overlay.
    steps : Path, optional
        Folder for pictures of the steps.
    """

    entry: Entry
    files: tuple[Path, Path]
    steps: Path | None = None


@dataclass(frozen=True)
class ImageSegmenter:
    """The work of a worker: call it with a task.

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

    def __call__(self, task: MaskTask) -> DrawnMasks | Failure:
        """Write the masks of an image, unless they exist already, or return why that failed."""
        from data.fingerprints.perceptual_hash import sha256

        from .drawing.overlay import overlay
        from .outputs.mask_files import MaskRecord, sort_files

        entry, files = task.entry, task.files
        try:
            with stage("read"):
                content, mask = read_entry(entry, self.reading.max_bytes)
            key = self.records.key_of(entry, sha256(content), mask, self.reading, _RECORDS)
            earlier = None if self.overwrite else self.records.find(key)
            before = None if earlier is None else MaskRecord.from_bytes(earlier[1])
            if before is not None:
                to_write, edited = sort_files(files, before, self.records, overwrite=False)
                if not to_write and task.steps is None:
                    return DrawnMasks(before, tuple(edited))
            rgb, found = decode_and_segment(content, mask, self.reading.of_image(entry))
        except RefusedImage as refused:
            return refused.failure
        kept = found.kept(self.reading.kinds)
        drawn = (_png(kept.labels()), _png(overlay(rgb, kept)[:, :, ::-1]))
        pictures = dict(zip(files, drawn, strict=True))
        record = MaskRecord(
            len(kept.cells),
            tuple(sha256(one) for one in drawn),
            found.source == "field",
            count_objects(found),
            None if found.evidence is None else found.evidence.red_cell,
        )
        if record != before:
            # Before the files: a killed run leaves no file that its records do not know.
            self.records.add(key, record.to_bytes())
        to_write, edited = sort_files(files, record, self.records, overwrite=self.overwrite)
        for file in to_write:
            _write(file, pictures[file])
        if task.steps is not None:
            _write_steps(task.steps, rgb, found)
        return DrawnMasks(record, tuple(edited))


def _write_steps(folder: Path, rgb: Any, found: Segmentation) -> None:  # noqa: ANN401
    """Write a numbered picture of each step."""
    from .drawing.steps import draw_steps

    for number, (name, picture) in enumerate(draw_steps(rgb, found).items(), start=1):
        _write(folder / f"{number}_{name}.png", _png(picture[:, :, ::-1]))


def _write(file: Path, content: bytes) -> None:
    with whole_file(file) as temporary:
        temporary.write_bytes(content)


def _png(image: Any) -> bytes:  # noqa: ANN401
    import cv2

    content: bytes = cv2.imencode(".png", image)[1].tobytes()
    return content
