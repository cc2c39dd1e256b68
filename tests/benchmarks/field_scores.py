"""Count found, split, merged and false cells of labelled fields, for each camera."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from labelled_fields import LabelledField

from features.segmentation.detection.background import fit_background
from features.segmentation.detection.cell_map import NUCLEUS
from features.segmentation.detection.detect import DetectionModels, detect

_SLACK = 2  # pixels of the resampled image around a box
_DRAWS = 1000


@dataclass(frozen=True, eq=False)
class FoundObject:
    """A detected object: kind, centre of its nucleus (row, col), whether the border cuts it."""

    kind: str
    centre: np.ndarray
    cut: bool
    mask: np.ndarray


@dataclass(frozen=True, eq=False)
class FieldScore:
    """Counts of one field, and what is needed to draw its errors.

    `boxes` (n, 4) are in pixels of the resampled image, `hits` (n,) the cells found in each.
    """

    field: LabelledField
    picture: np.ndarray
    boxes: np.ndarray
    hits: np.ndarray
    merged: int
    found: list[FoundObject]
    false: list[FoundObject]

    @property
    def counts(self) -> np.ndarray:
        """Labelled, found, split, merged, cells that were found, false ones among them."""
        whole = [one for one in self.found if not one.cut]
        return np.array(
            [
                len(self.boxes),
                int((self.hits > 0).sum()),
                int((self.hits > 1).sum()),
                self.merged,
                len(whole),
                len(self.false),
            ]
        )

    @property
    def errors(self) -> int:
        return int((self.hits != 1).sum()) + self.merged + len(self.false)


def find_objects(rgb, red_cell, models) -> tuple[list[FoundObject], np.ndarray]:
    """Return the white cells of a field, and its resampled map."""
    detection = detect(rgb, fit_background(rgb), red_cell, models)
    regions, cells = detection.all_objects(), detection.tree.map
    found = []
    for number, one in enumerate(regions.objects, 1):
        mask = regions.labels == number
        nucleus = mask & (cells > NUCLEUS)
        places = np.argwhere(nucleus if nucleus.any() else mask)
        edge = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
        found.append(FoundObject(one.kind, places.mean(axis=0) + 0.5, bool(edge.any()), mask))
    return found, cells


def score_field(field: LabelledField, models: DetectionModels | None) -> FieldScore:
    """Compare the white cells that are found in a field with its boxes."""
    cv2.setNumThreads(1)
    found, cells = find_objects(field.rgb, field.red_cell, models)
    white = [one for one in found if one.kind == "white cell"]
    factor = np.array([cells.shape[1] / field.rgb.shape[1], cells.shape[0] / field.rgb.shape[0]])
    boxes = field.cells * np.tile(factor, 2)
    hits, false, used = np.zeros(len(boxes), int), [], {}
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    for one in white:
        row, col = one.centre
        inside = (boxes[:, :2] - _SLACK <= (col, row)).all(axis=1)
        inside &= ((col, row) <= boxes[:, 2:] + _SLACK).all(axis=1)
        if inside.any():
            apart = np.abs(centres - (col, row)).sum(axis=1)
            place = int(np.flatnonzero(inside)[apart[inside].argmin()])
            hits[place] += 1
            used[place] = one
        elif not one.cut:
            false.append(one)
    merged = 0
    for place in np.flatnonzero(hits == 0):
        col, row = np.clip(centres[place].astype(int), 0, np.array(cells.shape[::-1]) - 1)
        merged += any(one.mask[row, col] for one in used.values())
    picture = cv2.resize(field.rgb, cells.shape[::-1], interpolation=cv2.INTER_AREA)
    return FieldScore(field, picture, boxes, hits, merged, white, false)


def rates(counts: np.ndarray) -> np.ndarray:
    """Return recall, split, merged and false shares of summed counts (..., 6)."""
    labelled, found, split, merged, cells, false = np.moveaxis(counts.astype(float), -1, 0)
    labelled, cells = np.maximum(labelled, 1), np.maximum(cells, 1)
    return np.stack([found / labelled, split / labelled, merged / labelled, false / cells], -1)


def intervals(scores: list[FieldScore]) -> np.ndarray:
    """Return 2.5th and 97.5th percentiles of the rates over drawn slides or images: (2, 4)."""
    names = [one.field.slide or one.field.name for one in scores]
    groups = [
        np.sum([s.counts for s, n in zip(scores, names, strict=True) if n == name], axis=0)
        for name in sorted(set(names))
    ]
    drawn = np.random.default_rng(0).integers(0, len(groups), (_DRAWS, len(groups)))
    return np.percentile(rates(np.array(groups)[drawn].sum(axis=1)), [2.5, 97.5], axis=0)


def print_scores(name: str, scores: list[FieldScore]) -> None:
    total = np.sum([one.counts for one in scores], axis=0)
    shares, (low, high) = rates(total), intervals(scores)
    words = [
        f"{what} {share:.3f} [{a:.3f}, {b:.3f}]"
        for what, share, a, b in zip(
            ("recall", "split", "merged", "false"), shares, low, high, strict=True
        )
    ]
    print(f"{name:28} {len(scores):4} fields {total[0]:4} cells  {'  '.join(words)}", flush=True)


def draw_errors(scores: list[FieldScore], path: Path, count: int = 20) -> None:
    """Draw the fields with most errors: labels red, found cells green, false ones yellow."""
    worst = sorted((one for one in scores if one.errors), key=lambda one: -one.errors)[:count]
    tiles = []
    for one in worst:
        zoom = min(480 / one.picture.shape[1], 400 / one.picture.shape[0])
        view = cv2.resize(one.picture, None, fx=zoom, fy=zoom)[:, :, ::-1].copy()
        for box in one.boxes:
            first, second = (box * zoom).astype(int).reshape(2, 2).tolist()
            cv2.rectangle(view, first, second, (0, 0, 255), 2)
        for found in one.found:
            mask = cv2.resize(found.mask.astype(np.uint8), view.shape[1::-1], interpolation=0)
            outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
            colour = (0, 255, 255) if found in one.false else (0, 255, 0)
            cv2.drawContours(view, outlines, -1, colour, 2)
        cv2.putText(view, one.field.name[:30], (4, 14), 0, 0.45, (0, 0, 0), 1)
        tile = np.zeros((400, 480, 3), np.uint8)
        tile[: view.shape[0], : view.shape[1]] = view
        tiles.append(tile)
    while len(tiles) % 4:
        tiles.append(np.zeros((400, 480, 3), np.uint8))
    if tiles:
        rows = [np.hstack(tiles[k : k + 4]) for k in range(0, len(tiles), 4)]
        cv2.imwrite(str(path), np.vstack(rows))
