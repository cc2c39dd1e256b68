"""Synthetic images of stained cells with known masks, drawn as discs in optical density."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

SLIDE = np.array([200.0, 196.0, 188.0])
RED = np.array([0.10, 0.32, 0.30])  # optical density of red, green and blue light
PLASMA = np.array([0.30, 0.36, 0.12])
CHROMATIN = np.array([0.55, 1.25, 0.22])


@dataclass
class Drawing:
    """A slide on which cells are drawn; `nuclei` and `cells` hold the true mask of each cell."""

    rows: int
    cols: int
    nuclei: list[np.ndarray] = field(default_factory=list)
    cells: list[np.ndarray] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.density = np.zeros((self.rows, self.cols, 3))

    def disc(self, row: float, col: float, radius: float) -> np.ndarray:
        y, x = np.mgrid[: self.rows, : self.cols]
        return np.hypot(y - row, x - col) <= radius

    def paint(self, mask: np.ndarray, density: np.ndarray) -> None:
        self.density[mask] = density

    def red_cell(self, row: float, col: float, radius: float) -> None:
        """Draw a red cell with half the density in its centre; later drawings cover it."""
        self.paint(self.disc(row, col, radius), RED)
        self.paint(self.disc(row, col, 0.4 * radius), 0.5 * RED)

    def cell(
        self, discs: list[tuple[float, float, float]], body: tuple[float, float, float]
    ) -> None:
        """Draw a white cell: nucleus discs on the body's disc, each (row, col, radius)."""
        nucleus = np.any([self.disc(*one) for one in discs], axis=0)
        whole = self.disc(*body) | nucleus
        self.paint(whole, PLASMA)
        self.paint(nucleus, CHROMATIN)
        self.nuclei = [earlier & ~whole for earlier in self.nuclei]
        self.cells = [earlier & ~whole for earlier in self.cells]
        self.nuclei.append(nucleus)
        self.cells.append(whole)

    def photograph(self, *, light: float = 1.0, noise: float = 1.5, seed: int = 0) -> np.ndarray:
        """Return the image as uint8 RGB, blurred and with sensor noise."""
        picture = light * SLIDE * np.exp(-cv2.GaussianBlur(self.density, (0, 0), 0.8))
        picture += np.random.default_rng(seed).normal(0, noise, picture.shape)
        return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def dice(one: np.ndarray, two: np.ndarray) -> float:
    """Return the Dice coefficient of two masks."""
    return 2 * int((one & two).sum()) / int(one.sum() + two.sum())


def crop_drawing(size: int = 200, nucleus: float = 35, cell: float = 45) -> Drawing:
    """Draw one white cell in the centre, surrounded by red cells, one of which touches it."""
    drawing = Drawing(size, size)
    middle = size / 2
    reach = cell + 24
    for angle in np.arange(6) * np.pi / 3 + 0.3:
        drawing.red_cell(
            middle + (reach + 14) * np.sin(angle), middle + (reach + 14) * np.cos(angle), 26
        )
    drawing.red_cell(middle, middle + cell + 20, 26)
    drawing.cell([(middle, middle - 4, nucleus)], (middle, middle, cell))
    return drawing


def field_drawing(
    overlapping: int, *, merged: bool = False, red_cells: bool = True, size: int = 700
) -> Drawing:
    """Draw a clump of cells with overlapping nuclei, one lobed cell, and many red cells.

    `merged` draws the nuclei of the clump without cytoplasm between them.
    """
    drawing = Drawing(size, size)
    for row in range(40, size if red_cells else 0, 75):
        for col in range(40, size, 75):
            drawing.red_cell(row + 9 * np.sin(col), col + 9 * np.cos(row), 26)
    drawing.paint(drawing.disc(size / 2, size / 2, 0.36 * size), np.zeros(3))
    places = [
        (size / 2 - 60 + 15 * (-1) ** number, size / 2 + 48 * (number - (overlapping - 1) / 2))
        for number in range(overlapping)
    ]
    for row, col in places:
        drawing.cell([(row, col, 32)], (row, col, 36))
    if merged:
        clump = [drawing.disc(row, col, 32) for row, col in places]
        drawing.paint(np.any(clump, axis=0), CHROMATIN)
    low, left = size / 2 + 110, size / 2
    lobes = [(low - 16, left - 14, 13), (low - 10, left + 18, 13), (low + 18, left, 14)]
    drawing.cell(lobes, (low, left, 44))
    return drawing
