"""How a model is cross-validated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..training.training_settings import DEFAULT_SENSITIVITY

if TYPE_CHECKING:
    from ..training.training_settings import LearningSettings, TrainingSettings


@dataclass(frozen=True)
class Protocol:
    """How a model is cross-validated.

    Parameters
    ----------
    folds, repeats, seed : int
    jobs : int
        Folds that are fitted at a time.
    sensitivity : float
        Sensitivity of the operating point.
    candidates : int
        Configurations that each fold tries in addition to the default one.
    """

    folds: int
    repeats: int
    seed: int
    jobs: int
    sensitivity: float = DEFAULT_SENSITIVITY
    candidates: int = 0

    @classmethod
    def of_training(cls, settings: TrainingSettings) -> Protocol:
        """Return the protocol of `train`: with tuning, at the sensitivity asked for."""
        return cls(
            settings.folds,
            settings.repeats,
            settings.seed,
            settings.jobs,
            settings.target_sensitivity,
            settings.tune or 0,
        )

    @classmethod
    def of_comparison(cls, settings: LearningSettings) -> Protocol:
        """Return the protocol of `compare`: without tuning, at the usual sensitivity."""
        return cls(settings.folds, settings.repeats, settings.seed, settings.jobs)

    @property
    def fits_per_fold(self) -> int:
        """Configurations that are fitted for one fold: the default one and the candidates."""
        return 1 + self.candidates

    @property
    def fits(self) -> int:
        """Configurations that are fitted for one cross-validation."""
        return self.folds * self.repeats * self.fits_per_fold
