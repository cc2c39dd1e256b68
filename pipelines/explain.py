"""Explain: one cell and a model in, a page out that says why the model says what it says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from data.errors import DataError

from .measurement.measure_image import (
    RefusedImage,
    decode_and_segment,
    measure_record,
    read_entry,
    stage,
)
from .measurement.settings import MeasurementSettings
from .measurement.source import list_source
from .outputs.atomic import whole_file
from .predict import named_columns, open_model

if TYPE_CHECKING:
    from features.segmentation.segment import Segmentation

    from .reporting.cell_sheet import CellSheet


@dataclass(frozen=True)
class Explanation:
    """What was written.

    Parameters
    ----------
    page : Path
    cells : tuple of CellSheet
    """

    page: Path
    cells: tuple[CellSheet, ...]


def explain(
    model: Path,
    image: Path,
    out: Path,
    *,
    cell: int | None = None,
    masks: Path | None = None,
    mask_is: Literal["nucleus", "cell"] | None = None,
    source: Literal["auto", "crop", "field"] = "auto",
    embedding: str | None = None,
    pixel_size: float | None = None,
    max_pixels: int = 100_000_000,
    max_bytes: int = 1_000_000_000,
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
    cell : int, optional
        Only this one of several cells, as `extract` numbers them.
    masks, mask_is, source, pixel_size, max_pixels, max_bytes
        As for `extract`.
    embedding : str, optional
        As for `predict`.

    Raises
    ------
    DataError, CellError, ModelError
        If the image, the options or the bundle cannot be used.
    """
    import pandas as pd

    from .reporting.cell_sheet import Stored
    from .reporting.explanation_page import sheet

    if out.suffix not in {".html", ".htm"}:
        raise DataError(f"{out} ends in {out.suffix!r}", "give .html")
    bundle, network, stain = open_model(model, embedding)
    stored = Stored.read(model, bundle)
    entries = list_source(image, masks=masks, shared=False).entries
    if len(entries) != 1 or image.is_dir():
        what = "a folder" if image.is_dir() else f"a list of {len(entries)} images"
        raise DataError(f"{image} is {what}", "name one image")
    columns = named_columns(bundle, network)
    settings = MeasurementSettings(
        columns, source, mask_is, pixel_size, max_pixels, max_bytes, network, stain
    )
    try:
        with stage("read"):
            content, mask = read_entry(entries[0], max_bytes)
        rgb, found = decode_and_segment(content, mask, settings)
        part = measure_record(content, rgb, found, settings)
    except RefusedImage as refused:
        raise DataError(
            f"{image}: {refused.failure.stage}: {refused.failure.reason}", refused.failure.remedy
        ) from refused
    chosen = _chosen(found, cell)
    table = pd.DataFrame(part.values[chosen], columns=list(settings.all_columns))
    cells = stored.sheets(bundle, table, found, part, chosen)
    page = sheet(entries[0].name, rgb, found, cells, bundle, stored.evaluation)
    with whole_file(out) as temporary:
        temporary.write_text(page, encoding="utf-8")
    return Explanation(out, cells)


def _chosen(found: Segmentation, cell: int | None) -> list[int]:
    if cell is None:
        return list(range(len(found.cells)))
    if not 1 <= cell <= len(found.cells):
        raise DataError(
            f"there is no cell {cell}", f"the image has {len(found.cells)}, numbered from 1"
        )
    return [cell - 1]
