"""Validation of one kind of model on a feature table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from ..html.wording import against_the_rest
from .cross_validate import cross_validate_by_protocol, pooled_figures
from .held_out_slides import SlidePairPlan, evaluate_slide_pairs, plan_slide_pairs
from .inspect_models import ModelInspection, inspect_models
from .protocol import Protocol
from .remeasure import PixelAuditSettings
from .shortcut_audit import (
    ShortcutAudit,
    ShortcutTrial,
    audit_shortcuts,
    pixel_audit_fits,
    plan_shortcuts,
)
from .tuning_and_selection import selection_record, tuning_record

if TYPE_CHECKING:
    from models.evaluation.evaluate import Evaluation, Figure
    from models.learning.cross_validation import Fold

    from ..training.training_settings import TrainingSettings
    from ..training.training_table import TrainingTable
    from .fit_progress import FitProgress


@dataclass(frozen=True, eq=False)
class ValidationPlan:
    """The parts of a validation whose size depends on the table.

    Parameters
    ----------
    protocol : Protocol
    random_split : Protocol or None
        Of the split cell by cell; None if the split is one anyway.
    shortcuts : list of ShortcutTrial
    pixel_audit : PixelAuditSettings
    pixel_fits : int
        Number of models that the audit of the pixels fits.
    slide_pairs : SlidePairPlan or None
        None if no pair of slides can be held out.
    shortcut_fits : int
        Number of models that the shortcuts need.
    """

    protocol: Protocol
    random_split: Protocol | None
    shortcuts: list[ShortcutTrial]
    shortcut_fits: int
    pixel_audit: PixelAuditSettings
    pixel_fits: int
    slide_pairs: SlidePairPlan | None

    @property
    def fits(self) -> int:
        """Number of models to fit."""
        return (
            self.protocol.fits
            + (self.random_split.fits if self.random_split else 0)
            + self.shortcut_fits
            + self.pixel_fits
            + (self.slide_pairs.fits if self.slide_pairs else 0)
        )


@dataclass(frozen=True, eq=False)
class ValidationResult:
    """Results of a validation.

    Parameters
    ----------
    evaluation : Evaluation
        Figures of the grouped folds.
    random_split : list of Figure or None
        Figures of the same model under one random split; None if the split was random anyway.
    inspection : ModelInspection
    shortcut_audit : ShortcutAudit
    slide_pairs : dict or None
        See `evaluate_slide_pairs`.
    tuning, selection : dict or None
        See `tuning_record` and `selection_record`; None if nothing was tuned or selected.
    splits_groups_to_calibrate : bool
        Whether a fold had to split groups to calibrate its model.
    """

    evaluation: Evaluation
    random_split: list[Figure] | None
    inspection: ModelInspection
    shortcut_audit: ShortcutAudit
    slide_pairs: dict[str, Any] | None
    tuning: dict[str, Any] | None
    selection: dict[str, Any] | None
    splits_groups_to_calibrate: bool

    def record(self) -> dict[str, Any]:
        """Return everything but the importances and the hardest cells as plain values."""
        several = self.evaluation.operating is None
        return {
            **asdict(self.evaluation),
            "figures_note": against_the_rest(len(self.evaluation.classes)) if several else None,
            "random_split": self.random_split and [asdict(one) for one in self.random_split],
            "compact_model": {
                "figures": [asdict(one) for one in self.inspection.compact_model],
                "formula": self.inspection.formula,
            },
            "shortcuts": self.shortcut_audit.shortcuts,
            "shortcuts_note": self.shortcut_audit.note,
            "slide_pairs": self.slide_pairs,
            "tuning": self.tuning,
            "selection": self.selection,
        }


def plan_validation(cells: TrainingTable, settings: TrainingSettings) -> ValidationPlan:
    """Plan a validation, so that its number of fits is known before it begins."""
    protocol = Protocol.of_training(settings)
    shortcuts = plan_shortcuts(cells)
    pixel_audit = PixelAuditSettings(cells.sidecar, settings.images, settings.audit_cells)
    return ValidationPlan(
        protocol=protocol,
        random_split=replace(protocol, repeats=1) if cells.data.group_names else None,
        shortcuts=shortcuts,
        shortcut_fits=sum(trial.fits(cells, protocol) for trial in shortcuts),
        pixel_audit=pixel_audit,
        pixel_fits=pixel_audit_fits(cells, protocol) if pixel_audit.cells else 0,
        slide_pairs=plan_slide_pairs(cells),
    )


def validate_model(
    plan: ValidationPlan,
    cells: TrainingTable,
    settings: TrainingSettings,
    progress: FitProgress,
) -> ValidationResult:
    """Cross-validate by group and at random, inspect the models of the folds, audit shortcuts.

    The models of the audits have the default settings.

    Parameters
    ----------
    plan : ValidationPlan
    cells : TrainingTable
    settings : TrainingSettings
    progress : FitProgress

    Raises
    ------
    ModelError
        If a class has fewer groups than there are folds.
    """
    from models.learning.inner_scores import splits_groups_to_calibrate

    data, protocol = cells.data, plan.protocol
    with progress.stage("cross-validation", protocol.fits) as fitted:
        folds = cross_validate_by_protocol(
            cells.estimator, data.features, data, data.groups, protocol, fitted
        )
    with progress.stage("figures and their intervals"):
        evaluation = _evaluate(folds, cells, protocol)
    random_split = _random_split(plan.random_split, cells, progress)
    with progress.stage("feature importances"):
        inspection = inspect_models(folds, cells, settings)
    shortcut_audit = audit_shortcuts(
        plan.shortcuts, cells, protocol, evaluation.figures, plan.pixel_audit, progress
    )
    slide_pairs = None
    if plan.slide_pairs is not None:
        with progress.stage("pairs of slides held out", plan.slide_pairs.fits) as fitted:
            slide_pairs = evaluate_slide_pairs(plan.slide_pairs, cells, protocol, fitted)
    return ValidationResult(
        evaluation=evaluation,
        random_split=random_split,
        inspection=inspection,
        shortcut_audit=shortcut_audit,
        slide_pairs=slide_pairs,
        tuning=tuning_record(folds, data, protocol.candidates, protocol.seed),
        selection=None
        if settings.select is None
        else selection_record(folds, data.columns, cells.columns),
        splits_groups_to_calibrate=any(
            splits_groups_to_calibrate(data.target[fold.train], data.groups[fold.train])
            for fold in folds
        ),
    )


def _evaluate(folds: Sequence[Fold], cells: TrainingTable, protocol: Protocol) -> Evaluation:
    """Return the figures of the grouped folds."""
    from models.evaluation.evaluate import evaluate

    data = cells.data
    return evaluate(
        folds,
        data.target,
        data.groups,
        data.group_names,
        data.classes,
        data.positive,
        sensitivity=protocol.sensitivity,
        seed=protocol.seed,
    )


def _random_split(
    protocol: Protocol | None, cells: TrainingTable, progress: FitProgress
) -> list[Figure] | None:
    """Return the figures of the same model if cells are split at random."""
    import numpy as np

    if protocol is None:
        return None
    data = cells.data
    with progress.stage("random split", protocol.fits) as fitted:
        folds = cross_validate_by_protocol(
            cells.estimator, data.features, data, np.arange(len(data.target)), protocol, fitted
        )
    return pooled_figures(folds, data)
