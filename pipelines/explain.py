"""Explain: write a page that shows why a model gives a cell its probability."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import DataError

from .measurement.measure_image import (
    RefusedImage,
    decode_and_segment,
    measure_record,
    read_entry,
    stage,
)
from .measurement.objects import ObjectCounts
from .measurement.settings import ReadingSettings
from .measurement.source import list_source
from .outputs.atomic import whole_file
from .prediction.opened_model import open_model
from .series.scale import SeriesDecision

if TYPE_CHECKING:
    from data.files.entries import Listing
    from features.segmentation.segment import Segmentation

    from .cell_explanation.cell_sheet import CellSheet


@dataclass(frozen=True, kw_only=True)
class ExplainSettings(ReadingSettings):
    """What `explain` shows, and how it reads the image.

    Parameters
    ----------
    cell : int, optional
        Show only this cell, as `extract` numbers them from 1.
    embedding : str, optional
        Path of the network that the model was trained with; not needed for ``lite0``.
    rescale : bool
        Resize the image to the size of a pixel that the model was trained with.

    See Also
    --------
    pipelines.measurement.settings.ReadingSettings : masks, source, scale, kinds, limits.
    """

    cell: int | None = None
    embedding: str | None = None
    rescale: bool = False


_DEFAULTS = ExplainSettings()


@dataclass(frozen=True)
class Explanation:
    """The result of `explain`.

    Parameters
    ----------
    page : Path or None
        None if the image shows no cell: no page is written.
    cells : tuple of CellSheet
    notes : tuple of str
        On the model and the image, for the user.
    """

    page: Path | None
    cells: tuple[CellSheet, ...]
    notes: tuple[str, ...]


def explain(
    model: Path, image: Path, out: Path, settings: ExplainSettings = _DEFAULTS
) -> Explanation:
    """Write a page with a section for each cell of an image.

    Parameters
    ----------
    model : Path
        Folder of a bundle that `train` wrote.
    image : Path
        One image.
    out : Path
        The page, ``.html``.
    settings : ExplainSettings

    Raises
    ------
    DataError, CellError, ModelError
        If the image, the settings or the bundle cannot be used.
    """
    import pandas as pd

    from .cell_explanation.cell_sheet import ModelRecords
    from .cell_explanation.explanation_page import explanation_page

    if out.suffix not in {".html", ".htm"}:
        raise DataError(f"{out} ends in {out.suffix!r}", "give a name that ends in .html")
    opened = open_model(model, settings.embedding)
    records = ModelRecords.read(model, opened.bundle)
    listing = _single_image(image, settings.masks)
    (entry,) = listing.entries
    measurement, model_notes = opened.measurement(
        settings.reading(), rescale=settings.rescale, keep_extras=False
    )
    try:
        with stage("read"):
            content, mask = read_entry(entry, settings.max_bytes)
        rgb, found = decode_and_segment(content, mask, measurement.reading.of_image(entry))
        record = measure_record(content, rgb, found, measurement)
    except RefusedImage as refused:
        raise DataError(
            f"{image}: {refused.failure.stage}: {refused.failure.reason}", refused.failure.remedy
        ) from refused
    own = [(entry.name, found.source == "field", record.red_cell)] if mask is None else []
    decided = SeriesDecision().with_own(own)
    counts = ObjectCounts.of([record.objects], settings.kinds)
    notes = (*opened.bundle.notes, *decided.lines, *counts.lines())
    found = found.kept(settings.kinds)
    if not found.cells and settings.cell is None:
        return Explanation(None, (), notes)
    indices = _cell_indices(image, found, settings.cell)
    table = pd.DataFrame(record.values[indices], columns=list(measurement.all_columns))
    cells = records.sheets(opened.bundle, table, found, record, indices)
    page = explanation_page(entry.name, rgb, found, cells, opened.bundle, records.evaluation)
    with whole_file(out) as temporary:
        temporary.write_text(page, encoding="utf-8")
    return Explanation(out, cells, (*notes, *model_notes))


def _single_image(image: Path, masks: Path | None) -> Listing:
    listing = list_source(image, masks=masks, shared=False)
    entries = listing.entries
    if len(entries) != 1 or image.is_dir():
        what = "a folder" if image.is_dir() else f"a list of {len(entries)} images"
        raise DataError(f"{image} is {what}", "give one image")
    return listing


def _cell_indices(image: Path, found: Segmentation, cell: int | None) -> list[int]:
    """Return the indices of the cells to show: all, or the one that was asked for."""
    if cell is None:
        return list(range(len(found.cells)))
    if not 1 <= cell <= len(found.cells):
        most = len(found.cells)
        remedy = f"give a number from 1 to {most}" if most else "no cell was found: see segment"
        raise DataError(f"{image} has no cell {cell}", remedy)
    return [cell - 1]
