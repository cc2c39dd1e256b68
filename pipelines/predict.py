"""Predict: apply a stored model to images and write a probability for every cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import DataError

from .measurement.cell_labels import cell_labels
from .measurement.measure_all import measure_all
from .measurement.settings import FolderSettings, MeasurementSettings
from .measurement.source import list_source
from .outputs.gather import doubt_notes, measured_images
from .outputs.prediction_tables import PredictedCell, write_predictions, write_summary
from .outputs.work_folder import refuse_to_replace_input, work_folder
from .outputs.write_tables import GROUP, write_errors
from .progress import SILENCE, Progress
from .workers.run_all import Failure, failures

if TYPE_CHECKING:
    from collections.abc import Iterable

    from data.files.entries import Entry
    from features.colour.standardisation import Stain
    from models.explanation.novelty import Novelty
    from models.storage.bundle import Bundle

    from .measurement.image_record import ImageRecord
    from .measurement.network import ChosenNetwork
    from .measurement.settings import ReadingSettings


@dataclass(frozen=True, kw_only=True)
class PredictSettings(FolderSettings):
    """How `predict` reads and processes the images.

    Parameters
    ----------
    embedding : str, optional
        Path of the network that the model was trained with; not needed for ``lite0``.

    See Also
    --------
    pipelines.measurement.settings.ReadingSettings : masks, source, pixel size, limits.
    pipelines.workers.settings.RunSettings : workers, time and memory limits, scheduler.
    """

    embedding: str | None = None


_DEFAULTS = PredictSettings()


@dataclass(frozen=True)
class Prediction:
    """The result of `predict`.

    Parameters
    ----------
    table, by_image, by_subject, errors : Path
        Files that were written: cells, summaries of images and subjects, failed images.
    images, cells, failed : int
        Counts.
    unlike : int
        Cells that are unlike the training cells.
    notes : tuple of str
        On the input, for the user.
    """

    table: Path
    by_image: Path
    by_subject: Path
    errors: Path
    images: int
    cells: int
    failed: int
    unlike: int
    notes: tuple[str, ...]


def predict(
    model: Path,
    images: Path | str,
    out: Path,
    settings: PredictSettings = _DEFAULTS,
    progress: Progress = SILENCE,
) -> Prediction:
    """Measure the columns that a model needs in every cell, and write its probabilities.

    Parameters
    ----------
    model : Path
        Folder of a bundle that `train` wrote.
    images : Path or str
        As for `extract`.
    out : Path
        CSV with a row for each cell. ``<stem>.images.csv``, ``<stem>.subjects.csv`` and
        ``<stem>.errors.csv`` are written to the same folder. ``Unlike_Training`` is 1 for a cell
        that is unlike the training cells by one of the two columns after it; see
        `models.explanation.novelty.Novelty`.
    settings : PredictSettings
    progress : Progress
        As for `extract`.

    Raises
    ------
    DataError, CellError, ModelError
        If the input, the settings or the bundle cannot be used.
    """
    from models.explanation.novelty import load_novelty

    if out.suffix != ".csv":
        raise DataError(f"{out} ends in {out.suffix!r}", "give a name that ends in .csv")
    errors = out.with_suffix(".errors.csv")
    by_image, by_subject = out.with_suffix(".images.csv"), out.with_suffix(".subjects.csv")
    refuse_to_replace_input(images, (out, errors, by_image, by_subject))
    opened = open_model(model, settings.embedding)
    bundle, novelty = opened.bundle, load_novelty(model)
    listing = list_source(images, masks=settings.masks, shared=settings.scheduler is not None)
    measurement = opened.measurement(settings)
    with work_folder(out, resume=settings.resume) as journals:
        progress.begin("predict", len(listing.entries))
        results = measure_all(listing, measurement, journals, settings, progress)
        records = (image.read() for image in measured_images(listing.entries, results))
        cells = [
            cell
            for batch in _batches(records)
            for cell in _predict_batch(bundle, novelty, measurement.all_columns, batch)
        ]
        write_predictions(out, bundle.classes, cells)
        shown = bundle.classes if bundle.positive is None else (bundle.positive,)
        write_summary(by_image, "image", cells, shown)
        write_summary(by_subject, "subject", cells, shown)
        write_errors(errors, failures(listing.entries, results))
    failed = sum(isinstance(result, Failure) for result in results)
    unlike = sum(cell.unlike for cell in cells)
    return Prediction(
        out,
        by_image,
        by_subject,
        errors,
        len(results),
        len(cells),
        failed,
        unlike,
        (*bundle.notes, *listing.notes, *doubt_notes(listing.entries, results)),
    )


@dataclass(frozen=True)
class OpenedModel:
    """A stored model, ready to be applied to images.

    Parameters
    ----------
    bundle : Bundle
    network : ChosenNetwork or None
        The network whose embedding the model reads.
    stain : {"none", "background", "standard"}
        Colours that the model's features saw.
    """

    bundle: Bundle
    network: ChosenNetwork | None
    stain: Stain

    def measurement(self, settings: ReadingSettings) -> MeasurementSettings:
        """Return what must be measured in an image for this model."""
        embedded = self.network.embedding.versions() if self.network else {}
        named = tuple(name for name in self.bundle.columns if name not in embedded)
        return MeasurementSettings(named, settings.reading(), self.network, self.stain)


def open_model(model: Path, embedding: str | None) -> OpenedModel:
    """Load a model and find its network, if it has one.

    Parameters
    ----------
    model : Path
        Folder of a bundle that `train` wrote.
    embedding : str or None
        Path of the network; None for ``lite0``.

    Raises
    ------
    CellError, ModelError
        If the model or the network does not fit this installation.
    """
    from features.core.catalogue import column_versions
    from models.storage.bundle import load_bundle

    network = _network(model, embedding)
    embedded = network.embedding.versions() if network else {}
    bundle = load_bundle(model, feature_versions=column_versions() | embedded)
    return OpenedModel(bundle, network, bundle.metadata.get("stain", "none"))


def _network(model: Path, location: str | None) -> ChosenNetwork | None:
    """Find the network that a model was trained with, if there is one."""
    from models.storage.bundle import stored_training

    from .measurement.network import stored_network

    record = stored_training(model).get("embedding")
    if record is not None:
        return stored_network(record, location)
    if location is not None:
        raise DataError(f"{model} uses no network", "run the command without --embedding")
    return None


def _batches(
    images: Iterable[tuple[Entry, ImageRecord]],
) -> Iterator[list[tuple[Entry, ImageRecord]]]:
    """Group images so that each call of the model gets many cells."""
    batch: list[tuple[Entry, ImageRecord]] = []
    for entry, record in images:
        batch.append((entry, record))
        if sum(one.cells for _, one in batch) >= GROUP:
            yield batch
            batch = []
    if batch:
        yield batch


def _predict_batch(
    bundle: Bundle,
    novelty: Novelty,
    columns: Sequence[str],
    batch: Sequence[tuple[Entry, ImageRecord]],
) -> Iterator[PredictedCell]:
    import numpy as np
    import pandas as pd

    from models.storage.bundle import predict_classes, predict_probabilities

    values = np.concatenate([record.values for _, record in batch])
    table = pd.DataFrame(values, columns=list(columns))
    probabilities = predict_probabilities(bundle, table)
    predicted = predict_classes(bundle, probabilities)
    novelty_scores = novelty.scores(table)
    cells = (
        (entry, record, index, label)
        for entry, record in batch
        for index, label in enumerate(cell_labels(entry, record).labels)
    )
    for (entry, record, index, label), name, shares, new in zip(
        cells, predicted, probabilities, novelty_scores, strict=True
    ):
        yield PredictedCell(
            image=entry.name,
            number=index + 1,
            label=label,
            image_label=entry.label,
            subject=entry.subject,
            centroid=record.centroids[index],
            quality=" ".join(flag for flag, raised in record.quality[index].items() if raised),
            unlike=new.unlike,
            share=new.share,
            distance=new.distance,
            predicted=name,
            probabilities=tuple(float(share) for share in shares),
        )
