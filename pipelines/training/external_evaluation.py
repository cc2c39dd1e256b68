"""An external test: cells of another table, which nothing was learnt from or chosen by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.errors import ModelError

from ..outputs.read_table import read_table
from ..outputs.sidecar import read_sidecar
from .overlap import cells_not_in_training
from .training_table import TrainingTarget, near_duplicate_rows

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from models.dataset.training_set import TrainingSet
    from models.evaluation.evaluate import Figure
    from models.learning.cross_validation import CalibratedModel

MAX_LISTED_SUBJECTS = 12


@dataclass(frozen=True, eq=False)
class ExternalTable:
    """Cells to test on, once.

    Parameters
    ----------
    name : str
        The table's.
    features : (n, p) float64
        Columns as those learnt from.
    target, groups : (n,) int64
        `target` by the classes of the training; no group shares a picture with another.
    names : tuple of str
        Of the groups; empty where a group is a cell.
    notes : tuple of str
        What was left out.
    """

    name: str
    features: NDArray[np.float64]
    target: NDArray[np.int64]
    groups: NDArray[np.int64]
    names: tuple[str, ...]
    notes: tuple[str, ...]


def read_external_table(
    path: Path,
    sidecar: Mapping[str, Any],
    frame: pd.DataFrame,
    data: TrainingSet,
    goal: TrainingTarget,
) -> ExternalTable:
    """Read a table to test on, and leave out the cells that the training table knows.

    Parameters
    ----------
    path : Path
        Feature table with its sidecar.
    sidecar : mapping
        Of the training table.
    frame : DataFrame
        The training table, or its metadata.
    data : TrainingSet
        What was taken from it.
    goal : TrainingTarget
        Names of the columns of class and subject.

    Raises
    ------
    ModelError
        If it was extracted otherwise, its labels are others, or no cell of it is new.
    """
    import numpy as np

    from models.dataset.groups import group_names, merged_groups
    from models.dataset.targets import IDENTITY
    from models.dataset.training_set import feature_matrix

    _check_same_extraction(path, sidecar, read_sidecar(path), data.columns)
    table = read_table(path, texts=goal.text_columns())
    labels = _known_labels(path, table, goal.label, data.classes)
    table = table.loc[labels.index]
    new, notes = cells_not_in_training(path, table, frame, goal.group)
    table, labels = table[new].reset_index(drop=True), labels[new]
    subjects = _subjects(path, table, goal.group)
    if subjects is None:
        notes.append(f"{path.name} names no subjects: its intervals take every cell for one")
    copies, unsearched = near_duplicate_rows(table)
    groups, _ = merged_groups(
        np.arange(len(table)).astype(str) if subjects is None else subjects,
        {name: table[name].to_numpy() for name in IDENTITY if name in table},
        np.array(copies, dtype=np.int64).reshape(-1, 2),
    )
    return ExternalTable(
        path.name,
        feature_matrix(table, data.columns),
        np.searchsorted(np.array(data.classes), labels.to_numpy(dtype=str)).astype(np.int64),
        groups,
        () if subjects is None else group_names(subjects, groups),
        (*notes, *unsearched),
    )


def evaluate_external(
    external: ExternalTable,
    model: CalibratedModel,
    data: TrainingSet,
    threshold: float,
    target_sensitivity: float,
) -> dict[str, Any]:
    """Say of the final model what it is worth on the cells outside, as plain values.

    Parameters
    ----------
    outside : ExternalTable
    model : CalibratedModel
        Fitted on all cells of the training table.
    data : TrainingSet
        For the names of the classes and the positive one.
    threshold : float
        From which on the stored model calls a cell positive.
    stated : float
        Sensitivity that `model.threshold` was chosen for.

    Returns
    -------
    mapping
        Figures with intervals by subject, of cells and of subjects, called positive from 0.5 on as
        on the folds; sensitivity and specificity at the thresholds too. None where a class that a
        figure needs does not occur.
    """
    import numpy as np

    from models.evaluation.evaluate import class_table, confusion_counts, repeated_figures
    from models.evaluation.probability_quality import calibration_quality, operating_point
    from models.evaluation.subjects import subject_figures, subject_results
    from models.metrics.operating_points import abstentions

    target, positive = external.target, data.positive
    probabilities = model.probabilities(external.features)[None]
    counts = confusion_counts(target, probabilities, positive)
    read = (target, probabilities, external.groups, external.names, data.classes, positive)
    subjects = subject_results(*read)
    whole = None
    if positive is not None and subjects:
        whole = subject_figures(subjects, data.classes[positive])
    points = {}
    # The likeliest of several classes is called: there is no threshold.
    if positive is not None and len(data.classes) == 2:
        for name, value in (("stored", threshold), ("stated", model.threshold)):
            each = np.full((1, len(target)), value)
            truth, chance = target == positive, probabilities[..., positive]
            point = operating_point(truth, chance, each, target_sensitivity, external.groups)
            points[name] = {
                key: asdict(point)[key] for key in ("threshold", "sensitivity", "specificity")
            }
    found = repeated_figures(target, probabilities, positive, external.groups)
    return {
        "table": external.name,
        "cells": len(target),
        "groups": int(external.groups.max()) + 1,
        "left_out": list(external.notes),
        "figures": [asdict(one) for one in found],
        "classes": class_table(counts, data.classes),
        "confusion": [[float(value) for value in row] for row in counts],
        "calibrated": asdict(calibration_quality(target, probabilities, positive)),
        "thresholds": points,
        "stated": target_sensitivity,
        "abstentions": [asdict(one) for one in abstentions(target, probabilities[0])],
        "subject_figures": whole and asdict(whole),
        "subjects": [asdict(one) for one in subjects[:MAX_LISTED_SUBJECTS]],
    }


def external_note(found: Mapping[str, Any], inside: Sequence[Figure]) -> str:
    """Say in a sentence what the external test found, beside the grouped folds."""
    name = "balanced accuracy"
    there = next(one for one in found["figures"] if one["name"] == name)
    here = next(one for one in inside if one.name == name)
    return (
        f"external table {found['table']}, {found['cells']} cells: {name} {there['mean']:.3f}"
        f" [{there['low']:.3f}, {there['high']:.3f}], on the folds {here.mean:.3f}"
    )


def _check_same_extraction(
    path: Path, sidecar: Mapping[str, Any], other: Mapping[str, Any], columns: Sequence[str]
) -> None:
    again = "extract both tables with the same options and the same installation"
    stains = [one.get("configuration", {}).get("stain", "none") for one in (sidecar, other)]
    if stains[0] != stains[1]:
        raise ModelError(
            f"{path} was extracted with --stain {stains[1]}, the training table with {stains[0]}",
            again,
        )
    for name in columns:
        expected, seen = sidecar["columns"][name], other["columns"].get(name)
        if seen is None:
            raise ModelError(f"{path} lacks column {name} of the training table", again)
        if seen.get("version") != expected.get("version"):
            raise ModelError(
                f"{path} holds version {seen.get('version')} of column {name}, "
                f"the training table version {expected.get('version')}",
                again,
            )
    embedded = any(sidecar["columns"][name].get("family") == "Embedding" for name in columns)
    if embedded and sidecar.get("embedding") != other.get("embedding"):
        raise ModelError(f"{path} holds the embedding of another network", again)


def _known_labels(
    path: Path, table: pd.DataFrame, label: str, classes: Sequence[str]
) -> pd.Series[str]:
    """Labels of the rows that have one."""
    if label not in table.columns:
        raise ModelError(f"{path} has no column {label}", "name the column with --label")
    labels = table[label]
    labels = labels[labels.notna() & (labels.astype(str).str.strip() != "")].astype(str)
    known = ", ".join(map(repr, classes))
    unknown = sorted(set(labels) - set(classes))
    if unknown:
        raise ModelError(
            f"{path} has cells labelled {unknown[0]!r}, the training table {known}",
            "give both tables the same names of classes",
        )
    if labels.empty:
        raise ModelError(f"{path} holds no label in {label}", f"label its cells as {known}")
    return labels


def _subjects(path: Path, table: pd.DataFrame, group: str | None) -> NDArray[np.str_] | None:
    if group is None or group not in table.columns:
        return None
    values = table[group]
    unknown = values.isna() | (values.astype(str).str.strip() == "")
    if unknown.any():
        raise ModelError(
            f"{group} of {path} is empty in {int(unknown.sum())} of {len(values)} rows",
            "fill it, or leave the column out",
        )
    return values.astype(str).to_numpy(dtype=str)
