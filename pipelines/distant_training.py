"""Boosted trees that learn from distant rows, on the workers of a Dask cluster."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from data.errors import DataError

from .cluster import cannot_import
from .distant_rows import DistantRows, first_line, margins_of_part, packed, read_part

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from sklearn.pipeline import Pipeline

    from models.estimators import Estimator

# How often a model is begun whose workers die under it.
ATTEMPTS = 3
# Seconds that a worker waits for a word of another before it gives the model up, and that workers
# have to leave a model that is given up.
SILENCE, LEAVE = 300, 5.0
# Seconds to wait for a worker.
WORKERS = 60


def elsewhere(estimator: Estimator) -> Estimator:
    """Return an estimator that learns and scores distant rows where they are, arrays here."""

    def margin(pipeline: Pipeline, features: NDArray[np.float64]) -> NDArray[np.float64]:
        import numpy as np

        if not isinstance(features, DistantRows):
            return estimator.margin(pipeline, features)
        booster = bytes(pipeline["model"].get_booster().save_raw())
        return np.concatenate(features.each(margins_of_part, booster)).astype(np.float64)

    return replace(estimator, learn=_learn, margin=margin)


def _learn(
    pipeline: Pipeline,
    features: NDArray[np.float64],
    target: NDArray[np.int64],
    parameters: Mapping[str, Any],
) -> Pipeline:
    """Fit a Pipeline of a boosted model alone; the result is as if it had been fitted here."""
    if not isinstance(features, DistantRows):
        return pipeline.fit(features, target, **parameters)
    model = pipeline["model"]
    classes = int(target.max()) + 1
    settings = model.get_xgb_params()
    settings["objective"] = "binary:logistic" if classes == 2 else "multi:softprob"
    if classes > 2:
        settings["num_class"] = classes
    weights = parameters["model__sample_weight"]
    train = partial(_boosted, features, target, weights, settings, model.n_estimators)
    model.load_model(bytearray(_patiently(features.client, train)))
    return pipeline


def _boosted(
    features: DistantRows,
    target: NDArray[np.int64],
    weights: NDArray[np.float64],
    settings: Mapping[str, Any],
    rounds: int,
) -> bytes:
    """Train on the workers and return the model."""
    import numpy as np
    import xgboost.dask as xgboost_on_dask
    from xgboost.collective import Config

    # dask has types for some of what it exports
    delayed: Any = import_module("dask").delayed
    da: Any = import_module("dask.array")
    unpack = delayed(pickle.loads, pure=False)
    parts, lengths = [], []
    for path, rows in features.parts():
        parcel = packed(read_part, path, features.columns, rows, "float32")
        shape = (len(rows), len(features.columns))
        parts.append(da.from_delayed(unpack(parcel), shape=shape, dtype=np.float32))
        lengths.append(len(rows))
    chunks = (tuple(lengths),)
    with features.client.as_current():  # xgboost looks for one
        matrix = xgboost_on_dask.DaskQuantileDMatrix(
            features.client,
            da.concatenate(parts),
            da.from_array(target, chunks=chunks),
            weight=da.from_array(weights, chunks=chunks),
            max_bin=settings["max_bin"],
        )
        done = xgboost_on_dask.train(
            features.client,
            dict(settings),
            matrix,
            num_boost_round=rounds,
            verbose_eval=False,
            coll_cfg=Config(timeout=SILENCE, tracker_timeout=SILENCE),
        )
    return bytes(done["booster"].save_raw())


def _patiently(client: Any, train: Callable[[], bytes]) -> bytes:  # noqa: ANN401
    """Begin anew, with the workers that are left, when one died under a model."""
    from distributed import CancelledError, KilledWorker

    said = ""
    for attempt in range(ATTEMPTS + 1):
        try:
            if attempt:  # the error is gone, which held on to what the workers were to do
                _free(client)
            if attempt == ATTEMPTS or client.status != "running":
                break
            client.wait_for_workers(1, timeout=WORKERS)
            return train()
        except ModuleNotFoundError as error:
            raise cannot_import(error) from error
        # xgboost tells a lost worker by any of these, as it is noticed.
        except (OSError, RuntimeError, ValueError, KilledWorker, CancelledError) as error:
            said = first_line(error)
    raise DataError(
        f"the cluster did not finish a model: {said}",
        "see to its scheduler and workers and run the same command again",
    )


def _free(client: Any) -> None:  # noqa: ANN401
    """Restart the workers that still wait for a dead one in a model that is given up.

    xgboost does not wake a worker that waits for the others to gather, whatever the time.
    """
    deadline = time.monotonic() + LEAVE
    while _training(client) and time.monotonic() < deadline:
        time.sleep(0.2)
    known = {key for keys in client.processing().values() for key in keys}
    waiting = [worker for worker, keys in _training(client).items() if not keys & known]
    if waiting:
        client.restart_workers(waiting)


def _training(client: Any) -> dict[str, set[str]]:  # noqa: ANN401
    """Return by worker what of xgboost it is at; of a model given up the scheduler knows none."""
    running = client.call_stack() or {}
    found = {
        worker: {str(key) for key in tasks if str(key).startswith("fn-")}
        for worker, tasks in running.items()
    }
    return {worker: keys for worker, keys in found.items() if keys}
