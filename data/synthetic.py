"""Synthetic smear cells with their true masks, for demonstrations and tests.

The images are composed in optical density, in which stains are additive: background, red cells
with central pallor, and one white cell, drawn from its masks of nucleus and cytoplasm. A latent
immaturity, whose distributions overlap between the labels, determines size, nucleus-to-cell ratio,
chromatin, nucleoli and contour. So a model separates most cells, but not all. Accuracy on these
cells is no evidence about real blood.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

Label = Literal["blast", "normal"]
Plane = NDArray[np.float32]

_SIZE = 160
# Optical density of each stain in R, G, B at unit strength.
_HAEMOGLOBIN = np.array([0.06, 0.27, 0.22], np.float32)
_CYTOPLASM = np.array([0.42, 0.31, 0.10], np.float32)
_CHROMATIN = np.array([0.82, 1.15, 0.42], np.float32)
_NUCLEOLUS = np.array([0.40, 0.16, 0.02], np.float32)
_BLAST_SHARE = 5 / 6


@dataclass(frozen=True)
class SyntheticCell:
    """One synthetic cell.

    Attributes
    ----------
    rgb : array (rows, cols, 3), uint8
    nucleus, cell : arrays (rows, cols), bool
        The true masks; the nucleus is inside the cell.
    label : "blast" or "normal"
    subject : str
        The synthetic subject, which determines stain and light.
    """

    rgb: NDArray[np.uint8]
    nucleus: NDArray[np.bool_]
    cell: NDArray[np.bool_]
    label: Label
    subject: str


@dataclass(frozen=True)
class Slide:
    """Properties shared by the cells of one synthetic subject.

    Attributes
    ----------
    subject : str
    light : tuple of 3 floats
        Intensity of the empty field in R, G, B, 0..1.
    strength : float
        Factor on every stain's optical density.
    blueness : float
        Added share of the blue stain (azure) relative to the red one (eosin).
    scale : float
        Factor on all sizes.
    """

    subject: str = "S00"
    light: tuple[float, float, float] = (0.90, 0.865, 0.875)
    strength: float = 1.0
    blueness: float = 0.0
    scale: float = 1.0


@dataclass(frozen=True)
class _Shapes:
    nucleus: NDArray[np.bool_]
    cell: NDArray[np.bool_]
    centre: tuple[float, float]
    radius: float


def synthetic_slide(rng: np.random.Generator, subject: str) -> Slide:
    """Return random stain and light of one synthetic subject."""
    red, green, blue = rng.normal((0.90, 0.865, 0.875), 0.018).clip(0.78, 0.97)
    return Slide(
        subject=subject,
        light=(float(red), float(green), float(blue)),
        strength=float(rng.normal(1.0, 0.10)),
        blueness=float(rng.normal(0.0, 0.08)),
        scale=float(rng.normal(1.0, 0.03)),
    )


def synthetic_smear(
    seed: int, *, subjects: int = 12, cells_per_subject: int = 12
) -> Iterator[SyntheticCell]:
    """Yield the cells of synthetic subjects; in every second subject, 5 of 6 cells are blasts.

    A cell depends only on `seed`, the subject's number and its own number. So smears with different
    numbers of subjects and equal numbers of cells per subject start with the same cells.
    """
    for number in range(subjects):
        subject = f"S{number:02d}"
        rng = np.random.default_rng((seed, number))
        slide = synthetic_slide(rng, subject)
        blasts = round(cells_per_subject * _BLAST_SHARE) if number % 2 else 0
        is_blast = rng.permutation(np.arange(cells_per_subject) < blasts)
        for index in range(cells_per_subject):
            yield synthetic_cell(
                np.random.default_rng((seed, number, index)),
                label="blast" if is_blast[index] else "normal",
                slide=slide,
            )


def synthetic_cell(
    rng: np.random.Generator, *, label: Label, size: int = _SIZE, slide: Slide | None = None
) -> SyntheticCell:
    """Return one synthetic white cell among red cells, about 8 pixels per micrometre at size 160.

    Parameters
    ----------
    rng : Generator
        Source of all random properties.
    label : "blast" or "normal"
        A blast tends to be larger, with a larger nucleus-to-cell ratio, finer chromatin, nucleoli
        and an indented nucleus; a normal cell is similar to a small lymphocyte with clumped
        chromatin.
    size : int
        Rows and columns, at least 16.
    slide : Slide, optional
        Stain and light; default: a standard slide.
    """
    slide = slide or Slide()
    # Standard deviation 0.6 around -1 and 1: the best possible accuracy is 95 %.
    immaturity = float(rng.normal(1.0 if label == "blast" else -1.0, 0.6))
    unit = size / _SIZE * slide.scale
    shapes = _draw_shapes(rng, immaturity, size, unit)
    density = _red_cells(rng, shapes, size, unit)[..., None] * _HAEMOGLOBIN
    blue = _CYTOPLASM * np.array([1 + slide.blueness, 1, 1 - slide.blueness], np.float32)
    density += _cytoplasm(rng, shapes, immaturity, unit)[..., None] * blue
    chromatin, nucleoli = _chromatin(rng, shapes, immaturity, unit)
    density += chromatin[..., None] * _CHROMATIN + nucleoli[..., None] * _NUCLEOLUS
    return SyntheticCell(
        rgb=_photograph(rng, density * np.float32(slide.strength), slide, unit),
        nucleus=shapes.nucleus,
        cell=shapes.cell,
        label=label,
        subject=slide.subject,
    )


def _draw_shapes(rng: np.random.Generator, immaturity: float, size: int, unit: float) -> _Shapes:
    """Draw both contours as radius by angle: a circle with harmonics, and a concave nucleus."""
    radius = float(np.clip(rng.normal(46 + 7 * immaturity, 4), 30, 66)) * unit
    ratio = float(np.clip(rng.normal(0.80 + 0.035 * immaturity, 0.03), 0.6, 0.93))
    centre = size / 2 + rng.normal(0, 2.5, 2) * unit
    angle, distance = _polar(size, (centre[0], centre[1]))
    cell_outline = radius * _wobble(rng, angle, 0.025)
    shift = rng.uniform(0, 0.7) * (1 - ratio) * radius
    direction = rng.uniform(0, 2 * np.pi)
    middle = (centre[0] + shift * np.sin(direction), centre[1] + shift * np.cos(direction))
    nucleus_angle, nucleus_distance = _polar(size, middle)
    depth = max(0.0, rng.normal(0.06 + 0.07 * immaturity, 0.07))
    where = rng.uniform(-np.pi, np.pi)
    away = np.angle(np.exp(1j * (nucleus_angle - where))).astype(np.float32)
    notch = 1 - depth * np.exp(-((away / 0.45) ** 2))
    outline = ratio * radius * _wobble(rng, nucleus_angle, 0.02) * notch
    cell = distance < cell_outline
    nucleus = (nucleus_distance < outline) & (distance < cell_outline - 1)
    return _Shapes(nucleus, cell, (float(centre[0]), float(centre[1])), radius)


def _polar(size: int, centre: tuple[float, float]) -> tuple[Plane, Plane]:
    """Return angle and distance of every pixel from a point (row, col)."""
    row, col = np.ogrid[:size, :size]
    down, right = (row - centre[0]).astype(np.float32), (col - centre[1]).astype(np.float32)
    return np.arctan2(down, right), np.hypot(down, right)


def _wobble(rng: np.random.Generator, angle: Plane, amount: float) -> Plane:
    """Return a factor near 1 by angle: harmonics 2 to 5 with decreasing amplitude."""
    factor = np.ones_like(angle)
    for harmonic in range(2, 6):
        phase = rng.uniform(0, 2 * np.pi)
        height = rng.normal(0, amount * 2 / harmonic)
        factor += np.float32(height) * np.cos(harmonic * angle + np.float32(phase))
    return factor


def _noise(rng: np.random.Generator, size: int, sigma: float) -> Plane:
    """Return noise smoothed with `sigma` pixels, with mean 0 and standard deviation 1."""
    white = rng.standard_normal((size, size), dtype=np.float32)
    smooth = cv2.GaussianBlur(white, (0, 0), max(sigma, 0.3))
    mean, deviation = cv2.meanStdDev(smooth)
    return np.asarray((smooth - mean.item()) / deviation.item(), np.float32)


def _soft(mask: NDArray[np.bool_], sigma: float) -> Plane:
    """Return a mask with blurred edges."""
    return np.asarray(cv2.GaussianBlur(mask.astype(np.float32), (0, 0), sigma), np.float32)


def _red_cells(rng: np.random.Generator, shapes: _Shapes, size: int, unit: float) -> Plane:
    """Return the density of the red cells, which do not overlap with the white cell."""
    density = np.zeros((size, size), np.float32)
    row, col = np.ogrid[:size, :size]
    for _ in range(int(rng.integers(6, 12))):
        place = rng.uniform(-0.15 * size, 1.15 * size, 2)
        radius = rng.normal(29, 2) * unit
        flattening, pallor = rng.uniform(0.92, 1.08), rng.uniform(0.35, 0.65)
        apart = np.hypot(place[0] - shapes.centre[0], place[1] - shapes.centre[1])
        if apart < shapes.radius + 0.9 * radius:
            continue
        down = ((row - place[0]) * (flattening / radius)).astype(np.float32)
        right = ((col - place[1]) / (flattening * radius)).astype(np.float32)
        inside = down * down + right * right
        edge = 1 / (1 + np.exp(np.clip((inside - 1) * (radius * 0.4), -30, 30)))
        density += edge * (1 - np.float32(pallor) * np.exp(-5 * inside))
    # Saturation where two red cells overlap.
    return np.asarray(1.4 * np.tanh(density / 1.4) * ~shapes.cell, np.float32)


def _cytoplasm(rng: np.random.Generator, shapes: _Shapes, immaturity: float, unit: float) -> Plane:
    """Return the density of the cytoplasm: mottled, bluer if immature, paler at the nucleus."""
    strength = float(np.clip(rng.normal(0.62 + 0.10 * immaturity, 0.10), 0.3, 1.1))
    mottle = 1 + 0.10 * _noise(rng, shapes.cell.shape[0], 3 * unit)
    halo = 1 - 0.25 * _soft(shapes.nucleus, 4 * unit)
    return strength * mottle * halo * _soft(shapes.cell, 1.0 * unit)


def _chromatin(
    rng: np.random.Generator, shapes: _Shapes, immaturity: float, unit: float
) -> tuple[Plane, Plane]:
    """Return the densities of chromatin (clumped or fine) and of nucleoli, which replace it."""
    size = shapes.nucleus.shape[0]
    mature = 1 / (1 + np.exp(1.6 * immaturity + rng.normal(0, 0.5)))
    clumps = np.tanh(1.6 * _noise(rng, size, (2.0 + 2.4 * mature) * unit))
    grains = _noise(rng, size, 1.2 * unit)
    texture = 1 + (0.08 + 0.24 * mature) * clumps + 0.07 * grains
    strength = float(rng.normal(0.66 + 0.16 * mature, 0.06))
    area = _soft(shapes.nucleus, 0.9 * unit)
    nucleoli = np.zeros_like(area)
    rows, cols = np.nonzero(cv2.erode(shapes.nucleus.astype(np.uint8), np.ones((13, 13), np.uint8)))
    for _ in range(int(rng.poisson(2.2 * (1 - mature))) if rows.size else 0):
        index = int(rng.integers(rows.size))
        _, distance = _polar(size, (float(rows[index]), float(cols[index])))
        inside = distance / (rng.uniform(4.5, 8.0) * unit)
        nucleoli = np.maximum(nucleoli, np.exp(-(inside**4)))
    nucleoli *= area
    return strength * texture * area * (1 - 0.5 * nucleoli), 0.6 * nucleoli


def _photograph(
    rng: np.random.Generator, density: NDArray[np.float32], slide: Slide, unit: float
) -> NDArray[np.uint8]:
    """Return the RGB image: uneven light through the densities, blur and sensor noise."""
    size = density.shape[0]
    light = np.array(slide.light, np.float32)
    tilt = rng.normal(0, 0.02, 2).astype(np.float32)
    row, col = np.ogrid[-0.5 : 0.5 : size * 1j, -0.5 : 0.5 : size * 1j]
    field = (1 + tilt[0] * row + tilt[1] * col).astype(np.float32)
    field *= 1 + np.float32(0.008) * _noise(rng, size, 5 * unit)
    intensity = np.exp(-density) * light * field[..., None] * np.float32(255)
    intensity = cv2.GaussianBlur(intensity, (0, 0), max(0.8 * unit, 0.3))
    intensity += rng.normal(0, 1.6, intensity.shape).astype(np.float32)
    return np.asarray(np.rint(np.clip(intensity, 0, 255)), np.uint8)
