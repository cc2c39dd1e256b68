"""Rings, edges, gradients, Haar details, fractal dimension: by hand, with numpy and scipy."""

from __future__ import annotations

from math import log2, sqrt

import numpy as np
from oracles.vetting import Check
from scipy.ndimage import binary_erosion, convolve
from support.cells.chamfer_reference import chamfer_depth
from support.cells.example_cells import textured_cell

from features.core.cell import Cell
from features.core.registry import FEATURES, Axes

CELL = textured_cell()
CHANNELS = ("Gray", "astar")


def view_of(key: str, cell: Cell, channels: tuple[str, ...]):
    family = FEATURES[key].family
    return family.view(cell, Axes(family.compartments, channels, family.parameters))


def row(
    key: str,
    oracle: str,
    expected,
    cell: Cell,
    channels: tuple[str, ...] = ("Gray",),
    *,
    independent: bool = False,
) -> Check:
    view = view_of(key, cell, channels)
    return Check(key, oracle, independent, expected, lambda f: f(view), 1e-9, 1e-12)


def grey(levels) -> np.ndarray:
    return np.repeat(np.array(levels, np.uint8)[..., None], 3, axis=2)


def hand_rows() -> list[Check]:
    """Cells without nucleus have NaN in the nucleus, and a value in the cell."""
    # Nested squares with sides 6, 4 and 2: depths 1, 2 and 3 of 3, so rings 3, 2 and 1 of 4.
    nested = np.full((6, 6), 10)
    nested[1:5, 1:5] = 40
    nested[2:4, 2:4] = 100
    full, none = np.ones((6, 6), bool), np.zeros((6, 6), bool)
    whole = (20 * 10 + 12 * 40 + 4 * 100) / 36
    cell = Cell(grey(nested), none, full)
    nan = np.nan
    # Depth 1 of 3 is in the third quarter from the centre, 2 of 3 in the second, 3 in the first.
    rings = [100 - whole, 40 - whole, 10 - whole, nan]
    core = np.zeros((6, 6), bool)
    core[2:4, 2:4] = True
    separated = Cell(grey(nested), core, full)
    spread = nested.copy()
    spread[0, 0] = 30
    # A ramp, +3 per column and +4 per row: gradient 5 at each of the 2x2 inner pixels.
    row_, col_ = np.mgrid[:4, :4]
    ramp = Cell(grey(3 * col_ + 4 * row_), np.zeros((4, 4), bool), np.ones((4, 4), bool))
    # A bright corner of level 20.
    corner = np.zeros((4, 4))
    corner[2:, 2:] = 20
    bent = Cell(grey(corner), np.zeros((4, 4), bool), np.ones((4, 4), bool))
    return [
        row("IntensityDistribution_RingExcess", "by hand", [[rings], [[nan] * 4]], cell),
        row("IntensityDistribution_EdgeMean", "by hand", [[10], [nan]], cell),
        row("IntensityDistribution_EdgeMean", "by hand", [[10], [100]], separated),
        row(
            "IntensityDistribution_EdgeStandardDeviation",
            "by hand",
            [[20 * sqrt(19) / 20], [nan]],
            Cell(grey(spread), none, full),
        ),
        row(
            "IntensityDistribution_NucleusLessCytoplasm",
            "by hand",
            [[100 - (20 * 10 + 12 * 40) / 32]] * 2,
            separated,
        ),
        row("Gradient_MeanMagnitude", "by hand", [[5], [nan], [5]], ramp),
        row("Gradient_Coherence", "by hand", [[1], [nan], [1]], ramp),
        row("Gradient_OrientationEntropy", "by hand", [[0], [nan], [0]], ramp),
        row("Gradient_OrientationPeak", "by hand", [[1], [nan], [1]], ramp),
        # Inner gradients (0, 0), (0, 10), (10, 0), (10, 10): magnitudes 0, 10, 10, 14.1.
        *(
            row(f"Gradient_{name}", "by hand", [[v], [nan], [v]], bent)
            for name, v in corner_values()
        ),
        *haar_rows(),
        *lag_rows(),
    ]


def corner_values() -> list[tuple[str, float]]:
    lengths = np.array([0, 10, 10, 10 * sqrt(2)])
    shares = np.array([10, 10, 10 * sqrt(2)]) / lengths.sum()
    return [
        ("MagnitudeStandardDeviation", sqrt(np.mean(lengths**2) - np.mean(lengths) ** 2)),
        ("Coherence", 200 / 400),
        ("OrientationEntropy", -sum(share * log2(share) for share in shares)),
        ("OrientationPeak", sqrt(2) / (2 + sqrt(2))),
    ]


def haar_rows() -> list[Check]:
    """2x2 pixels 7 1 / 2 4: one block with details 4 / 2, 2 / 2 and 8 / 2, and no larger block."""
    square = Cell(grey([[7, 1], [2, 4]]), np.zeros((2, 2), bool), np.ones((2, 2), bool))
    nan = np.nan
    edges, diagonal = [(4**2 / 4 + 2**2 / 4) / 2, nan, nan], [8**2 / 4, nan, nan]
    return [
        row("Wavelet_EdgeEnergy", "by hand", [[edges], [[nan] * 3], [edges]], square),
        row("Wavelet_DiagonalEnergy", "by hand", [[diagonal], [[nan] * 3], [diagonal]], square),
    ]


