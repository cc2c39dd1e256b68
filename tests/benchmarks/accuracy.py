"""Figures on real images, by one command: python tests/benchmarks/accuracy.py ../shared/data

Extracts the sets that lie in the folder, cross-validates with whole groups left out, and prints
what comes of it. Nothing is tuned on what is tested. The quick form makes one repeat; --full makes
three, and tries every estimator on every set.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.estimators import ESTIMATORS
from models.probability_figures import auroc
from models.table import training_set
from pipelines.extract import extract
from pipelines.feature_table import read_sidecar, read_table
from pipelines.train import train

WORKERS = os.cpu_count() or 1


@dataclass(frozen=True)
class Protocol:
    """A set, how it is split, and with what it is judged."""

    name: str
    images: str
    group: str | None
    folds: int
    quick: tuple[str, ...]
    source: str = "auto"


PROTOCOLS = (
    Protocol("ALL-IDB2 by parent field", "all_idb2/img", "Metadata_Parent", 10, ("svm", "xgboost")),
    Protocol("PBC, 8 classes, cell by cell", "pbc/images", None, 5, ("svm",), "crop"),
    Protocol("C-NMC sample by subject", "cnmc_sample", "Metadata_Subject", 5, ("svm",)),
)


def judge(protocol: Protocol, table: Path, work: Path, *, full: bool) -> None:
    """Print the figures of one set."""
    for estimator in ESTIMATORS if full else protocol.quick:
        report = train(
            table,
            work / "model",
            estimator=estimator,
            group=protocol.group or "Metadata_Subject",
            no_groups=protocol.group is None,
            folds=protocol.folds,
            repeats=3 if full else 1,
            jobs=WORKERS,
        )
        shown = "  ".join(
            f"{figure.name} {figure.mean:.3f} [{figure.low:.3f}, {figure.high:.3f}]"
            f" sd {figure.spread:.3f} (trivial {figure.baseline:.3f})"
            for figure in report.evaluation.figures
            if figure.name in {"accuracy", "balanced accuracy", "macro F1", "AUROC"}
        )
        print(f"  {estimator:8} {report.cells} cells, {report.groups} groups: {shown}")


def unseen_slides(table: Path) -> None:
    """Print how blasts of slide group g08 are told from the normal slides of the same camera.

    They are the only blasts that the normal cells' camera took. A model trained on the other
    groups cannot lean on the camera here, as it can everywhere else in ALL-IDB2.
    """
    cells = read_table(table)
    data = training_set(cells, read_sidecar(table)["columns"], group="Metadata_Parent")
    slides = cells["Metadata_Slide"].to_numpy()[data.rows]
    blast = data.classes.index("blast")
    normal = sorted(set(slides[data.target != blast]))
    for name, estimator in ESTIMATORS.items():
        areas = []
        for slide in normal:
            test = np.isin(slides, ["g08", slide])
            pipeline = estimator.fit(data.features[~test], data.target[~test], 0)
            scores = estimator.scores(pipeline, data.features[test])[:, 1]
            towards_blast = scores if blast == 1 else -scores
            areas.append(auroc(data.target[test] == blast, towards_blast))
        pairs = "  ".join(f"{slide} {area:.3f}" for slide, area in zip(normal, areas, strict=True))
        print(f"  {name:8} AUROC of g08 against {pairs}  mean {np.mean(areas):.3f}")


def main() -> None:
    """Run every protocol whose images are there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with all_idb2, pbc and cnmc_sample")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--stain", choices=["none", "background", "standard"], default="standard")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        for protocol in PROTOCOLS:
            images = options.data / protocol.images
            if not images.is_dir():
                print(f"{protocol.name}: no {images}, left out")
                continue
            table = work / f"{images.parent.name}_{images.name}.parquet"
            done = extract(images, table, source=protocol.source, stain=options.stain, jobs=WORKERS)
            print(f"{protocol.name}: {done.cells} cells, {done.failed} images without a cell")
            judge(protocol, table, work, full=options.full)
            if protocol.images.startswith("all_idb2"):
                unseen_slides(table)


if __name__ == "__main__":
    main()
