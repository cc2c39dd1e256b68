"""Measuring cells of a feature table again, on variants of their images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from models.errors import ModelError

from ..measurement.measure_image import (
    RefusedImage,
    decode_and_segment,
    feature_values,
    read_entry,
    stage,
)
from ..measurement.settings import MeasurementSettings, ReadingSettings
from ..workers.pool import LostTask
from ..workers.run_all import Failure, run_tasks
from .image_variants import VARIANTS, Bytes, Variant
from .present_images import PresentImages

if TYPE_CHECKING:
    import pandas as pd

    from data.files.entries import Entry
    from features.segmentation.segment import Segmentation

    from ..workers.settings import RunSettings

Floats = NDArray[np.float64]

# Largest distance (pixels) between the centroid of a cell and that in the table; if it is larger,
# the outline has changed.
_CENTROID_TOLERANCE = 0.01
_EXTRACT_AGAIN = "extract the table again with this installation"


@dataclass(frozen=True)
class PixelAuditSettings:
    """Which cells of a table are measured again, and where their images are.

    Parameters
    ----------
    sidecar : mapping
        Of the feature table.
    images : Path, str or None
        The images, if they are no longer where `extract` read them.
    cells : int
        Largest number of cells; 0 for none.
    """

    sidecar: Mapping[str, Any]
    images: Path | str | None
    cells: int


@dataclass(frozen=True)
class RemeasureRequest:
    """Cells of one image to measure again.

    Parameters
    ----------
    entry : Entry
    sha256 : str
        Checksum of the image when the table was extracted.
    numbers : tuple of int
        Numbers of the cells in the image, from 1.
    centroids : tuple of (float, float)
        Row and column of each cell in the table, pixels.
    """

    entry: Entry
    sha256: str
    numbers: tuple[int, ...]
    centroids: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class VariantMeasurer:
    """Measures the cells of one image in each variant; called in a worker process.

    Parameters
    ----------
    settings : MeasurementSettings
        Those of the table.
    """

    settings: MeasurementSettings

    def __call__(self, request: RemeasureRequest) -> Floats | Failure:
        """Return the features, (variants, cells, columns) float64, or the reason for none."""
        from data.fingerprints.perceptual_hash import sha256

        try:
            with stage("read"):
                content, mask = read_entry(request.entry, self.settings.reading.max_bytes)
            if sha256(content) != request.sha256:
                return Failure("read", "the image has changed", "extract the table again")
            reading = self.settings.reading.of_image(request.entry)
            rgb, found = decode_and_segment(content, mask, reading)
            chosen = _requested_cells(found.kept(reading.kinds), request)
            if chosen is None:
                return Failure("segment", "the outlines have changed", "extract the table again")
            seed = int(request.sha256[:16], 16)
            with stage("measure"):
                return np.stack(
                    [
                        self._measure_variant(
                            rgb, chosen, change, np.random.default_rng([seed, number])
                        )
                        for number, change in enumerate(VARIANTS.values())
                    ]
                )
        except RefusedImage as refused:
            return refused.failure

    def _measure_variant(
        self, rgb: Bytes, found: Segmentation, change: Variant, rng: np.random.Generator
    ) -> Floats:
        varied = change(rgb, found, rng)
        cells = []
        for one in found.cells:
            (top, left), (rows, cols) = one.cell.origin, one.cell.cell.shape
            pixels = np.ascontiguousarray(varied[top : top + rows, left : left + cols])
            cells.append(replace(one, cell=replace(one.cell, rgb=pixels)))
        values: Floats = feature_values(varied, replace(found, cells=tuple(cells)), self.settings)
        return values


def _requested_cells(found: Segmentation, request: RemeasureRequest) -> Segmentation | None:
    """Keep the requested cells; None if their outlines differ from those of the table."""
    if max(request.numbers) > len(found.cells):
        return None
    cells = tuple(found.cells[number - 1] for number in request.numbers)
    seen = np.array([one.centroid for one in cells])
    if not (np.abs(seen - np.array(request.centroids)) < _CENTROID_TOLERANCE).all():
        return None
    return replace(found, cells=cells)


@dataclass(frozen=True, eq=False)
class RemeasuredCells:
    """Cells of a table in each variant.

    Parameters
    ----------
    rows : (m,) int64
        Positions of the cells that could be measured, ascending.
    features : mapping of str to (m, columns) float64
        By variant.
    missed : str
        Reason for the first of the other cells; empty if all could be measured.
    """

    rows: NDArray[np.int64]
    features: Mapping[str, Floats]
    missed: str


def remeasure(
    audit: PixelAuditSettings, rows: pd.DataFrame, columns: Sequence[str], run: RunSettings
) -> RemeasuredCells:
    """Measure cells of a table again in each variant.

    Parameters
    ----------
    audit : PixelAuditSettings
    rows : DataFrame
        Metadata of the cells.
    columns : sequence of str
        The features.
    run : RunSettings

    Raises
    ------
    ModelError, DataError, CellError
        If the images or the network of the table are missing, or a feature has changed.
    """
    settings = _table_settings(audit.sidecar, columns)
    requests, places, missing = _remeasure_requests(audit, rows, settings.reading.max_bytes)
    found = np.full((len(VARIANTS), len(rows), len(columns)), np.nan)
    done = np.zeros(len(rows), dtype=bool)
    order = [settings.all_columns.index(name) for name in columns]
    given = audit.images or audit.sidecar["input"]["images"]
    reasons = [f"{name}: not among the images of {given}" for name in missing]
    for index, answer in run_tasks(VariantMeasurer(settings), requests, run):
        if isinstance(answer, Failure | LostTask):
            reasons.append(f"{requests[index].entry.name}: {answer.reason}")
            continue
        found[:, places[index]] = answer[:, :, order]
        done[places[index]] = True
    found[np.isinf(found)] = np.nan
    kept = np.flatnonzero(done)
    return RemeasuredCells(
        kept.astype(np.int64),
        {name: found[number, kept] for number, name in enumerate(VARIANTS)},
        min(reasons, default=""),
    )


def _table_settings(sidecar: Mapping[str, Any], columns: Sequence[str]) -> MeasurementSettings:
    """Return the settings that the table was extracted with, for the columns of a model."""
    from features.core.catalogue import column_versions

    from ..measurement.network import stored_network

    options, dictionary = sidecar.get("configuration", {}), sidecar["columns"]
    embedded = [name for name in columns if dictionary[name].get("family") == "Embedding"]
    named = tuple(name for name in columns if name not in set(embedded))
    versions = column_versions()
    other = [name for name in named if versions.get(name) != dictionary[name].get("version")]
    if other:
        raise ModelError(
            f"the table holds version {dictionary[other[0]].get('version')} of {other[0]}, this"
            f" installation measures version {versions.get(other[0])}",
            "extract the table again",
        )
    network = None
    if embedded:
        network = stored_network(sidecar["embedding"], options.get("embedding"))
    reading = ReadingSettings.from_sidecar(sidecar)
    stain = options.get("stain", MeasurementSettings.stain)
    return MeasurementSettings(named, reading, network, stain)


def _remeasure_requests(
    audit: PixelAuditSettings, rows: pd.DataFrame, max_bytes: int
) -> tuple[list[RemeasureRequest], list[NDArray[np.intp]], list[str]]:
    """Return a request for each image, positions of its cells, and names of missing images."""
    from ..measurement.source import list_source

    needed = ("Metadata_Image", "Metadata_Cell", "Metadata_SHA256", "Metadata_CentroidRow")
    absent = [name for name in needed if name not in rows.columns]
    origin = audit.sidecar.get("input", {})
    if absent:
        raise ModelError(f"the table has no {absent[0]}", _EXTRACT_AGAIN)
    if not (audit.images or origin.get("images")):
        raise ModelError("the sidecar names no images", "name their present place with --images")
    masks = origin.get("masks")
    images = audit.images or str(origin["images"])
    if "://" not in str(images):
        images = Path(images)
    listing = list_source(images, masks=None if masks is None else Path(masks), shared=True)
    present = PresentImages(listing.entries, max_bytes)
    requests, places, missing = [], [], []
    numbers = rows.reset_index(drop=True)
    for name, cells in numbers.groupby("Metadata_Image", sort=True):
        sha256 = str(cells["Metadata_SHA256"].iloc[0])
        entry = present.find(str(name), sha256)
        if entry is None:
            missing.append(str(name))
            continue
        centroids = cells[["Metadata_CentroidRow", "Metadata_CentroidCol"]].to_numpy(np.float64)
        requests.append(
            RemeasureRequest(
                entry,
                sha256,
                tuple(int(number) for number in cells["Metadata_Cell"]),
                tuple((float(row), float(col)) for row, col in centroids),
            )
        )
        places.append(cells.index.to_numpy())
    return requests, places, missing
