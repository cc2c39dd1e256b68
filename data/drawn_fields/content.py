"""What a field shows: how many objects of which kinds, and how crowded it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

Kind = Literal["white cell", "smudge", "platelet", "precipitate"]
WhiteCellType = Literal[
    "lymphocyte",
    "blast",
    "neutrophil",
    "band",
    "monocyte",
    "eosinophil",
    "basophil",
    "erythroblast",
    "promyelocyte",
]

# Cell types with their shares in a field, and their radii in diameters of a red cell.
TYPES: dict[WhiteCellType, tuple[float, tuple[float, float]]] = {
    "lymphocyte": (0.22, (0.52, 0.85)),
    "blast": (0.18, (0.62, 1.15)),
    "neutrophil": (0.24, (0.72, 1.10)),
    "band": (0.06, (0.72, 1.10)),
    "monocyte": (0.12, (0.85, 1.35)),
    "eosinophil": (0.09, (0.75, 1.10)),
    "basophil": (0.05, (0.65, 1.00)),
    "erythroblast": (0.04, (0.45, 0.75)),
    "promyelocyte": (0.05, (0.80, 1.25)),
}


@dataclass(frozen=True)
class FieldContent:
    """Numbers of objects in a field; those that find no free place are left out.

    Attributes
    ----------
    white_cells : int
        White cells placed singly.
    types : tuple of str, optional
        Their types, each equally frequent; None: all types, as frequent as `TYPES` says.
    clusters : tuple of int
        Number of cells of each cluster of touching blasts.
    smudges : int
        Broken cells.
    platelets, clumps : int
        Single platelets; clumps of platelets.
    precipitates : int
        Grains and clouds of precipitated stain.
    crowding : float
        Share of the field that red cells cover, 0..0.9.
    overlap : float
        Share of red cells that may overlap with others, 0..1.
    pallor : float
        How pale the centre of a red cell is, 0..1.
    edges : bool
        Whether white cells may be cut by the picture's border.
    """

    white_cells: int = 4
    types: tuple[WhiteCellType, ...] | None = None
    clusters: tuple[int, ...] = ()
    smudges: int = 0
    platelets: int = 8
    clumps: int = 0
    precipitates: int = 0
    crowding: float = 0.35
    overlap: float = 0.2
    pallor: float = 0.5
    edges: bool = True


def random_content(
    rng: np.random.Generator, shape: tuple[int, int], red_cell: float
) -> FieldContent:
    """Return a random content that fits a field, from sparse to crowded, in one of five empty.

    Parameters
    ----------
    rng : Generator
    shape : (int, int)
        Rows and columns of the field.
    red_cell : float
        Diameter of a red cell in pixels.
    """
    room = shape[0] * shape[1] / red_cell**2  # the field's area in squared red-cell diameters
    kind = rng.choice(["empty", "healthy", "leukaemic"], p=[0.2, 0.5, 0.3])
    small = float(rng.gamma(1.2, room / 60))
    any_field = FieldContent(
        0,
        platelets=min(int(rng.poisson(small)), 150),
        clumps=int(rng.random() < 0.15),
        precipitates=int(rng.poisson(2)) if rng.random() < 0.3 else 0,
        crowding=float(rng.uniform(0.05, 0.65)),
        overlap=float(rng.uniform(0, 0.5)),
        pallor=float(rng.uniform(0, 0.85)),
    )
    if kind == "empty":
        return replace(any_field, smudges=int(rng.random() < 0.2))
    if kind == "healthy":
        cells = 1 + min(int(rng.poisson(room / 80)), 12)
        return replace(any_field, white_cells=cells, smudges=int(rng.random() < 0.3))
    most = int(np.clip(room / 25, 1, 40))
    clusters = tuple(int(rng.integers(2, 9)) for _ in range(rng.integers(0, 2 + most // 5)))
    return replace(
        any_field,
        white_cells=int(rng.integers(1, most + 1)),
        types=("blast", "blast", "blast", "lymphocyte", "neutrophil", "monocyte"),
        clusters=clusters[:4],
        smudges=int(rng.integers(0, 2 + most // 4)),
    )
