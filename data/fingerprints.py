"""Checksums of files and perceptual hashes of pictures, to find what occurs twice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

_GRID = 32
_FREQUENCIES = 12
_BITS = _FREQUENCIES**2

NEAR_DUPLICATE_BITS = 8


def sha256(content: bytes) -> str:
    """SHA-256 of a file's bytes as 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def perceptual_hash(rgb: NDArray[np.uint8]) -> str:
    """A hash of the picture's coarse light and dark, equal for its 8 rotations and reflections.

    The signs of the 12 x 12 lowest frequencies (the mean apart) of the cosine transform of the
    grey picture's 32 x 32 area means; of the 8 orientations, the smallest. All in exact whole
    numbers, so that the 8 agree.

    Parameters
    ----------
    rgb : array (rows, cols, 3), uint8

    Returns
    -------
    36 hexadecimal digits (144 bits)
    """
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    rows, cols = grey.shape
    # Whole numbers below 2**24, then below 2**53: floating point, for speed, and exact.
    sums = (_area_weights(rows) @ grey).astype(np.float64) @ _area_weights(cols).T
    means = sums.astype(np.int64) * 1024 // (rows * cols)
    cosines = _cosines()
    return min(_hex(form) for form in _orientations(cosines @ means @ cosines.T))


def hamming(a: str, b: str) -> int:
    """Bits in which two perceptual hashes differ, in the orientation where they are fewest.

    0 for the same picture turned or reflected, about 63 of 144 for unrelated pictures.
    """
    one = _bits([a])[0]
    return int(min((one != form).sum() for form in _forms(_bits([b])[0])))


def near_duplicates(
    hashes: Sequence[str], *, bits: int = NEAR_DUPLICATE_BITS
) -> list[tuple[int, int]]:
    """Pairs (i, j), i < j, of positions whose hashes differ in at most `bits` bits, in order."""
    packed = _words(_bits(hashes))
    forms = np.stack([_words(form) for form in _forms(_bits(hashes))])
    pairs: list[tuple[int, int]] = []
    for i in range(len(hashes) - 1):
        differing = np.bitwise_count(forms[:, i + 1 :] ^ packed[i]).sum(axis=-1, dtype=np.uint16)
        close = np.flatnonzero(differing.min(axis=0) <= bits)
        pairs.extend((i, i + 1 + int(j)) for j in close)
    return pairs


@cache
def _area_weights(length: int) -> NDArray[np.float32]:
    """How much of each of `length` pixels lies in each of 32 equal parts, (32, length).

    In units of 1/32 pixel, so whole numbers; a row sums to `length`.
    """
    start = np.arange(_GRID, dtype=np.int64)[:, None] * length
    pixel = np.arange(length, dtype=np.int64)[None] * _GRID
    overlap = np.minimum(start + length, pixel + _GRID) - np.maximum(start, pixel)
    weights: NDArray[np.float32] = np.maximum(overlap, 0).astype(np.float32)
    return weights


@cache
def _cosines() -> NDArray[np.int64]:
    """The 12 lowest cosines over 32 points in units of 1/1024, exactly even or odd, (12, 32)."""
    frequency = np.arange(_FREQUENCIES)[:, None]
    point = 2 * np.arange(_GRID // 2) + 1
    half = np.rint(np.cos(np.pi * frequency * point / (2 * _GRID)) * 1024).astype(np.int64)
    parity = np.where(frequency % 2, -1, 1)
    return np.hstack([half, parity * half[:, ::-1]])


def _orientations(spectrum: NDArray[np.int64]) -> Iterator[NDArray[np.bool_]]:
    """Signs of the spectra (12, 12) of the 8 orientations of a picture, from that of one."""
    sign = np.where(np.arange(_FREQUENCIES) % 2, -1, 1)
    for form in (spectrum, spectrum.T):
        for upended in (form, form * sign[:, None]):
            for mirrored in (upended, upended * sign):
                positive = mirrored > 0
                positive[0, 0] = False
                yield positive


def _forms(bits: NDArray[np.bool_]) -> Iterator[NDArray[np.bool_]]:
    """Bits (…, 144) of the 8 orientations, from those of one."""
    grid = bits.reshape(*bits.shape[:-1], _FREQUENCIES, _FREQUENCIES)
    odd = np.arange(_FREQUENCIES) % 2 == 1
    for form in (grid, grid.swapaxes(-1, -2)):
        for upended in (form, form ^ odd[:, None]):
            for mirrored in (upended, upended ^ odd):
                yield mirrored.reshape(bits.shape)


def _hex(positive: NDArray[np.bool_]) -> str:
    return np.packbits(positive).tobytes().hex()


def _bits(hashes: Sequence[str]) -> NDArray[np.bool_]:
    packed = np.frombuffer(bytes.fromhex("".join(hashes)), np.uint8)
    return np.unpackbits(packed.reshape(len(hashes), -1), axis=1).astype(bool)


def _words(bits: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Bits (n, 144) packed into 64-bit words (n, 3)."""
    packed = np.packbits(bits, axis=-1)
    padded = np.pad(packed, ((0, 0), (0, -packed.shape[-1] % 8)))
    return padded.view(np.uint64)
