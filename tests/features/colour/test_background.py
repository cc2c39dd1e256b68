"""Background statistics against numpy, and their values without background."""

import cv2
import numpy as np
import pytest

from data.synthetic import synthetic_cell
from features.colour.background import BACKGROUND, background_values, sharpness

NAMES = list(BACKGROUND)


def gray_of(rgb):
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)


def values(rgb, outside):
    found = background_values(rgb, gray_of(rgb), outside.astype(np.uint8))
    return dict(zip(NAMES, found, strict=True))


@pytest.fixture(scope="module")
def drawn():
    made = synthetic_cell(np.random.default_rng(3), label="blast", size=120)
    return made.rgb, ~made.cell


def test_moments_percentiles_and_entropy_equal_those_of_the_pixels_outside(drawn):
    rgb, outside = drawn
    found = values(rgb, outside)
    pixels, levels = rgb[outside].astype(float), gray_of(rgb)[outside]
    for place, channel in enumerate(("Red", "Green", "Blue")):
        assert found[f"Background_Mean_{channel}"] == pytest.approx(pixels[:, place].mean())
        assert found[f"Background_Deviation_{channel}"] == pytest.approx(pixels[:, place].std())
    for percent in (10, 50, 90):
        expected = np.percentile(levels, percent, method="inverted_cdf")
        assert found[f"Background_P{percent}_Gray"] == expected
    shares = np.unique(levels, return_counts=True)[1] / levels.size
    assert found["Background_Entropy_Gray"] == pytest.approx(-(shares @ np.log2(shares)))


def test_corners_and_border_have_the_documented_positions():
    rgb = np.full((40, 30, 3), 100, np.uint8)
    rgb[0, 0], rgb[0, -1], rgb[-1, 0], rgb[-1, -1] = (1, 2, 3), (4, 5, 6), (7, 8, 9), (10, 11, 12)
    found = values(rgb, np.ones((40, 30), bool))
    one = [found[f"Background_{corner}1_Red"] for corner in ("TopLeft", "TopRight")]
    assert one == [1, 4]
    assert found["Background_BottomLeft1_Green"] == 8
    assert found["Background_BottomRight1_Blue"] == 12
    assert found["Background_TopLeft8_Red"] == pytest.approx((63 * 100 + 1) / 64)
    border = 2 * 30 + 2 * 38
    assert found["Background_Border_Red"] == pytest.approx(
        (100 * (border - 4) + 1 + 4 + 7 + 10) / border
    )


def test_pixels_of_cells_have_no_influence(drawn):
    rgb, outside = drawn
    changed = rgb.copy()
    changed[~outside] = 255 - changed[~outside]
    np.testing.assert_array_equal(
        background_values(rgb, gray_of(rgb), outside.astype(np.uint8)),
        background_values(changed, gray_of(changed), outside.astype(np.uint8)),
    )


def test_all_values_are_nan_without_background(drawn):
    rgb, outside = drawn
    assert np.isnan(list(values(rgb, np.zeros_like(outside)).values())).all()


def test_only_a_corner_inside_a_cell_is_nan():
    outside = np.ones((40, 30), bool)
    outside[:4, :4] = False
    found = values(np.full((40, 30, 3), 7, np.uint8), outside)
    unknown = [name for name, value in found.items() if np.isnan(value)]
    assert unknown == [f"Background_TopLeft1_{word}" for word in ("Red", "Green", "Blue")]


def test_a_black_background_has_values_of_0(drawn):
    rgb, outside = drawn
    cut = rgb.copy()
    cut[outside] = 0
    assert not any(values(cut, outside).values())


def test_an_image_smaller_than_a_corner_block_is_measured():
    found = values(np.full((3, 5, 3), 9, np.uint8), np.ones((3, 5), bool))
    assert found["Background_TopLeft8_Red"] == 9


def test_sharpness_equals_the_variance_of_the_laplacian(drawn):
    gray = gray_of(drawn[0])
    framed = np.pad(gray.astype(float), 1, mode="reflect")
    laplacian = (
        framed[:-2, 1:-1] + framed[2:, 1:-1] + framed[1:-1, :-2] + framed[1:-1, 2:]
    ) - 4 * framed[1:-1, 1:-1]
    assert sharpness(gray) == pytest.approx(laplacian.var())
    assert sharpness(cv2.GaussianBlur(gray, (9, 9), 2)) < sharpness(gray) / 4
