"""Train: a feature table in, a judged and stored model out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from models.errors import ModelError

from .measurement.source import list_source
from .outputs.read_table import read_sidecar
from .training.source import Source, Wanted, in_memory
from .training.summary import TrainingReport

if TYPE_CHECKING:
    pass

# Sensitivity of the operating point where none is stated.
STATED = 0.95

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
    from models.to_json import as_json

    from .report import report as write_report
    from .reporting.guidelines import warnings
    from .training.bundle import make_bundle, narrowed, summary
    from .training.external_evaluation import in_words, open_external, tested
    from .training.provenance import provenance
    from .training.stored_cells import training_cells
    from .validation.image_variants import Asked
    from .validation.judge import judge
    from .validation.protocol import Protocol

    started = time.monotonic()
    tell = progress or _silently
    check_target(out)
    _check(sensitivity, tune, select)
    if images is not None and audit_cells:
        list_source(images, masks=None, shared=False)
    stated = sensitivity or STATED
    sidecar = read_sidecar(table)
    dictionary = sidecar["columns"]
    wanted = Wanted(label, None if no_groups else group, positive, estimator, select)
    with _opened(scheduler, table, dictionary, wanted, seed) as source:
        frame, data, kind = source.frame, source.data, source.kind
        if sensitivity is not None and len(data.classes) > 2:
            raise ModelError(
                f"a sensitivity of {sensitivity} asked for with {len(data.classes)} classes",
                "leave --sensitivity out: the likeliest of several classes is called",
            )
        outside = (
            None if external is None else open_external(external, sidecar, frame, data, wanted)
        )
        measures = MEASURES[estimator]
        asked = Asked(sidecar, images, audit_cells)
        protocol = Protocol(folds, repeats, seed, jobs, stated, tune or 0, select)
        judged = judge(
            data, frame, kind, measures, dictionary, protocol, tell, source.sample, asked
        )
        tell("the model on all cells")
        model = fit_calibrated(
            kind,
            data.features,
            data.target,
            data.groups,
            seed=seed,
            positive=data.positive,
            sensitivity=stated,
            candidates=protocol.candidates,
            pictures=data.pictures,
        )
    held = data if source.sample is None else source.sample.data
    shown = narrowed(held, model.pipeline)
    told = sidecar.get("input", {}).get("notes", [])
    notes = [*told, *data.notes, *source.notes, *approximations(model.pipeline)]
    if no_groups:
        notes.append("split cell by cell: cells of one subject may lie on both sides")
    if judged.within_groups:
        notes.append("a class has too few subjects to calibrate on unseen ones")
    facts = summary(data, wanted, protocol)
    threshold = 0.5 if sensitivity is None else model.threshold
    if sensitivity is not None:
        notes.append(
            f"for a sensitivity of {sensitivity:g} the stored model calls a cell positive from"
            f" {threshold:.3f} on; figures that name no threshold are of calls from 0.5 on"
        )
    bundle = make_bundle(model, shown, wanted, sidecar, threshold, facts, stated)
    found = outside and tested(outside, model, data, threshold, stated)
    if found:
        notes.append(in_words(found, judged.evaluation.figures))
    title = f"{kind.name}: {len(data.target)} cells, {folds} folds, mean and spread over folds"
    files, worst = training_cells(table, frame, shown, group, judged.worst, seed)
    record = {
        **judged.record(),
        "training": facts,
        "notes": notes,
        "data": provenance(table, sidecar, frame, data, held.features),
        "worst_cells": worst,
        "tuning": judged.tuning and {**judged.tuning, "final": dict(model.estimator.settings)},
        "selection": judged.selection and {**judged.selection, "final": list(shown.columns)},
        "external": found,
    }
    save_bundle(
        bundle,
        out,
        {
            "evaluation.json": as_json(record),
            "importances.csv": judged.importances.to_csv(index=False).encode(),
            "importance_groups.csv": judged.groups.to_csv(index=False).encode(),
            "importances.png": importance_picture(judged.importances, title=title),
            **files,
        },
    )
    write_report(out)
    leading = next(iter(measures))
    audited = [f"shortcut: {text}" for text in warnings(record)]
    if audit_cells and judged.audit.note:
        audited.append(judged.audit.note)
    return TrainingReport(
        out=out,
        estimator=kind.name,
        cells=len(data.target),
        columns=len(shown.columns),
        groups=int(data.groups.max()) + 1,
        class_counts=facts["class_counts"],
        positive=bundle.positive,
        evaluation=judged.evaluation,
        random=judged.random,
        leading=[
            {
                "feature": row["feature"],
                "plain": row["plain"],
                "measure": leading,
                "mean": row[f"{leading}_mean"],
                "sd": row[f"{leading}_sd"],
            }
            for row in judged.importances.head(10).to_dict("records")
        ],
        notes=[*notes, *audited],
        seconds=time.monotonic() - started,
    )


def _opened(
    scheduler: str | None,
    table: Path,
    dictionary: Mapping[str, Mapping[str, Any]],
    wanted: Wanted,
    seed: int,
) -> AbstractContextManager[Source]:
    """Read the table here, or let a cluster do it while it is needed."""
    if scheduler is None:
        return nullcontext(in_memory(table, dictionary, wanted))
    from .cluster_training.train_on_cluster import check_cluster, on_cluster

    check_cluster(table, wanted)
    return on_cluster(scheduler, table, dictionary, wanted, seed)


def _silently(_step: str) -> None:
    """Take a progress line and say nothing."""


def _check(sensitivity: float | None, tune: int | None, select: int | None) -> None:
    """Refuse numbers that make no sense."""
    if sensitivity is not None and not 0 < sensitivity < 1:
        raise ModelError(f"sensitivity {sensitivity} asked for", "ask for a value between 0 and 1")
    if tune is not None and tune < 1:
        raise ModelError(f"{tune} configurations to try asked for", "ask for at least 1 (--tune)")
    if select is not None and select < 1:
        raise ModelError(f"{select} features asked for", "ask for at least 1 (--select)")
