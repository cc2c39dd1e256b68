"""Copies of a cell that were turned, zoomed, cropped, recoloured or compressed are found."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from data.fingerprints.cell_signature import SIDE, cell_signature, read_signatures
from data.fingerprints.copied_cells import copied_cells
from data.synthetic import synthetic_smear

SMEAR = list(synthetic_smear(11, subjects=4, cells_per_subject=10))


def signature(rgb, nucleus, cell, origin=(0, 0)):
    return cell_signature(rgb, nucleus.astype(bool), cell.astype(bool), origin)


def warped(cell, angle, scale=1.0, *, mirror=False):
    """Turn and zoom picture and masks around the middle."""
    rows, cols = cell.rgb.shape[:2]
    matrix = cv2.getRotationMatrix2D(((cols - 1) / 2, (rows - 1) / 2), angle, scale)
    planes = [
        cv2.warpAffine(plane, matrix, (cols, rows), flags=way, borderMode=cv2.BORDER_REFLECT_101)
        for plane, way in (
            (cell.rgb, cv2.INTER_LINEAR),
            (cell.nucleus.astype(np.uint8), cv2.INTER_NEAREST),
            (cell.cell.astype(np.uint8), cv2.INTER_NEAREST),
        )
    ]
    return [np.ascontiguousarray(plane[:, ::-1]) if mirror else plane for plane in planes]


def turned(cell, rng):
    return warped(cell, rng.uniform(0, 360), mirror=bool(rng.integers(2)))


def zoomed(cell, rng):
    return warped(cell, 0, rng.uniform(0.92, 1.08))


def recoloured(cell, rng):
    levels = cell.rgb * rng.uniform(0.85, 1.1, 3) + rng.uniform(-12, 12, 3)
    return np.clip(levels, 0, 255).astype(np.uint8), cell.nucleus, cell.cell


def compressed(cell, rng):
    quality = (cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(40, 90)))
    content = cv2.imencode(".jpg", cell.rgb, quality)[1]
    return cv2.imdecode(content, cv2.IMREAD_COLOR), cell.nucleus, cell.cell


def cropped(cell, rng):
    rows, cols = np.nonzero(cell.cell)
    top, left = rng.integers(0, [max(rows.min() - 4, 1), max(cols.min() - 4, 1)])
    return tuple(plane[top:, left:] for plane in (cell.rgb, cell.nucleus, cell.cell))


def outlined_otherwise(cell, rng):
    """Another program's masks: both larger or smaller by a pixel or two."""
    size = int(rng.integers(1, 3))
    change = cv2.dilate if rng.integers(2) else cv2.erode
    masks = (
        change(mask.astype(np.uint8), np.ones((2 * size + 1, 2 * size + 1), np.uint8))
        for mask in (cell.nucleus, cell.cell)
    )
    return cell.rgb, *masks


def linked(texts, *, known=0):
    return copied_cells(read_signatures(texts), np.arange(len(texts)), known=known)


@pytest.mark.parametrize(
    "change", [turned, zoomed, recoloured, compressed, cropped, outlined_otherwise]
)
def test_a_changed_copy_is_linked_to_its_cell_and_to_no_other(change):
    cells = [signature(cell.rgb, cell.nucleus, cell.cell) for cell in SMEAR]
    copies = [
        signature(*change(cell, np.random.default_rng([5, place])))
        for place, cell in enumerate(SMEAR)
    ]
    pairs = linked([*cells, *copies], known=len(cells))
    assert all(j - len(cells) == i for i, j in pairs)
    assert len(pairs) >= 0.95 * len(cells)


def test_several_copies_of_one_cell_are_all_linked():
    texts = [
        signature(*warped(cell, angle)) for cell in SMEAR[:8] for angle in (0, 31, 77, 140, 265)
    ]
    links = np.arange(len(texts))
    for i, j in linked(texts):
        links[links == links[j]] = links[i]
    assert [len(set(links[k : k + 5])) for k in range(0, 40, 5)] == [1] * 8
    assert len(set(links)) == 8


def test_different_cells_are_not_linked():
    assert linked([signature(cell.rgb, cell.nucleus, cell.cell) for cell in SMEAR]) == []


def test_cells_of_one_picture_are_not_compared():
    text = signature(SMEAR[0].rgb, SMEAR[0].nucleus, SMEAR[0].cell)
    assert copied_cells(read_signatures([text, text]), np.array([0, 0])) == []
    assert copied_cells(read_signatures([text, text]), np.array([0, 1])) == [(0, 1)]


def test_the_place_of_the_cell_in_its_picture_is_no_matter():
    one = SMEAR[3]
    larger = cv2.copyMakeBorder(one.rgb, 40, 30, 25, 10, cv2.BORDER_REPLICATE)
    assert signature(larger, one.nucleus, one.cell, (40, 25)) == signature(
        cv2.copyMakeBorder(one.rgb, 60, 60, 60, 60, cv2.BORDER_REPLICATE),
        one.nucleus, one.cell, (60, 60),
    )  # fmt: skip


def test_a_cell_without_a_nucleus_and_a_tiny_cell_have_signatures():
    one = SMEAR[0]
    none = np.zeros_like(one.nucleus)
    signatures = read_signatures([signature(one.rgb, none, one.cell)])
    assert signatures.pictures.shape == (1, SIDE, SIDE)
    assert signatures.nuclei.tolist() == [[0, 0, 0]]
    dot = none.copy()
    dot[0, 0] = True
    flat = signature(np.full_like(one.rgb, 7), none, dot)
    assert np.all(read_signatures([flat]).pictures == 7)
    assert linked([flat, flat]) == []
    assert linked([flat]) == linked([]) == []


@pytest.mark.parametrize("text", ["", "abc", "AAAA", "ä", "d" * 56])
def test_another_text_is_refused(text):
    with pytest.raises(ValueError, match=r"signature|bytes|ASCII"):
        read_signatures([text])
