"""Named features against a network: PYTHONPATH=. python tests/benchmarks/comparison.py DATA

Extracts both from each data set and compares them on identical folds. On ALL-IDB2 it also evaluates
the blasts of slide group g08 against the normal slides of the same camera, with models trained on
the other groups. --quick has one repeat and the support vector machine only.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.dataset.training_set import feature_matrix, training_set
from models.evaluation.feature_sets import feature_sets, with_reduction
from models.learning.estimators import ESTIMATORS
from models.metrics.classification import figures
from pipelines.compare import compare
from pipelines.comparison.comparison_settings import ComparisonSettings
from pipelines.comparison.contenders import MAIN_SETS
from pipelines.comparison.page import summary
from pipelines.extract import ExtractSettings, extract
from pipelines.outputs.read_table import read_table
from pipelines.outputs.sidecar import read_sidecar

WORKERS = os.cpu_count() or 1


@dataclass(frozen=True)
class Protocol:
    """A data set, its folds, and the estimators to evaluate."""

    name: str
    images: str
    group: str | None
    folds: int
    repeats: int
    estimators: tuple[str, ...] = ("svm", "xgboost")
    source: str = "auto"


PROTOCOLS = (
    Protocol("ALL-IDB2 by parent field", "all_idb2/img", "Metadata_Parent", 10, 3),
    Protocol("C-NMC sample by subject", "cnmc_sample", "Metadata_Subject", 5, 3),
    Protocol("PBC, 8 classes, cell by cell", "pbc/images", None, 5, 1, source="crop"),
)


def unseen_slides(table: Path, estimators: tuple[str, ...]) -> None:
    """Print the AUROC of g08 against each Canon normal group for each set of columns."""
    cells, dictionary = read_table(table), read_sidecar(table)["columns"]
    data = training_set(cells, dictionary, group="Metadata_Parent")
    audit_columns = [name for name in dictionary if name.startswith(("Image_", "Background_"))]
    features = np.hstack([data.features, feature_matrix(cells.iloc[data.rows], audit_columns)])
    slides = cells["Metadata_Slide"].to_numpy()[data.rows]
    blast = data.classes.index("blast")
    normal = sorted(set(slides[data.target != blast]))
    for one in feature_sets([*data.columns, *audit_columns], dictionary):
        selected = features[:, one.columns]
        for name in estimators if one.name in MAIN_SETS else estimators[:1]:
            estimator = with_reduction(ESTIMATORS[name], one.embedded)
            areas = []
            for slide in normal:
                test = np.isin(slides, ["g08", slide])
                pipeline = estimator.fit(selected[~test], data.target[~test], 0)
                scores = estimator.scores(pipeline, selected[test])
                towards = scores[:, blast] - scores[:, 1 - blast]
                chances = np.stack([1 - towards, towards], axis=1)
                areas.append(float(figures(data.target[test] == blast, chances, 1)["AUROC"]))
            pairs = "  ".join(f"{slide} {a:.3f}" for slide, a in zip(normal, areas, strict=True))
            print(f"  g08: {one.name:26} {name:8} {pairs}  mean {np.mean(areas):.3f}", flush=True)


def main() -> None:
    """Run every protocol whose images are in the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with all_idb2, pbc and cnmc_sample")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path, help="keep tables and pages in this folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = options.out or Path(folder)
        for protocol in PROTOCOLS:
            images = options.data / protocol.images
            if not images.is_dir():
                print(f"{protocol.name}: no {images}, left out")
                continue
            name = protocol.images.split("/")[0]
            table = work / f"{name}.parquet"
            done = extract(
                images,
                table,
                ExtractSettings(source=protocol.source, embedding="lite0", jobs=WORKERS),
            )
            print(f"{protocol.name}: {done.cells} cells, {done.failed} images without a cell")
            estimators = protocol.estimators[:1] if options.quick else protocol.estimators
            comparison = compare(
                table,
                work / name,
                ComparisonSettings(
                    estimators=estimators,
                    group=protocol.group or "Metadata_Subject",
                    no_groups=protocol.group is None,
                    folds=protocol.folds,
                    repeats=1 if options.quick else protocol.repeats,
                    jobs=WORKERS,
                ),
            )
            for one in comparison.record["contenders"]:
                found = one["figures"]
                print(
                    f"  {one['set']:26} {one['estimator']:8} {one['columns']:5} columns "
                    + "  ".join(
                        f"{word} {found[word]['value']:.3f}"
                        f" [{found[word]['low']:.3f}, {found[word]['high']:.3f}]"
                        for word in ("accuracy", "balanced accuracy", "AUROC")
                    )
                    + f"  calibration error {one['calibration']['error']:.3f}"
                )
            for line in summary(comparison.record):
                print(f"  {line}")
            if name == "all_idb2":
                unseen_slides(table, estimators)


if __name__ == "__main__":
    main()