def lag_rows() -> list[Check]:
    """A ramp: differences are proportional to distance, dimension 2."""
    line = Cell(grey([range(0, 36, 4)]), np.zeros((1, 9), bool), np.ones((1, 9), bool))
    return [row("Fractal_Dimension", "by hand", [[2], [np.nan], [2]], line)]


def masks() -> list[np.ndarray]:
    return [CELL.cell, CELL.nucleus, CELL.cytoplasm]


def planes(cell: Cell) -> list[np.ndarray]:
    return [cell.plane(channel).astype(float) for channel in CHANNELS]


def ring_of(mask: np.ndarray) -> np.ndarray:
    depth = chamfer_depth(mask)
    quarter = np.ceil(4 * depth / depth.max())
    return np.where(mask, 5 - quarter, 0)


def place_rows() -> list[Check]:
    rings, edges, spreads, apart = [], [], [], []
    eight = np.ones((3, 3), bool)
    for mask in (CELL.cell, CELL.nucleus):
        ring, edge = ring_of(mask), mask & ~binary_erosion(mask, eight)
        rings.append(
            [[p[ring == n].mean() - p[mask].mean() for n in (1, 2, 3, 4)] for p in planes(CELL)]
        )
        grey_edge, red_edge = (p[edge].mean() for p in planes(CELL))
        edges.append([grey_edge, red_edge - 128])
        spreads.append([p[edge].std() for p in planes(CELL)])
        apart.append([p[CELL.nucleus].mean() - p[CELL.cytoplasm].mean() for p in planes(CELL)])
    return [
        row(f"IntensityDistribution_{name}", "numpy", value, CELL, CHANNELS)
        for name, value in {
            "RingExcess": rings,
            "EdgeMean": edges,
            "EdgeStandardDeviation": spreads,
            "NucleusLessCytoplasm": apart,
        }.items()
    ]


def gradient_rows() -> list[Check]:
    found: dict[str, list[list[float]]] = {}
    for mask in masks():
        inner = binary_erosion(mask)
        values = []
        for plane in planes(CELL):
            down, right = (part[inner] for part in np.gradient(plane))
            length = np.hypot(down, right)
            turn = np.rint(np.degrees(np.arctan2(down, right)) / 22.5) % 8
            shares = np.bincount(turn.astype(int), length, 8) / length.sum()
            squared = (right + 1j * down) ** 2
            values.append(
                {
                    "MeanMagnitude": length.mean(),
                    "MagnitudeStandardDeviation": length.std(),
                    "Coherence": abs(squared.sum()) / abs(squared).sum(),
                    "OrientationEntropy": -sum(shares * np.log2(shares)),
                    "OrientationPeak": shares.max(),
                }
            )
        for name in values[0]:
            found.setdefault(name, []).append([each[name] for each in values])
    return [
        row(f"Gradient_{name}", "numpy", value, CELL, CHANNELS) for name, value in found.items()
    ]


def detail_rows() -> list[Check]:
    """Haar details by convolution, at blocks that are completely in the mask."""
    edges, diagonals = [], []
    for mask in masks():
        for energies, kinds in ((edges, ("edge", "turned")), (diagonals, ("diagonal",))):
            energies.append([])
            for plane in planes(CELL):
                energies[-1].append([])
                for half in (1, 2, 4):
                    ones = np.ones(half)
                    high, low = np.concatenate([ones, -ones]), np.concatenate([ones, ones])
                    kernels = {
                        "edge": np.outer(low, high),
                        "turned": np.outer(high, low),
                        "diagonal": np.outer(high, high),
                    }
                    fits = convolve(mask.astype(float), np.outer(low, low), mode="constant")
                    squares = [
                        (convolve(plane, kernels[kind], mode="constant") / (2 * half)) ** 2
                        for kind in kinds
                    ]
                    energies[-1][-1].append(np.mean([s[fits == 4 * half**2] for s in squares]))
    return [
        row("Wavelet_EdgeEnergy", "scipy", edges, CELL, CHANNELS),
        row("Wavelet_DiagonalEnergy", "scipy", diagonals, CELL, CHANNELS),
    ]


def roughness_rows() -> list[Check]:
    values = []
    for mask in masks():
        values.append([])
        for plane in planes(CELL):
            inside = np.where(mask, plane, np.nan)
            means = [
                np.nanmean(
                    np.abs(
                        np.concatenate(
                            [
                                (inside[lag:] - inside[:-lag]).ravel(),
                                (inside[:, lag:] - inside[:, :-lag]).ravel(),
                            ]
                        )
                    )
                )
                for lag in (1, 2, 4, 8)
            ]
            values[-1].append(3 - np.polyfit([0, 1, 2, 3], np.log2(means), 1)[0])
    return [row("Fractal_Dimension", "numpy", values, CELL, CHANNELS)]


CHECKS = [*hand_rows(), *place_rows(), *gradient_rows(), *detail_rows(), *roughness_rows()]
