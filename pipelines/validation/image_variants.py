"""Cells measured again on pictures that lack something: colour, arrangement, a steady stain.

The outlines are always those of the picture as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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

if TYPE_CHECKING:
    import pandas as pd

    from data.files.entries import Entry
    from features.segmentation.segment import Segmentation

    from ..workers.settings import RunSettings

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float64]

# The gain of each channel's optical density is drawn between one over this and this.
JITTER = 1.25
# Pixels by which a centroid may differ from the table's before the outline is another one.
_CENTROID_TOLERANCE = 0.01


def to_grey(rgb: Bytes, _found: Segmentation, _rng: np.random.Generator) -> Bytes:
    """Return the picture with the BT.601 luma in each channel."""
    import cv2

    return np.asarray(cv2.cvtColor(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB))


def shuffle_pixels(rgb: Bytes, found: Segmentation, rng: np.random.Generator) -> Bytes:
    """Return the picture with the pixels of each nucleus and of each cytoplasm in random order."""
    mixed = rgb.copy()
    for one in found.cells:
        (top, left), (rows, cols) = one.cell.origin, one.cell.cell.shape
        window = mixed[top : top + rows, left : left + cols]
        for mask in (one.cell.nucleus, one.cell.cytoplasm):
            window[mask] = rng.permutation(window[mask])
    return mixed


def jitter_stain(rgb: Bytes, _found: Segmentation, rng: np.random.Generator) -> Bytes:
    """Return the picture with each channel's optical density times a random gain.

    The gain is drawn evenly on a logarithmic scale between 1 / `JITTER` and `JITTER`; the empty
    slide keeps its colour.
    """
    import cv2

    from features.colour.standardisation import background_colour

    gain = np.exp(rng.uniform(-np.log(JITTER), np.log(JITTER), 3))
    slide = background_colour(rgb) + 1
    level = slide * (np.arange(1.0, 257.0)[:, None] / slide) ** gain - 1
    table = np.clip(np.rint(level), 0, 255).astype(np.uint8).reshape(1, 256, 3)
    return np.asarray(cv2.LUT(rgb, table), dtype=np.uint8)


Variant = Callable[[Bytes, "Segmentation", np.random.Generator], Bytes]
VARIANTS: Mapping[str, Variant] = {
    "grey": to_grey,
    "shuffled": shuffle_pixels,
    "jittered": jitter_stain,
}


@dataclass(frozen=True)
class PixelAuditSettings:
    """What of the pictures is to be measured again, and where they lie.

    Parameters
    ----------
    sidecar : mapping
        Of the feature table.
    images : Path, str or None
        What was given to extract, if it lies elsewhere now.
    cells : int
        How many cells at most; 0 for none.
    """

    sidecar: Mapping[str, Any]
    images: Path | str | None
    cells: int


@dataclass(frozen=True)
class RemeasureRequest:
    """The cells of an image that are to be measured again.

    Parameters
    ----------
    entry : Entry
    sha256 : str
        Of the file that the table was made from.
    numbers : tuple of int
        Of the cells, from 1.
    centroids : tuple of (float, float)
        Of the cells, as the table has them.
    """

    entry: Entry
    sha256: str
    numbers: tuple[int, ...]
    centroids: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class VariantMeasurer:
    """The work of a worker: call it with an image to measure its cells in each variant.

    Parameters
    ----------
    settings : MeasurementSettings
        Those of the table.
    """

    settings: MeasurementSettings

    def __call__(self, request: RemeasureRequest) -> Floats | Failure:
        """Return the features of the cells, (variants, cells, columns), or say why not."""
        from data.fingerprints import sha256

        try:
            with stage("read"):
                content, mask = read_entry(request.entry, self.settings.reading.max_bytes)
            if sha256(content) != request.sha256:
                return Failure("read", "the file is another one now", "extract the table again")
            rgb, found = decode_and_segment(content, mask, self.settings.reading)
            chosen = _requested_cells(found, request)
            if chosen is None:
                return Failure("segment", "the outlines are others now", "extract the table again")
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
    """Keep the wanted cells; None where they are not those of the table."""
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
        Which of the asked rows could be measured, ascending.
    features : mapping of str to (m, columns) float64
        By variant.
    missed : str
        Why the others could not, for the first of them; empty where none was missed.
    """

    rows: NDArray[np.int64]
    features: Mapping[str, Floats]
    missed: str


