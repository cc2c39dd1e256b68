"""Objects of each kind: kept, left out and counted; every image ends in exactly one place."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from support.files.synthetic_folders import png

from cli import main
from data.drawn_fields.camera import Camera
from data.drawn_fields.content import FieldContent
from data.drawn_fields.draw import draw_field
from features.segmentation.segment import segment
from pipelines.extract import ExtractSettings, extract
from pipelines.measurement.image_record import ImageRecord
from pipelines.measurement.measure_image import decode_and_segment, measure_record
from pipelines.measurement.objects import ObjectCounts
from pipelines.measurement.settings import KINDS, MeasurementSettings, ReadingSettings

SHAPE = (420, 520)
CAMERA = Camera(red_cell=36)
CONTENT = FieldContent(white_cells=3, platelets=4, smudges=1, crowding=0.2, edges=False)
EMPTY = FieldContent(white_cells=0, platelets=0, crowding=0.1, overlap=0.0)
MINIMAL = {"preset": "minimal", "jobs": 2}


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def fields(tmp_path_factory) -> Path:
    """Fields with and without white cells, and a file that is no picture."""
    folder = tmp_path_factory.mktemp("fields")
    for seed in range(3):
        drawn = draw_field(seed, shape=SHAPE, content=CONTENT, camera=CAMERA)
        (folder / f"full{seed}.png").write_bytes(png(drawn.rgb))
    drawn = draw_field(9, shape=SHAPE, content=EMPTY, camera=CAMERA)
    (folder / "empty.png").write_bytes(png(drawn.rgb))
    (folder / "broken.png").write_bytes(b"no picture")
    return folder


@pytest.fixture(scope="module")
def extracted(fields, tmp_path_factory):
    return extract(fields, tmp_path_factory.mktemp("out") / "c.parquet", ExtractSettings(**MINIMAL))


def test_every_image_has_rows_or_an_error_or_is_counted_as_without_cells(fields, extracted):
    table = pd.read_parquet(extracted.table)
    failed = set(pd.read_csv(extracted.errors)["image"])
    counts = json.loads(extracted.sidecar.read_text("utf-8"))["counts"]
    with_rows = set(table["Metadata_Image"])
    names = {path.name for path in fields.iterdir()}
    assert failed == {"broken.png"}
    assert "empty.png" not in with_rows
    assert not with_rows & failed
    assert counts["images"] == len(names)
    assert counts["without_cells"] == len(names) - len(with_rows) - len(failed) >= 1
    assert counts["failed"] == len(failed)
    assert counts["cells"] == len(table) == counts["objects"]["white cell"]


def test_the_table_names_each_object(extracted):
    table = pd.read_parquet(extracted.table)
    places = [list(table.columns).index(f"Metadata_{name}") for name in ("Source", "Object")]
    assert places[1] == places[0] + 1
    assert list(table.columns)[places[1] + 1] == "Metadata_ObjectProbability"
    assert set(table["Metadata_Object"]) == {"white cell"}
    shares = table["Metadata_ObjectProbability"]
    assert shares.between(0, 1).all()
    assert (shares == shares.round(4)).all()


def test_other_objects_are_in_the_table_only_if_they_are_kept(fields, extracted, tmp_path):
    kept = extract(fields, tmp_path / "c.csv", ExtractSettings(keep=tuple(KINDS)[1:], **MINIMAL))
    table = pd.read_csv(kept.table)
    found = table["Metadata_Object"].value_counts().to_dict()
    assert found == {kind: count for kind, count in kept.objects.record().items() if count}
    assert kept.objects.found == extracted.objects.found
    white = table[table["Metadata_Object"] == "white cell"]
    before = pd.read_parquet(extracted.table)
    assert white["Metadata_CentroidRow"].tolist() == before["Metadata_CentroidRow"].tolist()
    background = [name for name in table.columns if name.startswith("Background_")]
    one = white.iloc[0]
    same = before[before["Metadata_Image"] == one["Metadata_Image"]].iloc[0]
    assert one[background].tolist() == pytest.approx(same[background].tolist())


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_decision_is_printed_recorded_and_the_same_for_any_jobs(fields, tmp_path, jobs):
    out = tmp_path / "c.parquet"
    done = run("extract", fields, "-o", out, "--preset", "minimal", "-j", jobs)
    assert done.exit_code == 3  # broken.png
    assert "field: 4 of 4 sampled images are large" in done.stdout
    assert "a red cell has " in done.stdout
    assert "without a white cell" in done.stdout
    record = json.loads(out.with_suffix(".json").read_text("utf-8"))["series"]
    assert record["source"] == "field"
    (scale,) = record["scales"]
    assert scale["sides"] == list(SHAPE)
    assert scale["red_cell"] == pytest.approx(36, rel=0.15)
    assert all(line in done.stdout for line in record["evidence"])


def test_a_field_without_white_cells_is_no_failure(fields, tmp_path):
    image = fields / "empty.png"
    done = run("extract", image, "-o", tmp_path / "c.csv", "--preset", "minimal")
    assert done.exit_code == 0, done.stderr
    assert "empty.png: field; a red cell has " in done.stdout
    assert "1 image without a white cell" in done.stdout
    assert "0 cells" in done.stdout
    table = pd.read_csv(tmp_path / "c.csv")
    assert len(table) == 0
    assert "Metadata_Object" in table
    done = run("segment", image, "-o", tmp_path / "m")
    assert (done.exit_code, "1 image without a white cell" in done.stdout) == (0, True)
    labels = cv2.imread(str(tmp_path / "m" / "labels" / "empty.png"), cv2.IMREAD_GRAYSCALE)
    assert not labels.any()


def test_a_resumed_run_measures_again_if_scale_source_or_kinds_change(fields, tmp_path):
    out, base = tmp_path / "c.parquet", {**MINIMAL, "source": "field"}
    usable = 4
    changes = ({}, {"red_cell": 36.0}, {"red_cell": 40.0}, {"red_cell": 40.0, "keep": ("cut",)})
    for change in changes:
        assert extract(fields, out, ExtractSettings(**base, **change)).reused == 0
        assert extract(fields, out, ExtractSettings(**base, **change)).reused == usable


def test_a_crop_of_another_object_is_left_out_and_counted(tmp_path):
    folder = tmp_path / "crops"
    folder.mkdir()
    count = 0
    for seed in range(8):
        drawn = draw_field(seed, shape=SHAPE, content=replace(CONTENT, platelets=2), camera=CAMERA)
        for number, one in enumerate(drawn.objects):
            left, top, right, bottom = one.box
            row, col = (top + bottom) // 2, (left + right) // 2
            window = drawn.rgb[max(row - 60, 0) : row + 60, max(col - 60, 0) : col + 60]
            if window.shape[:2] == (120, 120):
                (folder / f"{seed}_{number}.png").write_bytes(png(window))
                count += 1
    settings = ExtractSettings(source="crop", red_cell=36.0, **MINIMAL)
    done = extract(folder, tmp_path / "c.parquet", settings)
    table = pd.read_parquet(done.table)
    assert sum(done.objects.found) == count - done.failed
    assert done.objects.empty == sum(done.objects.found[1:])
    assert len(table) == done.objects.found[0]
    assert set(table["Metadata_Source"]) == {"crop"}
    kept = extract(folder, tmp_path / "k.parquet", replace(settings, keep=("broken", "platelets")))
    assert kept.cells == sum(done.objects.found)
    assert kept.objects.empty == 0


def test_all_cells_of_a_mask_are_white_cells(tmp_path):
    images, masks = tmp_path / "images", tmp_path / "masks"
    drawn = draw_field(1, shape=SHAPE, content=CONTENT, camera=CAMERA)
    for folder in (images, masks):
        folder.mkdir()
    (images / "a.png").write_bytes(png(drawn.rgb))
    levels = np.where(drawn.nuclei > 0, 255, np.where(drawn.cells > 0, 128, 0)).astype(np.uint8)
    cv2.imwrite(str(masks / "a.png"), levels)
    done = extract(images, tmp_path / "c.csv", ExtractSettings(masks=masks, **MINIMAL))
    table = pd.read_csv(done.table)
    assert done.objects.found == (len(table), 0, 0, 0)
    assert set(table["Metadata_Object"]) == {"white cell"}
    assert set(table["Metadata_ObjectProbability"]) == {1.0}


@pytest.mark.parametrize("keep", [(), ("broken",), ("platelets", "cut"), tuple(KINDS)[1:]])
def test_a_record_holds_the_kept_objects_and_counts_all(fields, keep):
    content = (fields / "full0.png").read_bytes()
    reading = ReadingSettings(source="field", keep=keep)
    rgb, found = decode_and_segment(content, None, reading)
    kinds = ["platelet", "white cell", "cut cell", "broken cell", *["platelet"] * 9]
    changed = [replace(one, kind=kind) for one, kind in zip(found.cells, kinds, strict=False)]
    found = replace(found, cells=tuple(changed))
    settings = MeasurementSettings(("Nuclei_AreaShape_Area",), reading, keep_extras=True)
    record = measure_record(content, rgb, found, settings)
    record = ImageRecord.from_bytes(record.to_bytes())
    kept = [one for one in changed if one.kind in reading.kinds]
    assert record.objects == tuple(
        sum(one.kind == kind for one in changed) for kind in KINDS.values()
    )
    assert record.kinds == tuple(one.kind for one in kept)
    assert record.centroids == tuple(one.centroid for one in kept)
    assert record.probabilities == tuple(one.probability for one in kept)
    assert record.red_cell == found.evidence.red_cell
    assert (record.cells, len(record.quality), len(record.extras.thumbnails)) == (len(kept),) * 3
    everything = measure_record(content, rgb, found, replace(settings, reading=ReadingSettings()))
    assert record.extras.background.tolist() == everything.extras.background.tolist()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("all", ("broken", "platelets", "cut")),
        ("cut, broken", ("broken", "cut")),
        ("platelets", ("platelets",)),
    ],
)
def test_the_names_of_keep(fields, tmp_path, given, kept):
    out = tmp_path / "c.csv"
    image = fields / "full0.png"
    done = run("extract", image, "-o", out, "--preset", "minimal", "--keep", given, "-q")
    assert done.exit_code == 0, done.stderr
    record = json.loads(out.with_suffix(".json").read_text("utf-8"))
    assert record["configuration"]["keep"] == list(kept)
    again = run("extract", image, "--config", out.with_suffix(".json"), "-q")
    assert again.exit_code == 0, again.stderr


def test_another_word_for_keep_is_refused(fields):
    done = run("segment", fields, "--keep", "white,red")
    assert done.exit_code == 2
    assert "'red' is none of broken, platelets, cut, all" in done.stderr


@pytest.mark.parametrize(
    ("images", "kept", "lines"),
    [
        ([(3, 0, 0, 0)], (), []),
        (
            [(3, 1, 2, 0), (0, 0, 1, 0)],
            (),
            [
                "found and kept: 3 white cells; left out: 1 broken cell, 3 platelets (--keep keeps"
                " them)",
                "1 image without a white cell",
            ],
        ),
        (
            [(1, 0, 2, 5), (0, 0, 0, 1), (0, 0, 0, 0)],
            ("platelets",),
            [
                "found and kept: 1 white cell, 2 platelets; left out: 6 cut cells (--keep keeps"
                " them)",
                "2 images without an object that is kept",
            ],
        ),
        ([(0, 0, 0, 0)] * 2, (), ["2 images without a white cell"]),
    ],
)
def test_the_summary_of_objects(images, kept, lines):
    kinds = frozenset(KINDS[name] for name in ("white", *kept))
    assert ObjectCounts.of(images, kinds).lines() == lines


def test_the_steps_of_every_image_are_drawn(fields, tmp_path):
    done = run("segment", fields, "-o", tmp_path / "m", "--debug", "--source", "field")
    assert done.exit_code == 3
    names = ["background", "relative", "map", "candidates", "objects", "outlines"]
    for image in ("full0", "empty"):
        folder = tmp_path / "m" / "steps" / image
        expected = [f"{number}_{name}.png" for number, name in enumerate(names, start=1)]
        assert sorted(path.name for path in folder.iterdir()) == expected
        outlines = cv2.imread(str(folder / "6_outlines.png"))
        assert outlines.shape[1] >= SHAPE[1]
    light = cv2.imread(str(tmp_path / "m" / "steps" / "empty" / "1_background.png"))
    picture = cv2.imread(str(fields / "empty.png"))
    empty = np.percentile(picture.reshape(-1, 3), 95, axis=0)
    assert np.abs(light.reshape(-1, 3).mean(axis=0) - empty).max() < 15


def test_overlays_show_each_kind_in_its_colour(fields, tmp_path):
    from pipelines.drawing.overlay import COLOURS, overlay

    rgb = cv2.cvtColor(cv2.imread(str(fields / "full0.png")), cv2.COLOR_BGR2RGB)
    found = segment(rgb, source="field")
    for kind, colour in COLOURS.items():
        ones = found.kept({kind})
        drawn = overlay(rgb, ones)
        changed = (drawn != rgb).any(axis=2)
        assert changed.any() == bool(ones.cells)
        if ones.cells:
            assert (drawn[changed] == colour).all(axis=1).any()
    run("segment", fields / "full0.png", "-o", tmp_path / "m", "--keep", "all")
    written = cv2.imread(str(tmp_path / "m" / "overlays" / "full0.png"))[:, :, ::-1]
    assert np.array_equal(written, overlay(rgb, found))
