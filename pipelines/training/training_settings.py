"""Settings of the commands that cross-validate models."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from models.errors import ModelError

EstimatorName = Literal["svm", "xgboost", "logistic"]

# Sensitivity of the operating point that is reported if the user names none.
DEFAULT_SENSITIVITY = 0.95


@dataclass(frozen=True, kw_only=True)
class LearningSettings:
    """What is predicted from a feature table, and how models are cross-validated.

    Parameters
    ----------
    label, group : str
        Columns of the class and of the subject.
    no_groups : bool
        Split cell by cell; copies of an image still stay on one side.
    positive : str, optional
        Class that sensitivity and AUROC refer to; ``blast`` if there is such a class.
    folds, repeats, seed : int
    jobs : int
        Folds that are fitted at a time.
    """

    label: str = "Metadata_Label"
    group: str = "Metadata_Subject"
    no_groups: bool = False
    positive: str | None = None
    folds: int = 5
    repeats: int = 3
    seed: int = 0
    jobs: int = 1

    @property
    def group_column(self) -> str | None:
        """Column whose cells stay on one side of a split; None to split cell by cell."""
        return None if self.no_groups else self.group

    @property
    def text_columns(self) -> tuple[str, ...]:
        """Columns that are read as text even if their values look like numbers."""
        return (self.label,) if self.no_groups else (self.label, self.group)


@dataclass(frozen=True, kw_only=True)
class TrainingSettings(LearningSettings):
    """Settings of `train`; see `LearningSettings` for the others.

    Parameters
    ----------
    estimator : {"svm", "xgboost", "logistic"}
    sensitivity : float, optional
        Choose the threshold of the model for this sensitivity, between 0 and 1, on the training
        data (two classes only); without it the threshold is 0.5.
    tune : int, optional
        Number of configurations to try in addition to the default one, in each fold and for the
        final model.
    select : int, optional
        Largest number of features of a model, selected in each fold and for the final model.
    images : Path or str, optional
        Images of the table, if they are no longer where `extract` read them.
    audit_cells : int
        Largest number of cells that the shortcut audit measures again; 0 for none.
    external : Path, optional
        Feature table of other cells, on which the final model is tested once.
    scheduler : str, optional
        Address of a Dask cluster that trains, for a table larger than the memory of this machine
        (a folder of Parquet files).

    Raises
    ------
    ModelError
        If a number is outside its range.
    """

    estimator: EstimatorName = "xgboost"
    sensitivity: float | None = None
    tune: int | None = None
    select: int | None = None
    images: Path | str | None = None
    audit_cells: int = 500
    external: Path | None = None
    scheduler: str | None = None

    def __post_init__(self) -> None:
        """Check the ranges."""
        if self.sensitivity is not None and not 0 < self.sensitivity < 1:
            raise ModelError(
                f"sensitivity {self.sensitivity} asked for", "ask for a value between 0 and 1"
            )
        if self.tune is not None and self.tune < 1:
            raise ModelError(
                f"{self.tune} configurations to try asked for", "ask for at least 1 (--tune)"
            )
        if self.select is not None and self.select < 1:
            raise ModelError(f"{self.select} features asked for", "ask for at least 1 (--select)")

    @property
    def target_sensitivity(self) -> float:
        """Sensitivity of the operating point: the one asked for, or the usual one."""
        return DEFAULT_SENSITIVITY if self.sensitivity is None else self.sensitivity
