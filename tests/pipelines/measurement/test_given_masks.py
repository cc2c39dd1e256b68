"""Given masks of nuclei that are not inside the given cells are refused."""

from __future__ import annotations

import numpy as np
import pytest

from data.synthetic import synthetic_cell
from features.errors import CellError
from features.segmentation.segment import from_masks

DRAWN = synthetic_cell(np.random.default_rng(0), label="blast")


@pytest.mark.parametrize("shift", [40, 80, -60])
def test_a_nucleus_outside_of_its_cell_is_refused(shift):
    nucleus = np.roll(DRAWN.nucleus, shift, axis=1)
    outside = np.count_nonzero(nucleus & ~DRAWN.cell)
    with pytest.raises(CellError, match=f"{outside} of the {nucleus.sum()} pixels of the nucleus"):
        from_masks(DRAWN.rgb, nucleus, DRAWN.cell)


def test_a_cytoplasm_without_its_nucleus_is_no_cell():
    with pytest.raises(CellError, match="whole cell, nucleus and cytoplasm together"):
        from_masks(DRAWN.rgb, DRAWN.nucleus, DRAWN.cell & ~DRAWN.nucleus)


def test_a_nucleus_may_reach_past_the_outline_by_a_few_pixels():
    found = from_masks(DRAWN.rgb, np.roll(DRAWN.nucleus, 1, axis=0), DRAWN.cell)
    assert len(found.cells) == 1
