"""Checksums of files and perceptual hashes of pictures, to find what occurs twice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

_GRID = 64
_LAST = 10  # highest frequency in the hash, in periods over the picture
_REACH = 7  # frequencies to each side that the local mean is taken over
_SIGMA = 2.5
_SIDE = 2 * _LAST + 1
_HALF = _SIDE * _LAST + _LAST  # the grid is symmetric about its middle, which says nothing

# Measured on 2,627 pictures of ALL-IDB2, C-NMC, PBC and seg_wbc, 3.4 million pairs. The duplicates
# known before (equal bytes or pixels, C-NMC's H2 = H6 and H10 = H3, crops of one cell up to 9 of
# 257 pixels apart) differ in 0 to 13 bits. All other pairs up to 31 bits are one cell too, seen by
# eye: PBC BA_20201 = BA_809918; in two or three fields of ALL-IDB2, Im025 = Im028 = Im031,
# Im134 = Im245, Im135 = Im244, Im138 = Im146, Im170 = Im209, Im171 = Im211; seg_wbc 157 = 158,
# 166 = 171, 167 = 169. Different cells begin at 38 bits (1,750 PBC cells cut out on black: at 45).
NEAR_DUPLICATE_BITS = 24


def sha256(content: bytes) -> str:
    """SHA-256 of a file's bytes as 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def perceptual_hash(rgb: NDArray[np.uint8]) -> str:
    """A hash of the picture's pattern, equal for its 8 rotations and reflections.

    The grey picture, less a frame of one colour, as 64 x 64 area means under a cosine window; of
    the magnitude of its Fourier transform (which a small shift leaves alone) up to 10 periods,
    each bit says whether it exceeds its neighbourhood; of the forms that turning gives it, the
    smallest. What must be equal is computed in whole numbers, so the 8 agree exactly. A picture
    of one colour gives 0.

    Parameters
    ----------
    rgb : array (rows, cols, 3) or (rows, cols), uint8
        The picture, or its BT.601 luma.

    Returns
    -------
    56 hexadecimal digits (220 bits, then 4 zeros)
    """
    grey = rgb if rgb.ndim == 2 else np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
    root = _spectrum(_windowed_means(_without_frame(grey)))
    smooth = _smoothing()
    inner = root[_REACH:-_REACH, _REACH:-_REACH]
    exceeds = inner * smooth[0].sum() ** 2 > smooth @ root @ smooth.T
    forms: list[bytes] = [one.tobytes() for one in _pack(np.stack(list(_forms(exceeds))))]
    return min(forms).hex()


def hamming(a: str, b: str) -> int:
    """Bits in which two perceptual hashes differ, in the orientation where they are fewest.

    0 for the same picture turned or reflected; about 95 of 220 for unrelated pictures.
    """
    one = _unpack([a])[0]
    return min(int((_half(one) != _half(form)).sum()) for form in _forms(_unpack([b])[0]))


def near_duplicates(
    hashes: Sequence[str], *, bits: int = NEAR_DUPLICATE_BITS
) -> list[tuple[int, int]]:
    """Pairs (i, j), i < j, of positions whose hashes differ in at most `bits` bits, in order."""
    if len(hashes) < 2:
        return []
    grids = _unpack(hashes)
    forms = [_words(_pack(form)) for form in _forms(grids)]
    pairs: list[tuple[int, int]] = []
    for i in range(len(hashes) - 1):
        fewest = np.min(
            [
                np.bitwise_count(form[:, i + 1 :] ^ forms[0][:, i, None]).sum(axis=0)
                for form in forms
            ],
            axis=0,
        )
        pairs.extend((i, i + 1 + int(j)) for j in np.flatnonzero(fewest <= bits))
    return pairs


