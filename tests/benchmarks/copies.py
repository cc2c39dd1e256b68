"""How many changed copies train finds: PYTHONPATH=.:tests python tests/benchmarks/copies.py DATA

DATA holds ``pbc/images``, ``all_idb2/img`` and ``patients/images``. Copies of pictures are made in
memory: turned by any angle (with any border), zoomed, cropped, recoloured, compressed again,
mirrored, and all at once. The table shows the share of copies that are linked to their picture, by
the perceptual hash alone and with the signature of the cell, and the false pairs among the
pictures. The limits of the search were chosen on every second picture (``--half tuned``); by
default the other half is measured.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from data.decoding.images import decode_rgb, read_bytes
from data.fingerprints.cell_signature import cell_signature, read_signatures
from data.fingerprints.copied_cells import copied_cells
from data.fingerprints.perceptual_hash import NEAR_DUPLICATE_BITS, hamming, perceptual_hash
from features.errors import CellError
from features.segmentation.segment import segment

SETS = {"pbc": "pbc/images", "all_idb2": "all_idb2/img", "patients": "patients/images"}
BORDERS = ("reflect", "edge", "black", "white", "median")
# Pictures of one cell that are in the sets twice, by visual inspection: no false pairs.
SAME = {
    *map(frozenset, (("BA_20201", "BA_809918"), ("MO_422563", "MO_832660"))),
    *map(frozenset, (("LY_147262", "LY_742481"), ("Im222_0", "Im256_0"), ("Im223_0", "Im257_0"))),
    *map(frozenset, (("Im224_0", "Im258_0"), ("Im225_0", "Im259_0"), ("Im227_0", "Im260_0"))),
    *map(frozenset, (("Im025_1", "Im028_1"), ("Im025_1", "Im031_1"), ("Im028_1", "Im031_1"))),
    *map(frozenset, (("Im134_0", "Im245_0"), ("Im135_0", "Im244_0"), ("Im170_0", "Im209_0"))),
    *map(frozenset, (("Im171_0", "Im211_0"), ("Im138_0", "Im146_0"), ("Im229_0", "Im231_0"))),
    frozenset(("Im230_0", "Im232_0")),
}

Change = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def warped(rgb: np.ndarray, angle: float, scale: float, rng: np.random.Generator) -> np.ndarray:
    """Turn and zoom a picture around its middle, with one of the usual borders."""
    rows, cols = rgb.shape[:2]
    border = BORDERS[rng.integers(len(BORDERS))]
    edge = np.concatenate([rgb[0], rgb[-1], rgb[:, 0], rgb[:, -1]])
    fill = {"black": (0, 0, 0), "white": (255, 255, 255)}.get(
        border, tuple(int(value) for value in np.median(edge, axis=0))
    )
    modes = {"reflect": cv2.BORDER_REFLECT_101, "edge": cv2.BORDER_REPLICATE}
    return cv2.warpAffine(
        rgb,
        cv2.getRotationMatrix2D(((cols - 1) / 2, (rows - 1) / 2), angle, scale),
        (cols, rows),
        flags=(cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_NEAREST)[rng.integers(3)],
        borderMode=modes.get(border, cv2.BORDER_CONSTANT),
        borderValue=fill,
    )


def trimmed(rgb: np.ndarray, most: float, rng: np.random.Generator) -> np.ndarray:
    """Cut up to a part `most` of the picture off each side."""
    rows, cols = rgb.shape[:2]
    top, low, left, right = (rng.uniform(0, most, 4) * [rows, rows, cols, cols]).astype(int)
    return np.ascontiguousarray(rgb[top : rows - low, left : cols - right])


def turned(rgb: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Turn by any angle."""
    return warped(rgb, rng.uniform(0, 360), 1, rng)


