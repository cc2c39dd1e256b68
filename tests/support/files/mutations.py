"""Damaged image files: a number determines the file, its damage and its place."""

from __future__ import annotations

import resource
import struct
import time
import zlib
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from support.files.encoded_images import BAD, PICTURES, RGB, pillow

from data.decoding.images import decode_rgb
from data.errors import DataError

EXIF = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
PROFILE = struct.pack(">I", 128) + bytes(range(124))
SEEDS = [content for content, *_ in (PICTURES | BAD).values() if content] + [
    pillow(RGB, "JPEG", exif=EXIF, icc_profile=PROFILE),
    pillow(RGB, "PNG", exif=EXIF, icc_profile=PROFILE),
    pillow(RGB, "WEBP", exif=EXIF, icc_profile=PROFILE),
    pillow(RGB, "TIFF", icc_profile=PROFILE),
    pillow(np.zeros((1000, 1000), np.uint8), "PNG"),  # a small file with many pixels
]
EXTREMES = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\1\0\0")
MAX_PIXELS = 1_000_000


def flip(content: bytearray, draw: np.random.Generator) -> bytes:
    """Flip bits, half of the time near the start, where the headers are."""
    for _ in range(int(draw.integers(1, 9))):
        reach = len(content) if draw.random() < 0.5 else min(len(content), 128)
        content[draw.integers(reach)] ^= 1 << draw.integers(8)
    return bytes(content)


def truncate(content: bytearray, draw: np.random.Generator) -> bytes:
    """Cut off the end."""
    return bytes(content[: draw.integers(1, len(content) + 1)])


def overwrite(content: bytearray, draw: np.random.Generator) -> bytes:
    """Overwrite a range with zeros, ones or noise."""
    start, length = draw.integers(len(content)), int(draw.integers(1, 200))
    run = (bytes(length), b"\xff" * length, draw.bytes(length))[draw.integers(3)]
    content[start : start + length] = run
    return bytes(content)


def exaggerate(content: bytearray, draw: np.random.Generator) -> bytes:
    """Set four bytes near the start to an extreme value: a size, count or offset."""
    start = draw.integers(min(len(content), 256))
    content[start : start + 4] = EXTREMES[draw.integers(len(EXTREMES))]
    return bytes(content)


def point_back(content: bytearray, draw: np.random.Generator) -> bytes:
    """Write an offset that points backwards, as in a cycle of TIFF directories."""
    start = draw.integers(max(len(content) - 4, 1))
    target = int(draw.integers(min(len(content), 1024)))
    content[start : start + 4] = struct.pack(
        ">I" if content.startswith(b"MM") else "<I", (8, 16, target)[draw.integers(3)]
    )
    return bytes(content)


def repeat(content: bytearray, draw: np.random.Generator) -> bytes:
    """Insert copies of a range."""
    start, length = draw.integers(len(content)), int(draw.integers(1, 400))
    piece = content[start : start + length]
    return bytes(content[:start] + piece * int(draw.integers(2, 50)) + content[start:])


def splice(content: bytearray, draw: np.random.Generator) -> bytes:
    """Join the start of one file and the end of another."""
    other = SEEDS[draw.integers(len(SEEDS))]
    return bytes(content[: draw.integers(1, len(content) + 1)]) + other[draw.integers(len(other)) :]


MUTATIONS = (flip, flip, truncate, overwrite, exaggerate, point_back, repeat, splice)


def mutate(number: int) -> bytes:
    """Return a damaged file: one to three mutations; half of the PNGs get valid checksums."""
    draw = np.random.default_rng(number)
    content = SEEDS[draw.integers(len(SEEDS))]
    for _ in range(int(draw.integers(1, 4))):
        content = MUTATIONS[draw.integers(len(MUTATIONS))](bytearray(content), draw)
    return with_valid_checksums(content) if draw.random() < 0.5 else content


def with_valid_checksums(content: bytes) -> bytes:
    """Return a PNG with valid chunk checksums, so that decoders read the damaged chunks."""
    if not content.startswith(b"\x89PNG\r\n\x1a\n"):
        return content
    repaired, position = bytearray(content), 8
    while position + 12 <= len(repaired):
        (length,) = struct.unpack_from(">I", repaired, position)
        end = position + 8 + length
        if end + 4 > len(repaired):
            break
        struct.pack_into(">I", repaired, end, zlib.crc32(repaired[position + 4 : end]))
        position = end + 4
    return bytes(repaired)


@dataclass
class Outcomes:
    """Results of decoding many files."""

    counts: Counter[str] = field(default_factory=Counter)
    slowest: tuple[float, int] = (0.0, -1)
    peak: int = 0

    def add(self, other: Outcomes) -> None:
        """Add the results of more files."""
        self.counts += other.counts
        self.slowest = max(self.slowest, other.slowest)
        self.peak = max(self.peak, other.peak)


def decode_all(numbers: range) -> Outcomes:
    """Decode damaged files: the result must be an image within the limit or a one-line error."""
    done = Outcomes()
    for number in numbers:
        content = mutate(number)
        started = time.perf_counter()
        try:
            rgb = decode_rgb(content, max_pixels=MAX_PIXELS)
        except DataError as error:
            one_line = bool(error.reason) and "\n" not in str(error)
            done.counts["refused" if one_line else "refused with a message of several lines"] += 1
        else:
            fits = rgb.dtype == np.uint8 and rgb.ndim == 3 and rgb[..., 0].size <= MAX_PIXELS
            done.counts["decoded" if fits else "no image"] += 1
        done.slowest = max(done.slowest, (time.perf_counter() - started, number))
    done.peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return done
