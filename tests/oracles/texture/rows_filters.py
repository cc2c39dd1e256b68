"""Granularity, Laws, Gabor and Tamura: by hand, and with numpy and scipy on a synthetic cell."""

from __future__ import annotations

from math import cos, pi, sin, sqrt

import numpy as np
from oracles.colour.rows_radial_distribution import grey, view_of
from oracles.vetting import Check
from scipy.ndimage import binary_erosion, correlate, maximum_filter, minimum_filter
from support.cells.example_cells import textured_cell

from features.core.cell import Cell

SMALL = textured_cell(1, 40, 44)
MASKS = (SMALL.cell, SMALL.nucleus, SMALL.cytoplasm)
PLANE = SMALL.plane("Gray").astype(float)
NAN = np.nan


def row(
    key: str,
    oracle: str,
    expected,
    cell: Cell,
    relative: float = 1e-9,
    *,
    independent: bool = False,
) -> Check:
    view = view_of(key, cell, ("Gray",))
    return Check(key, oracle, independent, expected, lambda f: f(view), relative, 1e-12)


def all_cytoplasm(levels) -> Cell:
    rgb = grey(levels)
    return Cell(rgb, np.zeros(rgb.shape[:2], bool), np.ones(rgb.shape[:2], bool))


def grain_rows() -> list[Check]:
    """Level 10 with 2x2 pixels of level 40: the opening by the 3x3 square removes them."""
    levels = np.full((6, 6), 10)
    levels[2:4, 2:4] = 40
    bright, dark = all_cytoplasm(levels), all_cytoplasm(50 - levels)
    # The rest of the spectrum is 0.
    first = [1, 0, 0, 0, 0, 0]
    rows = []
    for name, cell in (("BrightSpectrum", bright), ("DarkSpectrum", dark)):
        rows.append(row(f"Granularity_{name}", "by hand", [[first], [[NAN] * 6], [first]], cell))
    spectra: dict[str, list] = {"BrightSpectrum": [], "DarkSpectrum": []}
    for mask in MASKS:
        for plane, name in ((PLANE, "BrightSpectrum"), (255 - PLANE, "DarkSpectrum")):
            sums = [(plane[mask] - plane[mask].min()).sum()]
            for side in (3, 5, 7, 9, 13, 17):
                least = minimum_filter(np.where(mask, plane, 255), side, mode="constant", cval=255)
                most = maximum_filter(np.where(mask, least, 0), side, mode="constant")
                sums.append((most[mask] - plane[mask].min()).sum())
            spectra[name].append([-np.diff(sums) / sums[0]])
    return rows + [
        row(f"Granularity_{name}", "scipy", value, SMALL) for name, value in spectra.items()
    ]


# Laws 1980, table of the one-dimensional masks: level, edge, spot, wave and ripple.
VECTORS = {
    "L5": [1, 4, 6, 4, 1],
    "E5": [-1, -2, 0, 2, 1],
    "S5": [-1, 0, 2, 0, -1],
    "W5": [-1, 2, 0, -2, 1],
    "R5": [1, -4, 6, -4, 1],
}
PAIRS = ["L5E5", "L5S5", "L5W5", "L5R5", "E5E5", "E5S5", "E5W5", "E5R5", "S5S5", "S5W5", "S5R5"]
PAIRS += ["W5W5", "W5R5", "R5R5"]


def laws_rows() -> list[Check]:
    """One pixel of level 10 in 5x5 zeros: the response is 10 times the mask's centre weight."""
    levels = np.zeros((5, 5))
    levels[2, 2] = 10
    # In the order of PAIRS; the centre weights of L, E, S, W and R are 6, 0, 2, 0 and 6.
    expected = [0, 120, 0, 360, 0, 0, 0, 0, 40, 0, 120, 0, 0, 360]
    values = []
    for mask in MASKS:
        inner = binary_erosion(mask, np.ones((5, 5)))
        values.append([[]])
        for pair in PAIRS:
            kernel = np.outer(VECTORS[pair[:2]], VECTORS[pair[2:]])
            both = [np.abs(correlate(PLANE, each))[inner].mean() for each in (kernel, kernel.T)]
            values[-1][0].append(np.mean(both))
    cell = all_cytoplasm(levels)
    return [
        row("Laws_Energy", "by hand", [[expected], [[NAN] * 14], [expected]], cell, 1e-6),
        row("Laws_Energy", "scipy", values, SMALL, 1e-6),
    ]


