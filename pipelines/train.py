"""Train: from a feature table to a validated and stored model."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .measurement.source import list_source
from .outputs.sidecar import changed_table_notes
from .program_version import program_version
from .progress import SILENCE, Progress
from .training.final_model import FinalModel, check_class_count, fit_final_model
from .training.one_spelling import with_found_columns
from .training.summary import TrainingReport
from .training.training_settings import TrainingSettings
from .training.training_table import TrainingTable, read_training_table
from .validation.fit_progress import FitProgress
from .validation.validate_model import ValidationResult, plan_validation, validate_model


@dataclass(frozen=True, eq=False)
class _Training:
    """What is stored of a training.

    Parameters
    ----------
    settings : TrainingSettings
    cells : TrainingTable
    validation : ValidationResult
    final : FinalModel
    external : dict or None
        Result on the external table.
    """

    settings: TrainingSettings
    cells: TrainingTable
    validation: ValidationResult
    final: FinalModel
    external: dict[str, Any] | None


def train(
    table: Path,
    out: Path,
    settings: TrainingSettings,
    progress: Progress = SILENCE,
) -> TrainingReport:
    """Validate a model by grouped cross-validation, fit it on all cells and store it.

    Parameters
    ----------
    table : Path
        Feature table, with the sidecar that `extract` wrote.
    out : Path
        Folder of the model; an earlier model there is replaced.
    settings : TrainingSettings
    progress : Progress

    Raises
    ------
    ModelError
        If the table, its sidecar or the settings cannot be used, or the folder holds other files.
    DataError
        If the images that the settings name do not exist, or the cluster fails.
    """
    from models.storage.bundle import check_target

    from .report import report as write_report
    from .training.external_evaluation import evaluate_external
    from .training.external_table import read_external_table

    started = time.monotonic()
    check_target(out)
    if settings.images is not None and settings.audit_cells:
        list_source(settings.images, masks=None, shared=False)
    progress.begin("read the table")
    settings = with_found_columns(table, settings)
    with _open_table(table, settings) as cells:
        check_class_count(cells.data, settings)
        external = read_external_table(cells, settings)
        validation, final = _validate_and_fit(cells, settings, progress)
    progress.begin("store the model")
    result = None if external is None else evaluate_external(external, final, settings)
    training = _Training(settings, cells, validation, final, result)
    record = _store(training, table, out)
    write_report(out)
    progress.finish()
    return _report(training, record, out, time.monotonic() - started)


def _open_table(table: Path, settings: TrainingSettings) -> AbstractContextManager[TrainingTable]:
    """Read the table into memory, or open it on a cluster."""
    if settings.scheduler is None:
        return nullcontext(read_training_table(table, settings))
    from .cluster_training.train_on_cluster import check_cluster_settings, open_cluster_table

    check_cluster_settings(table, settings)
    return open_cluster_table(table, settings.scheduler, settings)


def _validate_and_fit(
    cells: TrainingTable, settings: TrainingSettings, progress: Progress
) -> tuple[ValidationResult, FinalModel]:
    """Validate, then fit on all cells; both count as one step of a known number of fits."""
    plan = plan_validation(cells, settings)
    fits = plan.protocol.fits_per_fold
    fit_progress = FitProgress(progress, "train", plan.fits + fits)
    validation = validate_model(plan, cells, settings, fit_progress)
    with fit_progress.stage("final model on all cells", fits):
        final = fit_final_model(cells, settings)
    return validation, final


def _notes(training: _Training) -> list[str]:
    """Return what was left out or merged, and what limits the figures."""
    from models.learning.estimators import approximations

    from .training.external_evaluation import external_note

    settings, cells, final = training.settings, training.cells, training.final
    notes = [
        *changed_table_notes(cells.sidecar),
        *cells.sidecar.get("input", {}).get("notes", []),
        *cells.data.notes,
        *cells.notes,
        *approximations(final.model.pipeline),
    ]
    if settings.no_groups:
        notes.append("split cell by cell: cells of one subject may be on both sides")
    if training.validation.splits_groups_to_calibrate:
        notes.append("a class has too few subjects to calibrate on unseen ones")
    if settings.sensitivity is not None:
        notes.append(
            f"for a sensitivity of {settings.sensitivity:g} the stored model calls a cell positive"
            f" from {final.threshold:.3f} on; figures that name no threshold are of calls from 0.5"
            " on"
        )
    if training.external is not None:
        notes.append(external_note(training.external, training.validation.evaluation.figures))
    return notes


def _store(training: _Training, table: Path, out: Path) -> dict[str, Any]:
    """Write the folder of the model; return its evaluation."""
    import pandas as pd

    from models.plots.importance_plot import importance_picture
    from models.storage.bundle import save_bundle
    from models.to_json import to_json

    from .training.bundle_contents import make_bundle
    from .training.stored_cells import training_cell_files

    settings, cells, final = training.settings, training.cells, training.final
    inspection = training.validation.inspection
    files, hardest = training_cell_files(table, cells.frame, final, inspection.hardest, settings)
    record = {**_evaluation(training, table), "hardest_cells": hardest}
    title = (
        f"{cells.estimator.name}: {len(cells.data.target)} cells, {settings.folds} folds,"
        " mean and spread over folds"
    )
    save_bundle(
        make_bundle(final, cells.sidecar, record["training"], settings),
        out,
        {
            "evaluation.json": to_json(record),
            "importances.csv": inspection.importances.to_csv(index=False).encode(),
            "importance_groups.csv": inspection.group_importances.to_csv(index=False).encode(),
            "importances.png": importance_picture(inspection.importances, title=title),
            **files,
        },
        cells=pd.DataFrame(final.data.features, columns=list(final.data.columns)),
        program_version=program_version(),
    )
    return record


def _evaluation(training: _Training, table: Path) -> dict[str, Any]:
    """Return what ``evaluation.json`` holds, without the hardest cells."""
    from .training.bundle_contents import training_facts
    from .training.provenance import provenance

    settings, validation, final = training.settings, training.validation, training.final
    tuning, selection = validation.tuning, validation.selection
    return {
        **validation.record(),
        "options": {
            "audit_cells": settings.audit_cells,
            "images": settings.images is not None,
            "scheduler": settings.scheduler is not None,
        },
        "training": training_facts(training.cells.data, settings),
        "notes": _notes(training),
        "data": provenance(table, training.cells),
        "tuning": tuning and {**tuning, "final": dict(final.model.estimator.settings)},
        "selection": selection and {**selection, "final": list(final.data.columns)},
        "external": training.external,
    }


def _report(
    training: _Training, record: Mapping[str, Any], out: Path, seconds: float
) -> TrainingReport:
    """Return what the command prints."""
    from .reporting.shortcut_section import warnings

    settings, validation, data = training.settings, training.validation, training.final.data
    shortcut_notes = [f"shortcut: {text}" for text in warnings(record)]
    if settings.audit_cells and validation.shortcut_audit.note:
        shortcut_notes.append(validation.shortcut_audit.note)
    return TrainingReport(
        out=out,
        estimator=training.cells.estimator.name,
        cells=record["training"]["cells"],
        columns=len(data.columns),
        groups=record["training"]["groups"],
        class_counts=record["training"]["class_counts"],
        positive=None if data.positive is None else data.classes[data.positive],
        evaluation=validation.evaluation,
        random=validation.random_split,
        group_importances=validation.inspection.group_importances,
        notes=[*record["notes"], *shortcut_notes],
        seconds=seconds,
    )
