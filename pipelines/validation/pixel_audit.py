"""Performance on images without colour, with shuffled pixels, or with another stain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from models.errors import ModelError

from ..workers.settings import RunSettings
from .cross_validate import (
    balanced_accuracy,
    cell_subset,
    cross_validate_once,
    figure_means,
    pooled_figures,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from models.dataset.training_set import TrainingSet
    from models.evaluation.evaluate import Figure
    from models.learning.cross_validation import Fold

    from ..training.training_table import TrainingTable
    from .cross_validate import Fitted
    from .protocol import Protocol
    from .remeasure import PixelAuditSettings

_GREY = "grey pictures"
_SHUFFLED = "pixels shuffled inside nucleus and cytoplasm"
_JITTERED = "stain jittered in the cells left out"
# Variants on which a model is trained as well as tested, by the name that the report shows.
_TRAINED_VARIANTS = {_GREY: "grey", _SHUFFLED: "shuffled"}
_MEANING = {
    _GREY: "Colour is hardly needed.",
    _SHUFFLED: "The arrangement of pixels adds little to outlines and colours: the model hardly "
    "uses the texture of the chromatin.",
}
# Cross-validations of an audit: the unchanged images, and each variant that is trained on.
CROSS_VALIDATIONS = 1 + len(_TRAINED_VARIANTS)


@dataclass(frozen=True, eq=False)
class _Reference:
    """Performance on the unchanged images, with which the variants are compared.

    Parameters
    ----------
    sample : TrainingSet
        The cells that were measured again.
    figures : list of Figure
    """

    sample: TrainingSet
    figures: list[Figure]

    def record(self, name: str, figures: Sequence[Figure]) -> dict[str, Any]:
        """Return the record of a variant."""
        from models.evaluation.shortcuts import share_of_lead

        whole = balanced_accuracy(self.figures)
        share = share_of_lead(balanced_accuracy(figures).mean, whole.mean, whole.baseline)
        return {
            "name": name,
            "suspicious": False,
            "columns": len(self.sample.columns),
            "figures": figure_means(figures),
            "share_of_lead": share,
            "finding": _interpret_variant(name, share, whole.mean - whole.baseline),
            "warning": name == _JITTERED,
            "sample": {"cells": len(self.sample.target), "figures": figure_means(self.figures)},
        }


def audit_pixels(
    cells: TrainingTable,
    protocol: Protocol,
    audit: PixelAuditSettings,
    fitted: Fitted | None = None,
) -> tuple[list[dict[str, Any]], str | None]:
    """Evaluate the model on variants of the images, for a sample of the cells.

    Parameters
    ----------
    cells : TrainingTable
    protocol : Protocol
    audit : PixelAuditSettings
    fitted : callable, optional
        Called after each fold with its number of fits.

    Returns
    -------
    records : list of dict
    note : str or None
        How many cells could not be measured again.

    Raises
    ------
    DataError, CellError, ModelError
        If the images cannot be read, or more than half of the cells cannot be measured again.
    """
    from .image_variants import JITTER

    sample, features, note = _remeasured_sample(cells, protocol, audit)
    folds = cross_validate_once(
        cells.estimator, sample.features, sample, sample.groups, protocol, fitted
    )
    reference = _Reference(sample, pooled_figures(folds, sample))
    records = []
    for name, variant in _TRAINED_VARIANTS.items():
        of_variant = cross_validate_once(
            cells.estimator, features[variant], sample, sample.groups, protocol, fitted
        )
        records.append(reference.record(name, pooled_figures(of_variant, sample)))
    jittered = _tested_on(features["jittered"], folds, sample)
    records.append({**reference.record(_JITTERED, jittered), "gain": [1 / JITTER, JITTER]})
    return records, note


def _remeasured_sample(
    cells: TrainingTable, protocol: Protocol, audit: PixelAuditSettings
) -> tuple[TrainingSet, dict[str, NDArray[np.float64]], str | None]:
    """Return a sample of the cells, their features in each variant, and a note on missed cells."""
    from models.evaluation.shortcuts import even_sample

    from .remeasure import remeasure

    data = cells.in_memory
    chosen = even_sample(data.target, data.groups, audit.cells, protocol.seed)
    rows = cells.frame.iloc[data.rows].iloc[chosen]
    again = remeasure(audit, rows, data.columns, RunSettings(jobs=protocol.jobs))
    note = None
    if again.missed:
        missed = len(chosen) - len(again.rows)
        note = f"{missed} of {len(chosen)} cells could not be measured again: {again.missed}"
        if 2 * missed > len(chosen):
            raise ModelError(
                note, "name the images of the table with --images, or extract it again"
            )
    return cell_subset(data, chosen[again.rows]), dict(again.features), note


def _tested_on(
    features: NDArray[np.float64], folds: Sequence[Fold], sample: TrainingSet
) -> list[Figure]:
    """Return the figures of the models of the folds on changed features of the cells left out."""
    import numpy as np

    from models.evaluation.evaluate import repeated_figures

    probabilities = np.full((1, len(sample.target), folds[0].probabilities.shape[1]), np.nan)
    for fold in folds:
        probabilities[0, fold.test] = fold.model.probabilities(features[fold.test])
    return repeated_figures(sample.target, probabilities, sample.positive)


def _interpret_variant(name: str, share: float, lead: float) -> str | None:
    """Return a sentence on the performance on a variant; None for no finding.

    Parameters
    ----------
    name : str
    share : float
        Share of the lead over chance that is left.
    lead : float
        Balanced accuracy of the model above chance; without a lead there is no finding.
    """
    from models.evaluation.shortcuts import NEAR

    if lead <= 0:
        return None
    if name == _JITTERED:
        return (
            None
            if share >= NEAR
            else f"With the stain jittered, {share:.0%} of what the model reaches beyond chance is "
            "left: it will not work on another stain."
        )
    if share < NEAR:
        return None
    amount = (
        "as much as the model" if share >= 1 else f"{share:.0%} of what it reaches beyond chance"
    )
    return f"{name} give {amount}. {_MEANING[name]}"
