"""Contents of the bundle that stores a trained model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from models.errors import ModelError

from ..measurement.settings import ReadingSettings

if TYPE_CHECKING:
    from models.dataset.training_set import TrainingSet
    from models.storage.bundle import Bundle

    from .final_model import FinalModel
    from .training_settings import TrainingSettings


def make_bundle(
    final: FinalModel,
    sidecar: Mapping[str, Any],
    facts: Mapping[str, Any],
    settings: TrainingSettings,
) -> Bundle:
    """Return the bundle of a model.

    Parameters
    ----------
    final : FinalModel
    sidecar : mapping
        Of the feature table.
    facts : mapping
        See `training_facts`.
    settings : TrainingSettings

    Raises
    ------
    ModelError
        If the model uses an embedding of which the sidecar does not name the network.
    """
    from models.learning.feature_selection import without_selection
    from models.storage.bundle import Bundle

    model, data = final.model, final.data
    positive = None if data.positive is None else data.classes[data.positive]
    configuration = sidecar.get("configuration", {})
    operating_point = {"stated": settings.target_sensitivity, "threshold": model.threshold}
    return Bundle(
        pipeline=without_selection(model.pipeline),
        estimator=settings.estimator,
        calibration=model.calibration,
        columns=data.columns,
        feature_versions={name: int(sidecar["columns"][name]["version"]) for name in data.columns},
        classes=data.classes,
        positive=positive,
        threshold=final.threshold,
        metadata={
            **facts,
            "operating": None if positive is None else operating_point,
            "stain": configuration.get("stain", "none"),
            "pixel_size": ReadingSettings.from_sidecar(sidecar).measured_pixel_size,
            **_network_metadata(sidecar, data.columns),
        },
    )


def training_facts(data: TrainingSet, settings: TrainingSettings) -> dict[str, Any]:
    """Return the facts of a training that the bundle and the evaluation both keep."""
    return {
        "cells": len(data.target),
        "groups": int(data.groups.max()) + 1,
        "class_counts": {
            name: int((data.target == code).sum()) for code, name in enumerate(data.classes)
        },
        "label": settings.label,
        "group": settings.group_column,
        "folds": settings.folds,
        "repeats": settings.repeats,
        "seed": settings.seed,
        "tune": settings.tune or 0,
        "select": settings.select,
    }


def _network_metadata(sidecar: Mapping[str, Any], columns: Sequence[str]) -> dict[str, Any]:
    """Return what identifies the network of the embedding columns; empty without such columns."""
    if not any(sidecar["columns"][name].get("family") == "Embedding" for name in columns):
        return {}
    if "embedding" not in sidecar:
        raise ModelError(
            "the sidecar does not name the network of the embedding columns",
            "extract the table again with this installation",
        )
    return {"embedding": sidecar["embedding"]}
