"""Train: a feature table in, a judged and stored model out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from models.errors import ModelError

from .measurement.source import list_source
from .outputs.sidecar import read_sidecar
from .training.summary import TrainingReport
from .training.training_table import TrainingTable, TrainingTarget, read_training_table

if TYPE_CHECKING:
    pass

# Sensitivity of the operating point where none is stated.
DEFAULT_SENSITIVITY = 0.95

EstimatorName = Literal["svm", "xgboost", "logistic"]


def train(
    table: Path,
    out: Path,
    *,
    estimator: EstimatorName = "xgboost",
    label: str = "Metadata_Label",
    group: str = "Metadata_Subject",
    no_groups: bool = False,
    positive: str | None = None,
    folds: int = 5,
    repeats: int = 3,
    seed: int = 0,
    jobs: int = 1,
    sensitivity: float | None = None,
    images: Path | str | None = None,
    audit_cells: int = 500,
    tune: int | None = None,
    select: int | None = None,
    external: Path | None = None,
    scheduler: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> TrainingReport:
    """Cross-validate by subject, fit on everything, measure importances, store the bundle.

    Parameters
    ----------
    table : Path
        Feature table with its sidecar beside it.
    out : Path
        The bundle's folder; a model there is replaced, anything else refused.
    estimator : {"svm", "xgboost", "logistic"}
    label, group : str
        Columns of class and subject.
    no_groups : bool
        Split cell by cell (copies of a picture still stay together).
    positive : str, optional
        The class that sensitivity refers to; ``blast`` where there is one.
    folds, repeats, seed, jobs : int
    sensitivity : float, optional
        Call cells positive from the threshold on that reaches this sensitivity inside the training
        data; without it from 0.5 on (two classes).
    tune : int, optional
        Configurations to try beside the default, inside each fold and for the final model.
    select : int, optional
        Most features of a model, chosen inside each fold and for the final one.
    external : Path, optional
        Feature table of other cells, on which the final model is tested once.
    scheduler : str, optional
        Of a Dask cluster whose workers hold the features, learn and score: for a table that is a
        folder of Parquet files and larger than this machine's memory.
    images : Path or str, optional
        The images of the table, as `extract` takes them, where they lie elsewhere now.
    audit_cells : int
        Cells at most whose pictures are measured again for the shortcut audit; 0 for none.
    progress : callable, optional
        Told in a few words of each step that is done.

    Raises
    ------
    ModelError
        If the table, the sidecar, the options or the output folder do not serve.
    DataError
        If there are no images where `images` says.
    """
    from models.explanation.importance import MEASURES
    from models.learning.cross_validation import fit_calibrated
    from models.learning.estimators import approximations
    from models.plots.importance_plot import importance_picture
    from models.storage.bundle import check_target, save_bundle
    from models.to_json import to_json

    from .report import report as write_report
    from .reporting.shortcut_section import warnings
    from .training.bundle_contents import make_bundle, training_facts, with_selected_columns
    from .training.external_evaluation import evaluate_external, external_note, read_external_table
    from .training.provenance import provenance
    from .training.stored_cells import training_cell_files
    from .validation.image_variants import PixelAuditSettings
    from .validation.protocol import Protocol
    from .validation.validate_model import validate_model

    started = time.monotonic()
    tell = progress or _silently
    check_target(out)
    _check_settings(sensitivity, tune, select)
    if images is not None and audit_cells:
        list_source(images, masks=None, shared=False)
    target_sensitivity = sensitivity or DEFAULT_SENSITIVITY
    sidecar = read_sidecar(table)
    dictionary = sidecar["columns"]
    goal = TrainingTarget(label, None if no_groups else group, positive, estimator, select)
    with _open_table(scheduler, table, dictionary, goal, seed) as source:
        frame, data, kind = source.frame, source.data, source.kind
        if sensitivity is not None and len(data.classes) > 2:
            raise ModelError(
                f"a sensitivity of {sensitivity} asked for with {len(data.classes)} classes",
                "leave --sensitivity out: the likeliest of several classes is called",
            )
        external_table = (
            None if external is None else read_external_table(external, sidecar, frame, data, goal)
        )
        measures = MEASURES[estimator]
        pixel_audit = PixelAuditSettings(sidecar, images, audit_cells)
        protocol = Protocol(folds, repeats, seed, jobs, target_sensitivity, tune or 0, select)
        validation = validate_model(
            data, frame, kind, measures, dictionary, protocol, tell, source.sample, pixel_audit
        )
        tell("the model on all cells")
        model = fit_calibrated(
            kind,
            data.features,
            data.target,
            data.groups,
            seed=seed,
            positive=data.positive,
            sensitivity=target_sensitivity,
            candidates=protocol.candidates,
            pictures=data.pictures,
        )
    in_memory_data = data if source.sample is None else source.sample.data
    selected = with_selected_columns(in_memory_data, model.pipeline)
    input_notes = sidecar.get("input", {}).get("notes", [])
    notes = [*input_notes, *data.notes, *source.notes, *approximations(model.pipeline)]
    if no_groups:
        notes.append("split cell by cell: cells of one subject may lie on both sides")
    if validation.within_groups:
        notes.append("a class has too few subjects to calibrate on unseen ones")
    facts = training_facts(data, goal, protocol)
    threshold = 0.5 if sensitivity is None else model.threshold
    if sensitivity is not None:
        notes.append(
            f"for a sensitivity of {sensitivity:g} the stored model calls a cell positive from"
            f" {threshold:.3f} on; figures that name no threshold are of calls from 0.5 on"
        )
    bundle = make_bundle(model, selected, goal, sidecar, threshold, facts, target_sensitivity)
    external_result = external_table and evaluate_external(
        external_table, model, data, threshold, target_sensitivity
    )
    if external_result:
        notes.append(external_note(external_result, validation.evaluation.figures))
    title = f"{kind.name}: {len(data.target)} cells, {folds} folds, mean and spread over folds"
    files, worst = training_cell_files(table, frame, selected, group, validation.worst, seed)
    record = {
        **validation.record(),
        "training": facts,
        "notes": notes,
        "data": provenance(table, sidecar, frame, data, in_memory_data.features),
        "hardest_cells": worst,
        "tuning": validation.tuning
        and {**validation.tuning, "final": dict(model.estimator.settings)},
        "selection": validation.selection
        and {**validation.selection, "final": list(selected.columns)},
        "external": external_result,
    }
    save_bundle(
        bundle,
        out,
        {
            "evaluation.json": to_json(record),
            "importances.csv": validation.importances.to_csv(index=False).encode(),
            "importance_groups.csv": validation.groups.to_csv(index=False).encode(),
            "importances.png": importance_picture(validation.importances, title=title),
            **files,
        },
    )
    write_report(out)
    leading = next(iter(measures))
    shortcut_notes = [f"shortcut: {text}" for text in warnings(record)]
    if audit_cells and validation.shortcut_audit.note:
        shortcut_notes.append(validation.shortcut_audit.note)
    return TrainingReport(
        out=out,
        estimator=kind.name,
        cells=len(data.target),
        columns=len(selected.columns),
        groups=int(data.groups.max()) + 1,
        class_counts=facts["class_counts"],
        positive=bundle.positive,
        evaluation=validation.evaluation,
        random=validation.random,
        leading=[
            {
                "feature": row["feature"],
                "plain": row["plain"],
                "measure": leading,
                "mean": row[f"{leading}_mean"],
                "sd": row[f"{leading}_sd"],
            }
            for row in validation.importances.head(10).to_dict("records")
        ],
        notes=[*notes, *shortcut_notes],
        seconds=time.monotonic() - started,
    )


def _open_table(
    scheduler: str | None,
    table: Path,
    dictionary: Mapping[str, Mapping[str, Any]],
    goal: TrainingTarget,
    seed: int,
) -> AbstractContextManager[TrainingTable]:
    """Read the table here, or let a cluster do it while it is needed."""
    if scheduler is None:
        return nullcontext(read_training_table(table, dictionary, goal))
    from .cluster_training.train_on_cluster import check_cluster_settings, open_cluster_table

    check_cluster_settings(table, goal)
    return open_cluster_table(scheduler, table, dictionary, goal, seed)


def _silently(_step: str) -> None:
    """Take a progress line and say nothing."""


def _check_settings(sensitivity: float | None, tune: int | None, select: int | None) -> None:
    """Refuse numbers that make no sense."""
    if sensitivity is not None and not 0 < sensitivity < 1:
        raise ModelError(f"sensitivity {sensitivity} asked for", "ask for a value between 0 and 1")
    if tune is not None and tune < 1:
        raise ModelError(f"{tune} configurations to try asked for", "ask for at least 1 (--tune)")
    if select is not None and select < 1:
        raise ModelError(f"{select} features asked for", "ask for at least 1 (--select)")
