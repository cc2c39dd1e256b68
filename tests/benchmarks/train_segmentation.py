"""Train the two models of the detection, and one pair of them for each camera left out.

Run from the repository's root::

    python tests/benchmarks/train_segmentation.py [SHARED/data] [--left-out FOLDER]

The shipped models go to `features/segmentation/detection/trained/`, with their provenance; those
trained without one camera, which `segmentation.py` judges, to the folder of `--left-out`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
import xgboost
from joblib import Parallel, delayed

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from field_examples import Example, make_examples  # noqa: E402
from labelled_fields import (  # noqa: E402
    CAMERAS,
    PARTLY_LABELLED,
    LabelledField,
    draw_one,
    read_camera,
)
from support.cells.flat_trees import flatten  # noqa: E402

from features.segmentation.detection.boosted_trees import (  # noqa: E402
    ByteTrees,
    complete_trees,
    parse_trees,
)
from features.segmentation.detection.candidates import find_candidates  # noqa: E402
from features.segmentation.detection.cell_map import CELL, NUCLEUS, map_white_cells  # noqa: E402
from features.segmentation.detection.decision import CLASSES  # noqa: E402
from features.segmentation.detection.pixel_features import pixel_features  # noqa: E402
from features.segmentation.detection.region_features import NAMES, measure_regions  # noqa: E402

VARIANTS = {"bccd": 3, "chula": 10, "raabin": 2, "draaslan": 4, "bcisc": 6, "drawn": 2}
DRAWN_FIELDS = 400
ROWS_PER_CAMERA = 60_000  # pixels for the first model
PIXEL_SETTINGS = {
    "objective": "reg:squarederror",
    "base_score": 0.0,
    "max_depth": 5,
    "eta": 0.15,
    "subsample": 0.7,
    "colsample_bynode": 0.5,
    "min_child_weight": 20,
    "max_bin": 64,
    "tree_method": "hist",
    "seed": 1,
}
REGION_SETTINGS = {
    "objective": "multi:softprob",
    "num_class": len(CLASSES),
    "base_score": 0.0,
    "max_depth": 4,
    "eta": 0.08,
    "subsample": 0.7,
    "colsample_bynode": 0.4,
    "min_child_weight": 2,
    "max_bin": 64,
    "tree_method": "hist",
    "seed": 1,
}
PIXEL_ROUNDS, REGION_ROUNDS = 60, 120
CLASS_WEIGHTS = (1500, 1500, 80, 80)  # of `CLASSES`, for each camera
MOST_WEIGHT = 4.0
UNLABELLED = 0.3  # probability from which an unlabelled region is left out of the training
LICENCES = {
    "bccd": "BCCD, MIT",
    "chula": "Chula RBC-12, in TXL-PBC, MIT",
    "raabin": "Raabin-WBC, in TXL-PBC, MIT",
    "draaslan": "draaslan WBC, MIT",
    "bcisc": "BCISC, Apache-2.0",
    "drawn": "drawn by data/drawn_fields",
}


def sample_pixels(example: Example, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return the features and targets of some pixels; half of the background's are dark ones."""
    features = pixel_features(example.planes)
    flat, target = features.reshape(features.shape[0], -1), example.target.ravel()
    rows = []
    for low, high, most in ((0.9, 1.1, 90), (0.3, 0.9, 90), (-0.1, 0.1, 260)):
        places = np.flatnonzero((target > low) & (target < high))
        if places.size:
            weight = 0.3 + (flat[2, places] > np.median(flat[2]) + 20)
            size = min(most, places.size)
            share = weight / weight.sum() if high < 0.2 else None
            rows.append(rng.choice(places, size, replace=False, p=share))
    chosen = np.concatenate(rows)
    return flat[:, chosen].T, target[chosen]


def pixel_rows(field: LabelledField, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    parts = [sample_pixels(e, rng) for e in make_examples(field, VARIANTS[field.camera], seed)]
    return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])


