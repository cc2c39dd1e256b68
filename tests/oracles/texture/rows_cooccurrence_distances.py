"""Co-occurrence at distances of 1, 2 and 4, by the parameters of the columns.

The rows of `rows_cooccurrence.py` have one distance; these begin with the word ``d4``.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from oracles.texture.rows_cooccurrence import PROPERTIES
from oracles.vetting import Check, Function
from support.cells.example_cells import textured_cell

from features.core.cell import Cell
from features.core.registry import FEATURES, Axes
from features.texture.cooccurrence.glcm import HARALICK, TEXTURE, Glcm
from features.texture.cooccurrence.haralick import HARALICK_NAMES
from features.verification.mahotas_oracle import haralick
from features.verification.skimage_oracle import cooccurrence_properties

DISTANCES = (1, 2, 4)
AXES = Axes(
    ("Cells",),
    ("Gray",),
    tuple(f"d{each}_32_{how}" for each in DISTANCES for how in ("mean", "range")),
)


def of_columns(view: Glcm, function: Function) -> np.ndarray:
    """Return mean and range at each distance, as in the feature table."""
    values = np.array(function(view))[None]
    finished = TEXTURE.finish(view, values, AXES)
    return finished.reshape(len(DISTANCES), 2)


def row(key: str, oracle: str, cell: Cell, turned: np.ndarray) -> Check:
    """Return one row for values (distances, directions) of another program."""
    view = (HARALICK if key.startswith("Haralick") else TEXTURE).view(cell, AXES)
    expected = np.stack([turned.mean(axis=1), np.ptp(turned, axis=1)], axis=1)
    return Check(key, oracle, True, expected, partial(of_columns, view), 1e-9, 1e-12)


def mahotas_rows() -> list[Check]:
    cell = textured_cell()
    levels = np.where(cell.cell, cell.plane("Gray") // 8 + 1, 0)
    peers = [haralick(levels, each) for each in DISTANCES]
    texture_records = {
        record.function: record for record in FEATURES.values() if record.family is TEXTURE
    }
    return [
        row(key, "mahotas", cell, np.array([peer[name] for peer in peers]))
        for name, function in HARALICK_NAMES.items()
        for key in (f"Haralick_{name}", texture_records[function].key)
    ]


def skimage_rows() -> list[Check]:
    """A whole image, since graycomatrix takes no mask."""
    cell = textured_cell()
    whole = Cell(cell.rgb, cell.nucleus, np.ones(cell.cell.shape, bool))
    levels = cell.plane("Gray") // 8 + 1
    peers = [cooccurrence_properties(levels, 32, each) for each in DISTANCES]
    return [
        row(f"Texture_{name}", "scikit-image", whole, np.array([peer[word] for peer in peers]))
        for name, word in PROPERTIES.items()
    ]


CHECKS = mahotas_rows() + skimage_rows()
