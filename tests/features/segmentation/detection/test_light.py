"""The light of a field is recovered where it is known."""

from __future__ import annotations

import numpy as np
import pytest

from features.segmentation.detection.background import densities, density_levels, fit_background


def lit_field(rows: int, cols: int, light: np.ndarray, discs: float, seed: int = 0) -> np.ndarray:
    """Draw dark discs on a slide under a light (rows, cols, 3), with a little noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:rows, :cols]
    dense = np.zeros((rows, cols))
    for _ in range(int(discs * rows * cols / 700)):
        row, col = rng.uniform(0, rows), rng.uniform(0, cols)
        dense[(y - row) ** 2 + (x - col) ** 2 < 15**2] = 0.4
    levels = light * np.exp(-dense[..., None] * [0.2, 1.0, 0.8]) + rng.normal(0, 1, light.shape)
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def surface(rows: int, cols: int, terms: tuple[float, ...]) -> np.ndarray:
    """Return a light of 200 levels in the middle times a polynomial of x, y, x^2, y^2, r^4."""
    y, x = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : cols * 1j]
    a, b, c, d, e = terms
    shape = np.exp(a * x + b * y + c * x**2 + d * y**2 + e * (x**2 + y**2) ** 2)
    return 200 * shape[..., None] * np.array([1.0, 0.9, 0.8])


@pytest.mark.parametrize(
    ("terms", "shape"),
    [
        ((0.0, 0.0, 0.0, 0.0, 0.0), (120, 120)),
        ((0.2, -0.1, 0.0, 0.0, 0.0), (200, 300)),
        ((0.0, 0.1, -0.2, -0.2, 0.0), (480, 640)),
        ((0.0, 0.0, -0.1, -0.1, -0.15), (480, 640)),
    ],
)
@pytest.mark.parametrize("discs", [0.0, 0.3, 0.6])
def test_light_is_recovered(terms: tuple[float, ...], shape: tuple[int, int], discs: float) -> None:
    light = surface(*shape, terms)
    rgb = lit_field(*shape, light, discs)
    empty = np.rint(light).astype(np.uint8)
    found = densities(empty, fit_background(rgb))
    # The density of the empty slide is 0 wherever the light falls.
    assert np.abs(np.median(found, axis=(1, 2))).max() < 0.02
    assert np.quantile(np.abs(found), 0.9) < 0.05


def test_a_disc_of_an_eyepiece_is_no_density() -> None:
    rgb = lit_field(400, 500, surface(400, 500, (0, 0, -0.1, -0.1, 0)), 0.3)
    y, x = np.mgrid[:400, :500]
    outside = (y - 200) ** 2 + (x - 250) ** 2 > 195**2
    rgb[outside] = 2
    background = fit_background(rgb)
    assert background.rim is not None
    planes = densities(rgb, background)
    assert np.abs(planes[:, (y - 200) ** 2 + (x - 250) ** 2 > 205**2]).max() == 0
    assert abs(float(np.median(planes[:, ~outside]))) < 0.05


def test_a_dark_cell_at_a_corner_is_no_rim() -> None:
    rgb = np.full((200, 200, 3), 220, np.uint8)
    rgb[:60, :60] = (90, 30, 110)
    assert fit_background(rgb).rim is None


def test_levels_of_a_window_are_those_of_the_image() -> None:
    rgb = lit_field(300, 420, surface(300, 420, (0.1, 0.1, 0, 0, 0)), 0.3)
    background = fit_background(rgb)
    whole = densities(rgb, background)
    box = (slice(40, 150), slice(100, 260))
    levels = density_levels(np.ascontiguousarray(rgb[box]), background, box, (300, 420))
    expected = np.clip(np.moveaxis(whole[:, *box], 0, 2) * 100, 0, 255)
    assert np.abs(levels - expected).max() <= 0.51