def train_pixels(rows: dict[str, tuple[np.ndarray, np.ndarray]], without: tuple[str, ...]) -> dict:
    kept = {camera: part for camera, part in rows.items() if camera not in without}
    values = np.concatenate([part[0] for part in kept.values()])
    target = np.concatenate([part[1] for part in kept.values()])
    weight = np.concatenate([np.full(len(p[1]), 1e5 / len(p[1])) for p in kept.values()])
    data = xgboost.DMatrix(values, target, weight=weight)
    return flatten(xgboost.train(PIXEL_SETTINGS, data, PIXEL_ROUNDS), 1)


def label_regions(tree, example: Example) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return class, weight and greatest overlap of each region.

    A region is the object with which it overlaps by more than 45 % (nuclei of white cells) or
    40 % (others), if no region overlaps more; one that overlaps almost as much is left out.
    """
    count, leaves = len(example.kinds), int(tree.leaves.max()) + 1
    white = example.kinds == 1
    overlap, whose = np.zeros(len(tree.nodes)), np.zeros(len(tree.nodes), int)
    nuclear = np.where(example.target == 1, example.labels, 0)
    for level, truth, right in ((NUCLEUS, nuclear, white), (CELL, example.labels, ~white)):
        inside = (tree.leaves >= 0) & (tree.map > level)
        pairs = tree.leaves[inside].astype(np.int64) * count + truth[inside]
        table = np.bincount(pairs, minlength=leaves * count).reshape(leaves, count)
        area = np.bincount(truth.ravel(), minlength=count)
        for place, node in enumerate(tree.nodes):
            common = table[tree.members[node]].sum(axis=0)
            shares = common / np.maximum(common.sum() + area - common, 1)
            shares[~right | (example.kinds == 0)] = 0
            if shares.max() > overlap[place]:
                overlap[place], whose[place] = shares.max(), int(shares.argmax())
    classes, weights = np.zeros(len(tree.nodes), int), np.ones(len(tree.nodes))
    for number in set(whose.tolist()) - {0}:
        limit = 0.45 if white[number] else 0.4
        near = np.flatnonzero((whose == number) & (overlap > limit))
        if near.size:
            best = near[overlap[near].argmax()]
            weights[near[overlap[near] > overlap[best] - 0.08]] = 0
            classes[best], weights[best] = example.kinds[number], 1
    return classes, weights, overlap


def region_rows(field: LabelledField, seed: int, models: dict[str, ByteTrees]) -> dict:
    """Return values, classes, weights and overlaps of the regions, for each left-out camera."""
    cv2.setNumThreads(1)
    rows: dict[str, list] = {name: [] for name in models}
    for example in make_examples(field, VARIANTS[field.camera], seed):
        for name, trees in models.items():
            cells, features = map_white_cells(example.planes, trees)
            tree = find_candidates(cells)
            if tree.nodes:
                values = measure_regions(tree, features)
                rows[name].append((values, *label_regions(tree, example)))
    return {
        name: [np.concatenate(column) for column in zip(*parts, strict=True)]
        for name, parts in rows.items()
        if parts
    }


def balanced(classes: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return weights with the same sum for each camera, shared out among the classes it has."""
    shares = np.zeros(len(weights))
    for number, share in enumerate(CLASS_WEIGHTS):
        some = classes == number
        total = weights[some].sum()
        # A class with a few examples does not get their weight beyond four times.
        shares[some] = weights[some] * min(share / max(total, 1e-9), MOST_WEIGHT)
    return shares


def train_regions(rows: dict[str, list[np.ndarray]]) -> dict:
    """Train the second model; unlabelled regions that look like cells are left out."""

    def fit(kept: dict[str, list[np.ndarray]]) -> xgboost.Booster:
        weight = np.concatenate([balanced(p[1], p[2]) for p in kept.values()])
        columns = [np.concatenate([p[k] for p in kept.values()]) for k in (0, 1)]
        return xgboost.train(
            REGION_SETTINGS, xgboost.DMatrix(columns[0], columns[1], weight=weight), REGION_ROUNDS
        )

    cleaned = dict(rows)
    for camera in set(PARTLY_LABELLED) & set(rows):
        others = fit({name: part for name, part in rows.items() if name != camera})
        values, classes, weights, overlap = rows[camera]
        odd = 1 - others.predict(xgboost.DMatrix(values))[:, 0] > UNLABELLED
        kept = np.where((classes == 0) & odd & (overlap < 0.1), 0, weights)
        cleaned[camera] = [values, classes, kept, overlap]
    return flatten(fit(cleaned), len(CLASSES))


