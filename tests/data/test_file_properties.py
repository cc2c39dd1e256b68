"""File properties, read from files with known settings."""

import cv2
import numpy as np
import pytest

from data.decoding.file_properties import file_properties

PICTURE = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)


def encoded(suffix, *settings, picture=PICTURE):
    return cv2.imencode(suffix, picture, settings)[1].tobytes()


@pytest.mark.parametrize(
    ("suffix", "dtype", "name", "bits"),
    [
        (".png", np.uint8, "PNG", 8),
        (".png", np.uint16, "PNG", 16),
        (".bmp", np.uint8, "BMP", 24),
        (".tif", np.uint8, "TIFF", 8),
        (".tif", np.uint16, "TIFF", 16),
        (".jpg", np.uint8, "JPEG", 8),
        (".webp", np.uint8, "WebP", 8),
    ],
)
def test_format_and_depth(suffix, dtype, name, bits):
    found = file_properties(encoded(suffix, picture=PICTURE.astype(dtype)))
    assert (found.format, found.bits) == (name, bits)
    assert np.isnan(found.jpeg_quality) == (name != "JPEG")


@pytest.mark.parametrize("quality", [20, 35, 50, 75, 90, 95])
def test_quality_comes_from_the_quantisation_table(quality):
    found = file_properties(encoded(".jpg", cv2.IMWRITE_JPEG_QUALITY, quality))
    assert found.jpeg_quality == pytest.approx(quality, abs=1)


@pytest.mark.parametrize(
    ("setting", "ratio"),
    [
        (cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444, 1),
        (cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422, 2),
        (cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420, 4),
    ],
)
def test_subsampling(setting, ratio):
    found = file_properties(encoded(".jpg", cv2.IMWRITE_JPEG_SAMPLING_FACTOR, setting))
    assert found.jpeg_subsampling == ratio


def test_a_grey_jpeg_has_no_subsampling():
    found = file_properties(encoded(".jpg", picture=PICTURE[..., 0]))
    assert np.isnan(found.jpeg_subsampling)
    assert found.bits == 8


def test_unusual_segments_are_skipped():
    """Fill bytes and a truncated table are tolerated, as by decoders."""
    content = encoded(".jpg")
    assert file_properties(content[:2] + b"\xff" + content[2:]) == file_properties(content)
    short = b"\xff\xd8\xff\xdb\x00\x08\x00" + bytes(5) + b"\xff\xda\x00\x02"
    assert np.isnan(file_properties(short).jpeg_quality)