def gabor_rows() -> list[Check]:
    """Two-dimensional kernels; the program uses separable ones."""
    means, ranges = [], []
    for mask in MASKS:
        centred = np.where(mask, PLANE - PLANE[mask].mean(), 0)
        means.append([[]])
        ranges.append([[]])
        for wavelength in (4, 8):
            y, x = np.mgrid[-wavelength : wavelength + 1, -wavelength : wavelength + 1]
            weights = np.exp(-(x**2 + y**2) / (2 * (wavelength / 2) ** 2))
            weights /= weights.sum()
            sizes = []
            for angle in (0, pi / 4, pi / 2, 3 * pi / 4):
                wave = np.exp(2j * pi * (x * cos(angle) + y * sin(angle)) / wavelength)
                kernel = weights * (wave - (weights * wave).sum())
                real = correlate(centred, kernel.real, mode="constant")
                imaginary = correlate(centred, kernel.imag, mode="constant")
                sizes.append(np.hypot(real, imaginary)[mask].mean())
            means[-1][0].append(np.mean(sizes))
            ranges[-1][0].append(np.ptp(sizes))
    return [
        row("Gabor_Amplitude", "scipy", means, SMALL),
        row("Gabor_AmplitudeRange", "scipy", ranges, SMALL, 1e-8),
    ]


def best_side(plane: np.ndarray, mask: np.ndarray, y: int, x: int) -> int:
    """Return the window size with the largest difference of opposite means, 0 if there is none."""
    best, side = -1.0, 0
    inside = np.where(mask, plane, NAN)

    def mean(top: int, bottom: int, left: int, right: int) -> float:
        box = inside[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
        return float(np.nanmean(box)) if np.isfinite(box).any() else NAN

    for far in (1, 2, 4, 8, 16):
        near = far // 2
        rows, cols = (y - near, y + near + 1), (x - near, x + near + 1)
        apart = [
            abs(mean(*rows, x - far, x) - mean(*rows, x + 1, x + far + 1)),
            abs(mean(y - far, y, *cols) - mean(y + 1, y + far + 1, *cols)),
        ]
        for each in apart:
            if each > best:
                best, side = each, far
    return side


def tamura_rows() -> list[Check]:
    # A step of 20 levels: windows of 1 px detect it at the inner columns. At the outer columns
    # the vertical differences are 0 for all sizes, so that the first size, 1, is kept.
    step = all_cytoplasm(np.repeat([[0, 0, 20, 20]], 4, axis=0))
    two = all_cytoplasm([[30, 50]])  # two values: standard deviation 10, kurtosis 1
    # Equally many horizontal and vertical gradients.
    even = np.zeros((3, 7))
    even[:, :3] = [[0, 20, 40]] * 3
    even[:, 4:] = np.array([[0], [20], [40]])
    mask = np.ones((3, 7), bool)
    mask[:, 3] = False
    crossed = Cell(grey(even), np.zeros((3, 7), bool), mask)
    sides, contrasts, ways = [], [], []
    for part in MASKS:
        found = [best_side(PLANE, part, y, x) for y, x in np.argwhere(part)]
        sides.append([np.mean([side for side in found if side])])
        centred = PLANE[part] - PLANE[part].mean()
        kurtosis = np.mean(centred**4) / np.mean(centred**2) ** 2
        contrasts.append([sqrt(np.mean(centred**2)) / kurtosis**0.25])
        across = np.array([[-1, 0, 1]] * 3)
        inner = binary_erosion(part, np.ones((3, 3)))
        right, down = correlate(PLANE, across)[inner], correlate(PLANE, across.T)[inner]
        clear = (np.abs(right) / 3 + np.abs(down) / 3) / 2 >= 12
        turn = np.rint(np.arctan2(down, right)[clear] * 16 / pi).astype(int) % 16
        counts = np.bincount(turn, minlength=16)
        angles = np.abs(turn - np.flatnonzero(counts == counts.max())[:, None])
        angles = np.minimum(angles, 16 - angles) * pi / 16
        ways.append([1 - np.mean(angles**2, axis=1).min() / (pi / 2) ** 2])
    return [
        row("Tamura_Coarseness", "by hand", [[1], [NAN], [1]], step),
        row("Tamura_Contrast", "by hand", [[10], [NAN], [10]], two),
        row("Tamura_Directionality", "by hand", [[0.5], [NAN], [0.5]], crossed),
        row("Tamura_Coarseness", "numpy", sides, SMALL),
        row("Tamura_Contrast", "numpy", contrasts, SMALL),
        row("Tamura_Directionality", "numpy", ways, SMALL),
    ]


CHECKS = grain_rows() + laws_rows() + gabor_rows() + tamura_rows()
