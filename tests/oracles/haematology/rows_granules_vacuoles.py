"""Nucleoli, chromatin, granules, vacuoles, halo: by hand, and formulas in scipy.

The hand calculations use images of at most 36 pixels with one spot each.
"""

from __future__ import annotations

from itertools import pairwise
from math import pi, sqrt

import numpy as np
from oracles.vetting import Check
from scipy.ndimage import (
    binary_dilation,
    binary_erosion,
    label,
    uniform_filter,
)
from support.cells.example_cells import textured_cell

from features.core.cell import Cell
from features.haematology.nucleus_ratios import CellParts

EIGHT = np.ones((3, 3), bool)


def row(name: str, oracle: str, expected, cell: Cell, **kwargs) -> Check:
    """Return a row that is not independent: the definition is implemented with scipy or numpy."""
    parts = CellParts(cell)
    key = f"Haematology_{name}"
    return Check(key, oracle, False, expected, lambda f: f(parts), **kwargs)


def disc(rows: int, cols: int, row: float, col: float, radius: float) -> np.ndarray:
    y, x = np.mgrid[:rows, :cols]
    return (y - row) ** 2 + (x - col) ** 2 <= radius**2


def one_spot_cell(ground: int, spot: int, side: int, *, nucleus: bool) -> Cell:
    """Return a square cell of one colour and one pixel of another; all nucleus or all cytoplasm."""
    rgb = np.full((side, side, 3), ground, np.uint8)
    rgb[2, 2] = spot
    mask = np.ones((side, side), bool)
    return Cell(rgb, mask if nucleus else ~mask, mask)


def hand_rows() -> list[Check]:
    nucleus = one_spot_cell(0, 90, 5, nucleus=True)  # 3x3 pixels without the outermost, mean 10
    # 3x3 pixels with 90 in the centre: means of the clipped 3x3 squares are 10, 15 and 22.5.
    # All larger squares have side 3 too.
    grain = Cell(nucleus.rgb[1:4, 1:4], np.ones((3, 3), bool), np.ones((3, 3), bool))
    coarseness = sqrt((80**2 + 4 * 15**2 + 4 * 22.5**2) / 9)
    granule = one_spot_cell(200, 100, 6, nucleus=False)  # 4x4 pixels without the rim
    vacuole = one_spot_cell(100, 190, 6, nucleus=False)
    ring = np.zeros((5, 7), bool)
    ring[2, 2] = True
    grey = np.full((5, 7, 3), 100, np.uint8)
    grey[1:4, 1:4] = 130  # the eight pixels around the nucleus
    halo = Cell(grey, ring, np.ones((5, 7), bool))
    blue = np.full((2, 3, 3), 255, np.uint8)
    blue[:, 2] = (90, 160, 250)
    colours = Cell(blue, np.zeros((2, 3), bool), np.ones((2, 3), bool))
    return [
        row("NucleoliCount", "by hand", 1, nucleus),
        row("NucleoliAreaShare", "by hand", 1 / 25, nucleus),
        row("NucleoliContrast", "by hand", 80, nucleus),
        row("ChromatinCoarseness", "by hand", [coarseness, 0, 0, 0], grain),
        row("GranuleCount", "by hand", 1, granule),
        row("GranuleCount", "by hand", 0, vacuole),
        row("GranuleAreaShare", "by hand", 1 / 16, granule),
        row("GranuleSize", "by hand", 1 / 6, granule),
        row("GranuleEosinOverAzure", "by hand", stained(granule.rgb[2, 2]), granule),
        row("VacuoleCount", "by hand", 1, vacuole),
        row("VacuoleCount", "by hand", 0, granule),
        row("VacuoleAreaShare", "by hand", 1 / 16, vacuole),
        row("VacuoleSize", "by hand", 1 / 6, vacuole),
        row("PerinuclearHalo", "by hand", 30, halo),
        row("CytoplasmBasophilia", "by hand", -stained(blue[0, 2]) / 3, colours, relative=0.01),
    ]


def stained(pixel: np.ndarray) -> float:
    """Return eosin minus azure of a pixel by the published stain vectors, quantised to 2 / 255."""
    azure = np.array([0.834750233, 0.513556283, 0.196330403])
    eosin = np.array([0.092789, 0.954111, 0.283111])
    azure, eosin = azure / np.linalg.norm(azure), eosin / np.linalg.norm(eosin)
    rest = np.cross(azure, eosin)
    density = -np.log10((pixel.astype(float) + 1) / 256)
    amounts = np.linalg.solve(np.stack([azure, eosin, rest / np.linalg.norm(rest)], 1), density)
    levels = np.rint(np.clip(amounts, 0, 2) * 255 / 2)
    return (levels[1] - levels[0]) * 2 / 255


