"""The stored model: a folder that is written whole, loaded without pickle, and checked."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from ..dataset.training_set import feature_matrix
from ..errors import ModelError
from ..learning.calibration import Calibration
from ..learning.estimators import ESTIMATORS
from ..metrics.classification import decide
from ..to_json import to_json
from .library_versions import check_feature_versions, library_versions, other_versions
from .model_folder import replace_folder
from .skops_pipeline import dump_pipeline, load_pipeline
from .stored_predictions import FILE as PREDICTIONS
from .stored_predictions import TOLERANCE, read_stored_predictions, spread_rows, to_bytes

FORMAT = 1
PIPELINE = "pipeline.skops"
RECORD = "bundle.json"


@dataclass(frozen=True, eq=False)
class Bundle:
    """A trained model and all that is needed to use it.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted; its input is `columns`, in order.
    estimator : str
        A key of `estimators.ESTIMATORS`.
    calibration : Calibration
    columns : tuple of str
    feature_versions : mapping of str to int
        Version of the definition by which each of `columns` was computed.
    classes : tuple of str
    positive : str or None
    threshold : float
        Probability of the positive class from which on a cell is called so (two classes).
    metadata : mapping
        Facts of the training: JSON values only.
    notes : tuple of str
        On a loaded bundle: libraries of another version than in training.
    """

    pipeline: Pipeline
    estimator: str
    calibration: Calibration
    columns: tuple[str, ...]
    feature_versions: Mapping[str, int]
    classes: tuple[str, ...]
    positive: str | None
    threshold: float
    metadata: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def predict_probabilities(bundle: Bundle, table: pd.DataFrame) -> NDArray[np.float64]:
    """Predict the probability of each class for each row: (rows, classes) float64.

    Columns are taken by name, in any order.

    Raises
    ------
    ModelError
        If a column is missing or not numeric, or holds an infinite value.
    """
    features = feature_matrix(table, bundle.columns)
    if not len(features):
        return np.empty((0, len(bundle.classes)))
    scores = ESTIMATORS[bundle.estimator].scores(bundle.pipeline, features)
    return bundle.calibration.probabilities(scores)


def predict_classes(bundle: Bundle, probabilities: NDArray[np.float64]) -> list[str]:
    """Name the class of each row: by the threshold; the most probable of more than two."""
    positive = None if bundle.positive is None else bundle.classes.index(bundle.positive)
    return [bundle.classes[code] for code in decide(probabilities, positive, bundle.threshold)]


def check_target(folder: Path) -> None:
    """Raise ModelError if a bundle cannot be written there: before the work, not after."""
    if folder.exists() and not folder.is_dir():
        raise ModelError(f"{folder} is a file", "name a folder for the model")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / RECORD).is_file():
        raise ModelError(
            f"{folder} holds other files than a model's", "name a new folder for the model"
        )
    nearest = next(parent for parent in folder.absolute().parents if parent.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise ModelError(f"{nearest} cannot be written to", "name another folder for the model")


def save_bundle(
    bundle: Bundle,
    folder: Path,
    extra: Mapping[str, bytes] | None = None,
    *,
    cells: pd.DataFrame,
    program_version: str,
) -> None:
    """Write the bundle and the `extra` files to a temporary folder, then rename it.

    A model that is there already is replaced; anything else is left alone and refused.

    Parameters
    ----------
    bundle : Bundle
    folder : Path
    extra : mapping of str to bytes, optional
        Further files by name.
    cells : DataFrame
        Training cells with the columns of the bundle. Five of them are stored with their
        predictions, which `load_bundle` compares with its own.
    program_version : str
        Of blastometry.

    Raises
    ------
    ModelError
        If the folder is in use by something else or cannot be written.
    """
    check_target(folder)
    stored, stored_hash = dump_pipeline(bundle.pipeline)
    record = {
        "format": FORMAT,
        "estimator": bundle.estimator,
        "classes": list(bundle.classes),
        "positive": bundle.positive,
        "threshold": bundle.threshold,
        "calibration": {
            "scale": bundle.calibration.scale,
            "offsets": list(bundle.calibration.offsets),
        },
        "columns": {name: bundle.feature_versions[name] for name in bundle.columns},
        "versions": {"blastometry": program_version, **library_versions()},
        "pipeline": {"file": PIPELINE, "content_sha256": stored_hash},
        "training": dict(bundle.metadata),
    }
    probabilities = predict_probabilities(bundle, cells)
    rows = spread_rows(probabilities)
    files = {
        PIPELINE: stored,
        RECORD: to_json(record),
        PREDICTIONS: to_bytes(cells[list(bundle.columns)].iloc[rows], probabilities[rows]),
        **(extra or {}),
    }
    replace_folder(folder, files)


def load_bundle(folder: Path, *, feature_versions: Mapping[str, int]) -> Bundle:
    """Read a bundle after checking that it fits this installation.

    Another version of a library that the model uses is a note of the bundle. The bundle is
    refused if the stored cells do not get their stored probabilities again.

    Parameters
    ----------
    folder : Path
    feature_versions : mapping of str to int
        Version of every column that this installation computes.

    Raises
    ------
    ModelError
        If a file is missing or damaged, or format, a feature, a stored type or a prediction is
        not what is expected; the line states the value seen and the value expected.
    """
    again = "train the model again with this installation"
    record = _record(folder)
    if record.get("format") != FORMAT:
        raise ModelError(
            f"{folder} has bundle format {record.get('format')!r}, wanted {FORMAT}", again
        )
    try:
        versions = {str(name): str(value) for name, value in record["versions"].items()}
        columns = {str(name): int(version) for name, version in record["columns"].items()}
        bundle = Bundle(
            pipeline=None,
            estimator=str(record["estimator"]),
            calibration=Calibration(
                float(record["calibration"]["scale"]),
                tuple(float(value) for value in record["calibration"]["offsets"]),
            ),
            columns=tuple(columns),
            feature_versions=columns,
            classes=tuple(str(name) for name in record["classes"]),
            positive=record["positive"],
            threshold=float(record["threshold"]),
            metadata=dict(record["training"]),
        )
        stored_hash = str(record["pipeline"]["content_sha256"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"{folder / RECORD} is damaged: {error!r}", again) from error
    check_feature_versions(folder, columns, feature_versions, again)
    if bundle.estimator not in ESTIMATORS:
        raise ModelError(
            f"{folder} holds the estimator {bundle.estimator!r}, wanted one of "
            f"{', '.join(ESTIMATORS)}",
            again,
        )
    try:
        stored = (folder / PIPELINE).read_bytes()
    except OSError as error:
        raise ModelError(f"{folder / PIPELINE} cannot be read: {error.strerror}", again) from error
    pipeline = load_pipeline(
        stored,
        content_sha256=stored_hash,
        columns=len(columns),
        name=str(folder / PIPELINE),
    )
    others = other_versions(pipeline, versions)
    whole = replace(bundle, pipeline=pipeline)
    _check_predictions(whole, folder, others, again)
    if not others:
        return whole
    note = (
        f"{folder} was trained with {', '.join(others)}; its stored predictions are the same here"
    )
    return replace(whole, notes=(note,))


def stored_training(folder: Path) -> Mapping[str, Any]:
    """Read the bundle's training record without checking that the bundle fits.

    Raises
    ------
    ModelError
        If there is no bundle, or its record is damaged.
    """
    training = _record(folder).get("training")
    if not isinstance(training, dict):
        raise ModelError(f"{folder / RECORD} is damaged", "train the model again")
    return training


def _check_predictions(bundle: Bundle, folder: Path, others: Sequence[str], remedy: str) -> None:
    """Raise ModelError unless the stored cells get their stored probabilities again."""
    cells, stored = read_stored_predictions(folder, len(bundle.classes))
    versions = f"; it was trained with {', '.join(others)}" if others else ""
    try:
        found = predict_probabilities(bundle, cells)
    except (AttributeError, TypeError, ValueError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ModelError(f"{folder} cannot predict here: {reason}{versions}", remedy) from error
    difference = float(np.abs(found - stored).max(initial=0.0))
    if not difference <= TOLERANCE:
        raise ModelError(
            f"{folder} gives its {len(cells)} stored cells other probabilities than when it was"
            f" trained, by up to {difference:.2g} (limit {TOLERANCE:g}){versions}",
            remedy,
        )


def _record(folder: Path) -> dict[str, Any]:
    path = folder / RECORD
    try:
        record = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ModelError(
            f"{folder} is no model: {RECORD} is missing", "name the folder that train wrote"
        ) from error
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read: {error}", "train the model again") from error
    if not isinstance(record, dict):
        raise ModelError(f"{path} holds no record", "train the model again")
    return record
