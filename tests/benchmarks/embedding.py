"""Speed of embeddings: PYTHONPATH=. python tests/benchmarks/embedding.py

Compares, on one thread, the complete path from an image and its mask to columns with onnxruntime
on prepared input. The two alternate and processor time is measured, so that the machine's load has
little influence on the ratio.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import cv2
import numpy as np

from data.synthetic import synthetic_smear
from features.core.cell import Cell
from features.embedding.embedding_columns import embed
from features.embedding.network import BATCH
from features.segmentation.segment import segment
from pipelines.measurement.network import choose_network, open_network

ROUNDS = 15
CELLS = 16


def images_per_second(work: Callable[[], object], pictures: int) -> float:
    """Return images per second of processor time."""
    started = time.process_time()
    work()
    return pictures / (time.process_time() - started)


def main() -> None:
    """Print both rates and their ratio."""
    cv2.setNumThreads(1)
    chosen = choose_network("lite0")
    network = open_network(chosen)
    settings = chosen.embedding.preprocessing
    smear = synthetic_smear(0, subjects=4, cells_per_subject=CELLS // 4)
    shown: list[tuple[np.ndarray, Cell]] = [
        (one.rgb, segment(one.rgb, source="crop").cells[0].cell) for one in smear
    ]
    ready = np.stack([settings.apply(shown[0][0])] * BATCH)
    session, name = network._session, network.input.name
    pictures = len(shown) * len(chosen.embedding.views)

    def bare() -> None:
        for _ in range(pictures // BATCH):
            session.run(None, {name: ready})

    def cell_by_cell() -> None:
        for rgb, cell in shown:
            embed(network, chosen.embedding, rgb, [cell], "crop")

    def together() -> None:
        rgb, cell = shown[0]
        embed(network, chosen.embedding, rgb, [cell] * len(shown), "crop")

    ways = {"onnxruntime alone": bare, "crops": cell_by_cell, "cells of a field": together}
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for way, work in ways.items():
            rates[way].append(images_per_second(work, pictures))
    alone = np.array(rates["onnxruntime alone"])
    for way, found in rates.items():
        ratio = np.median(np.array(found) / alone)
        print(f"{way:18} {np.median(found):6.1f} images per second  {100 * ratio:5.1f} %")


if __name__ == "__main__":
    main()
