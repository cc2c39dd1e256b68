"""The bundle of a trained model, and the facts of its training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from models.errors import ModelError

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from models.dataset.training_set import TrainingSet
    from models.learning.cross_validation import CalibratedModel
    from models.storage.bundle import Bundle

    from ..validation.protocol import Protocol
    from .training_table import TrainingTarget


def make_bundle(
    model: CalibratedModel,
    data: TrainingSet,
    goal: TrainingTarget,
    sidecar: Mapping[str, Any],
    threshold: float,
    facts: Mapping[str, Any],
    target_sensitivity: float,
) -> Bundle:
    """Put together what is stored of a model.

    Parameters
    ----------
    model : CalibratedModel
    data : TrainingSet
        With the columns that the model goes by.
    goal : TrainingTarget
    sidecar : mapping
        Of the feature table.
    threshold : float
        From which on a cell is called positive.
    facts : mapping
        See `training_facts`.
    stated : float
        Sensitivity that `model.threshold` was chosen for.
    """
    from models.learning.feature_selection import without_selection
    from models.storage.bundle import Bundle

    positive = None if data.positive is None else data.classes[data.positive]
    return Bundle(
        pipeline=without_selection(model.pipeline),
        estimator=goal.estimator,
        calibration=model.calibration,
        columns=data.columns,
        feature_versions={name: int(sidecar["columns"][name]["version"]) for name in data.columns},
        classes=data.classes,
        positive=positive,
        threshold=threshold,
        metadata={
            **facts,
            "operating": positive and {"stated": target_sensitivity, "threshold": model.threshold},
            "stain": sidecar.get("configuration", {}).get("stain", "none"),
            **_network_metadata(sidecar, data.columns),
        },
    )


def with_selected_columns(data: TrainingSet, pipeline: Pipeline) -> TrainingSet:
    """Give the training set with the columns that the final model chose only."""
    from models.learning.feature_selection import kept_columns

    kept = kept_columns(pipeline)
    if len(kept) == len(data.columns):
        return data
    columns = tuple(data.columns[column] for column in kept)
    return replace(data, features=data.features[:, kept], columns=columns)


def training_facts(data: TrainingSet, goal: TrainingTarget, protocol: Protocol) -> dict[str, Any]:
    """Give the facts of a training that the bundle keeps."""
    return {
        "cells": len(data.target),
        "groups": int(data.groups.max()) + 1,
        "class_counts": {
            name: int((data.target == code).sum()) for code, name in enumerate(data.classes)
        },
        "label": goal.label,
        "group": goal.group,
        "folds": protocol.folds,
        "repeats": protocol.repeats,
        "seed": protocol.seed,
        "tune": protocol.candidates,
        "select": protocol.select,
    }


def _network_metadata(sidecar: Mapping[str, Any], columns: Sequence[str]) -> dict[str, Any]:
    """Give what identifies the network behind the columns, where there is one."""
    if not any(sidecar["columns"][name].get("family") == "Embedding" for name in columns):
        return {}
    if "embedding" not in sidecar:
        raise ModelError(
            "the sidecar does not say which network the embedding is of",
            "extract the table again with this installation",
        )
    return {"embedding": sidecar["embedding"]}
