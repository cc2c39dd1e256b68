"""A real scheduler and four workers on this machine: the same bytes, and no image lost."""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from support.files.synthetic_folders import write_smear
from support.processes.dask_processes import Cluster
from support.processes.hostile_workers import FaultyMeasurer, LoggingMeasurer

from data.errors import DataError
from data.listing.remote import list_remote
from pipelines.extract import ExtractSettings, extract
from pipelines.measurement import measure_all as measuring
from pipelines.measurement.image_record import RecordStore
from pipelines.measurement.journals import find_records
from pipelines.measurement.measure_image import ImageMeasurer
from pipelines.measurement.settings import MeasurementSettings, ReadingSettings
from pipelines.outputs.read_table import read_table
from pipelines.predict import PredictSettings, predict
from pipelines.segment import SegmentSettings, segment
from pipelines.train import train
from pipelines.training.training_settings import TrainingSettings

pytest.importorskip("distributed", reason="the extra [cluster] is not installed")
pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="workers are killed by Unix's signals"),
    # A cluster that is taken down on purpose leaves sockets to the garbage collector.
    pytest.mark.filterwarnings("ignore"),
]


# Every drawn crop gives one row: the scale is given, and no kind is left out.
CROPS = {
    "preset": "minimal",
    "source": "crop",
    "red_cell": 60,
    "keep": ("broken", "platelets"),
}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    running = Cluster(tmp_path_factory.mktemp("cluster"), workers=4)
    yield running
    running.close()


@pytest.fixture
def smear(tmp_path):
    return write_smear(tmp_path / "images", subjects=3, cells=4)


@pytest.fixture
def many(tmp_path):
    return write_smear(tmp_path / "many", subjects=2, cells=14)


def digest(path: Path) -> str:
    files = sorted(path.glob("*")) if path.is_dir() else [path]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def test_the_same_bytes_as_on_one_machine(cluster, smear, tmp_path, monkeypatch):
    monkeypatch.setattr("pipelines.outputs.parquet_folder.IMAGES", 5)
    whole = extract(smear, tmp_path / "here.parquet", ExtractSettings(preset="minimal", jobs=2))
    here = extract(smear, tmp_path / "here", ExtractSettings(preset="minimal", jobs=2))
    there = extract(
        smear, tmp_path / "there", ExtractSettings(preset="minimal", scheduler=cluster.address)
    )
    assert len(list((tmp_path / "there").iterdir())) == 3
    assert digest(there.table) == digest(here.table)
    assert (there.failed, there.reused, there.cells) == (0, 0, 12)
    pd.testing.assert_frame_equal(read_table(there.table), read_table(whole.table))


def test_predictions_and_masks_are_the_same_as_on_one_machine(cluster, many, tmp_path):
    table = extract(
        many, tmp_path / "cells.parquet", ExtractSettings(preset="minimal", jobs=2)
    ).table
    model = tmp_path / "model"
    options = {"folds": 2, "repeats": 1, "no_groups": True, "audit_cells": 0}
    train(table, model, TrainingSettings(estimator="logistic", **options))
    here = predict(model, many, tmp_path / "here.csv", PredictSettings(jobs=2))
    there = predict(model, many, tmp_path / "there.csv", PredictSettings(scheduler=cluster.address))
    for one in ("table", "by_image", "by_subject"):
        assert digest(getattr(there.files, one)) == digest(getattr(here.files, one))
    drawn = segment(many, tmp_path / "drawn", SegmentSettings(jobs=2))
    distant = segment(many, tmp_path / "distant", SegmentSettings(scheduler=cluster.address))
    for folder, other in ((drawn.labels, distant.labels), (drawn.overlays, distant.overlays)):
        masks = sorted(folder.rglob("*.png"))
        assert len(masks) == 28
        for mask in masks:
            assert (other / mask.relative_to(folder)).read_bytes() == mask.read_bytes()


def test_images_by_url(cluster, smear, tmp_path):
    here = extract(smear, tmp_path / "here.parquet", ExtractSettings(preset="minimal", jobs=2))
    there = extract(
        smear.as_uri(),
        tmp_path / "there.parquet",
        ExtractSettings(preset="minimal", scheduler=cluster.address),
    )
    assert digest(there.table) == digest(here.table)


def test_an_image_that_kills_its_workers_is_named(cluster, smear, tmp_path, monkeypatch):
    (smear / "normal" / "abort.png").write_bytes(min(smear.glob("*/*")).read_bytes() + b"x")
    monkeypatch.setattr(measuring, "ImageMeasurer", FaultyMeasurer)
    done = extract(
        smear, tmp_path / "cells.csv", ExtractSettings(preset="minimal", scheduler=cluster.address)
    )
    assert (done.failed, done.cells) == (1, 12)
    (row,) = pd.read_csv(done.errors).to_dict("records")
    assert (row["image"], row["stage"]) == ("normal/abort.png", "worker")


