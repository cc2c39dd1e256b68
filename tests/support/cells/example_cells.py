"""Synthetic textured cells with a lobed nucleus that has a hole."""

from __future__ import annotations

import cv2
import numpy as np

from features.core.cell import Cell


def noise(rng: np.random.Generator, rows: int, cols: int, sigma: float) -> np.ndarray:
    """Return smooth noise of mean 0 and standard deviation 1."""
    plane = cv2.GaussianBlur(rng.standard_normal((rows, cols)), (0, 0), sigma)
    return (plane - plane.mean()) / plane.std()


def textured_cell(seed: int = 0, rows: int = 61, cols: int = 70) -> Cell:
    """Return an irregular cell with an eccentric, lobed nucleus that has a hole."""
    rng = np.random.default_rng(seed)
    row, col = np.mgrid[:rows, :cols].astype(float)
    angle = np.arctan2(row - rows / 2, col - cols / 2)
    size = min(rows, cols)
    radius = np.hypot(row - rows / 2, col - cols / 2)
    cell = radius < size * (0.42 + 0.03 * np.cos(3 * angle + seed) + 0.015 * np.sin(7 * angle))
    away = np.hypot(row - rows * 0.45, (col - cols * 0.55) * 0.85)
    turn = np.arctan2(row - rows * 0.45, col - cols * 0.55)
    nucleus = away < size * (0.24 + 0.05 * np.cos(2 * turn + 1) + 0.03 * np.cos(5 * turn))
    nucleus &= np.hypot(row - rows * 0.42, col - cols * 0.5) > 2.3
    nucleus &= cell
    outside = np.where(cell[..., None], [170, 160, 205], [232, 226, 230])
    colours = np.where(nucleus[..., None], [96, 60, 140], outside)
    texture = np.stack([noise(rng, rows, cols, sigma) for sigma in (0.8, 1.2, 1.7)], axis=-1)
    rgb = np.clip(np.rint(colours + 16 * texture), 0, 255).astype(np.uint8)
    return Cell(rgb, nucleus, cell)
