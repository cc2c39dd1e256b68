"""Training examples for the detection: resampled fields, varied in colour, scale and company.

White cells are copied next to each other, so that touching cells are learnt, and windows around a
cell are cut out, so that crops are.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from labelled_fields import LOOSE, LabelledField

from features.segmentation.detection.background import densities, fit_background
from features.segmentation.detection.detect import resample
from features.segmentation.detection.pixel_features import PIXELS_PER_RED_CELL

NUCLEUS, CYTOPLASM, SMUDGE, PLATELET = 1.0, 0.5, 0.75, 0.45  # targets of the map
KIND_NUMBERS = {"white cell": 1, "smudge": 2, "platelet": 3, "precipitate": 0}
_LEAST_SIDE = 16


@dataclass(frozen=True, eq=False)
class Example:
    """A resampled field.

    `planes` (3, rows, cols) are its densities, `target` (rows, cols) float32 what the map should
    show (NaN: not known), `labels` (rows, cols) int32 its objects, `kinds` the class of each label,
    0 for the background.
    """

    planes: np.ndarray
    target: np.ndarray
    labels: np.ndarray
    kinds: np.ndarray

    def window(self, rows: slice, cols: slice) -> Example:
        planes = np.ascontiguousarray(self.planes[:, rows, cols])
        return Example(planes, self.target[rows, cols], self.labels[rows, cols], self.kinds)


def _ellipse(shape: tuple[int, int], box: np.ndarray) -> np.ndarray:
    """Return the square of the distance from a box's centre in units of its half sides."""
    rows, cols = np.mgrid[: shape[0], : shape[1]] + 0.5
    half_width, half_height = max((box[2] - box[0]) / 2, 1), max((box[3] - box[1]) / 2, 1)
    return ((cols - (box[0] + box[2]) / 2) / half_width) ** 2 + (
        (rows - (box[1] + box[3]) / 2) / half_height
    ) ** 2


def _nuclear_part(planes: np.ndarray, cell: np.ndarray) -> np.ndarray:
    """Return the pixels of a cell above Otsu's threshold of the red and green absorption."""
    dark = cv2.GaussianBlur(planes[0] + planes[1] / 2, (0, 0), 1.0)
    levels = np.clip(dark * 100, 0, 255).astype(np.uint8)
    limit, _ = cv2.threshold(levels[cell].reshape(-1, 1), 0, 255, cv2.THRESH_OTSU)
    return cell & (levels > limit)


def _label_boxes(field: LabelledField, planes: np.ndarray, factor: float) -> Example:
    """Label the cells of a real field from their boxes, or from the masks of whole cells."""
    shape = planes.shape[1:]
    target, labels = np.zeros(shape, np.float32), np.zeros(shape, np.int32)
    kinds = [0]
    masks = None
    if field.labels is not None:
        masks = cv2.resize(field.labels.astype(np.float32), shape[::-1], interpolation=0)
    for box in field.platelets * factor:
        inside = (_ellipse(shape, box) < 1) & (labels == 0)
        kinds.append(3)
        target[inside], labels[inside] = PLATELET, len(kinds) - 1
    reach = 0.8 if field.camera in LOOSE else 1.0
    for number, box in enumerate(field.cells * factor, 1):
        kinds.append(1)
        apart = _ellipse(shape, box)
        cell = masks == number if masks is not None else apart < reach
        if np.count_nonzero(cell) < 8:
            continue
        nucleus = _nuclear_part(planes, cell)
        if masks is None:
            # Between the outline of the cell and that of its box nothing is known.
            target[(apart >= 0.8 * reach) & (apart < 1.5) & (target == 0)] = np.nan
            cell = cell & (apart < 0.85 * reach) | nucleus
        target[cell], target[nucleus] = CYTOPLASM, NUCLEUS
        labels[cell] = len(kinds) - 1
    return Example(planes, target, labels, np.array(kinds))


def _label_drawn(field: LabelledField, planes: np.ndarray) -> Example:
    """Label the objects of a drawn field from its truth."""
    size = planes.shape[:0:-1]
    labels, nuclei = (
        cv2.resize(one.astype(np.float32), size, interpolation=cv2.INTER_NEAREST).astype(np.int32)
        for one in (field.labels, field.nuclei)
    )
    kinds = np.array([0, *(KIND_NUMBERS[kind] for kind in field.kinds)])
    target = np.array([0, CYTOPLASM, PLATELET, PLATELET], np.float32)[kinds[labels]]
    dense = np.array([0, NUCLEUS, SMUDGE, 0], np.float32)[kinds[nuclei]]
    return Example(planes, np.maximum(target, dense), labels, kinds)


