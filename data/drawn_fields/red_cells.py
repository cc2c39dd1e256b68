"""Red cells: discs with a pale centre, single, overlapping and in rolls."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .content import FieldContent
from .outlines import radial_level
from .planes import Plane

_STAMPS = 20  # different red cells of a field; each is used in several places and turns
_ROLL_SHARE = 0.25  # of the cells that may overlap: those in rolls
_SATURATION = (1.3, 2.6)  # of overlapping red cells, relative to one cell; a range of fields


def red_cell_density(
    rng: np.random.Generator, content: FieldContent, shape: tuple[int, int], red_cell: float
) -> Plane:
    """Return the density of haemoglobin, 1 for the thick part of one red cell."""
    stamps = _stamps(rng, content, red_cell)
    half = stamps[0].shape[0] // 2
    # A margin, so that stamps on the border need no special case.
    plane = np.zeros((shape[0] + 4 * half, shape[1] + 4 * half), np.float32)
    for row, col in _centres(rng, content, shape, red_cell):
        stamp = stamps[int(rng.integers(_STAMPS))]
        if rng.random() < 0.5:
            stamp = stamp.T
        top, left = round(row) + half, round(col) + half
        plane[top : top + stamp.shape[0], left : left + stamp.shape[1]] += stamp
    inner = plane[2 * half : 2 * half + shape[0], 2 * half : 2 * half + shape[1]]
    most = rng.uniform(*_SATURATION)
    # One red cell keeps its density.
    scale = most * np.arctanh(1 / most)
    return np.asarray(most * np.tanh(inner * scale / most), np.float32)


def _stamps(rng: np.random.Generator, content: FieldContent, red_cell: float) -> list[Plane]:
    """Return different red cells, each in a window of the same odd size."""
    half = int(0.8 * red_cell) + 2
    side = 2 * half + 1
    variation = rng.uniform(0.03, 0.09)
    crenated = rng.random() < 0.15
    bright_spots = rng.random() < 0.25
    focus = rng.uniform(0.2, 0.5)
    stretch = 0.05 * rng.lognormal(0, 0.6)
    # From a soft dip to a flat bottom with a sharp edge.
    steepness = 2 ** rng.uniform(1, 3)
    stamps = []
    for _ in range(_STAMPS):
        radius = 0.5 * red_cell * float(np.clip(rng.normal(1, variation), 0.75, 1.25))
        waves, last = (0.05, 12) if crenated and rng.random() < 0.5 else (0.015, 5)
        level = radial_level(
            rng, side, (half, half), radius, stretch=stretch, waves=waves, last=last
        )
        edge = 1 / (1 + np.exp(np.clip((level - 1) * (radius * focus * 4), -30, 30)))
        depth = float(np.clip(content.pallor + rng.normal(0, 0.15), 0, 0.97))
        width = rng.uniform(0.3, 0.65)
        stamp = (
            edge * rng.uniform(0.8, 1.15) * (1 - depth * np.exp(-((level / width) ** steepness)))
        )
        if bright_spots and rng.random() < 0.4:
            stamp = _with_bright_spot(rng, stamp, half, radius)
        stamps.append(np.asarray(stamp, np.float32))
    return stamps


def _with_bright_spot(rng: np.random.Generator, stamp: Plane, half: int, radius: float) -> Plane:
    """Return a red cell with a drying artefact: a small bright spot with a dark rim."""
    centre = (half + rng.normal(0, 0.25) * radius, half + rng.normal(0, 0.25) * radius)
    spot = radial_level(rng, stamp.shape[0], centre, rng.uniform(0.1, 0.25) * radius)
    rim = np.float32(0.7) * np.exp(-(((spot - 1) / np.float32(0.4)) ** 2))
    return np.asarray(stamp * (1 + rim - 0.9 * np.exp(-(spot**4))), np.float32)


def _centres(
    rng: np.random.Generator, content: FieldContent, shape: tuple[int, int], red_cell: float
) -> NDArray[np.float64]:
    """Return the centres (n, 2): denser in parts of the field, few overlaps, some rolls."""
    from scipy.spatial import cKDTree

    margin = 0.6 * red_cell
    size = np.array(shape) + 2 * margin
    wanted = content.crowding * size.prod() / (np.pi / 4 * red_cell**2)
    count = rng.poisson(2.2 * wanted)
    points = rng.random((count, 2)) * size - margin
    points = points[rng.random(count) < _unevenness(rng, points, shape)]
    distance = red_cell * rng.uniform(0.9, 1.08)
    pairs = cKDTree(points).query_pairs(distance, output_type="ndarray") if len(points) else []
    tolerant = rng.random(len(points)) < content.overlap
    kept = np.ones(len(points), np.bool_)
    for one, two in sorted(map(tuple, pairs)):
        if kept[one] and kept[two] and not (tolerant[one] and tolerant[two]):
            kept[max(one, two)] = False
    points, tolerant = points[kept], tolerant[kept]
    points, tolerant = points[: round(wanted)], tolerant[: round(wanted)]
    points = _with_rolls(rng, points, tolerant, red_cell)
    return points[((points > -margin) & (points < np.array(shape) + margin)).all(axis=1)]


def _unevenness(
    rng: np.random.Generator, points: NDArray[np.float64], shape: tuple[int, int]
) -> NDArray[np.float64]:
    """Return the chance of each point to be kept, which varies over the field."""
    amount = rng.uniform(0, 0.8)
    waves = np.zeros(len(points))
    for _ in range(3):
        pace = rng.normal(0, 5, 2) / max(shape)
        waves += np.cos(points @ pace + rng.uniform(0, 2 * np.pi)) / 3
    return np.asarray(1 - amount * (0.5 - 0.5 * waves), np.float64)


def _with_rolls(
    rng: np.random.Generator,
    points: NDArray[np.float64],
    tolerant: NDArray[np.bool_],
    red_cell: float,
) -> NDArray[np.float64]:
    """Return the points and, behind some of them, a roll of overlapping cells."""
    rolls = [points]
    for place in points[tolerant & (rng.random(len(points)) < _ROLL_SHARE)]:
        length = int(rng.integers(1, 5))
        turn = rng.uniform(0, 2 * np.pi)
        pace = red_cell * rng.uniform(0.3, 0.7)
        steps = pace * np.arange(1, length + 1)[:, None]
        rolls.append(place + steps * np.array([np.sin(turn), np.cos(turn)]))
    return np.concatenate(rolls)
