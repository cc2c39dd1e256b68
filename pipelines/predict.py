"""Predict: apply a stored model to the cells of images or of a feature table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import DataError

from .measurement.measure_all import measure_all
from .measurement.measure_image import ImageResult
from .measurement.objects import ObjectCounts
from .measurement.settings import FolderSettings
from .measurement.source import list_source
from .outputs.gather import doubt_notes, found_objects, measured_images, own_evidence
from .outputs.prediction_tables import write_predictions, write_summary
from .outputs.work_folder import refuse_to_replace_input, work_folder
from .outputs.write_tables import write_errors
from .prediction.opened_model import OpenedModel, open_model
from .prediction.predicted_cells import image_batches, predict_cells
from .prediction.set_report import set_warning, write_moved_columns
from .prediction.table_cells import (
    is_feature_table,
    read_table_cells,
    refuse_reading_options,
    table_batches,
)
from .progress import SILENCE, Progress
from .series.decision import decide_series
from .workers.run_all import Failure, failures

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from models.explanation.novelty import Novelty
    from models.explanation.set_judgement import SetJudgement

    from .outputs.prediction_tables import PredictedCell
    from .prediction.predicted_cells import CellBatch
    from .series.scale import SeriesDecision


@dataclass(frozen=True, kw_only=True)
class PredictSettings(FolderSettings):
    """How `predict` reads and processes the images.

    Parameters
    ----------
    embedding : str, optional
        Path of the network that the model was trained with; not needed for ``lite0``.
    rescale : bool
        Resize the images to the size of a pixel that the model was trained with.

    See Also
    --------
    pipelines.measurement.settings.ReadingSettings : masks, source, scale, kinds, limits.
    pipelines.workers.settings.RunSettings : workers, time and memory limits, scheduler.
    """

    embedding: str | None = None
    rescale: bool = False


_DEFAULTS = PredictSettings()


@dataclass(frozen=True)
class PredictionFiles:
    """The files that `predict` writes.

    Parameters
    ----------
    table, by_image, by_subject, moved, errors : Path
        Cells, summaries of images and subjects, columns in which the set is unlike the training
        cells, failed images.
    """

    table: Path
    by_image: Path
    by_subject: Path
    moved: Path
    errors: Path

    @classmethod
    def next_to(cls, table: Path) -> PredictionFiles:
        """Return the files that belong to a table of predictions.

        Raises
        ------
        DataError
            If the table's name does not end in .csv.
        """
        if table.suffix != ".csv":
            raise DataError(f"{table} ends in {table.suffix!r}", "give a name that ends in .csv")
        kinds = ("images", "subjects", "moved", "errors")
        return cls(table, *(table.with_suffix(f".{kind}.csv") for kind in kinds))

    @property
    def every(self) -> tuple[Path, ...]:
        """All of them."""
        return (self.table, self.by_image, self.by_subject, self.moved, self.errors)


@dataclass(frozen=True)
class Prediction:
    """The result of `predict`.

    Parameters
    ----------
    files : PredictionFiles
    images, failed : int
        Counts.
    cells : tuple of PredictedCell
    judgement : SetJudgement
        Of all cells together.
    objects : ObjectCounts or None
        What was found in the images; None for a feature table.
    series : SeriesDecision or None
        What the images share; None for a feature table.
    notes : tuple of str
        On the input and the model, for the user.
    warnings : tuple of str
        If the set is unlike the training cells.
    """

    files: PredictionFiles
    images: int
    failed: int
    cells: tuple[PredictedCell, ...]
    judgement: SetJudgement
    objects: ObjectCounts | None
    series: SeriesDecision | None
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


def predict(
    model: Path,
    source: Path | str,
    out: Path,
    settings: PredictSettings = _DEFAULTS,
    progress: Progress = SILENCE,
) -> Prediction:
    """Predict every cell of images, or of a feature table, and judge their set.

    Parameters
    ----------
    model : Path
        Folder of a bundle that `train` wrote.
    source : Path or str
        Images as for `extract`, of which the columns that the model needs are measured; or a
        feature table that `extract` wrote.
    out : Path
        CSV with a row for each cell. ``<stem>.images.csv``, ``<stem>.subjects.csv``,
        ``<stem>.moved.csv`` and ``<stem>.errors.csv`` are written to the same folder.
        ``Unlike_Training`` is 1 for a cell that is unlike the training cells by one of the two
        columns after it; see `models.explanation.novelty.Novelty`.
    settings : PredictSettings
    progress : Progress
        As for `extract`.

    Raises
    ------
    DataError, CellError, ModelError
        If the input, the settings or the bundle cannot be used.

    See Also
    --------
    models.explanation.set_judgement.judge_set : when a set is unlike the training cells.
    """
    from models.explanation.novelty import load_novelty

    files = PredictionFiles.next_to(out)
    refuse_to_replace_input(source, files.every)
    opened = open_model(model, settings.embedding)
    run = _Run(opened, load_novelty(model), files, settings, progress)
    if isinstance(source, Path) and is_feature_table(source):
        return run.of_table(source)
    return run.of_images(source)


@dataclass(frozen=True)
class _Run:
    """A run of `predict`."""

    opened: OpenedModel
    novelty: Novelty
    files: PredictionFiles
    settings: PredictSettings
    progress: Progress

    def of_table(self, source: Path) -> Prediction:
        """Predict the cells of a feature table."""
        settings = self.settings
        refuse_reading_options(source, settings.reading(), rescale=settings.rescale)
        table, notes = read_table_cells(source, self.opened, settings.pixel_size)
        self.progress.begin("predict")
        batches = table_batches(table, self.opened.bundle)
        images = table["Metadata_Image"].nunique() if "Metadata_Image" in table else len(table)
        with work_folder(self.files.table, resume=True):
            done = self._write(batches, len(table), images, [], notes)
        self.progress.finish()
        return done

    def of_images(self, source: Path | str) -> Prediction:
        """Measure the columns of the model in images, and predict their cells."""
        settings = self.settings
        measurement, notes = self.opened.measurement(
            settings.reading(), rescale=settings.rescale, keep_extras=True
        )
        listing = list_source(source, masks=settings.masks, shared=settings.scheduler is not None)
        with work_folder(self.files.table, resume=settings.resume) as journals:
            series = decide_series(listing, measurement.reading, settings, self.progress)
            measurement = measurement.with_series(series.series)
            self.progress.begin("predict", len(listing.entries))
            results = measure_all(listing, measurement, journals, settings, self.progress)
            empty = [
                entry.name
                for entry, result in zip(listing.entries, results, strict=True)
                if isinstance(result, ImageResult) and not result.cells
            ]
            measured = measured_images(listing.entries, results)
            records = (image.read() for image in measured if image.entry.name not in {*empty})
            return self._write(
                image_batches(records, measurement.all_columns),
                sum(result.cells for result in results if isinstance(result, ImageResult)),
                len(results),
                list(failures(listing.entries, results)),
                [*notes, *listing.notes, *doubt_notes(listing.entries, results)],
                empty,
                ObjectCounts.of(found_objects(results), settings.kinds),
                series.with_own(own_evidence(listing.entries, results)),
            )

    def _write(
        self,
        batches: Iterable[CellBatch],
        total: int,
        images: int,
        failed: list[tuple[str, Failure]],
        notes: list[str],
        empty: Sequence[str] = (),
        objects: ObjectCounts | None = None,
        series: SeriesDecision | None = None,
    ) -> Prediction:
        """Predict, judge the set and write all files."""
        bundle, files = self.opened.bundle, self.files
        cells, judgement = predict_cells(bundle, self.novelty, batches, total)
        write_predictions(files.table, bundle.classes, cells)
        shown = bundle.classes if bundle.positive is None else (bundle.positive,)
        write_summary(files.by_image, "image", cells, shown, empty)
        write_summary(files.by_subject, "subject", cells, shown)
        write_moved_columns(files.moved, (*judgement.moved, *judgement.moved_pictures))
        write_errors(files.errors, failed)
        return Prediction(
            files,
            images,
            len(failed),
            tuple(cells),
            judgement,
            objects,
            series,
            (*bundle.notes, *notes),
            tuple(set_warning(judgement, files.moved)),
        )
