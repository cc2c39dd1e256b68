"""Extract: measure every image of a folder and write one feature table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.errors import DataError
from data.listing.cell_tables import with_cell_labels
from data.printable import printable

from .measurement.image_extras import describe_extras
from .measurement.measure_all import measure_all
from .measurement.measure_image import ImageResult
from .measurement.network import (
    LITE0,
    described_columns,
    network_from_options,
    select_columns,
)
from .measurement.objects import ObjectCounts
from .measurement.settings import FolderSettings, MeasurementSettings
from .measurement.source import list_source
from .outputs.assemble import write_single_file
from .outputs.gather import (
    cell_label_notes,
    doubt_notes,
    found_objects,
    known_image_notes,
    measured_images,
    own_evidence,
    table_layout,
)
from .outputs.parquet_folder import check_dataset, write_dataset
from .outputs.sidecar import check_sidecar, sidecar_path, write_sidecar
from .outputs.spelling_notes import spelling_notes
from .outputs.thumbnails import thumbnails_path
from .outputs.work_folder import refuse_to_replace_input, work_folder
from .outputs.write_tables import SUFFIXES, write_errors
from .progress import SILENCE, Progress
from .series.decision import decide_series
from .workers.processes import start_server
from .workers.run_all import Failure, failures

if TYPE_CHECKING:
    from data.files.entries import Listing, RemoteFile
    from features.colour.standardisation import Stain
    from features.core.registry import Preset

    from .series.scale import SeriesDecision

# Options that do not change the table. The sidecar does not record them.
_NOT_RECORDED = frozenset({"jobs", "memory_limit", "scheduler", "fail_fast", "resume", "series"})


@dataclass(frozen=True, kw_only=True)
class ExtractSettings(FolderSettings):
    """What `extract` measures, and how it reads and processes the images.

    Parameters
    ----------
    preset : {"minimal", "standard", "full"}
        How much to measure.
    features : sequence of str
        Only these families, or columns by name or pattern, as `features.preset_columns` takes
        them. The family ``Embedding`` is the network's.
    stain : {"none", "background", "standard"}
        Colours that the features see; see `features.colour.standardisation.standardise`.
    embedding : str, optional
        Add the embedding of a network: ``lite0``, or the path of an ONNX file.
    embedding_set : sequence of str
        Preprocessing that the network's file does not state, for example ``mean=0.5,0.5,0.5``;
        see `features.embedding.network_input.read_preprocessing`.
    cell_labels : Path, optional
        Labels of single cells, see `data.listing.cell_tables.with_cell_labels`.

    See Also
    --------
    pipelines.measurement.settings.ReadingSettings : masks, source, scale, kinds, limits.
    pipelines.workers.settings.RunSettings : workers, time and memory limits, scheduler.
    """

    preset: Preset = "standard"
    features: Sequence[str] = ()
    stain: Stain = "standard"
    embedding: str | None = None
    embedding_set: Sequence[str] = ()
    cell_labels: Path | None = None

    def recorded(self) -> dict[str, Any]:
        """Return the options that the sidecar records, as JSON values; paths are absolute."""
        options = {name: value for name, value in asdict(self).items() if name not in _NOT_RECORDED}
        paths = {
            name: None if path is None else _absolute(path)
            for name, path in (("masks", self.masks), ("cell_labels", self.cell_labels))
        }
        lists = {name: list(options[name]) for name in ("features", "embedding_set", "keep")}
        embedding = self.embedding
        if embedding is not None and embedding != LITE0:
            embedding = _absolute(Path(embedding))
        return options | lists | paths | {"embedding": embedding}

    def measurement(self) -> MeasurementSettings:
        """Return what is measured in an image; read the network, if there is one."""
        reading = self.reading()
        _ = reading.scale  # refused before any work if it is not known
        network = network_from_options(self.embedding, self.embedding_set)
        columns = select_columns(self.preset, self.features, network)
        return MeasurementSettings(columns, self.reading(), network, self.stain, keep_extras=True)


_DEFAULTS = ExtractSettings()


@dataclass(frozen=True)
class Extraction:
    """The result of `extract`.

    Parameters
    ----------
    listing : Listing
        The images that were found.
    results : tuple of ImageResult or Failure
        One for each entry of the listing.
    cells, columns : int
        Rows and features of the table.
    table, errors, sidecar : Path
        Files that were written.
    objects : ObjectCounts
        What was found in the images.
    series : SeriesDecision
        What the images share.
    warnings : tuple of str
        For the user.
    """

    listing: Listing
    results: tuple[ImageResult | Failure, ...]
    cells: int
    columns: int
    table: Path
    errors: Path
    sidecar: Path
    objects: ObjectCounts
    series: SeriesDecision
    warnings: tuple[str, ...]

    @property
    def failed(self) -> int:
        """Number of images that failed."""
        return sum(isinstance(result, Failure) for result in self.results)

    @property
    def reused(self) -> int:
        """Number of images that an earlier run measured."""
        return sum(isinstance(result, ImageResult) and result.reused for result in self.results)


def extract(
    images: Path | str,
    out: Path,
    settings: ExtractSettings = _DEFAULTS,
    progress: Progress = SILENCE,
) -> Extraction:
    """Measure every image of a folder or manifest and write the feature table.

    Parameters
    ----------
    images : Path or str
        A folder (class sub-folders give labels), a CSV manifest, one image, or a folder's URL.
    out : Path
        The table: ``.parquet``, ``.csv``, or a folder of Parquet files if it has no ending.
        ``<stem>.errors.csv``, ``<stem>.json`` and ``<stem>.thumbnails.parquet`` are written to
        the same folder.
    settings : ExtractSettings
    progress : Progress
        Shows the steps; by default nothing.

    Returns
    -------
    Extraction

    Raises
    ------
    DataError, CellError
        If the input or the settings cannot be used. Images measured until then are kept.
    """
    errors, sidecar = out.with_suffix(".errors.csv"), sidecar_path(out)
    _check_outputs(images, (out, errors, sidecar, thumbnails_path(out)))
    if settings.scheduler is None:
        start_server()
    measurement = settings.measurement()
    listing = list_source(images, masks=settings.masks, shared=settings.scheduler is not None)
    if settings.cell_labels is not None:
        listing = with_cell_labels(listing, settings.cell_labels)
    check = partial(check_sidecar, out, settings.recorded(), _absolute(images))
    with work_folder(out, resume=settings.resume, check=check) as journals:
        series = decide_series(listing, settings, settings, progress)
        measurement = measurement.with_series(series.series)
        progress.begin("extract", len(listing.entries))
        results = measure_all(listing, measurement, journals, settings, progress)
        progress.begin("write the table")
        notes = (
            *spelling_notes(listing.entries),
            *known_image_notes(results),
            *cell_label_notes(listing.entries, results),
        )
        listing = replace(listing, notes=(*listing.notes, *notes))
        measured = measured_images(listing.entries, results)
        layout = table_layout(listing.entries, measured, measurement.all_columns)
        if out.suffix:
            cells = write_single_file(out, layout, measured)
        else:
            cells = write_dataset(out, layout, measured, settings)
        write_errors(errors, failures(listing.entries, results))
        network = measurement.network
        objects = ObjectCounts.of(found_objects(results), settings.kinds)
        record = {
            "command": "extract",
            "configuration": settings.recorded(),
            "input": _described_input(images, settings.masks, listing),
            "counts": {
                "images": len(results),
                "failed": len(results) - len(measured),
                "without_cells": objects.empty,
                "cells": cells,
                "objects": objects.record(),
            },
            "series": series.record(),
            "kept_out": describe_extras(),
            **({} if network is None else network.record()),
        }
        write_sidecar(out, record, described_columns(measurement.columns, network))
    return Extraction(
        listing,
        tuple(results),
        cells,
        len(measurement.all_columns),
        out,
        errors,
        sidecar,
        objects,
        series.with_own(own_evidence(listing.entries, results)),
        (*doubt_notes(listing.entries, results), *(network.warnings() if network else ())),
    )


def _check_outputs(images: Path | str, outputs: tuple[Path, ...]) -> None:
    """Refuse a table of an unknown format, and outputs that would replace other files."""
    out = outputs[0]
    if out.suffix not in SUFFIXES:
        raise DataError(
            f"{out} ends in {out.suffix!r}",
            "give a name that ends in .parquet or .csv, or a folder's name without an ending",
        )
    if not out.suffix:
        check_dataset(out)
    refuse_to_replace_input(images, outputs)


def _described_input(images: Path | str, masks: Path | None, listing: Listing) -> dict[str, Any]:
    """Return what the sidecar records of the input."""
    from data.listing.label_table import folder_labels

    return {
        "images": _absolute(images),
        "masks": None if masks is None else _absolute(masks),
        "root": _absolute(listing.root),
        "layout": listing.layout,
        "recognised_by": listing.evidence,
        "labels": [asdict(one) for one in folder_labels(listing)],
        "notes": listing.notes,
        "skipped": [{"file": name, "reason": why} for name, why in listing.skipped],
    }


def _absolute(location: Path | RemoteFile | str) -> str:
    """Return a path that is valid from every folder, or a URL."""
    return printable(str(location.absolute() if isinstance(location, Path) else location))
