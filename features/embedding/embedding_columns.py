"""Embeddings: columns that a neural network computes from the image of a cell.

They have no definition that a reader could check. They show what the named features miss. Their
names and meanings come from the network, not from the registry.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import cv2
import numpy as np

from ..core.catalogue import ColumnRecord
from ..core.cell import Cell
from ..primitives.arrays import Bytes, Floats
from .network import BATCH, Network
from .network_input import Preprocessing

FAMILY = "Embedding"
# Increased when the same pixels and network give other values.
VERSION = 1
IMAGENET_CLASSES = 1000

View = Literal["Cells", "Image"]
VIEWS: tuple[View, ...] = ("Cells", "Image")
_VIEW_TEXTS: Mapping[View, str] = {
    "Cells": "the cell's window with all that is outside the cell masked",
    "Image": "the cell's window as it is, background included (kept out of training)",
}
_TITLE_PLACES: Mapping[View, str] = {"Cells": "cell", "Image": "image"}
_WINDOW_SIDES = 2.0  # side of the window of a cell in a field, in longer sides of its bounding box


@dataclass(frozen=True)
class Embedding:
    """A network, its preprocessing, and the columns that it fills.

    Parameters
    ----------
    name : str
        The network's part of a column name: letters and digits.
    sha256 : str
        SHA-256 of the file of its weights.
    width : int
        Number of values of an image.
    preprocessing : Preprocessing
    views : tuple of {"Cells", "Image"}
        ``Cells`` is the cell without its background, ``Image`` its window with the background.
    version : int
        Version of this module's computation.

    Examples
    --------
    >>> settings = Preprocessing(8, 8, (0.5,) * 3, (0.5,) * 3, "RGB", "pad", "values")
    >>> Embedding("tiny", "0" * 64, 2, settings, ("Cells",)).columns
    ('Cells_Embedding_tiny_0000', 'Cells_Embedding_tiny_0001')
    """

    name: str
    sha256: str
    width: int
    preprocessing: Preprocessing
    views: tuple[View, ...] = VIEWS
    version: int = VERSION

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns: those of the first view, then those of the second."""
        return tuple(
            f"{view}_{FAMILY}_{self.name}_{index:04d}"
            for view in self.views
            for index in range(self.width)
        )

    def versions(self) -> dict[str, int]:
        """Return the version of each column."""
        return dict.fromkeys(self.columns, self.version)

    def identity(self) -> dict[str, Any]:
        """Return everything that the values depend on, as JSON values."""
        record = asdict(self)
        del record["views"]
        record["preprocessing"] = {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in record["preprocessing"].items()
        }
        return record

    def descriptions(self) -> dict[str, ColumnRecord]:
        """Return the record of each column, as in the catalogue."""
        return {
            name: ColumnRecord(
                title=f"Embedding {int(name[-4:])}, {_TITLE_PLACES[view]} ({self.name})",
                plain=f"value without a name of the network {self.name} ({name[-4:]})",
                compartment=name.split("_")[0],
                family=FAMILY,
                feature=self.name,
                channel="",
                colours=["Red", "Green", "Blue"],
                mean=False,
                parameters=name[-4:],
                unit="1",
                range="(-inf, inf)",
                definition=(
                    f"value {int(name[-4:])} of {self.width} that the network {self.name} gives for"
                    f" {_VIEW_TEXTS[view]}"
                ),
                nan="",
                invariances="",
                reference=f"the network of SHA-256 {self.sha256}",
                ibsi="",
                vetted="",
                version=self.version,
            )
            for view in self.views
            for name in self.columns
            if name.startswith(view)
        }


def cell_window(rgb: Bytes, cell: Cell, source: Literal["crop", "field"]) -> tuple[slice, slice]:
    """Return the part of an image that a network sees of a cell.

    Parameters
    ----------
    rgb : (rows, cols, 3) uint8
        The image.
    cell : Cell
        Its `origin` is its place in the image.
    source : {"crop", "field"}
        Of a crop all; of a field a square of twice the longer side of the bounding box, cut off
        at the image border.

    Returns
    -------
    (slice, slice)
        Rows and columns.
    """
    rows, cols = rgb.shape[:2]
    if source == "crop":
        return slice(0, rows), slice(0, cols)
    high, wide = cell.cell.shape
    half = _WINDOW_SIDES * max(high, wide) / 2
    row, col = cell.origin[0] + high / 2, cell.origin[1] + wide / 2
    return (
        slice(max(0, round(row - half)), min(rows, round(row + half))),
        slice(max(0, round(col - half)), min(cols, round(col + half))),
    )


def view_images(
    rgb: Bytes, cell: Cell, source: Literal["crop", "field"], embedding: Embedding
) -> Iterator[Bytes]:
    """Yield the image of a cell for each view of the embedding: (rows, cols, 3) uint8."""
    box = cell_window(rgb, cell, source)
    seen = np.ascontiguousarray(rgb[box])
    for view in embedding.views:
        if view == "Image":
            yield seen
            continue
        inside = np.zeros(rgb.shape[:2], dtype=np.uint8)
        (top, left), (rows, cols) = cell.origin, cell.cell.shape
        inside[top : top + rows, left : left + cols] = cell.cell
        masked = np.empty_like(seen)
        corner = (seen.shape[1], seen.shape[0])
        cv2.rectangle(masked, (0, 0), corner, embedding.preprocessing.fill_level, cv2.FILLED)
        cv2.copyTo(seen, np.ascontiguousarray(inside[box]), masked)
        yield masked


def embed(
    network: Network,
    embedding: Embedding,
    rgb: Bytes,
    cells: Sequence[Cell],
    source: Literal["crop", "field"],
) -> Floats:
    """Run a network on the cells of an image, in batches.

    Parameters
    ----------
    network : Network
    embedding : Embedding
    rgb : (rows, cols, 3) uint8
        The image with the cells.
    cells : sequence of Cell
    source : {"crop", "field"}

    Returns
    -------
    (cells, columns of `embedding`) float64

    Raises
    ------
    CellError
        If the network fails or returns values that are not finite.
    """
    views, prepare = len(embedding.views), embedding.preprocessing
    step = max(1, BATCH // views)
    parts = [np.empty((0, views * embedding.width))]
    for start in range(0, len(cells), step):
        some = cells[start : start + step]
        shown = (one for cell in some for one in view_images(rgb, cell, source, embedding))
        pixels = np.empty((len(some) * views, 3, prepare.rows, prepare.cols), dtype=np.float32)
        for place, one in enumerate(shown):
            pixels[place] = prepare.apply(one)
        values = network.run(pixels, prepare.output)
        parts.append(values.reshape(len(some), -1).astype(np.float64))
    return np.concatenate(parts)
