"""Stain standardisation removes differences of stain and lamp."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.cells.example_cells import textured_cell

from features.colour.standardisation import standardise
from features.core.cell import Cell

SLIDE = np.array([230.0, 225.0, 220.0])


def photographed(cell: Cell, gain: np.ndarray, light: np.ndarray) -> Cell:
    """The cell with scaled optical densities and another colour of the lamp."""
    density = np.log((SLIDE + 1) / (cell.rgb + 1.0))
    rgb = np.clip(np.rint((SLIDE * light + 1) * np.exp(-density * gain) - 1), 0, 255)
    return replace(cell, rgb=rgb.astype(np.uint8))


@pytest.mark.parametrize("gain", [(1.3, 1.2, 1.1), (0.8, 0.9, 0.85)])
@pytest.mark.parametrize("light", [(1.0, 1.0, 1.0), (0.9, 0.8, 0.95)])
def test_standard_removes_differences_of_stain_and_lamp(gain, light):
    cell = textured_cell()
    other = photographed(cell, np.array(gain), np.array(light))
    ours = standardise(cell, "standard", SLIDE).rgb[cell.cell].astype(int)
    theirs = standardise(other, "standard", SLIDE * light).rgb[cell.cell].astype(int)
    before = np.abs(cell.rgb[cell.cell].astype(int) - other.rgb[cell.cell]).mean()
    assert np.abs(ours - theirs).mean() < min(2.0, 0.3 * before)


def test_standard_does_not_depend_on_the_background():
    cell = textured_cell()
    one = standardise(cell, "standard", SLIDE).rgb
    other = standardise(cell, "standard", SLIDE * 0.8).rgb
    assert np.abs(one.astype(int) - other).max() <= 1


def test_background_removes_differences_of_the_lamp_but_not_of_the_stain():
    cell = textured_cell()
    light = np.array([0.9, 0.8, 0.95])
    other = photographed(cell, np.ones(3), light)
    ours = standardise(cell, "background", SLIDE).rgb.astype(int)
    theirs = standardise(other, "background", SLIDE * light).rgb
    assert np.abs(ours - theirs).mean() < 1.5
    stronger = photographed(cell, np.full(3, 1.4), np.ones(3))
    apart = standardise(stronger, "background", SLIDE).rgb
    assert np.abs(ours - apart).mean() > 10


def test_none_returns_the_cell_unchanged():
    cell = textured_cell()
    assert standardise(cell, "none", SLIDE) is cell


def test_masks_origin_and_pixel_size_are_kept():
    cell = replace(textured_cell(), origin=(7, 9), pixel_size=0.1)
    other = standardise(cell, "standard", SLIDE)
    assert (other.origin, other.pixel_size) == ((7, 9), 0.1)
    assert other.nucleus is cell.nucleus


def test_the_noise_of_a_uniform_cell_is_not_amplified():
    mask = np.ones((20, 20), np.bool_)
    rgb = np.full((20, 20, 3), 120, np.uint8)
    rgb[::2] += 1
    even = standardise(Cell(rgb, mask, mask), "standard", SLIDE).rgb
    assert np.ptp(even.reshape(-1, 3).astype(int), axis=0).max() <= 30
