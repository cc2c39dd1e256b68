"""Moments and contours: mahotas, scikit-image, OpenCV, numpy's FFT, and hand calculation."""

from __future__ import annotations

from math import pi, sin, sqrt

import cv2
import numpy as np
from oracles.vetting import Check
from support.cells.example_cells import textured_cell

from features.shape.contour import MIN_DEFECT_DEPTH
from features.shape.region import Shape
from features.verification.mahotas_oracle import zernike_magnitudes
from features.verification.skimage_oracle import shape_properties

CELL = textured_cell()
HARMONICS = np.arange(1, 9)


def row(name: str, oracle: str, expected, mask: np.ndarray, **kwargs) -> Check:
    independent = oracle in {"mahotas", "scikit-image", "OpenCV"}
    return Check(
        f"AreaShape_{name}", oracle, independent, expected, lambda f: f(Shape(mask)), **kwargs
    )


def moment_rows(mask: np.ndarray) -> list[Check]:
    zernike, peer = zernike_magnitudes(mask), shape_properties(mask)
    return [
        row("Zernike", "mahotas", zernike, mask, relative=1e-9, absolute=1e-12),
        row("CentralMoment", "scikit-image", peer["moments_central"], mask),
        row("NormalisedCentralMoment", "scikit-image", peer["moments_normalized"], mask),
    ]


def fourier_rows(mask: np.ndarray, oracle: str, ahead, back) -> list[Check]:
    """Return rows from the Fourier coefficients of frequencies 1 to 8 and -1 to -8."""
    ahead, back = np.abs(ahead), np.abs(back)
    power = ahead**2 + back**2
    first = ahead[0] + back[0]
    close = {"relative": 1e-7, "absolute": 1e-9}
    return [
        row("EllipticFourierMajor", oracle, (ahead + back)[1:] / first, mask, **close),
        row("EllipticFourierMinor", oracle, np.abs(ahead - back) / first, mask, **close),
        row(
            "BendingEnergy",
            oracle,
            (power @ HARMONICS**4) / (power @ HARMONICS**2),
            mask,
            relative=1e-7,
        ),
    ]


def rectangle_rows(rows: int, cols: int) -> list[Check]:
    """A rectangle: its x and y are trapezoid waves, whose Fourier coefficients are closed forms."""
    height, width = rows - 1, cols - 1
    whole = 2 * (height + width)
    odd = HARMONICS % 2
    across = odd * [sin(n * pi * width / whole) / n**2 for n in HARMONICS]
    down = odd * [sin(n * pi * height / whole) / n**2 for n in HARMONICS]
    turn = np.array([sin(n * pi / 2) for n in HARMONICS])  # direction of rotation of the harmonic
    return fourier_rows(
        np.ones((rows, cols), bool), "closed form", across + turn * down, across - turn * down
    )


def trace_contour(mask: np.ndarray) -> np.ndarray:
    """Return the contour pixels of a connected mask, (column, row), with the outside on the left.

    Moore-neighbour tracing: the next pixel is the first mask pixel clockwise from the left of the
    last step. It ends when the first two pixels occur again.
    """
    ways = [(1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1)]
    inside = {(int(col), int(row)) for row, col in np.argwhere(mask)}
    row, col = np.argwhere(mask)[0]
    path, heading = [(int(col), int(row))], 0
    while len(path) < 4 or path[:2] != path[-2:]:
        col, row = path[-1]
        for turn in range(6, 14):  # from the left of the last step
            step = ways[(heading + turn) % 8]
            if (col + step[0], row + step[1]) in inside:
                heading = (heading + turn) % 8
                path.append((col + step[0], row + step[1]))
                break
    return np.array(path[:-2], float)


def fft_rows(mask: np.ndarray) -> list[Check]:
    """The contour sampled at 2^17 equidistant points."""
    points = trace_contour(mask)
    closed = np.concatenate([points, points[:1]])
    way = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(closed, axis=0).T))])
    paces = np.arange(1 << 17) / (1 << 17) * way[-1]
    places = np.interp(paces, way, closed[:, 0]) + 1j * np.interp(paces, way, closed[:, 1])
    waves = np.fft.fft(places)
    return fourier_rows(mask, "numpy", waves[HARMONICS], waves[-HARMONICS])


def cross_rows() -> list[Check]:
    """A cross of 9 pixels in 5 rows and columns.

    The contour visits the four ends (distance 2 from the centre) once and the four pixels next to
    the centre (distance 1) twice: 12 points with the distances 2 1 1 2 1 1 2 1 1 2 1 1. The hull
    is a diamond; the inner points have distance 1 / sqrt 2 from its sides.
    """
    cross = np.zeros((5, 5), bool)
    cross[2] = cross[:, 2] = True
    return [
        row("ConcavityCount", "by hand", 4, cross),
        row("ConcavityDepth", "by hand", sqrt(0.5) / sqrt(4 * 9 / pi), cross),
        row("RadialDeviation", "by hand", sqrt(2 / 9) / (4 / 3), cross),
        row("RadialAreaRatio", "by hand", 4 * (2 / (4 / 3) - 1) / 12, cross),
        row("RadialZeroCrossings", "by hand", 8, cross),
        row("RadialRoughness", "by hand", (8 / 12) / (4 / 3), cross),
    ]


def joined_rows() -> list[Check]:
    """Three pixels, and one that touches them at a corner only.

    The middle pixel of the upper row is a hull corner. The contour visits it on the way to the
    separate pixel and on the way back; then it is one pixel away from the lower side of the hull.
    """
    joined = np.array([[1, 1, 0], [1, 0, 1]], bool)
    return [
        row("ConcavityCount", "by hand", 1, joined),
        row("ConcavityDepth", "by hand", 1 / sqrt(4 * 4 / pi), joined),
    ]


def defect_rows() -> list[Check]:
    """A ring of five discs with a concavity between each two; OpenCV's depths are in px / 256."""
    y, x = np.mgrid[:90, :90]
    turns = 2 * pi * np.arange(5) / 5
    centres = zip(
        45 + 22 * np.sin(turns), 45 + 22 * np.cos(turns), (15, 17, 14, 16, 18), strict=True
    )
    mask = np.any([(y - row) ** 2 + (x - col) ** 2 <= r**2 for row, col, r in centres], axis=0)
    contour = cv2.findContours(mask.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0][0]
    defects = cv2.convexityDefects(contour, cv2.convexHull(contour, returnPoints=False))
    depths = defects.reshape(-1, 4)[:, 3] / 256 / sqrt(4 * np.count_nonzero(mask) / pi)
    return [
        row("ConcavityCount", "OpenCV", np.count_nonzero(depths > MIN_DEFECT_DEPTH), mask),
        row("ConcavityDepth", "OpenCV", depths.max(), mask, relative=0, absolute=1e-4),
    ]


def far_away(rows: int, cols: int) -> np.ndarray:
    """Return a small mask at the right border of a wide image."""
    mask = np.zeros((rows, cols), bool)
    mask[3:9, -7:-2] = mask[5:7, -9:-7] = True
    return mask


CHECKS = [
    *moment_rows(CELL.cell),
    *moment_rows(far_away(12, 900)),
    *moment_rows(CELL.nucleus),
    *rectangle_rows(3, 6),
    *rectangle_rows(4, 4),
    *fft_rows(CELL.cell),
    *fft_rows(CELL.nucleus),
    *cross_rows(),
    *joined_rows(),
    *defect_rows(),
]
