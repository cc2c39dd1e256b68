"""What is left of a model on pictures without colour, without arrangement, with another stain."""

from __future__ import annotations

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
    import pandas as pd
    from numpy.typing import NDArray

    from models.dataset.training_set import TrainingSet
    from models.evaluation.evaluate import Figure
    from models.learning.estimators import Estimator

    from .image_variants import PixelAuditSettings
    from .protocol import Protocol

_GREY = "grey pictures"
_SHUFFLED = "pixels shuffled inside nucleus and cytoplasm"
_JITTERED = "stain jittered in the cells left out"
_VARIANTS = {_GREY: "grey", _SHUFFLED: "shuffled"}
_WITHOUT = {
    _GREY: "Colour is hardly needed.",
    _SHUFFLED: "How pixels are arranged adds little to outlines and colours: hardly any texture of "
    "the chromatin is read.",
}


def audit_pixels(
    data: TrainingSet,
    rows: pd.DataFrame,
    kind: Estimator,
    protocol: Protocol,
    asked: PixelAuditSettings,
) -> tuple[list[dict[str, Any]], str | None]:
    """Judge the model on pictures that lack something, on a sample of the cells.

    Raises
    ------
    DataError, CellError, ModelError
        If the pictures cannot be had, or too few of the cells.
    """
    import numpy as np

    from models.evaluation.evaluate import repeated_figures
    from models.evaluation.shortcuts import even_sample, share_of_lead
    from models.learning.cross_validation import pooled

    from .image_variants import JITTER, remeasure

    chosen = even_sample(data.target, data.groups, asked.cells, protocol.seed)
    again = remeasure(asked, rows.iloc[chosen], data.columns, RunSettings(jobs=protocol.jobs))
    note = None
    if again.missed:
        missed = len(chosen) - len(again.rows)
        note = f"{missed} of {len(chosen)} cells could not be measured again: {again.missed}"
        if 2 * missed > len(chosen):
            raise ModelError(note, "give the pictures that the table was made from")
    sample = cell_subset(data, chosen[again.rows])
    done = cross_validate_once(kind, sample.features, sample, sample.groups, protocol)
    own = pooled_figures(done, sample)
    whole = balanced_accuracy(own)
    about = {"cells": len(sample.target), "figures": figure_means(own)}

    def record(name: str, figures: list[Figure]) -> dict[str, Any]:
        near = share_of_lead(balanced_accuracy(figures).mean, whole.mean, whole.baseline)
        return {
            "name": name,
            "suspicious": False,
            "columns": len(data.columns),
            "figures": figure_means(figures),
            "near": near,
            "says": _interpret_variant(name, near, whole.mean - whole.baseline),
            "warning": name == _JITTERED,
            "sample": about,
        }

    found = [
        record(
            name,
            pooled_figures(
                cross_validate_once(kind, again.features[key], sample, sample.groups, protocol),
                sample,
            ),
        )
        for name, key in _VARIANTS.items()
    ]
    otherwise = again.features["jittered"]
    answers: NDArray[np.float64] = np.full((1, *pooled(done, len(sample.target)).shape[1:]), np.nan)
    for fold in done:
        answers[0, fold.test] = fold.model.probabilities(otherwise[fold.test])
    found.append(
        {
            **record(_JITTERED, repeated_figures(sample.target, answers, data.positive)),
            "gain": [1 / JITTER, JITTER],
        }
    )
    return found, note


def _interpret_variant(name: str, near: float, lead: float) -> str | None:
    """Say what a figure on changed pictures means, if the model has a lead over chance at all."""
    from models.evaluation.shortcuts import NEAR

    if lead <= 0:
        return None
    if name == _JITTERED:
        return (
            None
            if near >= NEAR
            else f"With the stain jittered, {near:.0%} of what the model reaches beyond chance is "
            "left: it will not survive another stain."
        )
    if near < NEAR:
        return None
    share = "as much as the model" if near >= 1 else f"{near:.0%} of what it reaches beyond chance"
    return f"{name} give {share}. {_WITHOUT[name]}"
