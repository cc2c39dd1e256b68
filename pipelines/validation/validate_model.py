"""Judge one kind of model on a training set: everything that goes into the report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from ..html.wording import against_the_rest
from .cross_validate import cross_validate_by_protocol
from .held_out_slides import slide_pairs_record
from .protocol import Protocol, Sample
from .shortcut_audit import ShortcutAudit, audit_shortcuts
from .tuning_and_selection import selection_record, tuning_record

if TYPE_CHECKING:
    import pandas as pd

    from models.dataset.training_set import TrainingSet
    from models.evaluation.evaluate import Evaluation, Figure
    from models.evaluation.hardest_cells import HardestCell
    from models.explanation.feature_groups import FeatureGroup
    from models.explanation.importance import Measure
    from models.learning.cross_validation import Fold
    from models.learning.estimators import Estimator

    from .image_variants import PixelAuditSettings


@dataclass(frozen=True, eq=False)
class ValidationResult:
    """What a cross-validation and its company found.

    Parameters
    ----------
    evaluation : Evaluation
        Grouped folds.
    random : list of Figure or None
        The same model under one random split; None where the split was random anyway.
    importances, groups : DataFrame
        Of single features; of clusters, families and compartments.
    compact_model : list of Figure
        A model of at most 12 features on the same folds.
    formula : list of mapping
        Its terms, fitted on all cells.
    shortcut_audit : ShortcutAudit
        What shortcuts reach.
    within_groups : bool
        Whether a fold had to calibrate within subjects.
    worst : list of HardestCell
        The cells left out whose true class was given the least probability.
    slide_pairs : mapping or None
        See `slide_pairs_record`; None where slides do not part the classes.
    tuning, selection : mapping or None
        See `tuning_and_selection`; None where nothing was tuned or selected.
    requested : mapping
        What was asked for beside the `Protocol`: at most how many cells to measure again for the
        audit, and whether images lay elsewhere and a cluster learnt.
    """

    evaluation: Evaluation
    random: list[Figure] | None
    importances: pd.DataFrame
    groups: pd.DataFrame
    compact_model: list[Figure]
    formula: list[dict[str, Any]]
    shortcut_audit: ShortcutAudit
    within_groups: bool
    worst: list[HardestCell]
    slide_pairs: dict[str, Any] | None
    tuning: dict[str, Any] | None
    selection: dict[str, Any] | None
    requested: dict[str, Any]

    def record(self) -> dict[str, Any]:
        """Everything but the importances, as plain values."""
        several = self.evaluation.operating is None
        return {
            **asdict(self.evaluation),
            "figures_note": against_the_rest(len(self.evaluation.classes)) if several else None,
            "random_split": self.random and [asdict(one) for one in self.random],
            "compact_model": {
                "figures": [asdict(one) for one in self.compact_model],
                "formula": self.formula,
            },
            "shortcuts": self.shortcut_audit.shortcuts,
            "shortcuts_note": self.shortcut_audit.note,
            "slide_pairs": self.slide_pairs,
            "tuning": self.tuning,
            "selection": self.selection,
            "asked": self.requested,
        }


def validate_model(
    data: TrainingSet,
    table: pd.DataFrame,
    kind: Estimator,
    measures: Mapping[str, Measure],
    dictionary: Mapping[str, Mapping[str, Any]],
    protocol: Protocol,
    progress: Callable[[str], None],
    sample: Sample | None = None,
    pixel_audit: PixelAuditSettings | None = None,
) -> ValidationResult:
    """Cross-validate by group and once at random, and look into the models of the folds.

    The audit's models have the default settings.

    Parameters
    ----------
    data : TrainingSet
    table : DataFrame
        What `data` was taken from, for the columns that are kept out of training.
    kind : Estimator
    measures : mapping
        Of importance.
    dictionary : mapping
        Column dictionary.
    protocol : Protocol
    progress : callable
        Told of each step.
    sample : Sample, optional
        Where not all features are in memory: what is looked into, audited and read by the glass
        box. `ValidationResult.worst` has its rows.
    pixel_audit : PixelAuditSettings, optional
        What the audit is to measure again from the pictures.
    """
    import numpy as np

    from models.evaluation.evaluate import evaluate, repeated_figures
    from models.evaluation.hardest_cells import hardest_cells
    from models.explanation.compact_model import (
        compact_model_probabilities,
        fit_compact_model,
        formula,
    )
    from models.explanation.feature_groups import feature_groups, group_importances
    from models.explanation.importance import importances
    from models.learning.cross_validation import pooled
    from models.learning.inner_scores import splits_groups_to_calibrate

    grouped = bool(data.group_names)
    done = cross_validate_by_protocol(kind, data.features, data, data.groups, protocol, progress)
    progress("figures and their intervals")
    evaluation = evaluate(
        done,
        data.target,
        data.groups,
        data.group_names,
        data.classes,
        data.positive,
        sensitivity=protocol.sensitivity,
        seed=protocol.seed,
    )
    random = None
    if grouped:
        progress("the same under a random split")
        cells = np.arange(len(data.target))
        once = replace(protocol, repeats=1)
        at_random = cross_validate_by_protocol(kind, data.features, data, cells, once, progress)
        random = repeated_figures(data.target, pooled(at_random, len(cells)), data.positive)
    progress("importances")
    shown = data if sample is None else sample.data
    looked_at = (_folds_of_sample(done, sample), shown.features, shown.target)
    single = importances(*looked_at, data.columns, dictionary, measures, protocol.seed)
    groups = feature_groups(shown.features, data.columns, dictionary)
    together = group_importances(groups, *looked_at, measures, protocol.seed)
    progress("the glass box")
    transparent = repeated_figures(
        shown.target,
        compact_model_probabilities(*looked_at),
        data.positive,
        shown.groups,
        seed=protocol.seed,
    )
    box = fit_compact_model(shown.features, shown.target)
    return ValidationResult(
        evaluation,
        random,
        single.merge(_cluster_names(groups, data.columns), on="feature"),
        together,
        transparent,
        formula(box, data.columns, dictionary, data.classes, data.positive),
        audit_shortcuts(
            shown, table, kind, dictionary, protocol, evaluation.figures, progress, pixel_audit
        ),
        any(splits_groups_to_calibrate(data.target[f.train], data.groups[f.train]) for f in done),
        hardest_cells(shown.target, pooled(looked_at[0], len(shown.target)), data.positive),
        slide_pairs_record(shown, table, kind, dictionary, protocol, progress),
        tuning_record(done, data, protocol.candidates, protocol.seed),
        None if protocol.select is None else selection_record(done, data.columns, dictionary),
        {
            "audit_cells": 0 if pixel_audit is None else pixel_audit.cells,
            "images": pixel_audit is not None and pixel_audit.images is not None,
            "scheduler": sample is not None,
        },
    )


def _folds_of_sample(done: list[Fold], sample: Sample | None) -> list[Fold]:
    """The same folds of the cells of a sample only."""
    import numpy as np

    if sample is None:
        return done
    places = sample.places
    parts = []
    for fold in done:
        tested = np.isin(fold.test, places)
        parts.append(
            replace(
                fold,
                train=np.flatnonzero(np.isin(places, fold.train)),
                test=np.searchsorted(places, fold.test[tested]),
                probabilities=fold.probabilities[tested],
                by_default=None,
            )
        )
    return parts


def _cluster_names(groups: list[FeatureGroup], columns: tuple[str, ...]) -> pd.DataFrame:
    """Name for each feature the cluster of correlated features that it belongs to."""
    import pandas as pd

    pairs = [
        (columns[column], group.name)
        for group in groups
        if group.level == "cluster"
        for column in group.columns
    ]
    return pd.DataFrame(pairs, columns=["feature", "cluster"])
