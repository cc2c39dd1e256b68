"""Synthetic cells: valid masks, reproducible, labels mostly but not fully separable."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.layouts.synthetic_names import NOTE, synthetic_name
from data.listing.list_images import list_images
from data.synthetic import Slide, synthetic_cell, synthetic_slide, synthetic_smear


@pytest.fixture(scope="module")
def smear():
    return list(synthetic_smear(4, subjects=16, cells_per_subject=12))


def test_labels_and_subjects(smear):
    assert len(smear) == 192
    assert sum(cell.label == "blast" for cell in smear) == 80
    for number in range(16):
        labels = [cell.label for cell in smear if cell.subject == f"S{number:02d}"]
        assert len(labels) == 12
        assert labels.count("blast") == (10 if number % 2 else 0)


def test_masks_are_one_cell_with_one_nucleus(smear):
    import scipy.ndimage as ndi

    for cell in smear:
        assert cell.rgb.shape == (160, 160, 3)
        assert cell.rgb.dtype == np.uint8
        assert cell.nucleus.dtype == cell.cell.dtype == np.bool_
        assert not (cell.nucleus & ~cell.cell).any()
        assert ndi.label(cell.nucleus)[1] == ndi.label(cell.cell)[1] == 1
        edge = np.concatenate([cell.cell[[0, -1]].ravel(), cell.cell[:, [0, -1]].ravel()])
        assert not edge.any()
        assert 0.3 < cell.nucleus.sum() / cell.cell.sum() < 0.95


def test_compartments_have_the_expected_stain(smear):
    for cell in smear:
        rgb = cell.rgb.astype(float)
        nucleus = rgb[cell.nucleus].mean(axis=0)
        cytoplasm = rgb[cell.cell & ~cell.nucleus].mean(axis=0)
        red, green, blue = nucleus
        assert blue > red > green  # purple
        assert nucleus.sum() < cytoplasm.sum() - 60
        assert cytoplasm[2] > cytoplasm[0]  # bluish
        assert np.percentile(rgb[~cell.cell].sum(axis=1), 90) > cytoplasm.sum()  # bright field


def test_the_masks_cover_the_dark_pixels(smear):
    for cell in smear[::5]:
        green = cell.rgb[..., 1].astype(float)
        threshold = (green[cell.nucleus].mean() + np.median(green[~cell.cell])) / 2
        dark = (green < threshold) & cell.cell
        union = (dark | cell.nucleus).sum()
        assert (dark & cell.nucleus).sum() / union > 0.8


def test_the_same_seed_gives_the_same_bytes():
    def digest(seed, **counts):
        return [hashlib.sha256(cell.rgb).digest() for cell in synthetic_smear(seed, **counts)]

    few = digest(7, subjects=2, cells_per_subject=3)
    assert few == digest(7, subjects=2, cells_per_subject=3)
    assert few == digest(7, subjects=3, cells_per_subject=3)[:6]
    assert set(few).isdisjoint(digest(8, subjects=2, cells_per_subject=3))
    assert len(set(few)) == 6


def measured(cell):
    green = cell.rgb[..., 1][cell.nucleus].astype(float)
    return cell.nucleus.sum(), cell.nucleus.sum() / cell.cell.sum(), green.std()


def test_labels_overlap_but_differ_as_described(smear):
    values = np.array([measured(cell) for cell in smear])
    blast = np.array([cell.label == "blast" for cell in smear])
    higher = values[blast].mean(axis=0) > values[~blast].mean(axis=0)
    assert higher.tolist() == [True, True, False]  # larger, more nucleus, finer chromatin
    for column in values.T:
        # The share of pairs in the expected order: better than chance, never perfect.
        order = (column[blast][:, None] > column[~blast]).mean()
        assert 0.75 < max(order, 1 - order) < 0.995


def test_subjects_differ_in_stain(smear):
    stain_factors = np.array(
        [
            np.median([np.median(c.rgb[~c.cell], axis=0) for c in smear if c.subject == subject], 0)
            for subject in sorted({cell.subject for cell in smear})
        ]
    )
    assert (stain_factors.std(axis=0) > 1.5).all()


@settings(max_examples=25)
@given(st.integers(0, 2**32), st.sampled_from(["blast", "normal"]), st.integers(16, 300))
def test_any_seed_and_size_gives_a_cell(seed, label, size):
    rng = np.random.default_rng(seed)
    slide = synthetic_slide(rng, "S99")
    cell = synthetic_cell(rng, label=label, size=size, slide=slide)
    assert cell.rgb.shape == (size, size, 3)
    assert cell.nucleus.any()
    assert not (cell.nucleus & ~cell.cell).any()
    assert (cell.label, cell.subject) == (label, "S99")


def test_a_stronger_stain_is_darker():
    def brightness(strength):
        cell = synthetic_cell(
            np.random.default_rng(0), label="blast", slide=Slide(strength=strength)
        )
        return cell.rgb[cell.nucleus].mean()

    assert brightness(1.3) < brightness(1.0) < brightness(0.7)


def test_files_of_synthetic_cells_are_recognised(tmp_path):
    for index, cell in enumerate(synthetic_smear(0, subjects=2, cells_per_subject=2)):
        (tmp_path / synthetic_name(index, cell)).write_bytes(b"\x89PNG\r\n\x1a\n")
    listing = list_images(tmp_path)
    assert listing.layout == "synthetic cells"
    assert listing.notes == (NOTE,)
    assert {entry.subject for entry in listing.entries} == {"S00", "S01"}
    assert all(entry.original_label == f"synthetic {entry.label}" for entry in listing.entries)
    (tmp_path / "photograph.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert list_images(tmp_path).layout == "flat folder"
