"""Sets of features cross-validated on the same folds, and the differences between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ..validation.cross_validate import cross_validate_by_protocol
from ..validation.protocol import Protocol

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from models.dataset.training_set import TrainingSet
    from models.evaluation.comparison import Interval
    from models.evaluation.feature_sets import FeatureSet
    from models.learning.cross_validation import Fold

    from ..validation.fit_progress import FitProgress
    from .comparison_settings import ComparisonSettings

# Sets that are compared with every estimator; the others are single families.
MAIN_SETS = ("handcrafted", "embedding", "both", "embedding with background", "background")
COMPARED_PAIRS = (
    ("embedding", "handcrafted"),
    ("both", "handcrafted"),
    ("both", "embedding"),
    ("embedding with background", "embedding"),
)
# Columns that no model is trained on, but with which the sets are compared.
_CONTEXT = ("Image_", "Background_")


@dataclass(frozen=True, eq=False)
class Contender:
    """A set of features with an estimator.

    Parameters
    ----------
    features : FeatureSet
    estimator : str
        Key of `models.learning.estimators.ESTIMATORS`.
    """

    features: FeatureSet
    estimator: str

    @property
    def name(self) -> str:
        """Name for progress and for the comparison."""
        return contender_name(self.features.name, self.estimator)


@dataclass(frozen=True, eq=False)
class ComparisonPlan:
    """What is compared, and how.

    Parameters
    ----------
    data : TrainingSet
        n cells.
    rows : DataFrame
        Their rows of the feature table.
    columns : mapping
        Column dictionary.
    features : (n, q) float64
        Features of the training set, then those of the background and of the whole image.
    sets : mapping of str to FeatureSet
        Columns of `features`.
    contenders : sequence of Contender
    protocol : Protocol
    """

    data: TrainingSet
    rows: pd.DataFrame
    columns: Mapping[str, Mapping[str, Any]]
    features: NDArray[np.float64]
    sets: Mapping[str, FeatureSet]
    contenders: Sequence[Contender]
    protocol: Protocol

    @property
    def fits(self) -> int:
        """Number of models to fit for the contenders."""
        return len(self.contenders) * self.protocol.fits

    @property
    def estimators(self) -> tuple[str, ...]:
        """The estimators, in order."""
        return tuple(dict.fromkeys(one.estimator for one in self.contenders))


def contender_name(feature_set: str, estimator: str) -> str:
    """Return the name of a contender."""
    return f"{feature_set}, {estimator}"


def plan_comparison(
    data: TrainingSet,
    frame: pd.DataFrame,
    columns: Mapping[str, Mapping[str, Any]],
    settings: ComparisonSettings,
) -> ComparisonPlan:
    """List the contenders: main sets with every estimator, single families with the first.

    Parameters
    ----------
    data : TrainingSet
    frame : DataFrame
        The feature table.
    columns : mapping
        Column dictionary.
    settings : ComparisonSettings

    Raises
    ------
    ModelError
        If the table has no embedding, or nothing else.
    """
    import numpy as np

    from models.dataset.training_set import feature_matrix
    from models.evaluation.feature_sets import feature_sets

    rows = frame.iloc[data.rows]
    context = [name for name in columns if name.startswith(_CONTEXT)]
    sets = {one.name: one for one in feature_sets([*data.columns, *context], columns)}
    contenders = [
        Contender(one, estimator)
        for estimator in settings.estimators
        for one in sets.values()
        if one.name in MAIN_SETS or estimator == settings.estimators[0]
    ]
    return ComparisonPlan(
        data=data,
        rows=rows,
        columns=columns,
        features=np.hstack([data.features, feature_matrix(rows, context)]),
        sets=sets,
        contenders=contenders,
        protocol=Protocol.of_comparison(settings),
    )


def compare_contenders(plan: ComparisonPlan, progress: FitProgress) -> dict[str, Any]:
    """Cross-validate every contender on the same folds and compare them.

    Parameters
    ----------
    plan : ComparisonPlan
    progress : FitProgress

    Returns
    -------
    dict
        ``estimators``, their names; ``contenders``, a record for each with its figures;
        ``differences`` of pairs with the same estimator; ``importances_of_both``, the rise of the
        log loss when a part of the columns of ``both`` is shuffled.
    """
    from models.evaluation.comparison import compare
    from models.learning.cross_validation import pooled
    from models.learning.estimators import ESTIMATORS

    data = plan.data
    probabilities: dict[str, NDArray[np.float64]] = {}
    records: list[dict[str, Any]] = []
    importances: list[dict[str, Any]] = []
    for contender in plan.contenders:
        folds = _cross_validate(contender, plan, progress)
        probabilities[contender.name] = pooled(folds, len(data.target))
        records.append(_contender_record(contender, plan, probabilities[contender.name]))
        if contender.features.name == "both":
            importances += _importances(contender, plan, folds)
    pairs = [
        (contender_name(first, estimator), contender_name(second, estimator))
        for estimator in plan.estimators
        for first, second in COMPARED_PAIRS
        if {first, second} <= set(plan.sets)
    ]
    with progress.stage("figures and their intervals"):
        found = compare(
            data.target, probabilities, data.groups, data.positive, pairs, seed=plan.protocol.seed
        )
    for record in records:
        name = contender_name(record["set"], record["estimator"])
        record["figures"] = _interval_records(found.figures[name])
    return {
        "estimators": {name: ESTIMATORS[name].name for name in plan.estimators},
        "contenders": records,
        "differences": _differences(found.differences, plan),
        "importances_of_both": importances,
    }


def _cross_validate(
    contender: Contender, plan: ComparisonPlan, progress: FitProgress
) -> list[Fold]:
    """Cross-validate a contender; an embedding is reduced inside each fold."""
    from models.evaluation.feature_sets import with_reduction
    from models.learning.estimators import ESTIMATORS

    chosen = contender.features
    with progress.stage(contender.name, plan.protocol.fits) as fitted:
        return cross_validate_by_protocol(
            with_reduction(ESTIMATORS[contender.estimator], chosen.embedded),
            plan.features[:, chosen.columns],
            plan.data,
            plan.data.groups,
            plan.protocol,
            fitted,
        )


def _contender_record(
    contender: Contender, plan: ComparisonPlan, probabilities: NDArray[np.float64]
) -> dict[str, Any]:
    """Return the record of a contender, without its figures."""
    from models.evaluation.probability_quality import calibration_quality

    data = plan.data
    quality = calibration_quality(data.target, probabilities, data.positive)
    return {
        "set": contender.features.name,
        "estimator": contender.estimator,
        "family": contender.features.name not in MAIN_SETS,
        "columns": len(contender.features.columns),
        "calibration": {"error": quality.error, "if_perfect": quality.if_perfect},
    }


def _importances(
    contender: Contender, plan: ComparisonPlan, folds: Sequence[Fold]
) -> list[dict[str, Any]]:
    """Return the importance of each part of the columns of ``both``."""
    from models.evaluation.feature_sets import set_importances

    parts = _parts_of_both(plan.sets)
    features = plan.features[:, contender.features.columns]
    rises = set_importances(folds, features, plan.data.target, parts, plan.protocol.seed)
    return [
        {
            "estimator": contender.estimator,
            "set": name,
            "columns": len(parts[name]),
            "mean": mean,
            "sd": spread,
        }
        for name, (mean, spread) in rises.items()
    ]


def _differences(
    differences: Mapping[tuple[str, str], Mapping[str, Interval]], plan: ComparisonPlan
) -> list[dict[str, Any]]:
    """Return a record for each compared pair."""
    return [
        {
            "estimator": estimator,
            "first": first,
            "second": second,
            "figures": _interval_records(differences[pair]),
        }
        for estimator in plan.estimators
        for first, second in COMPARED_PAIRS
        if (pair := (contender_name(first, estimator), contender_name(second, estimator)))
        in differences
    ]


def _interval_records(figures: Mapping[str, Interval]) -> dict[str, Any]:
    return {name: asdict(one) for name, one in figures.items()}


def _parts_of_both(sets: Mapping[str, FeatureSet]) -> dict[str, NDArray[np.int64]]:
    """Positions within ``both`` of the named features, the embedding, and each family."""
    import numpy as np

    whole = sets["both"].columns
    parts = {
        "all named features": sets["handcrafted"].columns,
        "embedding": sets["embedding"].columns,
        **{name: one.columns for name, one in sets.items() if name not in MAIN_SETS},
    }
    return {name: np.searchsorted(whole, columns) for name, columns in parts.items()}