def spotted() -> Cell:
    """Return a synthetic cell with three pale and eight dark discs in its cytoplasm."""
    cell = textured_cell(2, 150, 160)
    rgb = cell.rgb.copy()
    places = np.argwhere(binary_erosion(cell.cytoplasm, EIGHT, 6))
    chosen = places[:: len(places) // 11][:11]
    for number, (y, x) in enumerate(chosen):
        pale = number < 3
        rgb[disc(*cell.cell.shape, y, x, 4 if pale else 1.5)] = 250 if pale else (120, 40, 110)
    return Cell(rgb, cell.nucleus, cell.cell)


def odd(length: float, least: int = 1) -> int:
    return int(max(2 * np.floor((length - 1) / 2 + 0.5) + 1, least))


def mean(plane: np.ndarray, mask: np.ndarray, side: int) -> np.ndarray:
    sums = uniform_filter(np.where(mask, plane, 0).astype(float), side, mode="constant")
    counts = uniform_filter(mask.astype(float), side, mode="constant")
    return np.where(mask, sums / np.where(mask, counts, 1), 0)


def spots(plane, mask, small: float, large: float, level: float, least: float):
    excess = mean(plane, mask, odd(small)) - mean(plane, mask, odd(large, 3))
    numbered, _ = label(excess >= level, EIGHT)
    areas = np.bincount(numbered.ravel())
    areas[0] = 0
    found = np.isin(numbered, np.flatnonzero((areas >= least) & (areas > 0)))
    return label(found, EIGHT)[1], found, excess


def scipy_rows() -> list[Check]:
    cell = spotted()
    grey, green = cell.plane("Gray").astype(float), cell.plane("Green").astype(float)
    eosin, azure = cell.plane("Eosin").astype(float), cell.plane("Azure").astype(float)
    across = sqrt(4 * cell.cell.sum() / pi)
    core = sqrt(4 * cell.nucleus.sum() / pi)
    within = binary_erosion(cell.cytoplasm, np.ones((odd(0.04 * across, 3),) * 2))
    kernel = binary_erosion(cell.nucleus, EIGHT)
    pale, pale_mask, excess = spots(
        grey, kernel, 0.08 * core, 0.35 * core, 10, 0.005 * cell.nucleus.sum()
    )
    grains, grain_mask, _ = spots(
        255 - green, within, 0.01 * across, 0.06 * across, 25, (0.009 * across) ** 2
    )
    holes, hole_mask, _ = spots(
        green, within, 0.03 * across, 0.15 * across, 40, (0.015 * across) ** 2
    )
    sides = [odd(0.025 * core), *(odd(share * core, 3) for share in (0.05, 0.1, 0.2, 0.4))]
    means = [mean(grey, cell.nucleus, side)[cell.nucleus] for side in sides]
    inner = binary_dilation(cell.nucleus, np.ones((odd(0.03 * across),) * 2))
    outer = binary_dilation(cell.nucleus, np.ones((odd(0.16 * across, 3),) * 2))
    expected = {
        "NucleoliCount": pale,
        "NucleoliAreaShare": pale_mask.sum() / cell.nucleus.sum(),
        "NucleoliContrast": excess[pale_mask].mean(),
        "ChromatinCoarseness": [
            sqrt(np.mean((fine - coarse) ** 2)) for fine, coarse in pairwise(means)
        ],
        "GranuleCount": grains,
        "GranuleAreaShare": grain_mask.sum() / within.sum(),
        "GranuleSize": sqrt(4 * grain_mask.sum() / grains / pi) / across,
        "GranuleEosinOverAzure": (eosin - azure)[grain_mask].mean() * 2 / 255,
        "VacuoleCount": holes,
        "VacuoleAreaShare": hole_mask.sum() / within.sum(),
        "VacuoleSize": sqrt(4 * hole_mask.sum() / holes / pi) / across,
        "PerinuclearHalo": grey[cell.cytoplasm & outer & ~inner].mean()
        - grey[cell.cytoplasm & ~outer].mean(),
    }
    rows = [row(name, "scipy", value, cell, relative=1e-5) for name, value in expected.items()]
    stain = (azure - eosin)[cell.cytoplasm].mean() * 2 / 255
    return [*rows, row("CytoplasmBasophilia", "numpy", stain, cell)]


CHECKS = hand_rows() + scipy_rows()
