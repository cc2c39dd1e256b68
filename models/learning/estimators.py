"""The classifiers by name: scikit-learn Pipelines that contain every step that learns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import loguniform, randint, uniform
from sklearn.impute import SimpleImputer
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, RobustScaler, StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.utils.class_weight import compute_sample_weight
from xgboost import XGBClassifier

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

# An RBF machine takes minutes at 20,000 cells and hours above that.
KERNEL_LIMIT = 20_000
COMPONENTS = 1_000


def _learn(
    pipeline: Pipeline, features: Floats, target: Codes, parameters: Mapping[str, Any]
) -> Pipeline:
    return pipeline.fit(features, target, **parameters)


@dataclass(frozen=True)
class Estimator:
    """How one kind of classifier is built, fitted and scored.

    Parameters
    ----------
    build : callable
        ``build(rows, columns, seed)``: the unfitted Pipeline for a table of that size.
    margin : callable
        ``margin(pipeline, features)``: (n,) for two classes, else (n, classes), float.
    fit_parameters : callable
        ``fit_parameters(target)``: further arguments of Pipeline.fit.
    name : str
        What it is, in words.
    space : callable
        ``space(pipeline)``: for each setting to search, a distribution or a list.
    settings : mapping
        Settings that replace those of `build`.
    learn : callable
        ``learn(pipeline, features, target, fit_parameters)``: the fitted Pipeline. Training on a
        cluster replaces scikit-learn's fit.
    """

    build: Callable[[int, int, int], Pipeline]
    margin: Callable[[Pipeline, Floats], Floats]
    fit_parameters: Callable[[Codes], dict[str, Floats]]
    name: str
    space: Callable[[Pipeline], Mapping[str, Any]]
    settings: Mapping[str, Any] = field(default_factory=dict)
    learn: Callable[[Pipeline, Floats, Codes, Mapping[str, Any]], Pipeline] = _learn

    def fit(self, features: Floats, target: Codes, seed: int) -> Pipeline:
        """Fit a new Pipeline, classes weighted by the inverse of their counts."""
        pipeline = self.build(features.shape[0], features.shape[1], seed)
        pipeline.set_params(**self.settings)
        return self.learn(pipeline, features, target, self.fit_parameters(target))

    def scores(self, pipeline: Pipeline, features: Floats) -> Floats:
        """Uncalibrated scores, (n, classes) float64; for two classes the first column is 0."""
        margin = np.asarray(self.margin(pipeline, features), dtype=np.float64)
        if margin.ndim == 1:
            return np.stack([np.zeros_like(margin), margin], axis=1)
        return margin


def approximations(pipeline: Pipeline) -> list[str]:
    """Name each approximation that replaces a computation that would take too long."""
    if "kernel" not in pipeline.named_steps:
        return []
    return [
        f"more than {KERNEL_LIMIT} cells: {pipeline['kernel'].n_components} Nystroem components "
        "and a linear machine replace the RBF kernel"
    ]


def _compressed() -> list[tuple[str, object]]:
    """Steps before a linear or kernel machine: impute, centre, compress long tails, scale.

    A column that is constant in a training part becomes 0 and gets no weight. It is not dropped,
    because dropping would fail where no column varies, as in a shortcut's columns.
    The hyperbolic tangent is almost linear over the middle of a column and bounded outside, so
    that one outlier cannot dominate a distance, while gaps between classes, which ranks would
    close, remain.
    """
    return [
        ("impute", SimpleImputer(strategy="median", keep_empty_features=True)),
        ("centre", RobustScaler(quantile_range=(10.0, 90.0))),
        ("tame", FunctionTransformer(np.tanh)),
        ("scale", StandardScaler()),
    ]


def _svm(rows: int, columns: int, seed: int) -> Pipeline:
    gamma = 0.3 / columns  # columns have unit variance: a wide kernel, for many are correlated
    if rows > KERNEL_LIMIT:
        components = Nystroem(gamma=gamma, n_components=COMPONENTS, random_state=seed)
        linear = LinearSVC(C=1.0, class_weight="balanced", random_state=seed)
        return Pipeline([*_compressed(), ("kernel", components), ("model", linear)])
    machine = SVC(
        C=10.0,
        gamma=gamma,
        class_weight="balanced",
        cache_size=500,
        decision_function_shape="ovo",
    )
    return Pipeline([*_compressed(), ("model", machine)])


def _svm_space(pipeline: Pipeline) -> dict[str, Any]:
    kernel = "kernel" if "kernel" in pipeline.named_steps else "model"
    return {
        "model__C": _around(pipeline["model"].C, 10.0),
        f"{kernel}__gamma": _around(pipeline[kernel].gamma, 10.0),
    }


def _around(value: float, factor: float) -> Any:  # noqa: ANN401
    """Draw evenly on the logarithmic scale, up to that factor away."""
    return loguniform(value / factor, value * factor)


def _logistic(_rows: int, _columns: int, _seed: int) -> Pipeline:
    model = LogisticRegression(C=0.05, class_weight="balanced", max_iter=5_000)
    return Pipeline([*_compressed(), ("model", model)])


def _logistic_space(pipeline: Pipeline) -> dict[str, Any]:
    return {"model__C": _around(pipeline["model"].C, 50.0)}


def _xgboost(_rows: int, _columns: int, seed: int) -> Pipeline:
    # Trees take missing values as they are: no imputer.
    model = XGBClassifier(
        n_estimators=200,
        max_depth=4,
        learning_rate=0.1,
        subsample=0.8,
        colsample_bytree=0.3,
        min_child_weight=1.0,
        tree_method="hist",
        max_bin=32,  # as accurate as 256 where it was measured, and seven times as quick
        importance_type="total_gain",
        n_jobs=1,
        random_state=seed,
    )
    return Pipeline([("model", model)])


def _xgboost_space(_pipeline: Pipeline) -> dict[str, Any]:
    return {
        "model__n_estimators": [100, 200, 400],
        "model__max_depth": randint(2, 8),
        "model__learning_rate": loguniform(0.03, 0.3),
        "model__min_child_weight": loguniform(0.5, 10.0),
        "model__subsample": uniform(0.5, 0.5),  # up to 1
        "model__colsample_bytree": loguniform(0.1, 1.0),
        "model__reg_lambda": loguniform(0.1, 30.0),
    }


def class_pairs(classes: int) -> list[tuple[int, int]]:
    """Pairs of classes in the order of one-against-one margins."""
    return [(i, j) for i in range(classes) for j in range(i + 1, classes)]


def smallest_margins(margins: Floats, classes: int) -> Floats:
    """Score each class by its smallest margin over any other: (n, classes).

    scikit-learn counts won pairs instead, which ranks cells in few coarse steps.

    Parameters
    ----------
    margins : (n, pairs) float64
        One-against-one, above 0 for the first class of a pair.
    classes : int

    Examples
    --------
    >>> smallest_margins(np.array([[2.0, 0.5, -1.0]]), 3).tolist()
    [[0.5, -2.0, -0.5]]
    """
    scores: Floats = np.full((len(margins), classes), np.inf)
    for column, (i, j) in enumerate(class_pairs(classes)):
        scores[:, i] = np.minimum(scores[:, i], margins[:, column])
        scores[:, j] = np.minimum(scores[:, j], -margins[:, column])
    return scores


def _decision(pipeline: Pipeline, features: Floats) -> Floats:
    margin: Floats = pipeline.decision_function(features)
    if margin.ndim == 2 and isinstance(pipeline["model"], SVC):
        return smallest_margins(margin, len(pipeline["model"].classes_))
    return margin


def _tree_margin(pipeline: Pipeline, features: Floats) -> Floats:
    scores: Floats = pipeline.predict(features, output_margin=True)
    return scores


def _weighted_inside(_target: Codes) -> dict[str, Floats]:
    return {}


def _sample_weights(target: Codes) -> dict[str, Floats]:
    return {"model__sample_weight": compute_sample_weight("balanced", target)}


ESTIMATORS: Mapping[str, Estimator] = {
    "svm": Estimator(
        _svm, _decision, _weighted_inside, "support vector machine, RBF kernel", _svm_space
    ),
    "xgboost": Estimator(
        _xgboost, _tree_margin, _sample_weights, "gradient-boosted trees", _xgboost_space
    ),
    "logistic": Estimator(
        _logistic, _decision, _weighted_inside, "logistic regression", _logistic_space
    ),
}
