"""Haar details, openings, Gabor filters, edges and means computed by other programs."""

from __future__ import annotations

import mahotas
import numpy as np
from oracles.colour.rows_radial_distribution import CELL, planes, row
from oracles.texture.rows_filters import row as grey_row
from oracles.vetting import Check
from scipy import stats
from scipy.ndimage import correlate
from skimage.filters import gabor_kernel
from skimage.morphology import opening
from skimage.segmentation import find_boundaries
from support.cells.example_cells import textured_cell

from features.core.cell import Cell
from features.verification.skimage_oracle import intensity_properties

SMALL = textured_cell(1, 40, 44)
MASKS = (SMALL.cell, SMALL.nucleus, SMALL.cytoplasm)
PLANE = SMALL.plane("Gray").astype(float)


def haar_details(plane: np.ndarray, levels: int) -> np.ndarray:
    """Return the mean squared Haar details of blocks at every position: (levels, edges, diagonal).

    mahotas takes blocks that start at multiples of their side, so the image is moved along.
    """
    means = []
    for level in range(1, levels + 1):
        side = 2**level
        edges, diagonals = [], []
        for top, left in np.ndindex(side, side):
            part = plane[top:, left:]
            rows, cols = (size // side * side for size in part.shape)
            smooth = part[:rows, :cols]
            for _ in range(level):
                pieces = mahotas.haar(smooth)
                rows, cols = smooth.shape[0] // 2, smooth.shape[1] // 2
                smooth = pieces[:rows, :cols]
            edges += [pieces[:rows, cols:].ravel(), pieces[rows:, :cols].ravel()]
            diagonals.append(pieces[rows:, cols:].ravel())
        means.append([np.mean(np.concatenate(each) ** 2) for each in (edges, diagonals)])
    return np.array(means)


def whole_rows() -> list[Check]:
    """Whole images, for programs without masks."""
    everything = np.ones(PLANE.shape, bool)
    cell = Cell(SMALL.rgb, ~everything, everything)
    edges, diagonals = haar_details(PLANE, 3).T
    none, rows = np.full(3, np.nan), []
    for name, values in (("EdgeEnergy", edges), ("DiagonalEnergy", diagonals)):
        expected = [[values], [none], [values]]
        key = f"Wavelet_{name}"
        rows.append(grey_row(key, "mahotas", expected, cell, independent=True))
    for name, plane in (("BrightSpectrum", PLANE), ("DarkSpectrum", 255 - PLANE)):
        opened = [opening(plane, np.ones((side, side))) for side in (3, 5, 7, 9, 13, 17)]
        sums = np.array([(each - plane.min()).sum() for each in (plane, *opened)])
        spectrum = -np.diff(sums) / sums[0]
        expected = [[spectrum], [np.full(6, np.nan)], [spectrum]]
        key = f"Granularity_{name}"
        rows.append(grey_row(key, "scikit-image", expected, cell, independent=True))
    return rows


def gabor_rows() -> list[Check]:
    """scikit-image's kernels, made free of a constant component as in the definition."""
    means, ranges = [], []
    for mask in MASKS:
        centred = np.where(mask, PLANE - PLANE[mask].mean(), 0)
        sizes = [[_amplitude(centred, mask, size, turn) for turn in range(4)] for size in (4, 8)]
        means.append([np.mean(sizes, axis=1)])
        ranges.append([np.ptp(sizes, axis=1)])
    return [
        grey_row("Gabor_Amplitude", "scikit-image", means, SMALL),
        grey_row("Gabor_AmplitudeRange", "scikit-image", ranges, SMALL, 1e-8),
    ]


def _amplitude(centred: np.ndarray, mask: np.ndarray, wavelength: int, turn: int) -> float:
    """Return the mean amplitude of the response at `turn` times 45 degrees."""
    angle, sigma = turn * np.pi / 4, wavelength / 2
    # Equal kernel size in every direction: the Gaussian is truncated at one wavelength.
    reach = 2 / max(abs(np.cos(angle)), abs(np.sin(angle))) - 1e-9
    kernel = gabor_kernel(1 / wavelength, angle, sigma_x=sigma, sigma_y=sigma, n_stds=reach)
    assert kernel.shape == (2 * wavelength + 1,) * 2
    weights = np.abs(kernel) / np.abs(kernel).sum()
    kernel = kernel / np.abs(kernel).sum()
    kernel = kernel - weights * kernel.sum()
    parts = [correlate(centred, part, mode="constant") for part in (kernel.real, kernel.imag)]
    return float(np.hypot(*parts)[mask].mean())


def contrast_row() -> Check:
    expected = [[np.std(PLANE[mask]) / (stats.kurtosis(PLANE[mask]) + 3) ** 0.25] for mask in MASKS]
    return grey_row("Tamura_Contrast", "scipy", expected, SMALL)


def place_rows() -> list[Check]:
    """scikit-image's inner boundaries and mean intensities, in Gray and a*."""
    offsets = (0, -128)
    edges, spreads, apart = [], [], []
    for mask in (CELL.cell, CELL.nucleus):
        edge = find_boundaries(np.pad(mask, 1), connectivity=2, mode="inner")[1:-1, 1:-1]
        pixels = [plane[edge] + offset for plane, offset in zip(planes(CELL), offsets, strict=True)]
        edges.append([each.mean() for each in pixels])
        spreads.append([each.std() for each in pixels])
        apart.append(
            [
                mean_of(CELL.nucleus, plane) - mean_of(CELL.cytoplasm, plane)
                for plane in planes(CELL)
            ]
        )
    return [
        row(
            f"IntensityDistribution_{name}",
            "scikit-image",
            value,
            CELL,
            ("Gray", "astar"),
            independent=True,
        )
        for name, value in {
            "EdgeMean": edges,
            "EdgeStandardDeviation": spreads,
            "NucleusLessCytoplasm": apart,
        }.items()
    ]


def mean_of(mask: np.ndarray, plane: np.ndarray) -> float:
    return intensity_properties(mask, plane)["intensity_mean"]


CHECKS = [*whole_rows(), *gabor_rows(), contrast_row(), *place_rows()]
