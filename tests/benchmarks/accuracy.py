"""Accuracy on public data sets: python tests/benchmarks/accuracy.py ../shared/data

Extracts the data sets in the folder, cross-validates with whole groups held out, and prints the
figures with their targets and the duration of each part. Estimators and settings are the defaults;
nothing is tuned on test data. The default is one repeat. --full has three repeats and every
estimator on every data set; for the attributes it adds boosted trees, their mean with the support
vector machine, unstandardised colours, and all columns.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Literal

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "benchmarks")]

from attributes import print_attributes  # noqa: E402  (the path is set above)
from stains import print_pairs, print_stain, print_unseen_slides  # noqa: E402

from features.colour.standardisation import Stain  # noqa: E402
from models.dataset.training_set import training_set  # noqa: E402
from models.evaluation.evaluate import evaluate  # noqa: E402
from models.learning.cross_validation import cross_validate  # noqa: E402
from models.learning.estimators import ESTIMATORS  # noqa: E402
from pipelines.extract import ExtractSettings, extract  # noqa: E402
from pipelines.outputs.read_table import read_table  # noqa: E402
from pipelines.outputs.sidecar import read_sidecar  # noqa: E402
from pipelines.training.near_copies import near_copies  # noqa: E402

WORKERS = os.cpu_count() or 1
STAINS: tuple[Stain, ...] = ("none", "background", "standard")
# Fixed in advance, for evaluations with a single estimator.
ONE = "svm"
SHOWN = {"accuracy", "balanced accuracy", "macro F1", "AUROC"}


@dataclass(frozen=True)
class Protocol:
    """A data set, its folds, and the estimators to evaluate."""

    name: str
    images: str
    group: str | None
    folds: int
    quick: tuple[str, ...]
    source: Literal["auto", "crop"] = "auto"
    targets: str = "none"


PROTOCOLS = (
    Protocol(
        "ALL-IDB2 by parent field",
        "all_idb2/img",
        "Metadata_Parent",
        10,
        ("svm", "xgboost"),
        targets="accuracy 0.98",
    ),
    Protocol(
        "PBC, 8 classes, cell by cell",
        "pbc/images",
        None,
        5,
        ("svm",),
        "crop",
        "accuracy 0.965, calibration error 0.03",
    ),
    Protocol("C-NMC sample by subject", "cnmc_sample", "Metadata_Subject", 5, ("svm",)),
)


@contextmanager
def timed(part: str) -> Iterator[None]:
    """Print the wall time and the processor time of a part."""
    started, used = monotonic(), sum(os.times()[:4])
    yield
    seconds, busy = monotonic() - started, sum(os.times()[:4]) - used
    print(f"  [{part}: {seconds:.0f} s, processor time {busy:.0f} s]", flush=True)


def evaluate_data_set(protocol: Protocol, table: Path, *, full: bool) -> None:
    """Print the figures of one data set."""
    cells = read_table(table)
    copies, _ = near_copies(cells)
    data = training_set(cells, read_sidecar(table)["columns"], group=protocol.group, copies=copies)
    for estimator in ESTIMATORS if full else protocol.quick:
        done = cross_validate(
            ESTIMATORS[estimator],
            data.features,
            data.target,
            data.groups,
            classes=data.classes,
            folds=protocol.folds,
            repeats=3 if full else 1,
            jobs=WORKERS,
            unit="subjects" if protocol.group else "cells",
            positive=data.positive,
        )
        found = evaluate(
            done, data.target, data.groups, data.group_names, data.classes, data.positive
        )
        shown = "  ".join(
            f"{figure.name} {figure.mean:.3f} [{figure.low:.3f}, {figure.high:.3f}]"
            + (f" sd {figure.spread:.3f}" if full else "")
            + f" (trivial {figure.baseline:.3f})"
            for figure in found.figures
            if figure.name in SHOWN
        )
        groups = int(data.groups.max()) + 1
        print(
            f"  {estimator:8} {len(data.target)} cells, {groups} groups: {shown}  calibration error"
            f" {found.calibrated.error:.3f} (if perfect {found.calibrated.if_perfect:.3f})",
            flush=True,
        )


def extracted(
    protocol: Protocol, images: Path, table: Path, stain: Stain, preset: Literal["standard", "full"]
) -> Path:
    """Extract a data set, print the numbers of cells and failures, return the table."""
    done = extract(
        images,
        table,
        ExtractSettings(source=protocol.source, stain=stain, preset=preset, jobs=WORKERS),
    )
    print(f"{protocol.name}, stain {stain}: {done.cells} cells, {done.failed} without a cell")
    return table


def slides_and_stains(images: Path, table: Path, work: Path) -> None:
    """Print the figures on unseen slides of ALL-IDB2, and under each stain setting."""
    with timed("unseen slides"):
        print_unseen_slides(table, WORKERS)
        print_pairs(table, ONE, WORKERS)
    with timed("stain settings"):
        print(f"  ALL-IDB2 by stain setting, {ESTIMATORS[ONE].name}")
        print("  accuracy:  at random   by parent   jittered     mean AUROC of g08")
        for stain in STAINS:
            other = work / f"idb2_{stain}.parquet"
            extract(images, other, ExtractSettings(stain=stain, jobs=WORKERS))
            print_stain(other, stain, ONE, WORKERS)


def attributes(
    protocol: Protocol, images: Path, table: Path, notes: Path, stain: Stain, *, full: bool
) -> None:
    """Print the accuracy of the morphological attributes."""
    with timed("attributes"):
        print_attributes(table, notes, (ONE, "xgboost") if full else (ONE,), WORKERS)
    others: tuple[tuple[Stain, Literal["standard", "full"]], ...]
    others = (("none", "standard"), (stain, "full")) if full else ()
    for other, preset in others:
        with timed(f"attributes, {preset} columns"):
            measured = extracted(
                protocol, images, table.with_stem(f"{other}_{preset}"), other, preset
            )
            print_attributes(measured, notes, (ONE, "xgboost"), WORKERS)


def main() -> None:
    """Run every protocol whose images are in the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with all_idb2, pbc and cnmc_sample")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--stain", choices=STAINS, default="standard", help="of all sets")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, timed("all"):
        work = Path(folder)
        for protocol in PROTOCOLS:
            images = options.data / protocol.images
            if not images.is_dir():
                print(f"{protocol.name}: no {images}, left out")
                continue
            table = work / f"{images.parent.name}_{images.name}.parquet"
            with timed("extraction"):
                extracted(protocol, images, table, options.stain, "standard")
            print(f"  targets: {protocol.targets}")
            with timed("cross-validation"):
                evaluate_data_set(protocol, table, full=options.full)
            if protocol.images.startswith("all_idb2"):
                slides_and_stains(images, table, work)
            notes = options.data / "pbc" / "wbcatt_attributes.csv"
            if protocol.images.startswith("pbc") and notes.is_file():
                attributes(protocol, images, table, notes, options.stain, full=options.full)


if __name__ == "__main__":
    main()