def in_background(function, *arguments, **options):
    """Call a function in a thread and collect what it returns or raises."""
    outcome: list[object] = []

    def call() -> None:
        try:
            outcome.append(function(*arguments, **options))
        except DataError as error:
            outcome.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    return thread, outcome


def wait_for(parts: Path, count: int, thread: threading.Thread) -> None:
    """Wait until so many images are finished, or the run has ended."""
    while len(find_records(parts)) < count and thread.is_alive():
        time.sleep(0.02)


def test_a_killed_worker_loses_no_image(cluster, many, tmp_path, monkeypatch):
    import distributed

    monkeypatch.setattr(measuring, "ImageMeasurer", LoggingMeasurer)
    monkeypatch.setattr("pipelines.workers.dask_cluster.BATCH", 4)
    out = tmp_path / "cells.parquet"
    options = CROPS | {"scheduler": cluster.address}
    thread, outcome = in_background(extract, many, out, ExtractSettings(**options))
    wait_for(tmp_path / ".cells.parquet.parts", 4, thread)
    with distributed.Client(cluster.address, set_as_default=False) as client:
        processes = client.run(os.getpid)
    os.kill(min(processes.values()), signal.SIGKILL)
    thread.join()
    (done,) = outcome
    assert (done.failed, done.cells) == (0, 28)
    monkeypatch.undo()
    assert digest(out) == digest(
        extract(many, tmp_path / "h.parquet", ExtractSettings(**CROPS)).table
    )


def test_a_killed_scheduler_keeps_finished_images(many, tmp_path, monkeypatch):
    monkeypatch.setattr(measuring, "ImageMeasurer", LoggingMeasurer)
    monkeypatch.setattr("pipelines.workers.dask_cluster.BATCH", 2)
    out = tmp_path / "cells.parquet"
    cluster = Cluster(tmp_path / "cluster", workers=2, delay=3.0)
    try:
        options = CROPS | {"scheduler": cluster.address}
        thread, outcome = in_background(extract, many, out, ExtractSettings(**options))
        wait_for(tmp_path / ".cells.parquet.parts", 4, thread)
        cluster.close()
        thread.join()
    finally:
        cluster.close()
    (error,) = outcome
    assert isinstance(error, DataError)
    assert "stopped after" in error.reason
    assert "run the same command again" in error.remedy
    finished = len(find_records(tmp_path / ".cells.parquet.parts"))
    monkeypatch.undo()
    again = extract(many, out, ExtractSettings(**CROPS, jobs=2))
    assert 4 <= again.reused == finished < 28
    assert (again.failed, again.cells) == (0, 28)


def test_a_missing_scheduler_is_an_error(smear, tmp_path, monkeypatch):
    monkeypatch.setattr("pipelines.workers.dask_cluster._CONNECT", 1.0)
    with pytest.raises(DataError, match="no scheduler answers at"):
        extract(
            smear,
            tmp_path / "c.csv",
            ExtractSettings(preset="minimal", scheduler="tcp://127.0.0.1:9"),
        )


def test_a_scheduler_without_workers_is_an_error(smear, tmp_path, monkeypatch):
    monkeypatch.setattr("pipelines.workers.dask_cluster._WORKERS", 0.5)
    cluster = Cluster(tmp_path / "cluster", workers=0)
    try:
        with pytest.raises(DataError, match="has no workers; start some: dask worker tcp:"):
            extract(
                smear,
                tmp_path / "c.csv",
                ExtractSettings(preset="minimal", scheduler=cluster.address),
            )
    finally:
        cluster.close()


def test_images_in_memory(smear, tmp_path):
    import fsspec

    memory = fsspec.filesystem("memory")
    for path in smear.glob("*/*"):
        memory.pipe_file(f"/smear/{path.relative_to(smear).as_posix()}", path.read_bytes())
    memory.pipe_file("/smear/notes.txt", b"no image")
    listing = list_remote("memory://smear")
    assert [name for name, _ in listing.skipped] == ["notes.txt"]
    assert {entry.label for entry in listing.entries} == {"blast", "normal"}
    settings = MeasurementSettings(("Cells_AreaShape_Area",))
    work = ImageMeasurer(settings, RecordStore.open(tmp_path, settings))
    assert all(work(entry).cells == 1 for entry in listing.entries)
    limited = ImageMeasurer(replace(settings, reading=ReadingSettings(max_bytes=100)), work.records)
    assert "more than the limit of 100" in limited(listing.entries[0]).reason
    memory.rm("/smear", recursive=True)
    assert "does not exist" in work(listing.entries[0]).reason
    with pytest.raises(DataError, match=r"holds no images|does not exist"):
        list_remote("memory://smear")


def test_a_folder_with_other_files_is_not_replaced(smear, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.doc").write_text("years of work")
    with pytest.raises(DataError, match="holds other files"):
        extract(smear, tmp_path / "other", ExtractSettings(preset="minimal"))
    assert (tmp_path / "other" / "thesis.doc").exists()
