"""Test of the final model on an external table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from models.evaluation.evaluate import Figure

    from .external_table import ExternalTable
    from .final_model import FinalModel
    from .training_settings import TrainingSettings

# Subjects that are listed, those with the lowest accuracy first.
MAX_LISTED_SUBJECTS = 12


def evaluate_external(
    external: ExternalTable, final: FinalModel, settings: TrainingSettings
) -> dict[str, Any]:
    """Evaluate the final model on external cells.

    Returns
    -------
    mapping
        Figures of cells and of subjects, with intervals by subject, at a threshold of 0.5 as in
        the cross-validation; sensitivity and specificity at the thresholds of the model. A figure
        is None if a class that it needs does not occur.
    """
    from models.evaluation.evaluate import class_table, confusion_counts, repeated_figures
    from models.evaluation.probability_quality import calibration_quality
    from models.evaluation.subjects import subject_figures, subject_results
    from models.metrics.operating_points import abstentions

    target, groups = external.target, external.groups
    classes, positive = final.data.classes, final.data.positive
    probabilities = final.model.probabilities(external.features)[None]
    counts = confusion_counts(target, probabilities, positive)
    subjects = subject_results(
        target, probabilities, groups, external.group_names, classes, positive
    )
    of_subjects = None
    if positive is not None and subjects:
        of_subjects = subject_figures(subjects, classes[positive])
    figures = repeated_figures(target, probabilities, positive, groups)
    return {
        "table": external.name,
        "cells": len(target),
        "groups": int(groups.max()) + 1,
        "left_out": list(external.notes),
        "figures": [asdict(one) for one in figures],
        "classes": class_table(counts, classes),
        "confusion": [[float(value) for value in row] for row in counts],
        "calibrated": asdict(calibration_quality(target, probabilities, positive)),
        "thresholds": _thresholds(external, final, probabilities, settings.target_sensitivity),
        "stated": settings.target_sensitivity,
        "abstentions": [asdict(one) for one in abstentions(target, probabilities[0])],
        "subject_figures": of_subjects and asdict(of_subjects),
        "subjects": [asdict(one) for one in subjects[:MAX_LISTED_SUBJECTS]],
    }


def external_note(result: Mapping[str, Any], cross_validated: Sequence[Figure]) -> str:
    """Return a sentence with the balanced accuracy on the external cells and on the folds."""
    name = "balanced accuracy"
    external = next(one for one in result["figures"] if one["name"] == name)
    on_folds = next(one for one in cross_validated if one.name == name)
    return (
        f"external table {result['table']}, {result['cells']} cells: {name} {external['mean']:.3f}"
        f" [{external['low']:.3f}, {external['high']:.3f}], on the folds {on_folds.mean:.3f}"
    )


def _thresholds(
    external: ExternalTable,
    final: FinalModel,
    probabilities: NDArray[np.float64],
    target_sensitivity: float,
) -> dict[str, dict[str, Any]]:
    """Sensitivity and specificity at the threshold of the bundle and at the chosen one.

    Empty unless there are two classes: of several, the most probable one is called.
    """
    import numpy as np

    from models.evaluation.probability_quality import operating_point

    target, positive = external.target, final.data.positive
    if positive is None or len(final.data.classes) != 2:
        return {}
    points = {}
    for name, value in (("stored", final.threshold), ("stated", final.model.threshold)):
        point = operating_point(
            target == positive,
            probabilities[..., positive],
            np.full((1, len(target)), value),
            target_sensitivity,
            external.groups,
        )
        points[name] = {
            key: asdict(point)[key] for key in ("threshold", "sensitivity", "specificity")
        }
    return points