def mirrored(rgb: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Turn by any angle and mirror."""
    return np.ascontiguousarray(turned(rgb, rng)[:, ::-1])


def zoomed(rgb: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Zoom by up to 8 percent, with or without a change of the picture's size."""
    scale = rng.uniform(0.92, 1.08)
    if rng.random() < 0.5:
        return cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
    return warped(rgb, 0, scale, rng)


def cropped(rgb: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Cut up to 12 percent off each side."""
    return trimmed(rgb, 0.12, rng)


def recoloured(rgb: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Change each colour, the gamma, hue and saturation, or brightness and contrast."""
    levels = rgb.astype(np.float32)
    way = rng.integers(4)
    if way == 0:
        levels = levels * rng.uniform(0.85, 1.1, 3) + rng.uniform(-12, 12, 3)
    elif way == 1:
        levels = 255 * (levels / 255) ** rng.uniform(0.75, 1.33)
    elif way == 2:
        hsv = cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV).astype(np.int16)
        hsv[..., 0] = (hsv[..., 0] + rng.integers(-12, 13)) % 180
        hsv[..., 1] = np.clip(hsv[..., 1] * rng.uniform(0.7, 1.3), 0, 255)
        return cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB)
    else:
        levels = 128 + (levels - 128) * rng.uniform(0.7, 1.2) + rng.uniform(-15, 15)
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def compressed(rgb: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Compress as a JPEG of quality 25 to 80."""
    quality = (cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 80)))
    return cv2.imdecode(cv2.imencode(".jpg", rgb, quality)[1], cv2.IMREAD_COLOR)


def all_at_once(rgb: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Turn, zoom by up to 5 percent, mirror half of them, crop, recolour and compress."""
    copy = warped(rgb, rng.uniform(0, 360), rng.uniform(0.95, 1.05), rng)
    if rng.random() < 0.5:
        copy = np.ascontiguousarray(copy[:, ::-1])
    return compressed(recoloured(trimmed(copy, 0.06, rng), rng), rng)


KINDS: tuple[Change, ...] = (
    turned, mirrored, zoomed, cropped, recoloured, compressed, all_at_once,
)  # fmt: skip


@dataclass(frozen=True)
class Picture:
    """What a table would hold of one picture."""

    phash: str
    signatures: tuple[str, ...]


def described(rgb: np.ndarray) -> Picture:
    """Return hash and signatures as extract computes them; no signature where no cell is found."""
    try:
        cells = [found.cell for found in segment(rgb).cells]
    except CellError:
        cells = []
    texts = (cell_signature(rgb, cell.nucleus, cell.cell, cell.origin) for cell in cells)
    return Picture(perceptual_hash(rgb), tuple(texts))


def linked(pictures: list[Picture], copies: list[Picture]) -> list[tuple[int, int]]:
    """Return the pairs (copy, picture) that the signatures link."""
    every = [*pictures, *copies]
    owner = np.repeat(np.arange(len(every)), [len(one.signatures) for one in every])
    texts = [text for one in every for text in one.signatures]
    known = sum(len(one.signatures) for one in pictures) if copies else 0
    pairs = copied_cells(read_signatures(texts), owner.astype(np.int64), known=known)
    return [(int(owner[j]) - len(pictures) * bool(copies), int(owner[i])) for i, j in pairs]


def measure(name: str, files: list[Path], half: int, sources: int) -> None:
    """Print the figures of one set."""
    rgbs = [decode_rgb(read_bytes(file)) for file in files]
    pictures = [described(rgb) for rgb in rgbs]
    own = list(range(half, len(files), 2))
    own = own[:: max(1, len(own) // sources)][:sources]
    started = time.perf_counter()
    pairs = linked(pictures, [])
    seconds = time.perf_counter() - started
    stems = [file.stem for file in files]
    false = [(i, j) for i, j in pairs if frozenset((stems[i], stems[j])) not in SAME]
    every = len(files) * (len(files) - 1) // 2
    print(
        f"{name}: {len(files)} pictures, {every} pairs: {len(pairs)} linked, {len(false)} of them"
        f" falsely ({len(false) / every:.1e}), {seconds:.1f} s"
    )
    for i, j in false[:8]:
        print(f"    {stems[i]} {stems[j]}")
    for number, change in enumerate(KINDS):
        copies = [described(change(rgbs[i], np.random.default_rng([i, number]))) for i in own]
        by_hash = {
            place
            for place, (i, copy) in enumerate(zip(own, copies, strict=True))
            if hamming(copy.phash, pictures[i].phash) <= NEAR_DUPLICATE_BITS
        }
        pairs = linked(pictures, copies)
        by_signature = {place for place, i in pairs if i == own[place]}
        wrong = sum(
            i != own[place] and frozenset((stems[i], stems[own[place]])) not in SAME
            for place, i in pairs
        )
        print(
            f"    {change.__name__:12} hash alone {len(by_hash) / len(own):6.1%}, with signature"
            f" {len(by_hash | by_signature) / len(own):6.1%} of {len(own)}; {wrong} false pairs"
        )


def main() -> None:
    """Measure the sets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--half", choices=("tuned", "other"), default="other")
    parser.add_argument("--sources", type=int, default=200, help="pictures that are copied")
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=list(SETS))
    options = parser.parse_args()
    cv2.setNumThreads(1)
    for name in options.sets:
        folder = options.data / SETS[name]
        files = sorted(file for file in folder.rglob("*") if file.suffix in (".jpg", ".tif"))
        measure(name, files, int(options.half == "other"), options.sources)


if __name__ == "__main__":
    main()
