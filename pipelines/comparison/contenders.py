"""The contest: contenders on identical folds, their differences, and what their shortcuts reach."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ..validation.cross_validate import cross_validate_by_protocol
from .contender_shortcuts import audit_contenders

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from models.dataset.training_set import TrainingSet
    from models.evaluation.comparison import Interval
    from models.evaluation.feature_sets import FeatureSet

    from ..validation.protocol import Protocol

MAIN_SETS = ("handcrafted", "embedding", "both", "embedding with background", "background")
COMPARED_PAIRS = (
    ("embedding", "handcrafted"),
    ("both", "handcrafted"),
    ("both", "embedding"),
    ("embedding with background", "embedding"),
)


def compare_feature_sets(
    data: TrainingSet,
    frame: pd.DataFrame,
    dictionary: Mapping[str, Mapping[str, Any]],
    estimators: Sequence[str],
    protocol: Protocol,
    tell: Callable[[str], None],
) -> dict[str, Any]:
    """Cross-validate every contender on the same folds and return what came of it, as values.

    Parameters
    ----------
    data : TrainingSet
    frame : DataFrame
        What `data` was taken from.
    dictionary : mapping
        Column dictionary.
    estimators : sequence of str
        Families alone are judged with the first.
    protocol : Protocol
    tell : callable
        Told of each step.
    """
    import numpy as np

    from models.dataset.training_set import feature_matrix
    from models.evaluation.comparison import compare as compare_contenders
    from models.evaluation.feature_sets import feature_sets, set_importances, with_reduction
    from models.evaluation.probability_quality import calibration_quality
    from models.learning.cross_validation import pooled
    from models.learning.estimators import ESTIMATORS

    beside = [name for name in dictionary if name.startswith(("Image_", "Background_"))]
    sets = {one.name: one for one in feature_sets([*data.columns, *beside], dictionary)}
    features = np.hstack([data.features, feature_matrix(frame.iloc[data.rows], beside)])
    probabilities: dict[str, NDArray[np.float64]] = {}
    entries: list[dict[str, Any]] = []
    importances: list[dict[str, Any]] = []
    contenders = [
        (estimator, one)
        for estimator in estimators
        for one in sets.values()
        if one.name in MAIN_SETS or estimator == estimators[0]
    ]
    for estimator, one in contenders:
        word = _contender_name(one.name, estimator)
        tell(word)
        mine = features[:, one.columns]
        done = cross_validate_by_protocol(
            with_reduction(ESTIMATORS[estimator], one.embedded),
            mine,
            data,
            data.groups,
            protocol,
            tell,
        )
        probabilities[word] = pooled(done, len(data.target))
        truth = calibration_quality(data.target, probabilities[word], data.positive)
        entries.append(
            {
                "set": one.name,
                "estimator": estimator,
                "family": one.name not in MAIN_SETS,
                "columns": len(one.columns),
                "calibration": {"error": truth.error, "if_perfect": truth.if_perfect},
            }
        )
        if one.name == "both":
            parts = _named_parts(sets)
            rises = set_importances(done, mine, data.target, parts, protocol.seed)
            importances += [
                {
                    "estimator": estimator,
                    "set": part,
                    "columns": len(parts[part]),
                    "mean": mean,
                    "sd": spread,
                }
                for part, (mean, spread) in rises.items()
            ]
    tell("figures and their intervals")
    pairs = [
        (_contender_name(first, estimator), _contender_name(second, estimator))
        for estimator in estimators
        for first, second in COMPARED_PAIRS
        if {first, second} <= set(sets)
    ]
    found = compare_contenders(
        data.target, probabilities, data.groups, data.positive, pairs, seed=protocol.seed
    )
    for entry in entries:
        entry["figures"] = _as_records(
            found.figures[_contender_name(entry["set"], entry["estimator"])]
        )
    differences = [
        {"estimator": estimator, "first": first, "second": second, "figures": _as_records(values)}
        for estimator in estimators
        for first, second in COMPARED_PAIRS
        if (
            values := found.differences.get(
                (_contender_name(first, estimator), _contender_name(second, estimator))
            )
        )
    ]
    return {
        "estimators": {name: ESTIMATORS[name].name for name in estimators},
        "contenders": entries,
        "differences": differences,
        "importances_of_both": importances,
        "shortcuts": audit_contenders(data, frame, dictionary, sets, entries, protocol, tell),
    }


def _contender_name(name: str, estimator: str) -> str:
    return f"{name}, {estimator}"


def _as_records(figures: Mapping[str, Interval]) -> dict[str, Any]:
    return {name: asdict(one) for name, one in figures.items()}


def _named_parts(sets: Mapping[str, FeatureSet]) -> dict[str, NDArray[np.int64]]:
    """Places within `both` of what has names, of the embedding as one, and of each family."""
    import numpy as np

    whole = sets["both"].columns
    parts = {
        "all that has a name": sets["handcrafted"].columns,
        "embedding": sets["embedding"].columns,
        **{name: one.columns for name, one in sets.items() if name not in MAIN_SETS},
    }
    return {name: np.searchsorted(whole, columns) for name, columns in parts.items()}
