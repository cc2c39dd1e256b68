"""Boosted trees trained on remote rows, by the workers of a Dask cluster together."""

from __future__ import annotations

import pickle
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.errors import DataError

from ..workers.dask_cluster import missing_module_error
from .remote_rows import RemoteRows, first_line, pack_call, part_margins, read_part
from .xgboost_tracker import start_tracker, stop_tracker

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from sklearn.pipeline import Pipeline

    from models.learning.estimators import Estimator

# How often the training of a model is started if workers die during it.
ATTEMPTS = 3
# Timeouts in seconds: of a worker for a peer, and of all workers to read their rows and connect.
PEER_TIMEOUT, TRACKER_TIMEOUT = 300, 1800
# Seconds to wait for a worker, and between two checks that all are still running.
WORKER_TIMEOUT, POLL_INTERVAL = 60, 0.1
# First part of the keys of the tasks that train a model.
TASK_PREFIX = "learn"


def distributed_estimator(estimator: Estimator) -> Estimator:
    """Return an estimator that fits and scores `RemoteRows` on the workers, arrays here."""

    def margin(pipeline: Pipeline, features: NDArray[np.float64]) -> NDArray[np.float64]:
        import numpy as np

        if not isinstance(features, RemoteRows):
            return estimator.margin(pipeline, features)
        booster = bytes(pipeline["model"].get_booster().save_raw())
        return np.concatenate(features.map_parts(part_margins, booster)).astype(np.float64)

    return replace(estimator, learn=_fit, margin=margin)


def _fit(
    pipeline: Pipeline,
    features: NDArray[np.float64],
    target: NDArray[np.int64],
    parameters: Mapping[str, Any],
) -> Pipeline:
    """Fit a Pipeline that is a boosted model only; the result has the form of a local fit."""
    if not isinstance(features, RemoteRows):
        return pipeline.fit(features, target, **parameters)
    model = pipeline["model"]
    classes = int(target.max()) + 1
    settings = model.get_xgb_params()
    settings["objective"] = "binary:logistic" if classes == 2 else "multi:softprob"
    if classes > 2:
        settings["num_class"] = classes
    weights = parameters["model__sample_weight"]
    train = partial(_train_on_workers, features, target, weights, settings, model.n_estimators)
    model.load_model(bytearray(_with_retries(features.client, train)))
    return pipeline


def _train_on_workers(
    features: RemoteRows,
    target: NDArray[np.int64],
    weights: NDArray[np.float64],
    settings: Mapping[str, Any],
    rounds: int,
) -> bytes:
    """Train on all workers at once; return the model as xgboost saves it."""
    # The names that distributed exports have no types.
    distributed: Any = import_module("distributed")
    client = features.client
    shares = _assign_parts(features, sorted(client.nthreads()))
    # Two models that train at once would each wait for workers that the other occupies.
    with client.as_current(), distributed.Lock("blastometry"), _tracker(client, shares) as tracker:
        name, futures = uuid.uuid4().hex, []
        for number, (address, (parts, first, last)) in enumerate(shares.items()):
            call = pack_call(
                _train_share, tracker, number, features.columns, parts, target[first:last],
                weights[first:last], settings, rounds,
            )  # fmt: skip
            key = f"{TASK_PREFIX}-{name}-{number}"
            futures.append(
                client.submit(
                    pickle.loads, call, key=key, workers=[address], allow_other_workers=False
                )
            )
        while "pending" in (states := {future.status for future in futures}) and (
            states <= {"pending", "finished"}
        ):
            if lost := shares.keys() - client.nthreads().keys():
                raise RuntimeError(f"the workers at {', '.join(sorted(lost))} stopped")
            time.sleep(POLL_INTERVAL)
        return bytes(b"".join(client.gather(futures)))


_Share = tuple[list[tuple[Path, "NDArray[np.int64]"]], int, int]


def _assign_parts(features: RemoteRows, workers: Sequence[str]) -> dict[str, _Share]:
    """Assign the files to workers in order: files, first row and end row of each worker."""
    shares: dict[str, _Share] = {}
    first = 0
    for path, rows in features.file_parts():
        last = first + len(rows)
        worker = workers[(first + last) * len(workers) // (2 * len(features))]
        parts, start, _ = shares.get(worker, ([], first, first))
        shares[worker] = [*parts, (path, rows)], start, last
        first = last
    return shares


@contextmanager
def _tracker(client: Any, shares: Mapping[str, _Share]) -> Iterator[dict[str, Any]]:  # noqa: ANN401
    """Start a tracker, through which workers connect; after an error stop those that still wait."""
    from xgboost.collective import Config

    distributed: Any = import_module("distributed")
    host = next(iter(shares))
    address = distributed.comm.get_address_host(host)
    try:
        found = client.run(
            start_tracker, client.id, len(shares), address, TRACKER_TIMEOUT, workers=[host]
        )
        yield Config(timeout=PEER_TIMEOUT).get_comm_config(found[host])
    except BaseException:
        stop_trackers(client)
        raise


def stop_trackers(client: Any) -> None:  # noqa: ANN401
    """Stop the trackers of a client: workers that wait for a peer fail, and no process is left."""
    if client.status != "running":
        return  # the scheduler has stopped, and its workers stop without it
    with suppress(OSError, RuntimeError):  # the scheduler may stop during the call
        client.run(stop_tracker, client.id, on_error="ignore")


def _train_share(
    tracker: Mapping[str, Any],
    number: int,
    columns: Sequence[str],
    parts: Sequence[tuple[Path, NDArray[np.int64]]],
    target: NDArray[np.int64],
    weights: NDArray[np.float64],
    settings: Mapping[str, Any],
    rounds: int,
) -> bytes:
    """Train on a worker with the others; the first returns the common model, others nothing."""
    import numpy as np
    import xgboost
    from distributed import get_worker
    from xgboost.collective import CommunicatorContext

    rows = np.concatenate([read_part(path, columns, places, "float32") for path, places in parts])
    threads = get_worker().state.nthreads
    with CommunicatorContext(**tracker, dmlc_task_id=f"{number:06d}"):
        matrix = xgboost.QuantileDMatrix(
            rows, target, weight=weights, max_bin=settings["max_bin"], nthread=threads
        )
        model = xgboost.train({**settings, "nthread": threads}, matrix, num_boost_round=rounds)
    return b"" if number else bytes(model.save_raw())


def _with_retries(client: Any, train: Callable[[], bytes]) -> bytes:  # noqa: ANN401
    """Train; if a worker dies, train again with the remaining workers.

    Raises
    ------
    DataError
        If the scheduler stopped, the workers lack this program, or every attempt failed.
    """
    from distributed import CancelledError, KilledWorker

    reason = ""
    for _ in range(ATTEMPTS):
        try:
            if client.status != "running":
                break
            client.wait_for_workers(1, timeout=WORKER_TIMEOUT)
            return train()
        except ModuleNotFoundError as error:
            raise missing_module_error(error) from error
        # A lost worker raises any of these, depending on the process that notices it first.
        except (OSError, RuntimeError, ValueError, KilledWorker, CancelledError) as error:
            reason = first_line(error)
    raise DataError(
        f"the cluster did not finish a model: {reason}",
        "check its scheduler and workers, then run the same command again",
    )
