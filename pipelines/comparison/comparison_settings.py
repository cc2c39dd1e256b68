"""Settings of `compare`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..training.training_settings import LearningSettings


@dataclass(frozen=True, kw_only=True)
class ComparisonSettings(LearningSettings):
    """Settings of `compare`; see `LearningSettings` for the others.

    Parameters
    ----------
    estimators : tuple of str
        Keys of `models.learning.estimators.ESTIMATORS`; single families are compared with the
        first one only.
    images : Path, optional
        Folder of the images, if they are no longer where `extract` read them: some are measured
        again to find the cost of a cell.
    """

    estimators: tuple[str, ...] = ("svm", "xgboost")
    images: Path | None = None
