"""Drawn fields through cameras of many kinds: every complete white cell is found once."""

from __future__ import annotations

from collections import Counter
from dataclasses import astuple, dataclass, replace

import numpy as np
import pytest

from data.drawn_fields.camera import Camera
from data.drawn_fields.cameras import CAMERAS
from data.drawn_fields.content import FieldContent
from data.drawn_fields.draw import draw_field
from data.drawn_fields.truth import DrawnField
from features.segmentation.segment import FoundCell, Segmentation, from_masks, segment

SEEDS = range(3)
SINGLE = FieldContent(6, platelets=6, crowding=0.3)
TOUCHING = FieldContent(2, clusters=(4,), platelets=4, crowding=0.3)
NO_WHITE_CELLS = FieldContent(0, platelets=8, crowding=0.45)
# Of 13 to 18 cells, those that may be missed: under a lamp's glare, in haze, of an odd stain.
MOST_MISSED = {"phone vignette": 1, "lamp glare": 1, "large scale": 1, "grey red cells": 2}


@dataclass(frozen=True)
class Count:
    """Agreement of the found cells with the truth.

    Attributes
    ----------
    complete : int
        White cells that nothing cuts. All other counts, except `false`, are of these.
    missed, split, merged : int
        Cells with no centroid inside, with several, and those that share a found cell.
    false : int
        Found cells whose centroid is in no white cell, complete or not.
    """

    complete: int = 0
    missed: int = 0
    split: int = 0
    merged: int = 0
    false: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(*(one + two for one, two in zip(astuple(self), astuple(other), strict=True)))


def white_cells(field: DrawnField, *, complete: bool = False) -> list[int]:
    return [
        number
        for number, one in enumerate(field.objects, 1)
        if one.kind == "white cell" and (one.complete or not complete)
    ]


def white(found: Segmentation) -> tuple[FoundCell, ...]:
    """Return the white cells, cut ones included."""
    return found.kept(("white cell", "cut cell")).cells


def count_cells(field: DrawnField, found: tuple[FoundCell, ...]) -> Count:
    complete = white_cells(field, complete=True)
    centroids: Counter[int] = Counter()
    shared: set[int] = set()
    for one in found:
        row, col = one.centroid
        centroids[int(field.cells[round(row), round(col)])] += 1
        (top, left), (rows, cols) = one.cell.origin, one.cell.nucleus.shape
        truth = field.nuclei[top : top + rows, left : left + cols][one.cell.nucleus]
        inside = {k for k in complete if (truth == k).sum() > 0.5 * (field.nuclei == k).sum()}
        shared |= inside if len(inside) > 1 else set()
    return Count(
        complete=len(complete),
        missed=sum(not centroids[k] and k not in shared for k in complete),
        split=sum(centroids[k] > 1 for k in complete),
        merged=len(shared),
        false=centroids.total() - sum(centroids[k] for k in white_cells(field)),
    )


def drawn(content: FieldContent, camera: Camera, seed: int) -> DrawnField:
    # At a large scale, a field of 640 x 480 has too few red cells and no room for white ones.
    shape = (960, 1280) if camera.red_cell > 60 else (480, 640)
    return draw_field(seed, shape=shape, content=content, camera=camera)


@pytest.mark.parametrize("content", [SINGLE, TOUCHING], ids=["single", "touching"])
@pytest.mark.parametrize("name", CAMERAS)
def test_every_complete_white_cell_is_found_once(name, content):
    total = Count()
    for seed in SEEDS:
        field = drawn(content, CAMERAS[name], seed)
        total += count_cells(field, white(segment(field.rgb, source="field")))
    assert total.complete >= 6
    assert total.missed <= MOST_MISSED.get(name, 0)
    assert total == Count(total.complete, total.missed)


@pytest.mark.parametrize("name", CAMERAS)
def test_a_field_without_white_cells_has_none(name):
    for seed in SEEDS:
        field = drawn(NO_WHITE_CELLS, CAMERAS[name], seed)
        found = segment(field.rgb, source="field")
        assert found.kept(("white cell",)).cells == ()
        assert found.shape == field.rgb.shape[:2]
        assert found.source == "field"


def test_an_empty_slide_has_no_white_cells():
    field = drawn(replace(NO_WHITE_CELLS, platelets=0, clumps=0, crowding=0.0), Camera(), 0)
    assert segment(field.rgb, source="field").cells == ()


@pytest.fixture(scope="module")
def touching():
    return drawn(replace(TOUCHING, platelets=6, edges=False), Camera(red_cell=30), 1)


def counted(field, labels):
    """Count a segmentation with the true nuclei and the given label image of cells."""
    nuclei = np.where(field.nuclei > 0, labels, 0).astype(np.int32)
    return count_cells(field, from_masks(field.rgb, nuclei, labels.astype(np.int32)).cells)


def test_the_truth_counts_as_no_error(touching):
    white = white_cells(touching)
    labels = np.where(np.isin(touching.cells, white), touching.cells, 0)
    assert counted(touching, labels) == Count(len(white))


def test_each_kind_of_error_is_counted(touching):
    white = white_cells(touching, complete=True)
    first, second, *_ = white
    truth = np.where(np.isin(touching.cells, white), touching.cells, 0)
    assert counted(touching, np.where(truth == first, 0, truth)) == Count(len(white), missed=1)
    assert counted(touching, np.where(truth == first, second, truth)) == Count(len(white), merged=2)
    cut = truth.copy()
    cut[
        (truth == first) & (np.arange(truth.shape[1]) > np.argwhere(truth == first)[:, 1].mean())
    ] = 99
    assert counted(touching, cut) == Count(len(white), split=1)
    platelet = next(k for k, one in enumerate(touching.objects, 1) if one.kind == "platelet")
    more = np.where(touching.cells == platelet, platelet, truth)
    assert counted(touching, more) == Count(len(white), false=1)
