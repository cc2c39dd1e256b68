"""Fields with labelled cells for training and judging the detection: real cameras and drawn ones.

The real ones are those of `SHARED/data/fields` (see its README for licences): boxes of white cells
and platelets, or masks of whole cells.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from data.drawn_fields.cameras import random_camera
from data.drawn_fields.content import random_content
from data.drawn_fields.draw import draw_field
from features.segmentation.detection.background import fit_background
from features.segmentation.detection.red_cells import red_cell_diameter

CAMERAS = ("bccd", "chula", "raabin", "draaslan", "bcisc")
PARTLY_LABELLED = ("chula", "bcisc")  # some white cells and all platelets have no label
LOOSE = ("draaslan",)  # boxes are wider than the cells


@dataclass(frozen=True, eq=False)
class LabelledField:
    """One image with its labels.

    `cells` and `platelets` are (n, 4) boxes x0, y0, x1, y1. `labels` (rows, cols) int32 numbers
    the objects where outlines are known, `nuclei` likewise; `kinds` are the kinds of the labels
    1, 2, ... of a drawn field.
    """

    name: str
    camera: str
    slide: str
    rgb: np.ndarray
    red_cell: float
    cells: np.ndarray
    platelets: np.ndarray
    labels: np.ndarray | None = None
    nuclei: np.ndarray | None = None
    kinds: tuple[str, ...] = ()


def read_rgb(path: Path) -> np.ndarray:
    return cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)


def measure_red_cells(images: list[np.ndarray]) -> list[float]:
    """Return the diameters of the red cells; outliers get the median of the camera."""
    measured = [red_cell_diameter(rgb, fit_background(rgb)) for rgb in images]
    median = float(np.median([one for one in measured if one]))
    return [one if one and 0.75 < one / median < 1.3 else median for one in measured]


@cache
def _boxes(folder: Path) -> dict[str, list[dict[str, str]]]:
    rows: dict[str, list[dict[str, str]]] = {}
    with (folder / "boxes.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            rows.setdefault(row["image"], []).append(row)
    return rows


def _array(rows: list[dict[str, str]], what: str) -> np.ndarray:
    boxes = [
        [float(row[k]) for k in ("x0", "y0", "x1", "y1")] for row in rows if row["what"] == what
    ]
    return np.array(boxes, float).reshape(-1, 4)


def _bcisc_labels(path: Path) -> np.ndarray | None:
    """Number the whole-cell masks beside an image of bcisc; None if it has none."""
    pattern = re.compile(re.escape(path.stem) + r"( ?\(\d+\))?")
    masks = [p for p in sorted(path.parent.glob("*.png")) if pattern.fullmatch(p.stem)]
    if not masks:
        return None
    union = np.maximum.reduce([cv2.imread(str(p), cv2.IMREAD_GRAYSCALE) for p in masks]) > 127
    _, labels, stats, _ = cv2.connectedComponentsWithStats(union.astype(np.uint8))
    numbers = np.where(stats[:, 4] > 500, np.cumsum(stats[:, 4] > 500) - 1, 0)
    numbers[0] = 0
    return numbers[labels].astype(np.int32)


def _boxes_of_labels(labels: np.ndarray) -> np.ndarray:
    boxes = []
    for number in range(1, int(labels.max()) + 1):
        left, top, width, height = cv2.boundingRect((labels == number).astype(np.uint8))
        boxes.append([left, top, left + width, top + height])
    return np.array(boxes, float).reshape(-1, 4)


def read_camera(data: Path, camera: str) -> list[LabelledField]:
    """Read the labelled fields of one camera."""
    folder = data / "fields"
    fields = []
    paths = [p for p in sorted((folder / camera).iterdir()) if p.suffix in (".jpg", ".png")]
    for path in paths:
        rows = _boxes(folder).get(f"{camera}/{path.name}", [])
        labels = None
        slide = rows[0]["slide"] if rows else ""
        cells = _array(rows, "white cell")
        if camera == "bcisc":
            labels = _bcisc_labels(path) if path.suffix == ".jpg" else None
            if labels is None:
                continue
            cells, slide = _boxes_of_labels(labels), path.stem.split("_")[1].split("-")[0]
        elif not rows:
            continue
        rgb = read_rgb(path)
        platelets = _array(rows, "platelet")
        fields.append(LabelledField(path.stem, camera, slide, rgb, 0.0, cells, platelets, labels))
    scales = measure_red_cells([one.rgb for one in fields])
    return [
        LabelledField(**{**one.__dict__, "red_cell": scale})
        for one, scale in zip(fields, scales, strict=True)
    ]


def draw_one(seed: int) -> LabelledField:
    """Draw a field with random content and camera."""
    rng = np.random.default_rng(seed)
    camera = random_camera(rng, red_cell=float(rng.uniform(18, 44)))
    shape = (int(rng.uniform(5, 14) * camera.red_cell), int(rng.uniform(5, 18) * camera.red_cell))
    content = random_content(rng, shape, camera.red_cell)
    if rng.random() < 0.3:
        # Platelets alone: without a white cell they are the strangest objects of the field.
        content = replace(content, white_cells=0, clusters=(), smudges=0, platelets=8)
        content = replace(content, clumps=int(rng.integers(0, 3)))
    drawn = draw_field(seed, shape=shape, content=content, camera=camera)
    boxes = {
        kind: np.array([o.box for o in drawn.objects if o.kind == kind], float).reshape(-1, 4)
        for kind in ("white cell", "platelet")
    }
    return LabelledField(
        f"drawn {seed}",
        "drawn",
        str(seed),
        drawn.rgb,
        camera.red_cell,
        boxes["white cell"],
        boxes["platelet"],
        drawn.cells,
        drawn.nuclei,
        tuple(one.kind for one in drawn.objects),
    )
