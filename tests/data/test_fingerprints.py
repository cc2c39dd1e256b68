"""Duplicates are found in any orientation and with small shifts; different images are not."""

from __future__ import annotations

import hashlib

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from support.shared import SHARED, needs_shared

from data.decoding.images import decode_rgb, read_bytes
from data.fingerprints.perceptual_hash import (
    NEAR_DUPLICATE_BITS,
    hamming,
    near_duplicates,
    perceptual_hash,
    sha256,
)
from data.synthetic import synthetic_smear

DATA = SHARED / "data"


def orientations(rgb):
    for form in (rgb, rgb.swapaxes(0, 1)):
        for upended in (form, form[::-1]):
            for mirrored in (upended, upended[:, ::-1]):
                yield np.ascontiguousarray(mirrored)


def test_sha256_of_the_published_test_vector():
    assert sha256(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256(b"") == hashlib.sha256().hexdigest()


@settings(max_examples=60)
@given(
    arrays.arrays(
        np.uint8, st.tuples(st.integers(1, 90), st.integers(1, 90), st.just(3)), fill=st.just(9)
    )
)
def test_the_hash_is_equal_in_all_eight_orientations(rgb):
    assert len({perceptual_hash(form) for form in orientations(rgb)}) == 1


@pytest.mark.parametrize("shape", [(257, 257), (450, 450), (120, 104), (63, 64), (1000, 31)])
def test_the_hash_of_noise_is_equal_in_all_eight_orientations(shape):
    rgb = np.random.default_rng(3).integers(0, 256, (*shape, 3)).astype(np.uint8)
    assert len({perceptual_hash(form) for form in orientations(rgb)}) == 1


def cells():
    return [cell.rgb for cell in synthetic_smear(5, subjects=2, cells_per_subject=10)]


def test_a_hash_is_56_digits_and_distances_are_a_symmetric_count():
    a, b = (perceptual_hash(rgb) for rgb in cells()[:2])
    assert len(a) == len(bytes.fromhex(a)) * 2 == 56
    assert hamming(a, a) == 0
    assert hamming(a, b) == hamming(b, a) > NEAR_DUPLICATE_BITS
    assert hamming("0" * 56, "8" + "0" * 55) == 1


def test_a_picture_of_one_colour_has_no_pattern():
    for value in (0, 100, 255):
        assert perceptual_hash(np.full((50, 70, 3), value, np.uint8)) == "0" * 56


def test_a_frame_of_one_colour_is_ignored():
    bare = cells()[1]
    framed = np.zeros((300, 250, 3), np.uint8)
    framed[40:200, 70:230] = np.maximum(bare, 1)
    assert hamming(perceptual_hash(framed), perceptual_hash(bare)) == 0


def test_cells_cut_out_on_black_are_distinguished():
    smear = synthetic_smear(6, subjects=4, cells_per_subject=10)
    hashes = [perceptual_hash(cell.rgb * cell.cell[..., None]) for cell in smear]
    assert near_duplicates(hashes) == []


def brighter(rgb):
    return cv2.convertScaleAbs(rgb, alpha=0.9, beta=12)


def smaller(rgb):
    return cv2.resize(rgb, (111, 111), interpolation=cv2.INTER_AREA)


def compressed(rgb):
    return cv2.imdecode(cv2.imencode(".jpg", rgb, [cv2.IMWRITE_JPEG_QUALITY, 80])[1], 1)


def noisy(rgb):
    noise = np.random.default_rng(1).normal(0, 4, rgb.shape)
    return np.clip(rgb + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("change", [brighter, smaller, compressed, noisy])
def test_a_changed_copy_is_a_near_duplicate(change):
    for rgb in cells()[::4]:
        distance = hamming(perceptual_hash(rgb), perceptual_hash(change(rgb)[::-1]))
        assert distance <= NEAR_DUPLICATE_BITS


def test_near_duplicates_are_the_pairs_within_the_limit():
    hashes = [perceptual_hash(rgb) for rgb in cells()]
    hashes += [hashes[3], perceptual_hash(noisy(cells()[7]).swapaxes(0, 1))]
    brute = [
        (i, j)
        for i in range(len(hashes))
        for j in range(i + 1, len(hashes))
        if hamming(hashes[i], hashes[j]) <= NEAR_DUPLICATE_BITS
    ]
    assert near_duplicates(hashes) == brute == [(3, 20), (7, 21)]
    wider = near_duplicates(hashes, bits=90)
    assert set(brute) < set(wider)
    assert all(hamming(hashes[i], hashes[j]) <= 90 for i, j in wider)
    assert near_duplicates(hashes, bits=0) == [(3, 20)]
    assert near_duplicates([]) == near_duplicates(hashes[:1]) == []


def hashes_of(folder, suffix):
    paths = sorted((DATA / folder).rglob(f"*{suffix}"))
    names = [path.stem.removeprefix("UID_") for path in paths]
    return names, [perceptual_hash(decode_rgb(read_bytes(path))) for path in paths]


# The README's duplicates, then those that its author had not seen (one cell in two fields).
KNOWN = {
    "all_idb2/img": (
        {"222 256", "223 257", "224 258", "225 259", "227 260"}
        | {"025 028", "025 031", "028 031", "134 245", "135 244", "170 209", "171 211"}
    ),
    "cnmc_sample": {"H10_1_1_hem h3_1_1_hem", "H2_1_1_hem H6_1_1_hem", "H2_1_2_hem H6_1_2_hem"},
    "seg_wbc/dataset1": {"112 139", "157 158", "167 169"},
}


@needs_shared
@pytest.mark.parametrize(("folder", "known"), KNOWN.items())
def test_known_duplicates_are_found_and_no_others(folder, known):
    suffix = ".tif" if "idb2" in folder else ".bmp"
    names, hashes = hashes_of(folder, suffix)
    short = [name[2:5] if "idb2" in folder else name for name in names]
    assert {f"{short[i]} {short[j]}" for i, j in near_duplicates(hashes)} == known


@needs_shared
def test_no_false_pairs_among_other_cells():
    names, hashes = hashes_of("pbc/images/lymphocyte", ".jpg")
    assert len(names) == 250
    assert near_duplicates(hashes, bits=NEAR_DUPLICATE_BITS + 12) == []
