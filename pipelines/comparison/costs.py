"""Cost of features: milliseconds per cell on one core, and megabytes to install."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from ..measurement.network import LITE0, weights_path

if TYPE_CHECKING:
    from features import Recipe
    from features.embedding.network import Network

    from ..measurement.network import ChosenNetwork
    from ..measurement.settings import ReadingSettings


@dataclass(frozen=True)
class CellCost:
    """Cost of a cell on one core.

    Parameters
    ----------
    cells : int
        Number of cells that were measured.
    finding : float
        Milliseconds of processor time per cell to read, decode and segment its image, whatever is
        measured then.
    handcrafted, embedding : float
        Milliseconds per cell for the named features, and for the network (on the masked cell).
    megabytes : float
        Disk space of the runtime and the weights of the network.
    """

    cells: int
    finding: float
    handcrafted: float
    embedding: float
    megabytes: float


class _Stopwatch:
    """Adds up processor time by part of the work."""

    def __init__(self) -> None:
        self.seconds = {"finding": 0.0, "handcrafted": 0.0, "embedding": 0.0}

    @contextmanager
    def measure(self, part: str) -> Iterator[None]:
        """Add the processor time of a block to a part."""
        started = time.process_time()
        yield
        self.seconds[part] += time.process_time() - started


def measure_cost(
    paths: Sequence[Path],
    columns: tuple[str, ...],
    chosen: ChosenNetwork,
    reading: ReadingSettings,
) -> CellCost | None:
    """Measure the cells of a few images again, and the processor time of each part.

    Parameters
    ----------
    paths : sequence of Path
        Images; those that cannot be read or hold no cell are skipped.
    columns : tuple of str
        The named features.
    chosen : ChosenNetwork
    reading : ReadingSettings

    Returns
    -------
    CellCost or None
        None if no cell was found.
    """
    import cv2

    from features import Recipe

    from ..measurement.network import open_network

    recipe, network = Recipe(columns), open_network(chosen)
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        for path in paths:  # not timed: the first image compiles kernels
            if _measure_image(path, recipe, network, chosen, reading, _Stopwatch()):
                break
        watch = _Stopwatch()
        cells = sum(_measure_image(path, recipe, network, chosen, reading, watch) for path in paths)
    finally:
        cv2.setNumThreads(threads)
    if not cells:
        return None
    per_cell = {part: 1000 * seconds / cells for part, seconds in watch.seconds.items()}
    return CellCost(cells, **per_cell, megabytes=_megabytes(chosen.location))


def _measure_image(
    path: Path,
    recipe: Recipe,
    network: Network,
    chosen: ChosenNetwork,
    reading: ReadingSettings,
    watch: _Stopwatch,
) -> int:
    """Measure the cells of an image; return their number, 0 if the image cannot be used."""
    from data.decoding.images import read_bytes
    from data.errors import DataError
    from features.embedding.embedding_columns import embed
    from features.errors import CellError

    from ..measurement.measure_image import RefusedImage, decode_and_segment

    try:
        with watch.measure("finding"):
            content = read_bytes(path, max_bytes=reading.max_bytes)
            rgb, found = decode_and_segment(content, None, reading)
        cells = [one.cell for one in found.kept(reading.kinds).cells]
        if not cells:
            return 0
        with watch.measure("handcrafted"):
            for cell in cells:
                recipe.measure(cell)
        with watch.measure("embedding"):
            embed(network, chosen.embedding, rgb, cells, found.source)
    except (DataError, CellError, RefusedImage):
        return 0
    return len(cells)


def _megabytes(location: str) -> float:
    """Return the size of the packages that build and run the network, and of its weights."""
    packages = ("onnx", "onnxruntime") if location == LITE0 else ("onnxruntime",)
    specs = [spec for spec in map(find_spec, packages) if spec is not None]
    folders = [Path(one) for spec in specs for one in spec.submodule_search_locations or ()]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    files.append(weights_path(location))
    return sum(path.stat().st_size for path in files) / 1e6
