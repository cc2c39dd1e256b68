"""Extract: a folder of images in, a table of named numbers out, and no image lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from data.errors import DataError
from data.printable import printable

from .measurement.image_extras import describe_extras
from .measurement.measure_all import measure_all
from .measurement.measure_image import ImageResult
from .measurement.network import described_columns, network_from_options, select_columns
from .measurement.settings import MeasurementSettings
from .measurement.source import list_source
from .outputs.assemble import write_single_file
from .outputs.gather import measured_images, table_layout
from .outputs.parquet_folder import check_dataset, write_dataset
from .outputs.thumbnails import thumbnails_path
from .outputs.work_folder import refuse_to_replace_input, work_folder
from .outputs.write_tables import SUFFIXES, check_sidecar, write_errors, write_sidecar
from .workers.processes import start_server
from .workers.run_all import Failure, Progress, Workers, failures

if TYPE_CHECKING:
    from data.files.entries import Listing, RemoteFile
    from features.colour.standardisation import Stain

_NOT_OPTIONS = frozenset({"columns", "network", "keep_extras"})


@dataclass(frozen=True)
class Extraction:
    """What became of every image.

    Parameters
    ----------
    listing : Listing
        What was found.
    results : tuple of ImageResult or Failure
        One for each entry of the listing.
    cells, columns : int
        Rows and features of the table.
    table, errors, sidecar : Path
        What was written.
    warnings : tuple of str
        What the user should think over.
    """

    listing: Listing
    results: tuple[ImageResult | Failure, ...]
    cells: int
    columns: int
    table: Path
    errors: Path
    sidecar: Path
    warnings: tuple[str, ...]

    @property
    def failed(self) -> int:
        """Images without cells."""
        return sum(isinstance(result, Failure) for result in self.results)

    @property
    def reused(self) -> int:
        """Images that an earlier run had measured."""
        return sum(isinstance(result, ImageResult) and result.reused for result in self.results)


def extract(
    images: Path | str,
    out: Path,
    *,
    masks: Path | None = None,
    mask_is: Literal["nucleus", "cell"] | None = None,
    source: Literal["auto", "crop", "field"] = "auto",
    preset: Literal["minimal", "standard", "full"] = "standard",
    features: Sequence[str] = (),
    stain: Stain = "standard",
    embedding: str | None = None,
    embedding_set: Sequence[str] = (),
    pixel_size: float | None = None,
    max_pixels: int = 100_000_000,
    max_bytes: int = 1_000_000_000,
    time_limit: float = 300.0,
    memory_limit: float | None = None,
    jobs: int = 1,
    scheduler: str | None = None,
    overwrite: bool = False,
    fail_fast: bool = False,
    progress: Progress | None = None,
) -> Extraction:
    """Measure every image of a folder or manifest and write the feature table.

    Parameters
    ----------
    images : Path or str
        A folder (class sub-folders give labels), a CSV manifest or one image; or a folder's URL.
    out : Path
        The table, ``.parquet`` or ``.csv``, or without an ending a folder of Parquet files;
        beside it come ``<stem>.errors.csv``, ``<stem>.json`` and ``<stem>.thumbnails.parquet``.
    masks : Path, optional
        Folder of masks at the images' relative paths.
    mask_is : {"nucleus", "cell"}, optional
        What a two-valued mask marks.
    source : {"auto", "crop", "field"}
        Whether an image is one cell, or a field of several.
    preset, features
        As `features.preset_columns` takes them; the family ``Embedding`` is the network's.
    stain : {"none", "background", "standard"}
        Whose colours the features see; see `features.colour.standardisation.standardise`.
    embedding : str, optional
        Add what a network makes of each cell: ``lite0``, or the path of an ONNX file.
    embedding_set : sequence of str
        How the network is fed, ``mean=0.5,0.5,0.5`` say, where its file does not tell; see
        `features.embedding.network_input.read_preprocessing`.
    pixel_size : float, optional
        Micrometres per pixel.
    max_pixels, max_bytes : int
        Larger images are refused.
    time_limit : float
        Seconds that one image may take.
    memory_limit : float, optional
        Memory of a worker in units of 10^9 bytes (on Linux); an equal share of the machine's.
    jobs : int
        Worker processes.
    scheduler : str, optional
        Address of a Dask scheduler (``tcp://host:8786``) whose workers measure instead; they
        must see the images and the output's folder under the same paths.
    overwrite : bool
        Measure everything again rather than what has changed.
    fail_fast : bool
        Stop at the first image that fails.
    progress : callable, optional
        Told how many images are done, of how many, and how many failed.

    Returns
    -------
    Extraction

    Raises
    ------
    DataError, CellError
        If the input or the options cannot be used; what was measured by then is kept.
    """
    if out.suffix not in SUFFIXES:
        raise DataError(
            f"{out} ends in {out.suffix!r}",
            "give .parquet, .csv, or a folder's name without an ending",
        )
    if not out.suffix:
        check_dataset(out)
    errors, sidecar = out.with_suffix(".errors.csv"), out.with_suffix(".json")
    refuse_to_replace_input(images, (out, errors, sidecar, thumbnails_path(out)))
    if scheduler is None:
        start_server()
    network = network_from_options(embedding, embedding_set)
    columns = select_columns(preset, features, network)
    settings = MeasurementSettings(
        columns,
        source,
        mask_is,
        pixel_size,
        max_pixels,
        max_bytes,
        network,
        stain,
        keep_extras=True,
    )
    workers = Workers(jobs, time_limit, memory_limit, scheduler)
    listing = list_source(images, masks=masks, shared=scheduler is not None)
    configuration = {
        "preset": preset,
        "features": list(features),
        "embedding": embedding,
        "embedding_set": list(embedding_set),
        **{k: v for k, v in asdict(settings).items() if k not in _NOT_OPTIONS},
        "masks": None if masks is None else str(masks),
        "time_limit": time_limit,
    }

    def check() -> None:
        check_sidecar(sidecar, out, configuration, _absolute(images))

    with work_folder(out, overwrite=overwrite, check=check) as parts:
        results = measure_all(
            listing, settings, parts, workers=workers, fail_fast=fail_fast, progress=progress
        )
        measured = measured_images(listing.entries, results)
        layout = table_layout(listing.entries, measured, settings.all_columns)
        if out.suffix:
            count = write_single_file(out, layout, measured)
        else:
            count = write_dataset(out, layout, measured, workers)
        write_errors(errors, failures(listing.entries, results))
        record = {
            "command": "extract",
            "configuration": configuration,
            "input": {
                "images": _absolute(images),
                "masks": None if masks is None else _absolute(masks),
                "root": _absolute(listing.root),
                "layout": listing.layout,
                "notes": listing.notes,
                "skipped": [{"file": name, "reason": why} for name, why in listing.skipped],
            },
            "counts": {
                "images": len(results),
                "failed": sum(isinstance(result, Failure) for result in results),
                "cells": count,
            },
            "kept_out": describe_extras(),
            **({} if network is None else network.record()),
        }
        write_sidecar(sidecar, record, out, described_columns(columns, network))
    return Extraction(
        listing,
        tuple(results),
        count,
        len(settings.all_columns),
        out,
        errors,
        sidecar,
        () if network is None else network.warnings(),
    )


def _absolute(place: Path | RemoteFile | str) -> str:
    """Return where something lies, so that it is found from another folder too."""
    return printable(str(place.absolute() if isinstance(place, Path) else place))
