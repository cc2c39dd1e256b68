"""Predict: apply a stored model to images and write a probability for every cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.errors import DataError

from .measurement.measure_all import measure_all
from .measurement.settings import FolderSettings, MeasurementSettings
from .measurement.source import list_source
from .outputs.gather import measured_images
from .outputs.work_folder import refuse_to_replace_input, work_folder
from .outputs.write_tables import GROUP, write_csv, write_errors
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
        raise DataError(f"{out} ends in {out.suffix!r}", "give .csv")
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
        cells = (image.read() for image in measured_images(listing.entries, results))
        columns = measurement.all_columns
        rows = [
            row for group in _batches(cells) for row in _predicted(bundle, novelty, columns, group)
        ]
        write_csv(out, _head(bundle), (row.values for row in rows))
        shown = bundle.classes if bundle.positive is None else (bundle.positive,)
        _write_summary(by_image, "Metadata_Image", rows, lambda row: row.image, shown)
        _write_summary(by_subject, "Metadata_Subject", rows, lambda row: row.subject, shown)
        write_errors(errors, failures(listing.entries, results))
    failed = sum(isinstance(result, Failure) for result in results)
    unlike = sum(row.unlike for row in rows)
    return Prediction(
        out, by_image, by_subject, errors, len(results), len(rows), failed, unlike, listing.notes
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


def _network(model: Path, place: str | None) -> ChosenNetwork | None:
    """Find the network that a model was trained with, if there is one."""
    from models.storage.bundle import stored_training

    from .measurement.network import stored_network

    record = stored_training(model).get("embedding")
    if record is not None:
        return stored_network(record, place)
    if place is not None:
        raise DataError(f"{model} uses no network", "run the command without --embedding")
    return None


@dataclass(frozen=True)
class _Row:
    image: str
    subject: str | None
    decided: str
    unlike: bool
    values: list[Any]


def _head(bundle: Bundle) -> list[str]:
    return [
        "Metadata_Image",
        "Metadata_Cell",
        "Metadata_Label",
        "Metadata_Subject",
        "Metadata_CentroidRow",
        "Metadata_CentroidCol",
        "Metadata_Quality",
        "Unlike_Training",
        "Unlike_Training_Share",
        "Unlike_Training_Distance",
        "Predicted",
        *(f"Probability_{name}" for name in bundle.classes),
    ]


def _batches(
    cells: Iterable[tuple[Entry, ImageRecord]],
) -> Iterator[list[tuple[Entry, ImageRecord]]]:
    """Group images so that each call of the model gets many cells."""
    batch: list[tuple[Entry, ImageRecord]] = []
    for entry, part in cells:
        batch.append((entry, part))
        if sum(one.cells for _, one in batch) >= GROUP:
            yield batch
            batch = []
    if batch:
        yield batch


def _predicted(
    bundle: Bundle,
    novelty: Novelty,
    columns: Sequence[str],
    batch: Sequence[tuple[Entry, ImageRecord]],
) -> Iterator[_Row]:
    import numpy as np
    import pandas as pd

    from models.storage.bundle import predict_classes, predict_probabilities

    values = np.concatenate([part.values for _, part in batch])
    table = pd.DataFrame(values, columns=list(columns))
    probabilities = predict_probabilities(bundle, table)
    decided = predict_classes(bundle, probabilities)
    strange = novelty.judge(table)
    where = ((entry, part, index) for entry, part in batch for index in range(part.cells))
    for (entry, part, index), name, shares, new in zip(
        where, decided, probabilities, strange, strict=True
    ):
        row, col = part.centroids[index]
        doubts = " ".join(flag for flag, raised in part.quality[index].items() if raised)
        yield _Row(
            entry.name,
            entry.subject,
            name,
            new.unlike,
            [
                entry.name,
                index + 1,
                entry.label,
                entry.subject,
                round(row, 1),
                round(col, 1),
                doubts,
                int(new.unlike),
                "" if isnan(new.share) else f"{new.share:.4f}",
                f"{new.distance:.3f}",
                name,
                *(f"{share:.6f}" for share in shares),
            ],
        )


def _write_summary(
    path: Path,
    key: str,
    rows: Sequence[_Row],
    of: Callable[[_Row], str | None],
    shown: Sequence[str],
) -> None:
    """Write counts and shares of the classes by image or subject, with Wilson intervals."""
    from models.metrics.wilson import wilson

    together: dict[str, list[str]] = {}
    for row in rows:
        name = of(row)
        if name is not None:
            together.setdefault(name, []).append(row.decided)
    head = [key, "Cells"]
    for name in shown:
        head += [f"Cells_{name}", f"Share_{name}", f"Share_{name}_Low", f"Share_{name}_High"]
    lines = []
    for name, decided in sorted(together.items()):
        line: list[Any] = [name, len(decided)]
        for word in shown:
            count = decided.count(word)
            low, high = wilson(count, len(decided))
            line += [count, f"{count / len(decided):.4f}", f"{low:.4f}", f"{high:.4f}"]
        lines.append(line)
    write_csv(path, head, lines)
