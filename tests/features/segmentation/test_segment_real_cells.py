"""Real cells: agreement with expert masks, and robustness to rotation, light and white balance."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
import pytest
from support.cells.drawn_cells import dice
from support.shared import SHARED, needs_shared

from features.segmentation.detection.background import fit_background
from features.segmentation.detection.red_cells import red_cell_diameter
from features.segmentation.segment import segment

pytestmark = needs_shared
DATA = SHARED / "data"


def read(path) -> np.ndarray:
    return cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)


@cache
def thirty_images() -> list[np.ndarray]:
    paths = sorted((DATA / "all_idb2" / "img").glob("*.tif"))
    return [read(paths[place]) for place in np.linspace(0, len(paths) - 1, 30).astype(int)]


@cache
def masks_of_originals() -> list[tuple[np.ndarray, np.ndarray]]:
    return [masks(rgb, scale("all_idb2/img")) for rgb in thirty_images()]


def masks(rgb: np.ndarray, red_cell: float | None = None) -> tuple[np.ndarray, np.ndarray]:
    labels = segment(rgb, source="crop", red_cell=red_cell).labels()
    return labels == 255, labels > 0


@cache
def scale(folder: str) -> float:
    """Return the median diameter of the red cells of a folder, as a series has it."""
    paths = sorted((DATA / folder).iterdir())[::8]
    images = [read(path) for path in paths if path.suffix in (".tif", ".bmp")]
    return float(np.median([red_cell_diameter(rgb, fit_background(rgb)) for rgb in images]))


def scale_channels(*factors: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda rgb: np.clip(np.rint(rgb * np.array(factors)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("alter", "undo"),
    [
        (np.rot90, lambda mask: np.rot90(mask, -1)),
        (np.flipud, np.flipud),
        (np.fliplr, np.fliplr),
        (scale_channels(0.8, 0.8, 0.8), np.asarray),
        (scale_channels(1.2, 1.2, 1.2), np.asarray),
        (scale_channels(1.1, 1.0, 0.9), np.asarray),
        (scale_channels(0.9, 1.0, 1.1), np.asarray),
        (scale_channels(1.0, 0.9, 1.0), np.asarray),
        (scale_channels(1.0, 1.1, 1.0), np.asarray),
    ],
    ids=["rotated", "flipped", "mirrored", "dark", "light", "warm", "cold", "magenta", "green"],
)
def test_masks_rotate_with_the_image_and_do_not_depend_on_the_light(alter, undo):
    scores = []
    for rgb, (nucleus, cell) in zip(thirty_images(), masks_of_originals(), strict=True):
        other_nucleus, other_cell = masks(np.ascontiguousarray(alter(rgb)), scale("all_idb2/img"))
        scores.append((dice(undo(other_nucleus), nucleus), dice(undo(other_cell), cell)))
    assert np.min(scores) >= 0.97
    assert np.mean(scores, axis=0).min() >= 0.99


def test_masks_agree_with_those_of_experts():
    scores = []
    for path in sorted((DATA / "all_idb2" / "img").glob("*.tif"))[::4]:
        red, green, _ = np.moveaxis(read(DATA / "all_idb2" / "masks" / path.name) > 127, 2, 0)
        nucleus, cell = masks(read(path), scale("all_idb2/img"))
        scores.append((dice(nucleus, green & ~red), dice(cell, ~red)))
    assert np.mean(scores, axis=0) == pytest.approx([0.966, 0.967], abs=0.012)


def test_masks_agree_with_those_of_experts_for_another_stain():
    scores = []
    for path in sorted((DATA / "seg_wbc" / "dataset1").glob("*.bmp"))[::4]:
        labels = cv2.imread(str(path.with_suffix(".png")), cv2.IMREAD_GRAYSCALE)
        nucleus, cell = masks(read(path), scale("seg_wbc/dataset1"))
        scores.append((dice(nucleus, labels > 191), dice(cell, labels > 63)))
    means = np.mean(scores, axis=0)
    assert means[0] >= 0.94
    assert means[1] >= 0.95


def test_masks_of_cells_on_black_keep_their_outline():
    for path in sorted((DATA / "cnmc_sample").glob("*.bmp"))[::8]:
        rgb = read(path)
        found = segment(rgb)
        assert found.source == "crop"
        assert dice(found.labels() > 0, rgb.max(axis=2) > 0) > 0.9
        assert found.cells[0].cell.nucleus.any()


def test_each_blast_of_a_field_is_one_cell():
    folder = DATA / "all_idb1"
    found = segment(read(folder / "im" / "Im013_1.jpg")).kept(("white cell", "cut cell"))
    assert found.source == "field"
    labels = np.zeros(found.shape, dtype=int)
    for number, one in enumerate(found.cells, 1):
        (top, left), nucleus = one.cell.origin, one.cell.nucleus
        labels[top : top + nucleus.shape[0], left : left + nucleus.shape[1]][nucleus] = number
    blasts = np.loadtxt(folder / "xyc" / "Im013_1.xyc", dtype=int)
    inside = [labels[row, col] for col, row in blasts]
    assert 0 not in inside
    assert len(set(inside)) == len(blasts)