def remeasure(
    asked: PixelAuditSettings, rows: pd.DataFrame, columns: Sequence[str], run: RunSettings
) -> RemeasuredCells:
    """Measure cells of a table again in each variant.

    Parameters
    ----------
    asked : PixelAuditSettings
    rows : DataFrame
        Metadata of the cells.
    columns : sequence of str
        The features.
    run : RunSettings

    Raises
    ------
    ModelError, DataError, CellError
        If the images, the settings or the network of the table are not to be had.
    """
    settings = _table_settings(asked.sidecar, columns)
    tasks, places, unlisted = _remeasure_requests(asked, rows)
    found = np.full((len(VARIANTS), len(rows), len(columns)), np.nan)
    done = np.zeros(len(rows), dtype=bool)
    order = [settings.all_columns.index(name) for name in columns]
    reasons = [f"{name}: not among the images" for name in unlisted]
    for index, answer in run_tasks(VariantMeasurer(settings), tasks, run):
        if isinstance(answer, Failure | LostTask):
            reasons.append(f"{tasks[index].entry.name}: {answer.reason}")
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
    """Return the settings that a table was made with, for the columns of a model."""
    from features.core.catalogue import column_versions

    from ..measurement.network import stored_network

    options, dictionary = sidecar.get("configuration", {}), sidecar["columns"]
    embedded = [name for name in columns if dictionary[name].get("family") == "Embedding"]
    named = tuple(name for name in columns if name not in set(embedded))
    versions = column_versions()
    other = [name for name in named if versions.get(name) != dictionary[name].get("version")]
    if other:
        raise ModelError(
            f"{other[0]} is defined otherwise in this installation",
            "extract the table again",
        )
    network = None
    if embedded:
        network = stored_network(sidecar["embedding"], options.get("embedding"))
    reading = ReadingSettings.from_configuration(options)
    stain = options.get("stain", MeasurementSettings.stain)
    return MeasurementSettings(named, reading, network, stain)


def _remeasure_requests(
    asked: PixelAuditSettings, rows: pd.DataFrame
) -> tuple[list[RemeasureRequest], list[NDArray[np.intp]], list[str]]:
    """Return the images to read, where their cells lie among the rows, and names not found."""
    from ..measurement.source import list_source

    needed = ("Metadata_Image", "Metadata_Cell", "Metadata_SHA256", "Metadata_CentroidRow")
    lacking = [name for name in needed if name not in rows.columns]
    origin = asked.sidecar.get("input", {})
    if lacking or not (asked.images or origin.get("images")):
        raise ModelError(
            f"the table has no {lacking[0]}" if lacking else "the sidecar names no images",
            "extract the table again with this installation",
        )
    masks = origin.get("masks")
    images = asked.images or str(origin["images"])
    if "://" not in str(images):
        images = Path(images)
    listing = list_source(images, masks=None if masks is None else Path(masks), shared=True)
    entries = {entry.name: entry for entry in listing.entries}
    tasks, places, unlisted = [], [], []
    numbers = rows.reset_index(drop=True)
    for name, cells in numbers.groupby("Metadata_Image", sort=True):
        entry = entries.get(str(name))
        if entry is None:
            unlisted.append(str(name))
            continue
        centroids = cells[["Metadata_CentroidRow", "Metadata_CentroidCol"]].to_numpy(np.float64)
        tasks.append(
            RemeasureRequest(
                entry,
                str(cells["Metadata_SHA256"].iloc[0]),
                tuple(int(number) for number in cells["Metadata_Cell"]),
                tuple((float(row), float(col)) for row, col in centroids),
            )
        )
        places.append(cells.index.to_numpy())
    return tasks, places, unlisted
