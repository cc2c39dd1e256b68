"""Masks in the encodings of public data sets, and invalid masks."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image
from support.shared import SHARED, needs_shared

from data.decoding.images import decode_rgb, read_bytes
from data.decoding.masks import decode_mask
from data.errors import DataError

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
def test_three_values_from_a_jpeg_are_approximately_right(content):
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
        stored(CELL.astype(np.uint8) * 40),
        stored(CELL),
        stored(CELL.astype(np.uint8) * 255, "JPEG", quality=90),
    ],
)
def test_two_values_mean_what_mask_is_states(content):
    nucleus, none = decode_mask(content, (60, 80), mask_is="nucleus")
    assert none is None
    none, cell = decode_mask(content, (60, 80), mask_is="cell")
    assert none is None
    assert (nucleus != CELL).mean() < 0.005
    assert np.array_equal(nucleus, cell)
    with pytest.raises(DataError, match="--mask-is nucleus or --mask-is cell"):
        decode_mask(content, (60, 80), mask_is=None)


def test_a_coloured_mask_without_cytoplasm_is_decoded():
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
        (stored(np.dstack([CELL * 255, 0 * CELL, 0 * CELL]).astype(np.uint8)), "neither white"),
        (b"", "empty"),
        (b"no image", "not an image"),
    ],
)
def test_refused(content, reason):
    with pytest.raises(DataError, match=reason):
        decode_mask(content, (60, 80), mask_is="cell")


def grid(ids):
    """Return a label image of touching discs on a 4 x 3 grid."""
    ids = [*ids, *[0] * (12 - len(ids))]
    row, col = np.ogrid[:90, :120]
    image = np.zeros((90, 120), np.int64)
    for number, one in enumerate(ids):
        inside = (row - 15 - 30 * (number // 4)) ** 2 + (
            col - 15 - 30 * (number % 4)
        ) ** 2 < 15.5**2
        image[inside] = one
    return image


def tiff(array):
    file = io.BytesIO()
    tifffile.imwrite(file, array)
    return file.getvalue()


LABELS = {
    "1 to 12": stored(grid(range(1, 13)).astype(np.uint8)),
    "20 to 250": stored(grid(np.linspace(20, 250, 12).astype(int)).astype(np.uint8)),
    "1 to 700, 16 bits": stored(grid(np.linspace(1, 700, 12).astype(int)).astype(np.uint16)),
    "1 and 65535": stored(grid([1, 65535]).astype(np.uint16)),
    "1 to 90000, 32 bits": tiff(grid(np.linspace(1, 90000, 12).astype(int)).astype(np.uint32)),
    "1 to 700, floats": tiff(grid(np.linspace(1, 700, 12).astype(int)).astype(np.float32)),
    "1 and 2": stored(grid([1, 2]).astype(np.uint8)),
    "5 and 250": stored(grid([5, 250]).astype(np.uint8)),
    "100 and 200": stored(grid([100, 200]).astype(np.uint8)),
    "1 to 3": stored(grid([1, 2, 3]).astype(np.uint8)),
}


@pytest.mark.parametrize("name", LABELS)
def test_each_level_of_a_label_image_is_one_cell(name):
    count = {"and": 2, "3": 3}.get(name.split()[1 if "and" in name else -1], 12)
    for mask_is, place in (("nucleus", 0), ("cell", 1)):
        masks = decode_mask(LABELS[name], (90, 120), mask_is=mask_is)
        assert masks[1 - place] is None
        ids = masks[place]
        assert ids.dtype == np.int32
        assert np.array_equal(ids, grid(range(1, count + 1)))
    with pytest.raises(DataError, match=f"label image of {count} values.*--mask-is nucleus or"):
        decode_mask(LABELS[name], (90, 120), mask_is=None)


THREE = np.array([0, 128, 255], np.uint8)[LEVEL]


@pytest.mark.parametrize(
    "content",
    [
        *(stored(THREE, "JPEG", quality=quality) for quality in (30, 50, 75, 95)),
        stored(cv2.imdecode(np.frombuffer(stored(THREE, "JPEG"), np.uint8), 0)),
        stored(cv2.GaussianBlur(THREE, (0, 0), 1.5)),
        stored(np.array(Image.fromarray(THREE).resize((240, 180), 2).resize((80, 60), 4))),
        stored(np.maximum(THREE, 3)),
        tiff((THREE / 255).astype(np.float32)),
    ],
    ids=["JPEG 30", "50", "75", "95", "from JPEG", "blurred", "resized", "lifted", "floats"],
)
def test_soft_masks_of_three_values_are_not_label_images(content):
    nucleus, cell = decode_mask(content, (60, 80), mask_is="cell")
    assert nucleus.dtype == cell.dtype == np.bool_
    assert (nucleus != NUCLEUS).mean() < 0.02
    assert (cell != (CELL | NUCLEUS)).mean() < 0.03


@pytest.mark.parametrize("quality", [30, 60, 90])
@pytest.mark.parametrize("level", [100, 200, 255])
def test_two_values_of_a_jpeg_are_not_a_label_image(level, quality):
    content = stored(CELL.astype(np.uint8) * np.uint8(level), "JPEG", quality=quality)
    _, cell = decode_mask(content, (60, 80), mask_is="cell")
    assert cell.dtype == np.bool_
    assert (cell != CELL).mean() < 0.02


SPREAD = grid(np.linspace(20, 250, 12).astype(int)).astype(np.uint8)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (stored(cv2.GaussianBlur(SPREAD, (0, 0), 1)), "many occur only along edges"),
        (stored(SPREAD, "JPEG", quality=90), "many occur only along edges"),
        (stored(grid([1, 2, 3] * 4).astype(np.uint8)), "3 values in 12 separate parts"),
        (stored(np.array([0, 2, 1], np.uint8)[np.tile(LEVEL, (3, 2))]), "1 is inside the number 2"),
    ],
    ids=["smooth", "JPEG", "kinds", "swapped"],
)
def test_invalid_label_images_are_refused(content, reason):
    shape = decode_rgb(content).shape[:2]
    with pytest.raises(DataError, match=reason):
        decode_mask(content, shape, mask_is="cell")


def test_the_pixel_limit_applies_to_the_mask():
    content = stored(THREE)
    assert decode_mask(content, (60, 80), mask_is=None, max_pixels=4800)[0].sum() == NUCLEUS.sum()
    with pytest.raises(DataError, match=r"the mask: the file declares 80 x 60 .* limit of 4799"):
        decode_mask(content, (60, 80), mask_is=None, max_pixels=4799)


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