def _copy_cells(example: Example, rng: np.random.Generator) -> Example:
    """Copy white cells, turned and mirrored, next to white cells, so that they touch."""
    planes, target, labels = example.planes.copy(), example.target.copy(), example.labels.copy()
    kinds = list(example.kinds)
    white = [k for k in np.unique(labels) if k and kinds[k] == 1]
    for _ in range(int(rng.integers(1, 5)) if white else 0):
        rows, cols = np.nonzero(example.labels == rng.choice(white))
        box = np.s_[rows.min() : rows.max() + 1, cols.min() : cols.max() + 1]
        number = example.labels[rows[0], cols[0]]
        turns, mirrored = int(rng.integers(4)), bool(rng.random() < 0.5)
        parts = [
            np.rot90(part, turns, (-2, -1))[..., :: -1 if mirrored else 1]
            for part in (
                example.planes[:, *box],
                example.target[box],
                example.labels[box] == number,
            )
        ]
        other_rows, other_cols = np.nonzero(
            labels == rng.choice([k for k in np.unique(labels) if k and kinds[k] == 1])
        )
        angle = rng.uniform(0, 2 * np.pi)
        radii = np.sqrt(other_rows.size / np.pi) + np.sqrt(parts[2].sum() / np.pi)
        apart = radii * rng.uniform(0.82, 1.1)
        top = int(other_rows.mean() + apart * np.sin(angle) - parts[2].shape[0] / 2)
        left = int(other_cols.mean() + apart * np.cos(angle) - parts[2].shape[1] / 2)
        window = np.s_[top : top + parts[2].shape[0], left : left + parts[2].shape[1]]
        if min(top, left) < 0 or labels[window].shape != parts[2].shape:
            continue
        free = parts[2] & (labels[window] == 0)
        if free.sum() < 0.7 * parts[2].sum():
            continue
        planes[:, *window][:, free] = parts[0][:, free]
        target[window][free] = parts[1][free]
        kinds.append(1)
        labels[window][free] = len(kinds) - 1
    return Example(planes, target, labels, np.array(kinds))


def _vary_colours(planes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Mix the channels at random, near the identity; now and then blur or add noise."""
    mixing = (np.eye(3) + rng.normal(0, 0.1, (3, 3))) * rng.uniform(0.75, 1.3, (3, 1))
    varied = np.tensordot(mixing, planes, 1)
    if rng.random() < 0.3:
        sigma = rng.uniform(0.5, 1.6)
        varied = np.stack([cv2.GaussianBlur(plane, (0, 0), sigma) for plane in varied])
    if rng.random() < 0.3:
        varied = varied + rng.normal(0, 0.02 * np.median(np.abs(varied)), varied.shape)
    return varied.astype(np.float32)


def _cut_out(example: Example, rng: np.random.Generator) -> Example:
    """Cut out a window around an object."""
    numbers = [k for k in np.unique(example.labels) if k and example.kinds[k] > 0]
    if not numbers:
        return example
    rows, cols = np.nonzero(example.labels == rng.choice(numbers))
    half = rng.uniform(0.8, 4) * PIXELS_PER_RED_CELL
    row, col = rows.mean(), cols.mean()
    return example.window(
        slice(max(0, int(row - half)), int(row + half)),
        slice(max(0, int(col - half)), int(col + half)),
    )


def make_examples(field: LabelledField, variants: int, seed: int) -> list[Example]:
    """Return the example of a field, and varied ones."""
    rng = np.random.default_rng(seed)
    background = fit_background(field.rgb)
    examples = []
    for variant in range(variants):
        scale = field.red_cell * (np.exp(rng.uniform(-0.2, 0.22)) if variant else 1)
        planes = densities(resample(field.rgb, scale), background)
        factor = planes.shape[2] / field.rgb.shape[1]
        drawn = bool(field.kinds)
        example = _label_drawn(field, planes) if drawn else _label_boxes(field, planes, factor)
        if variant and rng.random() < 0.7:
            example = _copy_cells(example, rng)
        if variant and rng.random() < 0.45:
            example = _cut_out(example, rng)
        if min(example.target.shape) < _LEAST_SIDE:
            continue
        if variant:
            varied = _vary_colours(example.planes, rng)
            example = Example(varied, example.target, example.labels, example.kinds)
        examples.append(example)
    return examples
