"""Predict: a stored model and images in, a probability for every cell out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from data.errors import DataError

from .measurement.measure_all import measure_all
from .measurement.settings import MeasurementSettings
from .measurement.source import list_source
from .outputs.gather import measured_images
from .outputs.work_folder import refuse_to_replace_input, work_folder
from .outputs.write_tables import GROUP, write_csv, write_errors
from .workers.run_all import Failure, Progress, Workers, failures

if TYPE_CHECKING:
    from collections.abc import Iterable

    from data.files.entries import Entry
    from features.colour.standardisation import Stain
    from models.explanation.novelty import Novelty
    from models.storage.bundle import Bundle

    from .measurement.image_record import ImageRecord
    from .measurement.network import ChosenNetwork


@dataclass(frozen=True)
class Prediction:
    """What was predicted.

    Parameters
    ----------
    table, by_image, by_subject, errors : Path
        What was written: cells, summaries of images and of subjects, images that failed.
    images, cells, failed : int
        Counts.
    unlike : int
        Cells that are unlike the training cells.
    notes : tuple of str
        What the reader must know.
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
    *,
    masks: Path | None = None,
    mask_is: Literal["nucleus", "cell"] | None = None,
    source: Literal["auto", "crop", "field"] = "auto",
    embedding: str | None = None,
    pixel_size: float | None = None,
    max_pixels: int = 100_000_000,
    max_bytes: int = 1_000_000_000,
    time_limit: float = 300.0,
    memory_limit: float | None = None,
    jobs: int = 1,
    scheduler: str | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Prediction:
    """Measure the columns that a model needs in every cell, and give its probabilities.

    Parameters
    ----------
    model : Path
        Folder of a bundle that `train` wrote.
    images, masks, mask_is, source, pixel_size, max_pixels, max_bytes
        As for `extract`.
    embedding : str, optional
        Where the network lies that the model was trained with; ``lite0`` needs no telling.
    time_limit, memory_limit, jobs, scheduler, overwrite, progress
        As for `extract`.
    out : Path
        CSV with a row for each cell; ``<stem>.images.csv``, ``<stem>.subjects.csv`` and
        ``<stem>.errors.csv`` lie beside it. ``Unlike_Training`` is 1 for a cell that is unlike the
        training cells by one of the two columns after it, see `models.explanation.novelty.Novelty`.

    Raises
    ------
    DataError, CellError, ModelError
        If the input, the options or the bundle cannot be used.
    """
    from models.explanation.novelty import load_novelty

    if out.suffix != ".csv":
        raise DataError(f"{out} ends in {out.suffix!r}", "give .csv")
    errors = out.with_suffix(".errors.csv")
    by_image, by_subject = out.with_suffix(".images.csv"), out.with_suffix(".subjects.csv")
    refuse_to_replace_input(images, (out, errors, by_image, by_subject))
    bundle, network, stain = open_model(model, embedding)
    novelty = load_novelty(model)
    listing = list_source(images, masks=masks, shared=scheduler is not None)
    named = named_columns(bundle, network)
    settings = MeasurementSettings(
        named, source, mask_is, pixel_size, max_pixels, max_bytes, network, stain
    )
    workers = Workers(jobs, time_limit, memory_limit, scheduler)
    with work_folder(out, overwrite=overwrite) as parts:
        results = measure_all(listing, settings, parts, workers=workers, progress=progress)
        measured = measured_images(listing.entries, results)
        cells = (image.cells() for image in measured)
        columns = settings.all_columns
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


def open_model(model: Path, embedding: str | None) -> tuple[Bundle, ChosenNetwork | None, Stain]:
    """Load a model, find its network if it has one, and say which colours it was shown.

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
    return bundle, network, bundle.metadata.get("stain", "none")


def named_columns(bundle: Bundle, network: ChosenNetwork | None) -> tuple[str, ...]:
    """Return the columns of a model that are measured and not embedded."""
    embedded = network.embedding.versions() if network else {}
    return tuple(name for name in bundle.columns if name not in embedded)


def _network(model: Path, place: str | None) -> ChosenNetwork | None:
    """Find the network that a model was trained with, if it was with one."""
    from models.storage.bundle import stored_training

    from .measurement.network import stored_network

    record = stored_training(model).get("embedding")
    if record is not None:
        return stored_network(record, place)
    if place is not None:
        raise DataError(f"{model} uses no network", "leave --embedding out")
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
    """Yield images until they hold enough cells to be worth a call of the model."""
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
    """Write how many cells of each image or subject were called what, with Wilson's interval."""
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
