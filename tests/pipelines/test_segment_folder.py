"""Segment: masks are written again where needed; files that a user has edited are kept."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.files.synthetic_folders import add_copy, png, write_smear

import pipelines.segment as segmenting
from data.errors import DataError
from data.listing.list_images import list_images
from pipelines.measurement.image_record import RecordStore
from pipelines.measurement.settings import MeasurementSettings
from pipelines.outputs.mask_files import MaskRecord, sort_files
from pipelines.segment import ImageSegmenter, MaskTask, SegmentSettings, segment

SMALL = {"subjects": 1, "cells": 2}


@pytest.fixture
def smear(tmp_path):
    return write_smear(tmp_path / "images", **SMALL)


@pytest.fixture
def six_images(tmp_path):
    return write_smear(tmp_path / "images")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in pngs(folder)}


def pngs(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.png"))


def edit(label: Path) -> bytes:
    """Draw in a label image, as its reader would."""
    drawn = cv2.imread(str(label), cv2.IMREAD_GRAYSCALE)
    drawn[:9, :9] = 255
    cv2.imwrite(str(label), drawn)
    return label.read_bytes()


def two_fields(folder: Path) -> Path:
    """Write a picture of nine cells, one of them in the middle."""
    smear = write_smear(folder / "cells", **SMALL)
    tile = cv2.imread(str(pngs(smear)[0]))
    (folder / "fields").mkdir()
    cv2.imwrite(str(folder / "fields" / "f.png"), np.tile(tile, (3, 3, 1)))
    return folder / "fields"


def test_the_masks_of_another_configuration_are_made_again(tmp_path):
    fields, out = two_fields(tmp_path), tmp_path / "masks"
    first = segment(fields, out, SegmentSettings(source="field"))
    as_field = contents(out)
    assert segment(fields, out, SegmentSettings(source="crop")).cells != first.cells
    as_crop = contents(out)
    assert as_crop.keys() == as_field.keys()
    assert all(as_crop[name] != as_field[name] for name in as_field)
    again = segment(fields, out, SegmentSettings(source="field"))
    assert (again.cells, again.warnings, contents(out)) == (first.cells, (), as_field)


def test_a_mask_that_was_edited_is_kept_and_counted(tmp_path):
    fields, out = two_fields(tmp_path), tmp_path / "masks"
    segment(fields, out, SegmentSettings(source="field"))
    label = out / "labels" / "f.png"
    edited, outlines = edit(label), (out / "overlays" / "f.png").read_bytes()
    for source in ("field", "crop"):
        done = segment(fields, out, SegmentSettings(source=source))
        assert done.warnings == (
            "1 mask was edited by hand and kept, labels/f.png for example; "
            "--overwrite replaces them",
        )
        assert label.read_bytes() == edited
    assert (out / "overlays" / "f.png").read_bytes() != outlines  # not edited
    done = segment(fields, out, SegmentSettings(source="field", resume=False))
    assert (done.warnings, label.read_bytes() == edited) == ((), False)
    assert (out / "overlays" / "f.png").read_bytes() == outlines


def test_overwriting_keeps_the_records_of_earlier_runs(tmp_path):
    """A run with --overwrite that is killed leaves masks of the run before, which are ours."""
    fields, out = two_fields(tmp_path), tmp_path / "masks"
    segment(fields, out, SegmentSettings(source="crop"))
    before = contents(out)
    segment(fields, out, SegmentSettings(source="field", resume=False))
    for name, content in before.items():
        (out / name).write_bytes(content)
    done = segment(fields, out, SegmentSettings(source="field"))
    assert done.warnings == ()
    assert all(content != before[name] for name, content in contents(out).items())


def test_several_edited_masks_are_one_line(smear, tmp_path):
    out = tmp_path / "masks"
    labels = pngs(segment(smear, out).labels)
    for label in labels:
        edit(label)
    (words,) = segment(smear, out).warnings
    assert words.startswith(f"{len(labels)} masks were edited by hand and kept, labels/")


def test_the_pixel_size_sets_the_scale(smear, tmp_path):
    by_size = SegmentSettings(pixel_size=7.5 / 60)
    by_diameter = SegmentSettings(red_cell=60.0)
    for name, settings in (("size", by_size), ("diameter", by_diameter)):
        assert segment(smear, tmp_path / name, settings).failed == 0
    assert contents(tmp_path / "size") == contents(tmp_path / "diameter")


def test_a_run_killed_between_two_files_recognises_the_first_later(smear, tmp_path, monkeypatch):
    (entry, *_) = list_images(smear).entries
    label, overlay = tmp_path / "label.png", tmp_path / "overlay.png"
    (tmp_path / "parts").mkdir()
    settings = MeasurementSettings(())
    records = RecordStore.open(tmp_path / "parts", settings)
    work = ImageSegmenter(settings.reading, records, overwrite=False)
    written = segmenting.whole_file

    def stopping(path):
        if path == overlay:
            raise KeyboardInterrupt
        return written(path)

    monkeypatch.setattr(segmenting, "whole_file", stopping)
    with pytest.raises(KeyboardInterrupt):
        work(MaskTask(entry, (label, overlay)))
    assert (label.exists(), overlay.exists()) == (True, False)
    next_run = RecordStore.open(tmp_path / "parts", settings)
    others = MaskRecord(1, ("what another", "configuration wants"), False, (1, 0, 0, 0), None)
    sorted_files = sort_files((label, overlay), others, next_run, overwrite=False)
    assert sorted_files == ([label, overlay], [])


def test_records_of_earlier_versions_are_ignored(smear, tmp_path):
    out = tmp_path / "masks"
    label, *_ = pngs(segment(smear, out).labels)
    edited = edit(label)
    folder = tmp_path / ".masks.parts"
    settings = MeasurementSettings(())
    RecordStore.open(folder, settings).add("0" * 64, b"2")  # they kept the number of cells only
    done = segment(smear, out)
    assert (done.failed, label.read_bytes()) == (0, edited)
    (words,) = done.warnings
    assert words.startswith("1 mask was edited by hand and kept")


def test_stale_masks_are_named(smear, tmp_path):
    out = tmp_path / "masks"
    first, second, *_ = pngs(smear)
    labels = pngs(segment(smear, out).labels)
    first.unlink()
    second.write_bytes(png(np.full((64, 64, 3), 255, np.uint8)))
    done = segment(smear, out)
    name = first.relative_to(smear).as_posix()
    assert done.failed == 1
    assert done.warnings == (
        "2 masks were left of images that failed now or no longer exist, "
        f"{name} for example; check them before you give the masks back",
    )
    assert pngs(done.labels) == labels


@pytest.mark.parametrize("place", ["m/labels", "m/labels/normal", "m/overlays"])
def test_given_masks_are_not_replaced(smear, tmp_path, place):
    shutil.copytree(segment(smear, tmp_path / "other").labels, tmp_path / place)
    before = sorted(tmp_path.rglob("*")), contents(tmp_path)
    images = smear / "normal" if place.endswith("normal") else smear
    masks = tmp_path / place / "normal" if place.endswith("normal") else tmp_path / place
    with pytest.raises(DataError, match="holds images or masks of the input, which would be"):
        segment(images, tmp_path / "m", SegmentSettings(masks=masks, resume=False))
    with pytest.raises(DataError, match="is in the folder of the masks"):
        segment(images, masks / "new", SegmentSettings(masks=masks))
    assert (sorted(tmp_path.rglob("*")), contents(tmp_path)) == before


def test_an_image_or_a_manifest_in_the_output_is_not_replaced(smear, tmp_path):
    labels = segment(smear, tmp_path / "m").labels
    before = contents(tmp_path)
    with pytest.raises(DataError, match="holds images or masks of the input"):
        segment(pngs(labels)[0], tmp_path / "m")
    with pytest.raises(DataError, match=r"errors\.csv is the input and would be replaced"):
        segment(tmp_path / "m" / "errors.csv", tmp_path / "m")
    assert contents(tmp_path) == before


def test_given_masks_in_another_folder_are_drawn(smear, tmp_path):
    labels = segment(smear, tmp_path / "m").labels
    done = segment(smear, tmp_path / "again", SegmentSettings(masks=labels))
    assert (done.failed, done.warnings) == (0, ())
    assert len(pngs(done.labels)) == len(pngs(labels))


def test_every_image_has_its_own_mask(tmp_path):
    first, second, third, *_ = pngs(write_smear(tmp_path / "more", subjects=2, cells=2))
    folder = tmp_path / "similar"
    folder.mkdir()
    for name, file in (("a.jpg", first), ("a.png", second), ("a.jpg.png", third)):
        shutil.copy(file, folder / name)
    done = segment(folder, tmp_path / "m")
    assert len(pngs(done.labels)) == len(pngs(done.overlays)) == 3
    by_name = {entry.name: entry.mask for entry in list_images(folder, masks=done.labels).entries}
    assert by_name == {
        "a.jpg": done.labels / "a.jpg.png",
        "a.png": done.labels / "a.png.png",
        "a.jpg.png": done.labels / "a.jpg.png.png",
    }


def test_segment_writes_only_missing_and_changed_masks(six_images, tmp_path):
    first = segment(six_images, tmp_path / "masks", SegmentSettings(jobs=2, red_cell=60.0))
    written = {path: path.stat().st_mtime_ns for path in (tmp_path / "masks").rglob("*.png")}
    gone = min(first.labels.rglob("*.png"))
    gone.unlink()
    changed = max(six_images.glob("normal/*"))
    add_copy(six_images, changed.name)
    second = segment(six_images, tmp_path / "masks", SegmentSettings(jobs=2, red_cell=60.0))
    now = {path: path.stat().st_mtime_ns for path in (tmp_path / "masks").rglob("*.png")}
    assert (second.images, second.cells, set(now)) == (first.images, first.cells, set(written))
    again = {path.stem for path in now if now[path] != written[path]}
    assert again == {gone.stem, changed.stem}


def test_masks_of_swapped_images_are_made_again(six_images, tmp_path):
    first, second = sorted(six_images.glob("normal/*"))[:2]
    segment(six_images, tmp_path / "masks")
    label = tmp_path / "masks" / "labels" / "normal"
    before = [(label / path.name).read_bytes() for path in (first, second)]
    first.rename(six_images / "other")
    second.rename(first)
    (six_images / "other").rename(second)
    segment(six_images, tmp_path / "masks")
    assert [(label / path.name).read_bytes() for path in (second, first)] == before


def test_masks_are_written_inside_the_output_folder(six_images, tmp_path, monkeypatch):
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    image = min(six_images.glob("normal/*"))
    image.rename(tmp_path / "outside.png")
    (inner / "list.csv").write_text("image\n../../outside.png\n", "utf-8")
    monkeypatch.chdir(inner)
    done = segment(Path("list.csv"), Path("out"))
    assert done.cells == 1
    assert [path.name for path in (inner / "out").rglob("*.png")] == ["outside.png"] * 2
    assert (tmp_path / "outside.png").read_bytes() != (done.labels / "outside.png").read_bytes()


@pytest.mark.parametrize("place", [".", "masks", "normal/../deep/masks"])
def test_masks_are_not_written_among_the_images(six_images, place):
    before = sorted(six_images.rglob("*"))
    with pytest.raises(DataError, match="is in the folder of the images"):
        segment(six_images, six_images / place)
    assert sorted(six_images.rglob("*")) == before


def test_a_second_run_at_the_same_time_is_refused(six_images, tmp_path):
    from pipelines.outputs.work_folder import work_folder

    out = tmp_path / "masks"
    with work_folder(out, resume=True), pytest.raises(DataError, match="another run is"):
        segment(six_images, out)
    assert not list(tmp_path.glob("*.lock"))
    assert segment(six_images, out).failed == 0
