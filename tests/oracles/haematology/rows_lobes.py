"""Lobes and segments of the nucleus: by hand, in closed form, and with scipy.

The hand calculations use masks of at most 36 pixels; the closed forms use discs and boxes.
"""

from __future__ import annotations

from math import pi, sqrt

import numpy as np
from oracles.haematology.rows_granules_vacuoles import EIGHT, disc, row
from oracles.vetting import Check
from scipy.ndimage import label, uniform_filter
from skimage.filters import threshold_otsu
from support.cells.chamfer_reference import chamfer_depth, disc_depth

from features.core.cell import Cell


def lobed(*discs: tuple[float, float, float], bridge: int = 0) -> Cell:
    """Return a nucleus of discs, joined by a horizontal bridge of `bridge` rows around row 30."""
    nucleus = np.any([disc(61, 121, *each) for each in discs], axis=0)
    if bridge:
        nucleus[30 - bridge // 2 : 31 + bridge // 2, 20:101] = True
    return Cell(np.zeros((61, 121, 3), np.uint8), nucleus, np.ones((61, 121), bool))


def nucleus(*drawing: str) -> Cell:
    """Return a cell whose nucleus is the x of a drawing and whose cytoplasm the rest."""
    mask = np.array([list(line) for line in drawing]) == "x"
    return Cell(np.zeros((*mask.shape, 3), np.uint8), mask, np.ones(mask.shape, bool))


def lobe_rows() -> list[Check]:
    """The centre of 3x3 pixels has depth 2, of 5x5 pixels depth 3, an isolated pixel depth 1."""
    square = nucleus("xxx", "xxx", "xxx")
    bar = nucleus("xxxxxxx", "xxxxxxx", "xxxxxxx")  # the middle row has depth 2
    joined = nucleus("xxx.xxx", "xxxxxxx", "xxx.xxx")  # joined at a pixel of depth 1
    uneven = nucleus("xxx..", "xxx.x", "xxx..")
    three = nucleus("xxx.xxx..", "xxxxxxx.x", "xxx.xxx..")
    five = nucleus("xxx.x.", "xxx...", "xxx.x.", "......", "x.x...")
    large = nucleus("xxxxx.x", "xxxxx..", "xxxxx.x", "xxxxx..", "xxxxx..")
    return [
        row(name, "by hand", expected, cell)
        for cell, count, evenness, prominences in [
            (square, 1, 1, [0, 0, 0, 0]),
            (bar, 1, 1, [0, 0, 0, 0]),
            (joined, 2, 1, [1 / 2, 0, 0, 0]),
            (uneven, 2, (2 + 1) / 2 / 2, [1 / 2, 0, 0, 0]),
            (three, 3, (2 + 2 + 1) / 3 / 2, [1 / 2, 1 / 2, 0, 0]),
            (five, 5, (2 + 4 * 1) / 5 / 2, [1 / 2] * 4),
            (large, 3, (3 + 1 + 1) / 3 / 3, [1 / 3, 1 / 3, 0, 0]),
        ]
        for name, expected in [
            ("LobeCount", count),
            ("LobeEvenness", evenness),
            ("LobeProminence", prominences),
        ]
    ]


def disc_rows() -> list[Check]:
    """The centre of a disc has the chamfer distance to the nearest outer pixel as its depth.

    `disc_depth` finds it by brute force.
    """
    pair = ((30, 25, 14), (30, 95, 14))
    trio = ((30, 20, 11), (30, 60, 15), (30, 100, 7))
    first, second, third = (disc_depth(radius) for radius in (15, 11, 7))
    prominences = [second / first, third / first, 0, 0]
    # The bridge of 25 rows has depth 13.
    wide = [1 - 13 / disc_depth(14), 0, 0, 0]
    # Six separate discs, one too small to count; and four discs on a bridge of depth 5.
    radii = (15, 13, 11, 9, 7, 3)
    apart = lobed(*zip((16, 16, 16, 16, 46, 46), (16, 47, 74, 97, 10, 30), radii, strict=True))
    depths = np.array([disc_depth(radius) for radius in radii])
    chain = lobed(*zip((30,) * 4, (20, 50, 77, 100), (14, 12, 10, 8), strict=True), bridge=9)
    links = np.array([disc_depth(radius) for radius in (14, 12, 10, 8)])
    close = {"relative": 3e-4}  # the program rounds depths to 1/1024 px
    evenness = np.mean([first, second, third]) / first
    return [
        row("LobeCount", "closed form", 1, lobed((30, 60, 20))),
        row("LobeCount", "closed form", 2, lobed(*pair)),
        row("LobeCount", "closed form", 2, lobed(*pair, bridge=5)),
        row("LobeCount", "closed form", 1, lobed(*pair, bridge=25)),
        row("LobeCount", "closed form", 3, lobed(*trio, bridge=3)),
        row(
            "LobeCount", "closed form", 2, lobed((30, 25, 18), (30, 75, 9), (10, 110, 2), bridge=3)
        ),
        row("LobeCount", "closed form", 5, apart),
        row("LobeCount", "closed form", 4, chain),
        row("LobeEvenness", "closed form", 1, lobed(*pair)),
        row("LobeEvenness", "numpy", evenness, lobed(*trio), **close),
        row("LobeEvenness", "numpy", depths[:5].mean() / depths[0], apart, **close),
        row("LobeProminence", "closed form", [0, 0, 0, 0], lobed((30, 60, 20))),
        row("LobeProminence", "closed form", [1, 0, 0, 0], lobed(*pair)),
        row("LobeProminence", "numpy", prominences, lobed(*trio, bridge=3), **close),
        row("LobeProminence", "numpy", wide, lobed(*pair, bridge=25), **close, absolute=1e-3),
        row("LobeProminence", "numpy", depths[1:5] / depths[0], apart, **close),
        row("LobeProminence", "numpy", [*((links[1:] - 5) / links[0]), 0], chain, **close),
    ]


def dark_boxes(*boxes: tuple[int, int]) -> Cell:
    """Return dark boxes (rows, columns) in a pale cell that is too small for smoothing."""
    rgb = np.full((9, 22, 3), 200, np.uint8)
    left = 1
    for rows, cols in boxes:
        rgb[1 : 1 + rows, left : left + cols] = 50
        left += cols + 1
    everything = np.ones((9, 22), bool)
    return Cell(rgb, everything, everything)


def shares_of(*boxes: tuple[int, int]) -> np.ndarray:
    """Return the shares of the second and third segment at depths 0.15 to 0.75."""
    deepest = max((min(box) + 1) // 2 for box in boxes)
    shares = []
    for share in (0.15, 0.3, 0.45, 0.6, 0.75):
        gone = int(
            share * deepest
        )  # rows and columns removed at each side; the product is never an integer
        areas = [max(rows - 2 * gone, 0) * max(cols - 2 * gone, 0) for rows, cols in boxes]
        shares.append(np.append(np.sort(areas)[::-1], [0, 0])[1:3] / sum(areas))
    return np.transpose(shares)


def segment_rows() -> list[Check]:
    second, third = "SecondSegmentShare", "ThirdSegmentShare"
    cell = lobed((30, 25, 18), (30, 62, 15), (26, 98, 12), bridge=5)
    noise = np.random.default_rng(0).integers(0, 60, cell.cell.shape)
    rgb = np.where(cell.nucleus, 60, 180)[..., None] + noise[..., None].repeat(3, axis=2)
    cell = Cell(rgb.astype(np.uint8), cell.nucleus, cell.cell)
    # The cell fills the image; the smoothing pads it with white.
    reach = round(0.03 * sqrt(4 * cell.cell.sum() / pi))
    red = cell.plane("Red").astype(float)
    means = np.rint(uniform_filter(red, 2 * reach + 1, mode="constant", cval=255)).astype(np.uint8)
    depth = chamfer_depth(cell.cell & (means <= threshold_otsu(means[cell.cell])))
    shares = []
    for share in (0.15, 0.3, 0.45, 0.6, 0.75):
        sizes = np.bincount(label(depth > share * depth.max(), EIGHT)[0].ravel())[1:]
        shares.append(np.append(np.sort(sizes)[::-1], [0, 0])[1:3] / sizes.sum())
    peer = np.transpose(shares)
    # One, two and three segments, of equal or different depth: side 7 has depth 4, side 5 depth 3.
    drawings = [
        [(7, 7)],
        [(7, 7), (5, 5)],
        [(7, 7), (5, 5), (3, 3)],
        [(7, 9), (7, 8)],
        [(5, 7), (5, 6), (5, 5)],
    ]
    return [
        *(
            row(name, "closed form", shares_of(*boxes)[place], dark_boxes(*boxes))
            for boxes in drawings
            for place, name in enumerate((second, third))
        ),
        row(second, "scipy", peer[0], cell),
        row(third, "scipy", peer[1], cell),
    ]


CHECKS = lobe_rows() + disc_rows() + segment_rows()
