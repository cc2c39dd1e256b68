"""The model that is stored: fitted on all training cells."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from models.errors import ModelError

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from models.dataset.training_set import TrainingSet
    from models.learning.cross_validation import CalibratedModel

    from .training_settings import TrainingSettings
    from .training_table import TrainingTable


@dataclass(frozen=True, eq=False)
class FinalModel:
    """A model fitted on all training cells.

    Parameters
    ----------
    model : CalibratedModel
    data : TrainingSet
        Training cells in memory, with the columns that the model uses.
    threshold : float
        Probability from which a cell is called positive.
    """

    model: CalibratedModel
    data: TrainingSet
    threshold: float


def check_class_count(data: TrainingSet, settings: TrainingSettings) -> None:
    """Refuse a sensitivity for more than two classes.

    Raises
    ------
    ModelError
        If the settings name a sensitivity and there are more than two classes.
    """
    if settings.sensitivity is not None and len(data.classes) > 2:
        raise ModelError(
            f"a sensitivity of {settings.sensitivity} asked for with {len(data.classes)} classes",
            "leave --sensitivity out: with several classes, the most probable one is predicted",
        )


def fit_final_model(cells: TrainingTable, settings: TrainingSettings) -> FinalModel:
    """Fit, tune and calibrate a model on all training cells."""
    from models.learning.cross_validation import fit_calibrated

    data = cells.data
    model = fit_calibrated(
        cells.estimator,
        data.features,
        data.target,
        data.groups,
        seed=settings.seed,
        positive=data.positive,
        sensitivity=settings.target_sensitivity,
        candidates=settings.tune or 0,
        pictures=data.pictures,
    )
    threshold = 0.5 if settings.sensitivity is None else model.threshold
    return FinalModel(model, _with_used_columns(cells.in_memory, model.pipeline), threshold)


def _with_used_columns(data: TrainingSet, pipeline: Pipeline) -> TrainingSet:
    """Keep the columns that the pipeline selected."""
    from models.learning.feature_selection import kept_columns

    kept = kept_columns(pipeline)
    if len(kept) == len(data.columns):
        return data
    columns = tuple(data.columns[column] for column in kept)
    return replace(data, features=data.features[:, kept], columns=columns)
