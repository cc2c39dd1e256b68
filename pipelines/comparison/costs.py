"""What features cost: milliseconds a cell on one core, megabytes to install."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from ..measurement.network import LITE0, weights_path

if TYPE_CHECKING:
    from ..measurement.network import ChosenNetwork

Made = TypeVar("Made")

_MOST_BYTES, _MOST_PIXELS = 1_000_000_000, 100_000_000


@dataclass(frozen=True)
class CellCost:
    """What a cell costs on one core.

    Parameters
    ----------
    cells : int
        Measured for this.
    finding : float
        Milliseconds of processor time a cell for reading, decoding and segmenting its image:
        everybody pays them.
    handcrafted, embedding : float
        Milliseconds a cell for the named features, and for the network (the masked view).
    megabytes : float
        What the network's runtime and weights take on the disk, beside the rest.
    """

    cells: int
    finding: float
    handcrafted: float
    embedding: float
    megabytes: float


def measure_cost(
    paths: Sequence[Path],
    columns: tuple[str, ...],
    chosen: ChosenNetwork,
    *,
    source: Literal["auto", "crop", "field"] = "auto",
    pixel_size: float | None = None,
) -> CellCost | None:
    """Measure the cells of a few images again, with a clock.

    Parameters
    ----------
    paths : sequence of Path
        Images; those that cannot be read or hold no cell are passed over.
    columns : tuple of str
        The named features.
    chosen : ChosenNetwork
        The network.
    source, pixel_size
        As for `extract`.

    Returns
    -------
    Cost or None
        None where no cell was found.
    """
    import cv2

    from data.decoding.images import decode_rgb, read_bytes
    from data.errors import DataError
    from features import Recipe
    from features.embedding.embedding_columns import embed
    from features.errors import CellError
    from features.segmentation.segment import segment

    from ..measurement.network import open_network

    recipe, network = Recipe(columns), open_network(chosen)
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    spent = [0.0, 0.0, 0.0]
    cells, warm = 0, False

    def timed(place: int, work: Callable[[], Made]) -> Made:
        started = time.process_time()
        made = work()
        if warm:
            spent[place] += time.process_time() - started
        return made

    def picture(path: Path) -> tuple[Any, Any]:
        rgb = decode_rgb(read_bytes(path, max_bytes=_MOST_BYTES), max_pixels=_MOST_PIXELS)
        return rgb, segment(rgb, source=source, pixel_size=pixel_size)

    def measured(path: Path) -> int:
        rgb, found = timed(0, lambda: picture(path))
        shown = [one.cell for one in found.cells]
        timed(1, lambda: [recipe.measure(cell) for cell in shown])
        timed(2, lambda: embed(network, chosen.embedding, rgb, shown, found.source))
        return len(shown)

    try:
        for path in (*paths[:1], *paths):  # the first one warms up: kernels are compiled
            try:
                found = measured(path)
            except (DataError, CellError):
                continue
            cells += found if warm else 0
            warm = True
    finally:
        cv2.setNumThreads(threads)
    if not cells:
        return None
    finding, handcrafted, embedding = (1000 * seconds / cells for seconds in spent)
    return CellCost(cells, finding, handcrafted, embedding, _megabytes(chosen.location))


def _megabytes(place: str) -> float:
    """Megabytes of the packages that build and run the network, and of its weights."""
    packages = ("onnx", "onnxruntime") if place == LITE0 else ("onnxruntime",)
    specs = [spec for spec in map(find_spec, packages) if spec is not None]
    folders = [Path(one) for spec in specs for one in spec.submodule_search_locations or ()]
    inside = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return (sum(path.stat().st_size for path in inside) + weights_path(place).stat().st_size) / 1e6
