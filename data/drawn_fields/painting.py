"""The stains of one object: densities of haemoglobin, eosin, azure and chromatin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .outlines import radial_level
from .placement import Place
from .planes import Mask, NoiseTile, Plane, soften
from .shapes import Shape

Stains = NDArray[np.float32]
"""Densities (side, side, 4) of the stains in the order of `camera.Stain`."""

_EOSIN, _AZURE, _CHROMATIN = 1, 2, 3


@dataclass(frozen=True)
class Look:
    """How a type of white cell is stained.

    Attributes
    ----------
    chromatin : float
        Density of the nucleus.
    clumps : float
        Contrast of its chromatin clumps.
    azure, eosin : float
        Densities of the cytoplasm.
    pink_granules, dark_granules : float
        Densities of granules in the cytoplasm, eosinophilic and basophilic.
    nucleoli, vacuoles : float
        Mean numbers.
    """

    chromatin: float
    clumps: float
    azure: float
    eosin: float = 0.0
    pink_granules: float = 0.0
    dark_granules: float = 0.0
    nucleoli: float = 0.0
    vacuoles: float = 0.0


LOOKS: dict[str, Look] = {
    "lymphocyte": Look(0.86, 0.22, 0.50),
    "blast": Look(0.72, 0.10, 0.65, nucleoli=1.5, vacuoles=0.2),
    "neutrophil": Look(0.90, 0.20, 0.14, eosin=0.12, pink_granules=0.14),
    "band": Look(0.84, 0.18, 0.14, eosin=0.12, pink_granules=0.14),
    "monocyte": Look(0.66, 0.16, 0.36, eosin=0.06, vacuoles=1.0),
    "eosinophil": Look(0.80, 0.18, 0.12, eosin=0.25, pink_granules=0.8),
    "basophil": Look(0.62, 0.12, 0.30, eosin=0.10, dark_granules=0.65),
    "erythroblast": Look(1.0, 0.25, 0.45, eosin=0.25),
    "promyelocyte": Look(0.68, 0.12, 0.45, eosin=0.08, dark_granules=0.3, nucleoli=1.0),
}


@dataclass(frozen=True, eq=False)
class Textures:
    """Noise of the sizes that occur in cells, shared by all objects of a field."""

    grain: NoiseTile
    granules: NoiseTile
    clumps: NoiseTile
    mottle: NoiseTile


def make_textures(rng: np.random.Generator, red_cell: float) -> Textures:
    """Return the noise for red cells of a diameter in pixels."""
    grain, granules, clumps, mottle = (
        NoiseTile(rng, max(share * red_cell, 0.4)) for share in (0.02, 0.035, 0.055, 0.12)
    )
    return Textures(grain, granules, clumps, mottle)


def paint(
    rng: np.random.Generator, place: Place, shape: Shape, owned: Mask, textures: Textures
) -> Stains:
    """Return the stains of an object in its window.

    Parameters
    ----------
    rng : Generator
    place : Place
    shape : Shape
    owned : (side, side) bool
        The object's pixels that no neighbour covers.
    textures : Textures
    """
    if place.kind == "white cell":
        return _paint_white_cell(rng, place, shape, owned, textures)
    return _PAINTERS[place.variety](rng, place.radius, shape.level, owned, textures)


def _paint_white_cell(
    rng: np.random.Generator, place: Place, shape: Shape, owned: Mask, textures: Textures
) -> Stains:
    look, radius, side = LOOKS[place.variety], place.radius, owned.shape[0]
    stains = np.zeros((side, side, 4), np.float32)
    cell = soften(owned, 0.025 * radius)
    nucleus = soften(shape.nucleus & owned, 0.025 * radius)
    plasma = cell * (1 - 0.75 * nucleus)
    mottle = 1 + np.float32(0.10) * textures.mottle.window(rng, side, side)
    rim = 1 + 0.35 * np.minimum(shape.level, 1) ** 4
    stains[..., _AZURE] = look.azure * rng.lognormal(0, 0.22) * plasma * mottle * rim
    stains[..., _EOSIN] = look.eosin * rng.lognormal(0, 0.25) * plasma * mottle
    if look.pink_granules:
        granules = _granules(rng, textures, side)
        stains[..., _EOSIN] += look.pink_granules * rng.lognormal(0, 0.2) * plasma * granules
    chromatin = _chromatin(rng, look, nucleus, textures)
    if look.nucleoli:
        holes = _holes(rng, shape.nucleus, rng.poisson(look.nucleoli), (0.10, 0.17), radius)
        chromatin *= 1 - 0.4 * holes
        stains[..., _AZURE] += 0.4 * holes * nucleus
    if look.dark_granules:
        chromatin += look.dark_granules * cell * _granules(rng, textures, side)
    stains[..., _CHROMATIN] = chromatin
    if look.vacuoles:
        count = rng.poisson(look.vacuoles) if rng.random() < 0.4 else 0
        plasma_only = owned & ~shape.nucleus
        stains *= (1 - 0.8 * _holes(rng, plasma_only, count, (0.05, 0.10), radius))[..., None]
    return stains


def _chromatin(rng: np.random.Generator, look: Look, nucleus: Plane, textures: Textures) -> Plane:
    side = nucleus.shape[0]
    clumps = np.tanh(1.4 * textures.clumps.window(rng, side, side))
    grain = textures.grain.window(rng, side, side)
    strength = look.chromatin * rng.lognormal(0, 0.10)
    contrast = look.clumps * rng.uniform(0.6, 1.3)
    return np.asarray(
        strength * nucleus * (1 + np.float32(contrast) * clumps + np.float32(0.06) * grain),
        np.float32,
    )


def _granules(rng: np.random.Generator, textures: Textures, side: int) -> Plane:
    """Return 0..1: close-packed granules."""
    return np.asarray(1 / (1 + np.exp(-3 * textures.granules.window(rng, side, side))), np.float32)


def _holes(
    rng: np.random.Generator, inside: Mask, count: int, size: tuple[float, float], radius: float
) -> Plane:
    """Return 0..1: round holes at random places inside a mask, sized relative to a radius."""
    side = inside.shape[0]
    holes = np.zeros((side, side), np.float32)
    rows, cols = np.nonzero(inside)
    for _ in range(count if rows.size else 0):
        index = int(rng.integers(rows.size))
        centre = (float(rows[index]), float(cols[index]))
        level = radial_level(rng, side, centre, rng.uniform(*size) * radius)
        holes = np.maximum(holes, np.exp(-(np.minimum(level, 3) ** 4)))
    return holes


Painter = Callable[[np.random.Generator, float, Plane, Mask, Textures], Stains]
"""Paints an object of a radius, given its level and its own pixels."""


def _smudge(strength: float, strands: float, fray: float) -> Painter:
    """Return the painter of broken cells; `strands` is the share of net against solid stain."""

    def painted(
        rng: np.random.Generator, radius: float, level: Plane, owned: Mask, textures: Textures
    ) -> Stains:
        side = owned.shape[0]
        stains = np.zeros((side, side, 4), np.float32)
        area = soften(owned, fray * radius)
        net = np.exp(-((textures.mottle.window(rng, side, side) / np.float32(0.4)) ** 2))
        core = np.exp(-((level / np.float32(0.5)) ** 2))
        texture = 1 + np.float32(0.12) * textures.clumps.window(rng, side, side)
        # One side of a broken cell is smeared thinner than the other.
        down, right = np.ogrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
        turn = rng.uniform(0, 2 * np.pi)
        fade = 1 - rng.uniform(0, 0.6) * (down * np.sin(turn) + right * np.cos(turn))
        solid = (1 - strands) + strands * np.maximum(net, core)
        stain = strength * rng.uniform(0.75, 1.25) * area * solid * texture * np.clip(fade, 0.3, 1)
        stains[..., _CHROMATIN] = stain
        stains[..., _EOSIN] = rng.uniform(0.1, 0.4) * stain
        return stains

    return painted


def _paint_platelet(
    rng: np.random.Generator, radius: float, level: Plane, owned: Mask, textures: Textures
) -> Stains:
    side = owned.shape[0]
    stains = np.zeros((side, side, 4), np.float32)
    area = soften(owned, max(0.08 * radius, 0.5))
    granules = _granules(rng, textures, side)
    middle = np.exp(-((np.minimum(level, 2) / np.float32(0.8)) ** 2))
    stains[..., _AZURE] = rng.uniform(0.25, 0.6) * area
    stains[..., _CHROMATIN] = rng.uniform(0.15, 0.8) * area * middle * (0.4 + 0.9 * granules)
    return stains


def _paint_precipitate(
    rng: np.random.Generator, radius: float, level: Plane, owned: Mask, textures: Textures
) -> Stains:
    del radius, level
    side = owned.shape[0]
    stains = np.zeros((side, side, 4), np.float32)
    area = soften(owned, 0.4) * (1 + np.float32(0.2) * textures.grain.window(rng, side, side))
    stains[..., _CHROMATIN] = rng.uniform(0.6, 1.8) * area
    stains[..., 0] = rng.uniform(0, 2.0) * area
    return stains


_PAINTERS: dict[str, Painter] = {
    "ragged": _smudge(0.80, 0.15, 0.06),
    "streak": _smudge(0.55, 0.35, 0.10),
    "net": _smudge(0.45, 0.9, 0.08),
    "single": _paint_platelet,
    "clump": _paint_platelet,
    "grain": _paint_precipitate,
    "cloud": _paint_precipitate,
}
