"""Images of every format decode to the expected RGB; other files are refused with a reason."""

from __future__ import annotations

import os
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from support.files.encoded_images import (
    ALPHA,
    BAD,
    BMP,
    JPEG,
    PICTURES,
    PNG,
    RGB,
    RGBA,
    TIFF,
    WEBP,
    WIDE,
    over_white,
    pillow,
    tiff,
)
from support.shared import SHARED, needs_shared

from data.decoding.bit_depth import channels_to_rgb, on_white, to_uint8
from data.decoding.images import decode_rgb, is_image, read_bytes
from data.errors import DataError


@pytest.mark.parametrize("name", PICTURES)
def test_every_format_gives_the_expected_image(name):
    content, expected, tolerance = PICTURES[name]
    rgb = decode_rgb(content)
    assert rgb.dtype == np.uint8
    assert rgb.shape == RGB.shape
    assert rgb.flags.c_contiguous
    assert np.abs(rgb - np.asarray(expected, float)).max() <= tolerance + 0.5
    assert is_image(content[:32])


def test_palette_with_transparency_is_on_white():
    image = Image.fromarray(RGBA).quantize(256)
    rgba = np.asarray(image.convert("RGBA"))
    rgb = decode_rgb(pillow(image, "PNG"))
    assert np.abs(rgb - over_white(rgba[..., :3], rgba[..., 3])).max() <= 1
    assert rgb[0, 0].min() >= 240


def test_premultiplied_opacity():
    content = tiff(
        (RGBA.astype(np.uint32) * 257).astype(np.uint16),
        photometric="rgb",
        extrasamples=["assocalpha"],
    )
    expected = np.minimum(RGB + (255 - ALPHA.astype(int))[..., None], 255)
    assert np.array_equal(decode_rgb(content), expected)


ORIENTED = {
    1: RGB,
    2: RGB[:, ::-1],
    3: RGB[::-1, ::-1],
    4: RGB[::-1],
    5: RGB.swapaxes(0, 1),
    6: RGB.swapaxes(0, 1)[:, ::-1],
    7: RGB.swapaxes(0, 1)[::-1, ::-1],
    8: RGB.swapaxes(0, 1)[::-1],
}


@pytest.mark.parametrize("orientation", ORIENTED)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "TIFF 16 bit"])
def test_orientation_is_applied(kind, orientation):
    if kind == "TIFF 16 bit":
        tag = [(274, 3, 1, orientation, True)]
        content = tiff(WIDE * 257, photometric="rgb", extratags=tag)
    elif kind == "TIFF":
        content = tiff(RGB, photometric="rgb", extratags=[(274, 3, 1, orientation, True)])
    else:
        exif = Image.Exif()
        exif[274] = orientation
        content = pillow(RGB, kind, exif=exif, quality=97)
    expected = ORIENTED[orientation].astype(int)
    rgb = decode_rgb(content)
    assert rgb.shape == expected.shape
    assert np.abs(rgb - expected).mean() < 4


def test_cmyk_tiff_of_sixteen_bits_is_refused_by_name():
    cmyk = np.zeros((4, 5, 4), np.uint16)
    with pytest.raises(DataError, match=r"4 channels of 16 bits in colour space 5"):
        decode_rgb(tiff(cmyk, photometric="separated"))


@pytest.mark.parametrize("name", BAD)
def test_everything_else_is_refused_with_a_reason(name, capfd):
    content, reason = BAD[name]
    with pytest.raises(DataError) as caught:
        decode_rgb(content)
    assert reason in caught.value.reason
    assert caught.value.remedy
    assert "\n" not in str(caught.value)
    assert "0x" not in str(caught.value)
    out, _ = capfd.readouterr()
    assert not out


@pytest.mark.parametrize("content", [PNG, JPEG, BMP, WEBP, TIFF, PICTURES["TIFF LZW"][0]])
def test_the_pixel_limit_is_applied(content):
    assert decode_rgb(content, max_pixels=2400).shape == RGB.shape
    with pytest.raises(DataError, match="60 x 40 pixels, more than the limit of 2399"):
        decode_rgb(content, max_pixels=2399)


def test_a_limit_above_pillows_own_holds(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    assert decode_rgb(JPEG).shape == RGB.shape
    assert Image.MAX_IMAGE_PIXELS == 100


def test_a_damaged_jpeg_writes_nothing_to_stderr(capfd):
    decode_rgb(JPEG[:-150] + JPEG[-100:])
    for name in ("PNG, half", "TIFF, half", "PNG, too few rows", "BMP, half"):
        with pytest.raises(DataError):
            decode_rgb(BAD[name][0])
    assert "JPEG" not in capfd.readouterr().err


def test_broken_exif_is_ignored():
    content = pillow(RGB, "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\x7f", quality=97)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.abs(decode_rgb(content) - RGB.astype(int)).max() <= 12


@settings(max_examples=300)
@given(st.sampled_from([PNG, JPEG, BMP, WEBP, TIFF, PICTURES["TIFF 16 bit deflate"][0]]), st.data())
def test_mutated_files_decode_or_are_refused(content, data):
    changed = bytearray(content)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(changed)))
    try:
        rgb = decode_rgb(bytes(changed[:cut] if data.draw(st.booleans()) else changed))
    except DataError:
        return
    assert rgb.dtype == np.uint8
    assert rgb.ndim == 3