def write(folder: Path, name: str, trees: dict[str, object]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(trees, separators=(",", ":")) + "\n")


def write_provenance(folder: Path, fields: dict[str, list[LabelledField]]) -> None:
    """Write sets, licences, counts, commit, versions and hashes beside the models."""
    git = shutil.which("git") or "git"
    commit = subprocess.run(
        [git, "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    models = {
        name: hashlib.sha256((folder / f"{name}.json").read_bytes()).hexdigest()
        for name in ("pixel_trees", "region_trees")
    }
    sets = {
        camera: {
            "licence": LICENCES[camera],
            "images": len(some),
            "white cells": sum(len(one.cells) for one in some),
            "platelets": sum(len(one.platelets) for one in some),
        }
        for camera, some in fields.items()
    }
    stored = {
        "command": "python tests/benchmarks/train_segmentation.py DATA",
        "commit": commit.stdout.strip(),
        "xgboost": xgboost.__version__,
        "sets": sets,
        "sha256": models,
        "region features": list(NAMES),
    }
    (folder / "provenance.json").write_text(json.dumps(stored, indent=1) + "\n")


def main() -> None:
    """Train and store all models."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--left-out", type=Path, help="folder for the models without one camera")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    parallel = Parallel(options.jobs)
    read = parallel(delayed(read_camera)(options.data, camera) for camera in CAMERAS)
    fields = dict(zip(CAMERAS, read, strict=True))
    fields["drawn"] = parallel(delayed(draw_one)(seed) for seed in range(DRAWN_FIELDS))
    everything = [one for some in fields.values() for one in some]
    print({camera: len(some) for camera, some in fields.items()}, flush=True)
    rows = parallel(delayed(pixel_rows)(one, seed) for seed, one in enumerate(everything))
    by_camera = {}
    rng = np.random.default_rng(0)
    for camera in fields:
        parts = [row for row, one in zip(rows, everything, strict=True) if one.camera == camera]
        values, target = (np.concatenate(column) for column in zip(*parts, strict=True))
        chosen = rng.permutation(len(target))[:ROWS_PER_CAMERA]
        by_camera[camera] = (values[chosen], target[chosen])
    print({camera: part[0].shape for camera, part in by_camera.items()}, flush=True)
    left_out = list(CAMERAS) if options.left_out else []
    exclusions = {(), *((camera,) for camera in fields)}
    exclusions |= {
        tuple(sorted(pair)) for one in left_out for pair in combinations([one, "drawn"], 2)
    }
    exclusions |= {tuple(sorted(pair)) for pair in combinations(left_out, 2)}
    ordered = sorted(exclusions)
    trained = dict(
        zip(ordered, parallel(delayed(train_pixels)(by_camera, e) for e in ordered), strict=True)
    )
    print(len(trained), "pixel models", flush=True)

    def models_for(camera: str) -> dict[str, ByteTrees]:
        """Models for the map of a camera's fields: never trained on it, nor on the one left out."""
        names = [name for name in ("", *left_out) if name != camera]
        left = {name: tuple(sorted({camera, name} - {""})) for name in names}
        return {name: complete_trees(parse_trees(trained[left[name]])) for name in names}

    measured = parallel(
        delayed(region_rows)(one, seed, models_for(one.camera))
        for seed, one in enumerate(everything)
    )
    for name in ("", *left_out):
        rows_of = {}
        for camera in fields:
            parts = [
                row[name]
                for row, one in zip(measured, everything, strict=True)
                if one.camera == camera and name in row
            ]
            if camera != name:
                rows_of[camera] = [np.concatenate(column) for column in zip(*parts, strict=True)]
        print(
            name or "all", {c: np.bincount(p[1]).tolist() for c, p in rows_of.items()}, flush=True
        )
        shipped = ROOT / "features" / "segmentation" / "detection" / "trained"
        folder = options.left_out / name if name else shipped
        write(folder, "pixel_trees", trained[(name,) if name else ()])
        write(folder, "region_trees", train_regions(rows_of))
        if not name:
            write_provenance(folder, fields)


if __name__ == "__main__":
    main()
