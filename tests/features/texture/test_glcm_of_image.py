"""GLCM features of a single image."""

from __future__ import annotations

import numpy as np
import pytest

from features import CellError
from features.core.registry import FEATURES
from features.texture.glcm_of_image import cooccurrence_features
from features.verification.ibsi_phantom import PHANTOM, REFERENCE


@pytest.mark.parametrize(("index", "aggregation"), [(0, "mean"), (1, "merged")])
def test_features_of_the_phantom_have_the_published_values(index, aggregation):
    slices = [
        cooccurrence_features(levels, levels > 0, levels=None, aggregation=aggregation)
        for levels in PHANTOM
    ]
    assert len(slices[0]) == 25
    for name in slices[0]:
        got = np.mean([values[name] for values in slices])
        published = REFERENCE[FEATURES[f"Texture_{name}"].ibsi][index]
        assert f"{got:.3g}" == f"{published:.3g}", name


def test_range_is_the_largest_minus_the_smallest_direction():
    """Stripes: difference 0 along them; 31 across them and in both diagonal directions."""
    stripes = np.tile(np.array([0, 255], dtype=np.uint8), (6, 3))
    everywhere = np.ones(stripes.shape, dtype=bool)
    assert cooccurrence_features(stripes, everywhere, aggregation="range")["Contrast"] == 31**2
    assert (
        cooccurrence_features(stripes, everywhere, aggregation="mean")["Contrast"] == 31**2 * 3 / 4
    )
    assert cooccurrence_features(stripes, everywhere, distance=2)["Contrast"] == 0


def test_levels_outside_the_range_are_refused():
    image = np.full((3, 3), 300, dtype=np.uint16)
    with pytest.raises(CellError, match="300 to 300"):
        cooccurrence_features(image, np.ones((3, 3), dtype=bool))
    with pytest.raises(CellError, match="from 1"):
        cooccurrence_features(
            np.zeros((3, 3), dtype=np.uint8), np.ones((3, 3), dtype=bool), levels=None
        )


def test_an_empty_mask_gives_nan():
    values = cooccurrence_features(np.zeros((3, 3), dtype=np.uint8), np.zeros((3, 3), dtype=bool))
    assert all(np.isnan(value) for value in values.values())