@pytest.mark.parametrize(
    ("samples", "bits", "expected"),
    [
        (np.array([True, False]), None, [255, 0]),
        (np.array([0, 17, 255], np.uint8), None, [0, 17, 255]),
        (np.array([0, 8, 15], np.uint8), 4, [0, 136, 255]),
        (np.array([0, 255], np.uint16), None, [0, 255]),  # 8 bits in use
        (np.array([0, 256, 1023], np.uint16), None, [0, 64, 255]),  # 10
        (np.array([0, 2048, 4095], np.uint16), None, [0, 128, 255]),  # 12
        (np.array([0, 8192, 16383], np.uint16), None, [0, 128, 255]),  # 14
        (np.array([0, 32768, 65535], np.uint16), None, [0, 128, 255]),  # 16
        (np.array([0, 1023], np.uint16), 12, [0, 64]),
        (np.array([0, 2**23, 2**24 - 1], np.uint32), None, [0, 128, 255]),
        (np.array([0, 2**31, 2**32 - 1], np.uint32), None, [0, 128, 255]),
        (np.array([-100, 155], np.int16), None, [0, 255]),
        (np.array([-10, 0, 245], np.int16), None, [0, 10, 255]),
        (np.array([0, 0.5, 1], np.float32), None, [0, 128, 255]),
        (np.array([0, 0.25], np.float64), None, [0, 64]),
        (np.array([0, 1.5, 200], np.float32), None, [0, 2, 200]),
        (np.array([-1, 0, 1], np.float32), None, [0, 128, 255]),
        (np.array([500, 1000], np.float32), None, [0, 255]),
        (np.array([300.0, 300.0]), None, [0, 0]),
    ],
)
def test_bit_depths(samples, bits, expected):
    scaled = to_uint8(samples, bits)
    assert scaled.dtype == np.uint8
    assert scaled.tolist() == expected


@pytest.mark.parametrize(
    ("samples", "bits", "reason"),
    [
        (np.array([1 + 2j]), None, "complex128"),
        (np.array([np.nan]), None, "NaN"),
        (np.array([4096], np.uint16), 12, "4096 in data declared as 12-bit"),
        (np.array([-1e308, 1e308]), None, "too large for a float"),
    ],
)
def test_samples_without_a_scale_are_refused(samples, bits, reason):
    with pytest.raises(DataError, match=reason):
        to_uint8(samples, bits)


@given(st.integers(0, 255), st.integers(0, 255))
def test_blending_on_white_rounds_to_nearest(value, opacity):
    rgb = np.full((1, 1, 3), value, np.uint8)
    laid = on_white(rgb, np.full((1, 1), opacity, np.uint8))
    exact = (value * opacity + 255 * (255 - opacity)) / 255
    assert abs(laid[0, 0, 0] - exact) <= 0.5


def test_five_channels_are_refused():
    with pytest.raises(DataError, match=r"shape \(2, 2, 5\)"):
        channels_to_rgb(np.zeros((2, 2, 5), np.uint8))


def test_read_bytes(tmp_path):
    path = tmp_path / "Zelle 1 ä.bmp"
    path.write_bytes(BMP)
    assert read_bytes(path) == BMP
    (tmp_path / "four").write_bytes(b"1234")
    with pytest.raises(DataError, match=r"4 bytes, more than the limit of 3"):
        read_bytes(tmp_path / "four", max_bytes=3)
    with pytest.raises(DataError, match=r"none\.png does not exist"):
        read_bytes(tmp_path / "none.png")
    with pytest.raises(DataError, match="not a regular file"):
        read_bytes(tmp_path)
    (tmp_path / "zero.png").touch()
    with pytest.raises(DataError, match=r"zero\.png is empty \(0 bytes\)"):
        read_bytes(tmp_path / "zero.png")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_pipes_and_devices_are_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    for path in (tmp_path / "pipe.png", type(tmp_path)(os.devnull)):
        with pytest.raises(DataError, match="not a regular file"):
            read_bytes(path)


def test_a_link_to_itself_is_refused(tmp_path):
    link = tmp_path / "circle.png"
    link.symlink_to(link)
    with pytest.raises(DataError, match=r"circle\.png cannot be read"):
        read_bytes(link)


@pytest.mark.parametrize("value", [0, 255])
@pytest.mark.parametrize("shape", [(1, 1, 3), (30, 20, 3)])
def test_blank_and_single_pixel_images_are_decoded(value, shape):
    blank = np.full(shape, value, np.uint8)
    for kind in ("PNG", "JPEG", "BMP", "TIFF", "WEBP"):
        assert np.abs(decode_rgb(pillow(blank, kind)) - blank.astype(int)).max() <= 2


@needs_shared
@pytest.mark.parametrize(
    "folder", ["all_idb2/img", "all_idb2/masks", "cnmc_sample", "pbc/images/ig", "seg_wbc/dataset1"]
)
def test_real_files_agree_with_pillow(folder):
    files = [
        path
        for path in sorted((SHARED / "data" / folder).iterdir())
        if path.suffix in (".bmp", ".jpg", ".tif", ".png")
    ]
    assert files
    for path in files[::17]:
        with Image.open(path) as image:
            assert np.array_equal(decode_rgb(read_bytes(path)), np.asarray(image.convert("RGB")))
