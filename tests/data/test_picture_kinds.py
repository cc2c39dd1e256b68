"""Files that are pictures, but no colour photographs, are refused by their own reason."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from data.decoding.colour_check import check_colour
from data.decoding.images import OTHER_EXTENSIONS, decode_rgb
from data.errors import DataError
from data.listing.list_images import list_images
from data.synthetic import Slide, synthetic_cell
from features.colour.channel_order import red_and_blue_seem_exchanged

RGB = synthetic_cell(np.random.default_rng(0), label="blast").rgb
GREY = RGB[..., 1]


def saved(array, kind="PNG", **options):
    file = io.BytesIO()
    Image.fromarray(array).save(file, kind, **options)
    return file.getvalue()


def tiff(array, **options):
    file = io.BytesIO()
    tifffile.imwrite(file, array, **options)
    return file.getvalue()


def with_opacity(opacity, dtype=np.uint8):
    return np.dstack([RGB, np.broadcast_to(opacity, GREY.shape)]).astype(dtype)


@pytest.mark.parametrize("opacity", [0, 1, 60, 127, 200, 254])
@pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF", "PNG 16", "TIFF 16"])
def test_a_picture_that_is_transparent_everywhere_is_refused(form, opacity):
    shown = with_opacity(opacity)
    content = {
        "PNG": lambda: saved(shown),
        "WEBP": lambda: saved(shown, "WEBP", lossless=True, exact=True),
        "TIFF": lambda: saved(shown, "TIFF"),
        "PNG 16": lambda: saved_16(shown),
        "TIFF 16": lambda: tiff(
            shown.astype(np.uint16) * 257, photometric="rgb", extrasamples=["unassalpha"]
        ),
    }[form]()
    with pytest.raises(DataError, match=r"every pixel is (fully )?transparent") as caught:
        decode_rgb(content)
    assert "without its opacity channel" in caught.value.remedy


def saved_16(rgba):
    import cv2

    done, content = cv2.imencode(".png", rgba[..., [2, 1, 0, 3]].astype(np.uint16) * 257)
    assert done
    return content.tobytes()


def test_an_opaque_picture_and_a_cut_out_cell_are_not_refused():
    assert np.array_equal(decode_rgb(saved(with_opacity(255))), RGB)
    cut = decode_rgb(saved(with_opacity(np.where(GREY < 200, 255, 0))))
    assert (cut[GREY >= 200] == 255).all()


@given(
    st.sampled_from(["PNG", "JPEG", "BMP", "TIFF", "WEBP"]),
    st.booleans(),
    st.integers(-3, 3),
    st.integers(-3, 3),
)
def test_a_grey_picture_is_refused_as_grey(kind, three_channels, red, blue):
    tinted = np.clip(np.dstack([GREY.astype(int) + red, GREY, GREY.astype(int) + blue]), 0, 255)
    picture = tinted.astype(np.uint8) if three_channels else GREY
    with pytest.raises(DataError, match="a grey picture"):
        check_colour(decode_rgb(saved(picture, kind)))


@given(st.integers(0, 30), st.floats(0.3, 1.5), st.floats(0.6, 1.0))
@settings(max_examples=40)
def test_a_pale_colour_picture_is_not_grey(seed, strength, light):
    rng = np.random.default_rng(seed)
    slide = Slide(light=(light, 0.97 * light, 0.95 * light), strength=strength)
    rgb = synthetic_cell(rng, label="normal", slide=slide).rgb
    check_colour(rgb)
    assert not red_and_blue_seem_exchanged(rgb)
    assert red_and_blue_seem_exchanged(np.ascontiguousarray(rgb[..., ::-1]))


@pytest.mark.parametrize("level", [0, 120, 255])
def test_a_blank_picture_is_neither_grey_nor_exchanged(level):
    blank = np.full((40, 40, 3), level, np.uint8)
    check_colour(blank)
    assert not red_and_blue_seem_exchanged(blank)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("ome", [False, True])
def test_three_grey_pages_are_called_planes(dtype, ome):
    planes = np.moveaxis(RGB, -1, 0).astype(dtype)
    content = tiff(planes, photometric="minisblack", ome=ome)
    with pytest.raises(DataError, match=r"three grey pages .* planes of one RGB picture") as caught:
        decode_rgb(content)
    assert "save the picture as RGB" in caught.value.remedy
    assert "separate file" in caught.value.remedy


@pytest.mark.parametrize("pages", [2, 4, 7])
def test_other_numbers_of_pages_are_no_planes(pages):
    content = tiff(np.repeat(GREY[None], pages, axis=0), photometric="minisblack")
    with pytest.raises(DataError, match=f"a TIFF of {pages} pages") as caught:
        decode_rgb(content)
    assert "separate file" in caught.value.remedy
    assert "save it as RGB" in caught.value.remedy


@pytest.mark.parametrize("extension", sorted(OTHER_EXTENSIONS))
def test_pictures_that_cannot_be_read_are_counted(tmp_path, extension):
    (tmp_path / "a.png").write_bytes(saved(RGB))
    (tmp_path / f"b{extension.upper()}").write_bytes(b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(40))
    listing = list_images(tmp_path)
    assert [entry.name for entry in listing.entries] == ["a.png", f"b{extension.upper()}"]
    assert not listing.skipped
    with pytest.raises(DataError, match=r"a JPEG 2000; export it as PNG"):
        decode_rgb((tmp_path / f"b{extension.upper()}").read_bytes())