def _windowed_means(grey: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Area means (64, 64) of the grey picture in quarter levels, less their mean, windowed."""
    rows, cols = grey.shape
    # Between whole rows and columns the sums of all pixels above and to the left grow evenly, so
    # that these are whole numbers, in units of 1/64 by 1/64 pixel, below 2**53.
    corners = _between(_between(cv2.integral(grey, sdepth=cv2.CV_64F), rows).T, cols).T
    sums = np.diff(np.diff(corners, axis=0), axis=1)
    means = np.floor(sums * 4 / (rows * cols))
    window, weight = _window()
    windowed: NDArray[np.float64] = (means - np.floor(np.vdot(means, window) / weight)) * window
    return windowed


def _between(sums: NDArray[Any], length: int) -> NDArray[np.float64]:
    """64 times the rows of `sums` at 0, 1/64, ..., 64/64 of a length of whole rows, (65, …)."""
    place = np.arange(_GRID + 1) * length
    row, rest = place // _GRID, (place % _GRID).astype(np.float64)[:, None]
    before: NDArray[np.float64] = sums.take(row, axis=0)
    after = sums.take(np.minimum(row + 1, length), axis=0)
    after -= before
    after *= rest
    before *= _GRID
    before += after
    return before


def _without_frame(grey: NDArray[Any]) -> NDArray[Any]:
    """The picture without a frame of one grey level, as around a cell cut out on black.

    With its frame, every small round cell on black would have the same pattern: that of a disc.
    """
    level = grey[0, 0]
    if any((side != level).any() for side in (grey[0], grey[-1], grey[:, 0], grey[:, -1])):
        return grey
    rows = np.flatnonzero((grey != level).any(axis=1))
    cols = np.flatnonzero((grey != level).any(axis=0))
    if rows.size == 0:
        return grey
    return grey[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]


def _spectrum(picture: NDArray[np.float64]) -> NDArray[np.float64]:
    """Eighth root of the power at frequencies -17..17 (35, 35), in units of 2**-16.

    The root compresses as a logarithm does, and unlike that it is rounded alike everywhere.
    """
    waves, turned = _waves()
    product = waves @ picture @ turned
    half = _LAST + _REACH + 1
    both_even, mixed = product[:half, :half], product[:half, half:]
    other, both_odd = product[half:, :half], product[half:, half:]
    # Products of whole numbers, all exact; the sums of squares are rounded, but alike.
    along = (both_even - both_odd) ** 2 + (mixed + other) ** 2
    across = (both_even + both_odd) ** 2 + (other - mixed) ** 2
    root = np.sqrt(np.sqrt(np.sqrt(np.hstack([across[:, :0:-1], along]))))
    scaled = np.floor(root * 2**16)
    return np.vstack([scaled[:0:-1, ::-1], scaled])  # the power of -f, -g is that of f, g


@cache
def _window() -> tuple[NDArray[np.float64], float]:
    """Cosine window (64, 64) in whole numbers up to 4096, and its sum."""
    half = np.rint(np.cos(np.pi / 2 * _centred_half() / (_GRID / 2)) * 64)
    side = np.concatenate([half[::-1], half])
    window = np.asarray(side[:, None] * side, np.float64)
    return window, float(window.sum())


@cache
def _waves() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Cosines and then sines of frequencies 0..17, (36, 64) x 1024, and the same as columns.

    The cosines are exactly even, the sines exactly odd.
    """
    frequency = np.arange(_LAST + _REACH + 1)[:, None]
    phase = 2 * np.pi * frequency * _centred_half() / _GRID
    cosine, sine = np.rint(np.cos(phase) * 1024), np.rint(np.sin(phase) * 1024)
    even = np.hstack([cosine[:, ::-1], cosine])
    odd = np.hstack([-sine[:, ::-1], sine])
    waves = np.vstack([even, odd])
    return waves, np.ascontiguousarray(waves.T)


def _centred_half() -> NDArray[np.float64]:
    half: NDArray[np.float64] = np.arange(_GRID // 2, dtype=np.float64) + 0.5
    return half


@cache
def _smoothing() -> NDArray[np.float64]:
    """Gaussian weights (21, 35) in whole numbers, from frequencies -17..17 to -10..10.

    As floats, for the quicker product; all sums stay below 2**53.
    """
    kernel = np.rint(256 * np.exp(-(np.arange(-_REACH, _REACH + 1) ** 2) / (2 * _SIGMA**2)))
    weights = np.zeros((_SIDE, _SIDE + 2 * _REACH))
    for row in range(_SIDE):
        weights[row, row : row + kernel.size] = kernel
    return weights


def _forms(grid: NDArray[np.bool_]) -> Iterator[NDArray[np.bool_]]:
    """The 4 forms of grids (…, 21, 21) under 8 orientations: half a turn changes nothing."""
    for form in (grid, grid.swapaxes(-1, -2)):
        yield form
        yield form[..., ::-1]


def _half(grid: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The 220 bits (…, 220) that determine symmetric grids (…, 21, 21)."""
    return grid.reshape(*grid.shape[:-2], -1)[..., :_HALF]


def _pack(grid: NDArray[np.bool_]) -> NDArray[np.uint8]:
    return np.packbits(_half(grid), axis=-1)


def _unpack(hashes: Sequence[str]) -> NDArray[np.bool_]:
    """Grids (n, 21, 21) of n hashes."""
    packed = np.frombuffer(bytes.fromhex("".join(hashes)), np.uint8)
    half = np.unpackbits(packed.reshape(len(hashes), -1), axis=1)[:, :_HALF].astype(bool)
    middle = np.zeros((len(hashes), 1), bool)
    return np.hstack([half, middle, half[:, ::-1]]).reshape(-1, _SIDE, _SIDE)


def _words(packed: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Packed bits (n, 28) as 64-bit words (4, n)."""
    padded = np.pad(packed, ((0, 0), (0, -packed.shape[1] % 8)))
    return np.ascontiguousarray(padded.view(np.uint64).T)
