"""The shortcut audit of a comparison: performance on confounders, next to every contender."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..validation.cross_validate import (
    balanced_accuracy,
    cross_validate_once,
    figure_means,
    pooled_figures,
    single_protocol,
)

if TYPE_CHECKING:
    from models.evaluation.shortcuts import Shortcut

    from ..validation.cross_validate import Fitted
    from ..validation.fit_progress import FitProgress
    from .contenders import ComparisonPlan

# Contenders with which shortcuts are compared; those in the second line use the named features.
AUDITED_SETS = ("handcrafted", "embedding", "both")
NAMED_SETS = ("handcrafted", "both")
# The embedding of the whole image is a shortcut of the embedding of the masked cell.
UNMASKED_SET = "embedding with background"
_FIGURES = ("accuracy", "balanced accuracy", "AUROC")

# Balanced accuracy by estimator and set.
Reached = Mapping[tuple[str, str], float]


def plan_contender_shortcuts(plan: ComparisonPlan) -> list[Shortcut]:
    """List the shortcuts that the table has columns for.

    Columns that no model is trained on are shortcuts too.
    """
    from models.evaluation.shortcuts import shortcuts

    named = plan.sets["handcrafted"].columns
    names = [plan.data.columns[column] for column in named]
    return shortcuts(plan.rows, plan.data.features[:, named], names, plan.columns)


def contender_shortcut_fits(shortcuts: Sequence[Shortcut], plan: ComparisonPlan) -> int:
    """Return the number of models that the audit fits."""
    single = single_protocol(plan.data, plan.data.groups, plan.protocol)
    return len(shortcuts) * len(plan.estimators) * single.fits


def audit_contenders(
    shortcuts: Sequence[Shortcut],
    plan: ComparisonPlan,
    contenders: Sequence[Mapping[str, Any]],
    progress: FitProgress,
) -> list[dict[str, Any]]:
    """Cross-validate each estimator on each shortcut, once, on the same first folds.

    Parameters
    ----------
    shortcuts : sequence of Shortcut
    plan : ComparisonPlan
    contenders : sequence of mapping
        Records of the contenders: ``set, estimator, columns, figures``.
    progress : FitProgress

    Returns
    -------
    list of dict
        ``estimator, name, suspicious, columns, figures`` and ``share_of_lead``: the share of each
        contender's lead over chance (balanced accuracy) that the shortcut has. Then the embedding
        of the unmasked image, if the table has it.
    """
    reached = {
        (one["estimator"], one["set"]): one["figures"]["balanced accuracy"]["value"]
        for one in contenders
    }
    fits = single_protocol(plan.data, plan.data.groups, plan.protocol).fits
    records = []
    for estimator in plan.estimators:
        for shortcut in shortcuts:
            with progress.stage(f"shortcut: {shortcut.name}, {estimator}", fits) as fitted:
                records.append(_shortcut_record(shortcut, estimator, plan, reached, fitted))
    return records + _unmasked_records(contenders, reached, 1 / len(plan.data.classes))


def _shortcut_record(
    shortcut: Shortcut,
    estimator: str,
    plan: ComparisonPlan,
    reached: Reached,
    fitted: Fitted,
) -> dict[str, Any]:
    """Cross-validate an estimator on a shortcut and compare with its contenders."""
    from models.evaluation.shortcuts import share_of_lead
    from models.learning.estimators import ESTIMATORS

    data = plan.data
    folds = cross_validate_once(
        ESTIMATORS[estimator], shortcut.features, data, data.groups, plan.protocol, fitted
    )
    figures = pooled_figures(folds, data)
    means, chance = figure_means(figures), 1 / len(data.classes)
    accuracy = balanced_accuracy(figures).mean
    return {
        "estimator": estimator,
        "name": shortcut.name,
        "suspicious": shortcut.suspicious,
        "columns": shortcut.features.shape[1],
        "figures": {name: means[name] for name in _FIGURES},
        "share_of_lead": {
            name: share_of_lead(accuracy, reached[estimator, name], chance)
            for name in (AUDITED_SETS if shortcut.suspicious else NAMED_SETS)
        },
    }


def _unmasked_records(
    contenders: Sequence[Mapping[str, Any]], reached: Reached, chance: float
) -> list[dict[str, Any]]:
    """Compare the embedding of the whole image with that of the masked cell."""
    from models.evaluation.shortcuts import share_of_lead

    return [
        {
            "estimator": one["estimator"],
            "name": "the embedding of the unmasked picture",
            "suspicious": False,
            "columns": one["columns"],
            "figures": {name: one["figures"][name]["value"] for name in _FIGURES},
            "share_of_lead": {
                "embedding": share_of_lead(
                    one["figures"]["balanced accuracy"]["value"],
                    reached[one["estimator"], "embedding"],
                    chance,
                )
            },
        }
        for one in contenders
        if one["set"] == UNMASKED_SET
    ]


def shortcut_sentences(shortcuts: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a sentence for each suspicious shortcut that comes near a contender."""
    from models.evaluation.shortcuts import NEAR

    sentences = []
    for one in shortcuts:
        near = {name: share for name, share in one["share_of_lead"].items() if share >= NEAR}
        if one["suspicious"] and near:
            each = ", ".join(
                f"{'at least' if share >= 1 else f'{share:.0%} of'} what {name} reaches"
                for name, share in near.items()
            )
            sentences.append(
                f"{one['estimator']}: {one['name']} reach {each} beyond chance: it may recognise"
                " how a picture was taken and not the cell."
            )
    return sentences
