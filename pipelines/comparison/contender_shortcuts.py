"""The shortcut audit of a comparison: what should not suffice, beside every contender."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..validation.cross_validate import (
    balanced_accuracy,
    cross_validate_once,
    figure_means,
    pooled_figures,
)

if TYPE_CHECKING:
    import pandas as pd

    from models.dataset.training_set import TrainingSet
    from models.evaluation.feature_sets import FeatureSet

    from ..validation.protocol import Protocol


# The contenders that are audited, and those of them that see the named features.
AUDITED_SETS = ("handcrafted", "embedding", "both")
NAMED_SETS = ("handcrafted", "both")
# What else the masked embedding is set against.
UNMASKED_SET = "embedding with background"
_SHOWN = ("accuracy", "balanced accuracy", "AUROC")


def audit_contenders(
    data: TrainingSet,
    frame: pd.DataFrame,
    dictionary: Mapping[str, Mapping[str, Any]],
    sets: Mapping[str, FeatureSet],
    entries: Sequence[Mapping[str, Any]],
    protocol: Protocol,
    tell: Callable[[str], None],
) -> list[dict[str, Any]]:
    """Cross-validate each estimator on each shortcut, once, on the same first folds.

    Parameters
    ----------
    data : TrainingSet
    frame : DataFrame
        What it was taken from: columns kept out of training are shortcuts too.
    dictionary : mapping
        Column dictionary.
    sets : mapping
        The contenders' columns.
    entries : sequence of mapping
        What the contenders reached: ``set, estimator, columns, figures``.
    protocol : Protocol
    tell : callable
        Told of each step.

    Returns
    -------
    list of mapping
        ``estimator, name, suspicious, columns, figures`` and ``near``: how near the shortcut
        comes to each contender that has it (share of the lead over chance in balanced accuracy).
        The last of an estimator is the embedding of the unmasked picture, beside that of the cell
        alone, where the table has it.
    """
    from models.evaluation.shortcuts import share_of_lead, shortcuts
    from models.learning.estimators import ESTIMATORS

    named = sets["handcrafted"].columns
    parts = shortcuts(
        frame.iloc[data.rows],
        data.features[:, named],
        [data.columns[column] for column in named],
        dictionary,
    )
    reached = {
        (one["estimator"], one["set"]): one["figures"]["balanced accuracy"]["value"]
        for one in entries
    }
    chance = 1 / len(data.classes)
    rows = []
    for estimator in dict.fromkeys(str(one["estimator"]) for one in entries):
        for one in parts:
            tell(f"shortcut: {one.name}, {estimator}")
            done = cross_validate_once(
                ESTIMATORS[estimator], one.features, data, data.groups, protocol
            )
            found = pooled_figures(done, data)
            rows.append(
                {
                    "estimator": estimator,
                    "name": one.name,
                    "suspicious": one.suspicious,
                    "columns": one.features.shape[1],
                    "figures": {name: figure_means(found)[name] for name in _SHOWN},
                    "near": {
                        name: share_of_lead(
                            balanced_accuracy(found).mean, reached[estimator, name], chance
                        )
                        for name in (AUDITED_SETS if one.suspicious else NAMED_SETS)
                    },
                }
            )
    return rows + _unmasked_embedding_rows(entries, reached, chance)


def _unmasked_embedding_rows(
    entries: Sequence[Mapping[str, Any]], reached: Mapping[tuple[str, str], float], chance: float
) -> list[dict[str, Any]]:
    """Set the embedding of the whole picture beside that of the cell alone."""
    from models.evaluation.shortcuts import share_of_lead

    return [
        {
            "estimator": one["estimator"],
            "name": "the embedding of the unmasked picture",
            "suspicious": False,
            "columns": one["columns"],
            "figures": {name: one["figures"][name]["value"] for name in _SHOWN},
            "near": {
                "embedding": share_of_lead(
                    one["figures"]["balanced accuracy"]["value"],
                    reached[one["estimator"], "embedding"],
                    chance,
                )
            },
        }
        for one in entries
        if one["set"] == UNMASKED_SET
    ]


def shortcut_sentences(shortcuts: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say which contenders a shortcut comes near, in sentences."""
    from models.evaluation.shortcuts import NEAR

    lines = []
    for one in shortcuts:
        near = {name: share for name, share in one["near"].items() if share >= NEAR}
        if one["suspicious"] and near:
            each = ", ".join(
                f"{'at least' if share >= 1 else f'{share:.0%} of'} what {name} reaches"
                for name, share in near.items()
            )
            lines.append(
                f"{one['estimator']}: {one['name']} reach {each} beyond chance: it may recognise"
                " how a picture was taken and not the cell."
            )
    return lines
