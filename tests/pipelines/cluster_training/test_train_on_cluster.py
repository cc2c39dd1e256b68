"""xgboost on a real scheduler and two workers: the same model as on one machine."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.tables.synthetic_tables import SIGNAL, column_dictionary, synthetic_table

from data.errors import DataError
from models.dataset.training_set import training_set
from models.errors import ModelError
from models.learning.estimators import ESTIMATORS
from models.storage.bundle import load_bundle, predict_probabilities
from pipelines.cluster_training import boosting
from pipelines.cluster_training.train_on_cluster import open_cluster_table, stratified_sample
from pipelines.train import train
from pipelines.training.training_settings import TrainingSettings

pytest.importorskip("distributed", reason="the extra [cluster] is not installed")
pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="workers are killed by Unix's signals"),
    # A cluster that is taken down on purpose leaves sockets to the garbage collector.
    pytest.mark.filterwarnings("ignore"),
]

DICTIONARY = column_dictionary()
# No random rows or columns, which each worker would draw differently; few trees, for speed.
PLAIN = {"model__subsample": 1.0, "model__colsample_bytree": 1.0, "model__n_estimators": 5}


def coarse(classes=("blast", "normal"), subjects=12, cells=10):
    """Make a table of few values: histogram bins then do not depend on the order of merging."""
    table = synthetic_table(subjects, cells, classes=classes, strength=2.0)
    table[list(DICTIONARY)] = table[list(DICTIONARY)].round().clip(-3, 5)
    table.loc[::7, SIGNAL] = np.nan
    return table


def partitioned(folder: Path, table, parts=5) -> Path:
    path = folder / "cells"
    path.mkdir(parents=True)
    for number, rows in enumerate(np.array_split(np.arange(len(table)), parts)):
        table.iloc[rows].to_parquet(path / f"part-{number:06d}.parquet", index=False)
    sidecar = {"format": 1, "configuration": {}, "columns": DICTIONARY}
    path.with_suffix(".json").write_text(json.dumps(sidecar))
    return path


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    from support.processes.dask_processes import Cluster

    running = Cluster(tmp_path_factory.mktemp("cluster"), workers=2)
    yield running
    running.close()


@pytest.fixture
def quick(monkeypatch):
    kind = replace(ESTIMATORS["xgboost"], settings=PLAIN)
    monkeypatch.setitem(ESTIMATORS, "xgboost", kind)
    return kind


SETTINGS = TrainingSettings()


@pytest.mark.parametrize("classes", [("blast", "normal"), ("a", "b", "c")])
def test_the_model_of_a_cluster_equals_the_model_of_one_machine(cluster, quick, tmp_path, classes):
    table = coarse(classes)
    here = training_set(table, DICTIONARY)
    with open_cluster_table(partitioned(tmp_path, table), cluster.address, SETTINGS) as source:
        there = source.data
        assert there.columns == here.columns
        assert np.array_equal(there.groups, here.groups)
        assert np.array_equal(source.sample.data.features, here.features, equal_nan=True)
        training_rows = np.flatnonzero(here.groups % 4 > 0)
        pipeline = source.estimator.fit(
            there.features[training_rows], here.target[training_rows], 0
        )
        left_out = here.groups % 4 == 0
        far = source.estimator.scores(pipeline, there.features[left_out])
    alone = quick.fit(here.features[training_rows], here.target[training_rows], 0)
    near = quick.scores(alone, here.features[left_out])
    assert near.std() > 0.1
    assert far == pytest.approx(near, abs=1e-4)
    assert quick.scores(pipeline, here.features[left_out]) == pytest.approx(far, abs=1e-6)
    importances = [one["model"].feature_importances_ for one in (pipeline, alone)]
    assert importances[0] == pytest.approx(importances[1], abs=1e-4)


@pytest.mark.usefixtures("quick")
def test_train_validates_and_stores_as_on_one_machine(cluster, tmp_path, monkeypatch):
    monkeypatch.setattr("pipelines.cluster_training.train_on_cluster.MAX_CELLS_IN_MEMORY", 80)
    table = coarse()
    table.loc[3, "Metadata_Label"] = None
    path = partitioned(tmp_path, table)
    options = {"folds": 2, "repeats": 1}
    there = train(path, tmp_path / "there", TrainingSettings(scheduler=cluster.address, **options))
    here = train(path, tmp_path / "here", TrainingSettings(**options))
    for far, near in zip(there.evaluation.figures, here.evaluation.figures, strict=True):
        assert far.name == near.name
        assert far.mean == pytest.approx(near.mean, abs=1e-3)
    assert there.evaluation.splits == here.evaluation.splits
    assert any("those of 7" in note and "of 119 cells" in note for note in there.notes)
    versions = dict.fromkeys(DICTIONARY, 1)
    probabilities = [
        predict_probabilities(load_bundle(one.out, feature_versions=versions), table)
        for one in (there, here)
    ]
    assert probabilities[0] == pytest.approx(probabilities[1], abs=1e-3)
    record = json.loads((there.out / "evaluation.json").read_text())
    assert record["data"]["flow"]["used"] == 119
    assert (there.out / "report.html").is_file()


@pytest.mark.usefixtures("quick")
def test_tuning_on_a_cluster_chooses_the_settings_of_one_machine(cluster, tmp_path):
    """The candidates draw random rows on each worker: figures are near, the choice is the same."""
    path = partitioned(tmp_path, coarse())
    options = {"folds": 2, "repeats": 1, "tune": 1, "audit_cells": 0}
    train(
        path,
        tmp_path / "there",
        TrainingSettings(estimator="xgboost", scheduler=cluster.address, **options),
    )
    train(path, tmp_path / "here", TrainingSettings(estimator="xgboost", **options))
    there, here = (
        json.loads((tmp_path / name / "evaluation.json").read_text()) for name in ("there", "here")
    )
    assert there["tuning"]["candidates"] == 1
    assert there["tuning"]["folds"] == here["tuning"]["folds"]
    reached = [
        next(figure["mean"] for figure in found["figures"] if figure["name"] == "AUROC")
        for found in (there, here)
    ]
    assert reached[0] == pytest.approx(reached[1], abs=0.05)


def wait_for_training(scheduler, worker=None):
    """Wait until a worker, or a given one, has a task that trains a model."""
    import distributed

    with distributed.Client(scheduler, set_as_default=False) as client:
        while not any(
            str(key).startswith(boosting.TASK_PREFIX)
            for address, keys in client.processing().items()
            if worker in (None, address)
            for key in keys
        ):
            time.sleep(0.02)


@pytest.mark.parametrize("late", [0.0, 1.0])
def test_a_worker_killed_during_training_does_not_change_the_model(
    cluster, tmp_path, monkeypatch, late
):
    """The workers may be connecting or training when one is killed; none is left waiting.

    The first attempt has so many rounds that it cannot finish before the kill.
    """
    import distributed

    table = coarse()
    kind = replace(ESTIMATORS["xgboost"], settings=PLAIN | {"model__n_estimators": 200})
    monkeypatch.setitem(ESTIMATORS, "xgboost", kind)
    here = training_set(table, DICTIONARY)
    alone = kind.scores(kind.fit(here.features, here.target, 0), here.features)
    started, attempts = threading.Event(), []
    train_on_workers = boosting._train_on_workers

    def watched(*arguments):
        attempts.append(1)
        started.set()
        *others, rounds = arguments
        return train_on_workers(*others, 1_000_000 if len(attempts) == 1 else rounds)

    monkeypatch.setattr(boosting, "_train_on_workers", watched)
    with distributed.Client(cluster.address, set_as_default=False) as client:
        client.wait_for_workers(2)
        processes = client.run(os.getpid)
        address, victim = min(processes.items())

    def kill():
        started.wait()
        wait_for_training(cluster.address, address)
        time.sleep(late)
        os.kill(victim, signal.SIGKILL)

    killer = threading.Thread(target=kill, daemon=True)
    with open_cluster_table(partitioned(tmp_path, table), cluster.address, SETTINGS) as source:
        killer.start()
        pipeline = source.estimator.fit(source.data.features, here.target, 0)
        killer.join()
        scores = source.estimator.scores(pipeline, source.data.features)
    assert scores == pytest.approx(alone, abs=1e-3)
    assert len(attempts) > 1
    with distributed.Client(cluster.address, set_as_default=False) as client:
        while client.call_stack():  # a worker that waits for a peer would never return
            time.sleep(0.1)
    assert cluster.scheduler.poll() is None


def test_a_scheduler_killed_during_training_is_an_error_of_one_line(tmp_path, monkeypatch, caplog):
    import dask
    from support.processes.dask_processes import Cluster

    kind = replace(ESTIMATORS["xgboost"], settings=PLAIN | {"model__n_estimators": 1_000_000})
    monkeypatch.setitem(ESTIMATORS, "xgboost", kind)
    cluster = Cluster(tmp_path / "cluster", workers=2)
    table = partitioned(tmp_path, coarse())
    train_on_workers = boosting._train_on_workers
    started = threading.Event()

    def kill():
        started.wait()
        wait_for_training(cluster.address)
        os.killpg(cluster.scheduler.pid, signal.SIGKILL)

    def watched(*arguments):
        started.set()
        return train_on_workers(*arguments)

    monkeypatch.setattr(boosting, "_train_on_workers", watched)
    threading.Thread(target=kill, daemon=True).start()
    # Without these, distributed logs a renewal of the lock that fails (every 6 seconds by default)
    # and, on a slow machine, an event loop that was busy for 3 seconds.
    quiet = {
        "distributed.scheduler.locks.lease-timeout": "1 hour",
        "distributed.admin.tick.limit": "1 hour",
    }
    try:
        with dask.config.set(quiet), pytest.raises(DataError, match="not finish a model") as caught:
            train(table, tmp_path / "model", TrainingSettings(scheduler=cluster.address))
    finally:
        cluster.close()
    assert "\n" not in str(caught.value)
    assert not caplog.records
    assert not (tmp_path / "model").exists()


@pytest.mark.usefixtures("quick")
def test_a_model_that_cannot_be_finished_is_an_error_of_one_line(cluster, tmp_path, monkeypatch):
    def dies(*_):
        raise RuntimeError("Missing required workers: {'tcp://10.0.0.7:1'}\nmore")

    monkeypatch.setattr(boosting, "_train_on_workers", dies)
    path = partitioned(tmp_path, coarse())
    with pytest.raises(DataError, match="did not finish a model: Missing required") as caught:
        train(path, tmp_path / "model", TrainingSettings(scheduler=cluster.address))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"estimator": "svm"}, "--scheduler trains xgboost, not svm"),
        ({"select": 3}, "--select needs all features in one memory"),
        ({}, r"cells.parquet is no folder of Parquet files"),
    ],
)
def test_settings_for_which_a_cluster_cannot_train_are_refused(tmp_path, options, line):
    coarse().to_parquet(tmp_path / "cells.parquet")
    partitioned(tmp_path, coarse())
    table = tmp_path / ("cells" if options else "cells.parquet")
    with pytest.raises(ModelError, match=line):
        train(table, tmp_path / "model", TrainingSettings(scheduler="tcp://127.0.0.1:9", **options))


def test_a_missing_scheduler_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr("pipelines.workers.dask_cluster._CONNECT", 1.0)
    with pytest.raises(DataError, match="no scheduler answers at"):
        train(
            partitioned(tmp_path, coarse()),
            tmp_path / "model",
            TrainingSettings(scheduler="tcp://127.0.0.1:9"),
        )


def test_a_sample_has_cells_of_every_class_of_every_group():
    rng = np.random.default_rng(0)
    groups, target = rng.integers(0, 30, 5_000), rng.integers(0, 3, 5_000)
    groups[:3] = 30  # a group of three cells
    places = stratified_sample(target, groups, 500, 0)
    assert np.array_equal(places, stratified_sample(target, groups, 500, 0))
    assert (np.diff(places) > 0).all()
    assert 400 < len(places) < 600
    pairs = set(zip(groups.tolist(), target.tolist(), strict=True))
    assert set(zip(groups[places].tolist(), target[places].tolist(), strict=True)) == pairs
    assert stratified_sample(target, groups, 5_000, 0).tolist() == list(range(5_000))
