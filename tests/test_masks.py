"""Masks in the forms of public data sets, and what is refused."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from shared import SHARED, needs_shared

from data.errors import DataError
from data.images import decode_rgb, read_bytes
from data.masks import decode_mask

ROW, COL = np.ogrid[:60, :80]
NUCLEUS = (ROW - 30) ** 2 + (COL - 40) ** 2 < 12**2
CELL = (ROW - 28) ** 2 + (COL - 42) ** 2 < 22**2
LEVEL = CELL.astype(np.uint8) + NUCLEUS  # 0, 1, 2


def stored(array, kind="PNG", **options):
    file = io.BytesIO()
    Image.fromarray(array).save(file, kind, **options)
    return file.getvalue()


def coloured(kind="PNG", **options):
    colours = np.array([[255, 255, 255], [0, 0, 255], [0, 255, 255]], np.uint8)
    return stored(colours[LEVEL], kind, **options)


def with_stray_levels():
    mask = np.array([0, 128, 255], np.uint8)[LEVEL]
    mask[2, 3], mask[30, 60], mask[30, 40] = 40, 150, 201
    return mask


@pytest.mark.parametrize("mask_is", [None, "nucleus", "cell"])
@pytest.mark.parametrize(
    "content",
    [
        stored(np.array([0, 128, 255], np.uint8)[LEVEL]),
        stored(np.array([0, 128, 255], np.uint8)[LEVEL], "BMP"),
        stored(np.repeat(np.array([0, 128, 255], np.uint8)[LEVEL][..., None], 3, 2)),
        stored(LEVEL),
        stored(LEVEL.astype(np.uint16)),
        stored(with_stray_levels()),
        coloured(),
        coloured("TIFF", compression="packbits"),
    ],
)
def test_three_values(content, mask_is):
    nucleus, cell = decode_mask(content, (60, 80), mask_is=mask_is)
    assert nucleus.dtype == cell.dtype == np.bool_
    assert np.array_equal(nucleus, NUCLEUS)
    assert np.array_equal(cell, CELL | NUCLEUS)


@pytest.mark.parametrize(
    "content",
    [
        stored(np.array([0, 128, 255], np.uint8)[LEVEL], "JPEG", quality=90),
        coloured("JPEG", quality=95, subsampling=0),
    ],
)
def test_three_values_from_a_jpeg_are_nearly_right(content):
    nucleus, cell = decode_mask(content, (60, 80), mask_is=None)
    assert (nucleus != NUCLEUS).mean() < 0.01
    assert (cell != CELL).mean() < 0.01
    assert not (nucleus & ~cell).any()


@pytest.mark.parametrize(
    "content",
    [
        stored(CELL.astype(np.uint8) * 255),
        stored(CELL.astype(np.uint8)),
        stored(CELL.astype(np.uint8) * 128),
        stored(CELL.astype(np.uint8) * 2),
        stored(CELL),
        stored(CELL.astype(np.uint8) * 255, "JPEG", quality=90),
    ],
)
def test_two_values_are_what_the_caller_says(content):
    nucleus, none = decode_mask(content, (60, 80), mask_is="nucleus")
    assert none is None
    none, cell = decode_mask(content, (60, 80), mask_is="cell")
    assert none is None
    assert (nucleus != CELL).mean() < 0.005
    assert np.array_equal(nucleus, cell)
    with pytest.raises(DataError, match="--mask-is nucleus or --mask-is cell"):
        decode_mask(content, (60, 80), mask_is=None)


def test_a_coloured_mask_without_cytoplasm_is_no_riddle():
    colours = np.array([[255, 255, 255], [0, 255, 255], [0, 255, 255]], np.uint8)
    nucleus, cell = decode_mask(stored(colours[LEVEL]), (60, 80), mask_is=None)
    assert np.array_equal(nucleus, CELL)
    assert np.array_equal(cell, CELL)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (stored(LEVEL[:, :79]), "79 x 60 pixels, its image 80 x 60"),
        (stored(LEVEL.T.copy()), "60 x 80 pixels, its image 80 x 60"),
        (stored(np.zeros((60, 80), np.uint8)), "blank: every pixel is 0"),
        (stored(np.full((60, 80), 255, np.uint8)), "blank: every pixel is 255"),
        (stored((CELL * 40).astype(np.uint8)), "no pixel reaches"),
        (stored(np.dstack([CELL * 255, 0 * CELL, 0 * CELL]).astype(np.uint8)), "neither white"),
        (b"", "empty"),
        (b"no image", "not an image"),
    ],
)
def test_refused(content, reason):
    with pytest.raises(DataError, match=reason):
        decode_mask(content, (60, 80), mask_is="cell")


@needs_shared
@pytest.mark.parametrize(
    ("images", "masks", "suffix"),
    [("all_idb2/img", "all_idb2/masks", ".tif"), ("seg_wbc/dataset1", "seg_wbc/dataset1", ".bmp")],
)
def test_real_masks(images, masks, suffix):
    paths = sorted((SHARED / "data" / images).glob(f"*{suffix}"))
    assert len(paths) >= 260
    shares = []
    for path in paths[::7]:
        shape = decode_rgb(read_bytes(path)).shape[:2]
        mask = (
            SHARED / "data" / masks / path.with_suffix(".tif" if "idb2" in masks else ".png").name
        )
        nucleus, cell = decode_mask(read_bytes(mask), shape, mask_is=None)
        assert not (nucleus & ~cell).any()
        shares.append((nucleus.sum() / cell.sum(), cell.mean()))
    # Nuclei fill most of a white cell, cells a part of their crop: colours are not swapped.
    nuclear, filled = np.median(shares, axis=0)
    assert 0.3 < nuclear < 0.95
    assert 0.1 < filled < 0.7
