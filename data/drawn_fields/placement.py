"""Where the objects of a field are, how large they are and of which type."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .content import TYPES, FieldContent, Kind, WhiteCellType

_ATTEMPTS = 40
_CLUSTERED = (*["blast"] * 8, "lymphocyte", "neutrophil")  # cells that touch the first blast


@dataclass(frozen=True)
class Place:
    """An object to draw.

    Attributes
    ----------
    kind : "white cell", "smudge", "platelet" or "precipitate"
    variety : str
        The type of the white cell; how the other kinds look.
    row, col, radius : float
        In pixels.
    """

    kind: Kind
    variety: str
    row: float
    col: float
    radius: float


def place_objects(
    rng: np.random.Generator, content: FieldContent, shape: tuple[int, int], red_cell: float
) -> list[Place]:
    """Return the places of all objects but red cells; white cells and clusters first."""
    places: list[Place] = []
    for count in content.clusters:
        places += _cluster(rng, places, content, shape, red_cell, count)
    for kind, variety, radius in _wanted(rng, content):
        places += _free(rng, places, content, shape, (kind, variety, red_cell * radius))
    return places


def _wanted(rng: np.random.Generator, content: FieldContent) -> Iterator[tuple[Kind, str, float]]:
    """Yield kind, variety and radius, in diameters of a red cell, of each single object."""
    for _ in range(content.white_cells):
        cell_type = _cell_type(rng, content)
        yield "white cell", cell_type, rng.uniform(*TYPES[cell_type][1])
    for _ in range(content.smudges):
        yield (
            "smudge",
            str(rng.choice(["ragged", "ragged", "streak", "net"])),
            rng.uniform(0.7, 1.5),
        )
    for _ in range(content.clumps):
        yield "platelet", "clump", rng.uniform(0.4, 1.1)
    for _ in range(content.platelets):
        # One of fifteen is a giant platelet.
        giant = 2.0 if rng.random() < 1 / 15 else 1.0
        yield "platelet", "single", giant * rng.uniform(0.12, 0.24)
    for _ in range(content.precipitates):
        if rng.random() < 0.3:
            yield "precipitate", "cloud", rng.uniform(0.8, 2.5)
        else:
            yield "precipitate", "grain", rng.uniform(0.05, 0.25)


def _cell_type(rng: np.random.Generator, content: FieldContent) -> WhiteCellType:
    """Return a random type of white cell."""
    if content.types is not None:
        return content.types[int(rng.integers(len(content.types)))]
    names = list(TYPES)
    shares = np.array([TYPES[name][0] for name in names])
    return names[int(rng.choice(len(names), p=shares / shares.sum()))]


def _free(
    rng: np.random.Generator,
    places: list[Place],
    content: FieldContent,
    shape: tuple[int, int],
    wanted: tuple[Kind, str, float],
) -> list[Place]:
    """Return the object at a random place that no other one occupies, or nothing."""
    kind, variety, radius = wanted
    margin = -0.5 * radius if content.edges else 1.25 * radius
    if 2 * margin >= min(shape):
        return []
    # White cells touch now and then; small objects keep clear of the others.
    gap = rng.uniform(0.98, 1.3) if kind == "white cell" else 1.12
    for _ in range(_ATTEMPTS):
        row = rng.uniform(margin, shape[0] - margin)
        col = rng.uniform(margin, shape[1] - margin)
        if _fits(places, row, col, radius, gap):
            return [Place(kind, variety, row, col, radius)]
    return []


def _fits(places: list[Place], row: float, col: float, radius: float, gap: float) -> bool:
    """Whether a disc keeps its distance, `gap` times the sum of radii, from all places."""
    return all(
        np.hypot(other.row - row, other.col - col) >= gap * (other.radius + radius)
        for other in places
    )


def _cluster(
    rng: np.random.Generator,
    places: list[Place],
    content: FieldContent,
    shape: tuple[int, int],
    red_cell: float,
    count: int,
) -> list[Place]:
    """Return touching blasts: each new one is pressed against an earlier one."""
    size = red_cell * rng.uniform(0.65, 0.95)
    start = _free(rng, places, content, shape, ("white cell", "blast", size))
    cells = list(start)
    closeness = rng.uniform(0.80, 1.0)
    for _ in range(_ATTEMPTS * count):
        if not start or len(cells) == count:
            break
        neighbour = cells[int(rng.integers(len(cells)))]
        radius = size * rng.uniform(0.85, 1.15)
        apart = closeness * (neighbour.radius + radius)
        angle = rng.uniform(0, 2 * np.pi)
        row = neighbour.row + apart * np.sin(angle)
        col = neighbour.col + apart * np.cos(angle)
        margin = -0.5 * radius if content.edges else 1.25 * radius
        inside = margin <= row < shape[0] - margin and margin <= col < shape[1] - margin
        if inside and _fits(places, row, col, radius, 1.0) and _fits(cells, row, col, radius, 0.80):
            variety = str(rng.choice(_CLUSTERED))
            cells.append(Place("white cell", variety, row, col, radius))
    return cells
