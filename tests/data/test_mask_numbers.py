"""Masks in any container and with any numbers: decoded as meant, or refused, never turned round."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from data.decoding.masks import decode_mask
from data.errors import DataError

ROWS, COLS = 48, 56
ROW, COL = np.ogrid[:ROWS, :COLS]
WHITE_BLUE_CYAN = np.array([[255, 255, 255], [0, 0, 255], [0, 255, 255]], np.uint8)


def disc(row, col, radius):
    return (ROW - row) ** 2 + (COL - col) ** 2 < radius**2


CELL = disc(24, 28, 15)
NUCLEUS = disc(25, 26, 9)
PARTS = CELL.astype(np.uint8) + NUCLEUS  # 0, 1, 2


def saved(image, kind="PNG", **options):
    file = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(
        file, kind, **options
    )
    return file.getvalue()


def tiff(array, **options):
    file = io.BytesIO()
    tifffile.imwrite(file, array, **options)
    return file.getvalue()


def palette(indices, colours, kind="PNG", **options):
    image = Image.fromarray(indices.astype(np.uint8), "P")
    image.putpalette(np.asarray(colours, np.uint8).tobytes())
    return saved(image, kind, **options)


def rgba(levels, opacity, hidden):
    """Return levels as RGBA; transparent pixels have the colour `hidden`."""
    colours = np.where((opacity > 0)[..., None], levels[..., None], np.array(hidden))
    return saved(np.dstack([colours, opacity]).astype(np.uint8))


OPAQUE_CELL = np.where(CELL, 255, 0)
BYTES = {
    "PNG": lambda numbers: saved(numbers.astype(np.uint8)),
    "BMP": lambda numbers: saved(numbers.astype(np.uint8), "BMP"),
    "RGB": lambda numbers: saved(np.repeat(numbers[..., None], 3, 2).astype(np.uint8)),
    "RGBA, opaque": lambda numbers: rgba(numbers, np.full(PARTS.shape, 255), (0, 0, 0)),
    "RGBA, half": lambda numbers: rgba(numbers, np.full(PARTS.shape, 130), (0, 0, 0)),
    "RGBA, invisible": lambda numbers: saved(
        np.dstack([numbers] * 3 + [np.zeros_like(numbers)]).astype(np.uint8)
    ),
    "RGBA, black": lambda numbers: rgba(numbers, OPAQUE_CELL, (0, 0, 0)),
    "RGBA, white": lambda numbers: rgba(numbers, OPAQUE_CELL, (255, 255, 255)),
    "RGBA, pink": lambda numbers: rgba(numbers, OPAQUE_CELL, (250, 200, 220)),
    "LA": lambda numbers: saved(np.dstack([numbers, OPAQUE_CELL]).astype(np.uint8)),
    "grey with a transparent level": lambda numbers: saved(
        numbers.astype(np.uint8), transparency=int(numbers[0, 0])
    ),
    "palette, greys": lambda numbers: palette(numbers, np.repeat(np.arange(256), 3)),
    "palette, transparent": lambda numbers: palette(
        numbers, np.repeat(np.arange(256), 3), transparency=int(numbers[0, 0])
    ),
    "palette, colours": lambda numbers: palette(
        numbers, np.random.default_rng(3).integers(0, 256, 768)
    ),
    "palette, one colour": lambda numbers: palette(numbers, np.full(768, 200)),
    "palette TIFF": lambda numbers: palette(
        numbers, np.random.default_rng(4).integers(0, 256, 768), "TIFF"
    ),
    "palette BMP": lambda numbers: palette(
        numbers, np.random.default_rng(5).integers(0, 256, 768), "BMP"
    ),
    "white is zero": lambda numbers: tiff(numbers.astype(np.uint8), photometric="miniswhite"),
}
DEEP = {
    "PNG 16 bit": lambda numbers: saved(numbers.astype(np.uint16)),
    "TIFF 16 bit": lambda numbers: tiff(numbers.astype(np.uint16)),
    "TIFF 16 bit, three channels": lambda numbers: tiff(
        np.repeat(numbers[..., None], 3, 2).astype(np.uint16), photometric="rgb"
    ),
    "TIFF 32 bit": lambda numbers: tiff(numbers.astype(np.int32)),
    "TIFF of floats": lambda numbers: tiff(numbers.astype(np.float32)),
    "white is zero, 16 bit": lambda numbers: tiff(
        numbers.astype(np.uint16), photometric="miniswhite"
    ),
}
SIGNED = {name: DEEP[name] for name in ("TIFF 32 bit", "TIFF of floats")}
ALL = BYTES | DEEP


def drawn_numbers(count, lowest=0, highest=255):
    return st.lists(st.integers(lowest, highest), min_size=count, max_size=count, unique=True).map(
        sorted
    )


def refused_or(expected, content, mask_is):
    """Decode a mask; assert that it is as expected unless it is refused; return whether it was."""
    try:
        nucleus, cell = decode_mask(content, (ROWS, COLS), mask_is=mask_is)
    except DataError:
        return True
    for found, wanted in zip((nucleus, cell), expected, strict=True):
        assert (found is None) == (wanted is None)
        assert found is None or np.array_equal(found > 0, wanted)
    return False


@pytest.mark.parametrize("container", ALL)
@pytest.mark.parametrize("values", [(0, 128, 255), (0, 1, 2), (1, 2, 3), (10, 90, 200)])
def test_three_numbers_in_every_container(container, values):
    content = ALL[container](np.array(values)[PARTS])
    assert not refused_or((NUCLEUS, CELL), content, None)


@pytest.mark.parametrize("container", ALL)
@pytest.mark.parametrize("values", [(0, 255), (0, 1), (0, 37), (1, 2), (7, 9), (255, 0)])
def test_any_two_numbers_in_every_container(container, values):
    content = ALL[container](np.array(values)[CELL.astype(int)])
    assert not refused_or((None, CELL), content, "cell")
    with pytest.raises(DataError, match="--mask-is nucleus or --mask-is cell"):
        decode_mask(content, (ROWS, COLS), mask_is=None)


@given(st.sampled_from(sorted(BYTES)), drawn_numbers(3), st.booleans())
def test_three_drawn_numbers_are_as_meant_or_refused(container, values, inverted):
    numbers = np.array(values[::-1] if inverted else values)[PARTS]
    refused_or((NUCLEUS, CELL), BYTES[container](numbers), "cell")


@given(st.sampled_from(sorted(DEEP)), drawn_numbers(3, 0, 65_535), st.booleans())
def test_three_drawn_numbers_of_more_bits_are_as_meant(container, values, inverted):
    numbers = np.array(values[::-1] if inverted else values)[PARTS]
    assert not refused_or((NUCLEUS, CELL), DEEP[container](numbers), None)


@given(st.sampled_from(sorted(SIGNED)), drawn_numbers(2, -70_000, 70_000), st.booleans())
def test_two_drawn_numbers_may_be_negative(container, values, inverted):
    numbers = np.array(values[::-1] if inverted else values)[CELL.astype(int)]
    assert not refused_or((None, CELL), SIGNED[container](numbers), "cell")


SEVERAL = sum(
    (number + 1) * disc(10 + 14 * (number // 3), 10 + 18 * (number % 3), 6).astype(int)
    for number in range(9)
)


WHOLE = sorted(ALL.keys() - {"RGBA, black", "RGBA, white", "RGBA, pink", "LA"})


@given(st.sampled_from(WHOLE), st.data())
def test_drawn_label_images_have_the_cells_that_were_drawn(container, data):
    count = data.draw(st.integers(4, 9))
    values = data.draw(drawn_numbers(count + 1, 0, 255 if container in BYTES else 65_535))
    order = data.draw(st.permutations(values[1:]))
    cells = np.where(count >= SEVERAL, SEVERAL, 0)
    content = ALL[container](np.array([values[0], *order])[cells])
    try:
        _, found = decode_mask(content, (ROWS, COLS), mask_is="cell")
    except DataError:
        return
    assert np.array_equal(found > 0, cells > 0)
    if found.dtype != np.bool_:
        pairs = np.unique(np.stack([cells.ravel(), found.ravel()]), axis=1)
        assert pairs.shape[1] == count + 1


def test_opacity_is_the_mask_where_the_colour_is_the_same_everywhere():
    for colour in ((255, 255, 255), (0, 0, 0), (200, 30, 30)):
        opacity = np.array([0, 128, 255])[PARTS]
        content = saved(np.dstack([np.full((*PARTS.shape, 3), colour), opacity]).astype(np.uint8))
        assert not refused_or((NUCLEUS, CELL), content, None)


def test_colours_of_all_idb2_in_a_palette_and_with_a_transparent_background():
    assert not refused_or((NUCLEUS, CELL), palette(PARTS, WHITE_BLUE_CYAN.ravel()), None)
    colours = WHITE_BLUE_CYAN.copy()
    colours[0] = 0
    shown = np.dstack([colours[PARTS], np.where(CELL, 255, 0).astype(np.uint8)])
    assert not refused_or((NUCLEUS, CELL), saved(shown), None)


@pytest.mark.parametrize(
    ("numbers", "mask_is", "reason"),
    [
        (np.array([0, 255, 128])[PARTS], None, "128 is inside the number 255"),
        (np.array([0, 2, 1])[PARTS], "cell", "1 is inside the number 2"),
        (np.array([128, 255, 255])[PARTS], "cell", "128 and 255, without a background"),
        (np.where(disc(24, 28, 33), 255, 0), "cell", "have the highest numbers"),
        (np.where(disc(2, 2, 3), 0, np.array([128, 128, 255])[PARTS]), None, "cells cover 99"),
        (np.array([0, 3, 2, 1])[PARTS + disc(25, 26, 4)], "cell", "inside another"),
        (np.full(PARTS.shape, 37), "cell", "blank: every pixel is 37"),
    ],
    ids=["swapped", "swapped 0/1/2", "no background", "border", "covers", "kinds", "blank"],
)
def test_implausible_masks_are_refused_with_what_was_read(numbers, mask_is, reason):
    with pytest.raises(DataError, match=reason):
        decode_mask(saved(numbers.astype(np.uint8)), (ROWS, COLS), mask_is=mask_is)


def test_a_photograph_is_no_mask():
    noise = np.random.default_rng(0).normal(0, 6, PARTS.shape)
    for levels in ((230, 150, 80), (20, 120, 220)):
        photograph = np.clip(np.array(levels)[PARTS] + noise, 0, 255).astype(np.uint8)
        for content in (saved(photograph), saved(photograph, "JPEG", quality=90)):
            with pytest.raises(DataError):
                decode_mask(content, (ROWS, COLS), mask_is="cell")
