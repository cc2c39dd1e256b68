"""Masks: digital discs and irregular regions."""

from __future__ import annotations

import cv2
import numpy as np


def disc(shape: tuple[int, int], row: float, col: float, radius: float) -> np.ndarray:
    """Return the mask of the pixels whose centre is within `radius` of (row, col)."""
    rows, cols = np.mgrid[: shape[0], : shape[1]]
    return (rows - row) ** 2 + (cols - col) ** 2 <= radius**2


def blob(seed: int, size: int = 97) -> np.ndarray:
    """Return an irregular mask from thresholded noise; it may have several parts and holes."""
    rng = np.random.default_rng(seed)
    noise = cv2.GaussianBlur(rng.standard_normal((size, size)), (0, 0), 3 + seed % 5)
    middle = (size - 1) / 2
    return (noise > np.quantile(noise, 0.35)) & disc((size, size), middle, middle, 0.47 * size)
