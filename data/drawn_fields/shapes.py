"""The shape of one object: which pixels it covers and which of these are its nucleus."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .outlines import curved_nucleus, lobed_nucleus, radial_level, round_nucleus
from .placement import Place
from .planes import Mask, Plane, noise

_REACH = 1.7  # half the window's side, in radii of the object


@dataclass(frozen=True, eq=False)
class Shape:
    """An object in its square window, which may extend beyond the field.

    Attributes
    ----------
    top, left : int
        Position of the window in the field, in pixels.
    level : (side, side) float32
        Below 1 inside the object; grows outwards.
    nucleus : (side, side) bool
    """

    top: int
    left: int
    level: Plane
    nucleus: Mask


Drawer = Callable[[np.random.Generator, int, float], tuple[Plane, Mask]]
"""Draws an object of a radius into the middle of a window of a side: level and nucleus."""


def draw_shape(rng: np.random.Generator, place: Place) -> Shape:
    """Return the shape of an object."""
    half = int(_REACH * place.radius) + 2
    level, nucleus = _DRAWERS[place.variety](rng, 2 * half + 1, place.radius)
    return Shape(round(place.row) - half, round(place.col) - half, level, nucleus)


def _cell_level(
    rng: np.random.Generator, side: int, radius: float, stretch: float, waves: float
) -> Plane:
    middle = (side - 1) / 2
    return radial_level(rng, side, (middle, middle), radius, stretch=stretch, waves=waves)


def _round(ratio: tuple[float, float], notch: float, waves: float) -> Drawer:
    """Return the drawer of cells with one round or indented nucleus."""

    def draw(rng: np.random.Generator, side: int, radius: float) -> tuple[Plane, Mask]:
        level = _cell_level(rng, side, radius, 0.06, waves)
        depth = float(np.clip(rng.normal(notch, 0.06), 0, 0.35))
        return level, round_nucleus(rng, level, radius, rng.uniform(*ratio), depth)

    return draw


def _lobed(shares: dict[int, float]) -> Drawer:
    """Return the drawer of cells whose nucleus has several lobes, with the shares of counts."""

    def draw(rng: np.random.Generator, side: int, radius: float) -> tuple[Plane, Mask]:
        level = _cell_level(rng, side, radius, 0.05, 0.02)
        lobes = int(rng.choice(list(shares), p=list(shares.values())))
        return level, lobed_nucleus(rng, level, radius, lobes)

    return draw


def _curved(span: tuple[float, float], width: tuple[float, float], waves: float) -> Drawer:
    """Return the drawer of cells with a kidney, horseshoe or band as nucleus."""

    def draw(rng: np.random.Generator, side: int, radius: float) -> tuple[Plane, Mask]:
        level = _cell_level(rng, side, radius, 0.07, waves)
        nucleus = curved_nucleus(rng, level, radius, rng.uniform(*span), rng.uniform(*width))
        return level, nucleus

    return draw


def _smudge(stretch: float, waves: float, fray: float, core: float) -> Drawer:
    """Return the drawer of broken cells: a frayed patch; its core counts as the nucleus."""

    def draw(rng: np.random.Generator, side: int, radius: float) -> tuple[Plane, Mask]:
        middle = (side - 1) / 2
        level = radial_level(
            rng, side, (middle, middle), 0.8 * radius, stretch=stretch, waves=waves, last=9
        )
        level = level + np.float32(fray) * noise(rng, side, side, 0.08 * radius)
        return level, level < core

    return draw


def _platelet(rng: np.random.Generator, side: int, radius: float) -> tuple[Plane, Mask]:
    middle = (side - 1) / 2
    level = radial_level(rng, side, (middle, middle), radius, stretch=0.15, waves=0.06)
    return level, np.zeros_like(level, np.bool_)


def _clump(rng: np.random.Generator, side: int, radius: float) -> tuple[Plane, Mask]:
    """Draw platelets that stick together: each new one touches an earlier one."""
    middle = (side - 1) / 2
    size = radius * rng.uniform(0.25, 0.4)
    places = [(middle, middle)]
    level = np.full((side, side), np.inf, np.float32)
    for _ in range(int(rng.integers(4, 14))):
        row, col = places[int(rng.integers(len(places)))]
        own = size * rng.uniform(0.7, 1.2)
        level = np.minimum(
            level, radial_level(rng, side, (row, col), own, stretch=0.15, waves=0.06)
        )
        turn, apart = rng.uniform(0, 2 * np.pi), 1.5 * size
        following = (row + apart * np.sin(turn), col + apart * np.cos(turn))
        if np.hypot(following[0] - middle, following[1] - middle) < radius:
            places.append(following)
    return level, np.zeros_like(level, np.bool_)


def _grain(rng: np.random.Generator, side: int, radius: float) -> tuple[Plane, Mask]:
    middle = (side - 1) / 2
    level = radial_level(rng, side, (middle, middle), radius, stretch=0.25, waves=0.1)
    return level, np.zeros_like(level, np.bool_)


def _cloud(rng: np.random.Generator, side: int, radius: float) -> tuple[Plane, Mask]:
    """Draw a cloud of dots of stain."""
    middle = (side - 1) / 2
    chance = np.exp(-2 * _cell_level(rng, side, radius, 0.3, 0.05) ** 2)
    dots = noise(rng, side, side, max(0.02 * radius, 0.6))
    level = 1.8 + rng.uniform(0, 0.6) - dots * np.sqrt(chance)
    level[:, [0, -1]] = level[[0, -1]] = 2
    level[round(middle), round(middle)] = 0.5  # never empty
    return np.asarray(level, np.float32), np.zeros_like(level, np.bool_)


_DRAWERS: dict[str, Drawer] = {
    "lymphocyte": _round((0.62, 0.93), 0.03, 0.02),
    "blast": _round((0.78, 0.95), 0.08, 0.03),
    "neutrophil": _lobed({2: 0.15, 3: 0.4, 4: 0.3, 5: 0.15}),
    "band": _curved((2.6, 4.2), (0.34, 0.46), 0.02),
    "monocyte": _curved((1.2, 3.0), (0.72, 0.98), 0.045),
    "eosinophil": _lobed({2: 0.8, 3: 0.2}),
    "basophil": _lobed({2: 0.6, 3: 0.4}),
    "erythroblast": _round((0.5, 0.72), 0.0, 0.02),
    "promyelocyte": _round((0.62, 0.84), 0.06, 0.03),
    "ragged": _smudge(0.2, 0.06, 0.10, 1.0),
    "streak": _smudge(0.5, 0.07, 0.12, 1.0),
    "net": _smudge(0.2, 0.08, 0.12, 0.45),
    "single": _platelet,
    "clump": _clump,
    "grain": _grain,
    "cloud": _cloud,
}
