"""The key of stored measurements: it changes with everything that computes, and only with that."""

from __future__ import annotations

import ast
import json
import sys
from dataclasses import fields, replace
from importlib.metadata import packages_distributions, version
from pathlib import Path

import pytest
from support.shared import ROOT

from data.files.entries import Entry
from pipelines.extract import ExtractSettings
from pipelines.measurement.image_record import RecordStore
from pipelines.measurement.series import Series
from pipelines.measurement.settings import (
    COMPUTING_LIBRARIES,
    MeasurementSettings,
    ReadingSettings,
)

SETTINGS = MeasurementSettings(("Cells_AreaShape_Area",))
# Imported by features/ and data/ without influence on a number of a named feature: a network's
# runtime is part of the network's own record, fsspec only reads bytes, and scikit-learn searches
# for copies when a model is trained.
NOT_COMPUTING = {"onnxruntime", "onnx", "fsspec", "sklearn"}
PEERS = "verification"


def both(settings: MeasurementSettings) -> tuple[str, str]:
    return settings.digest(masked=False), settings.digest(masked=True)


def imported(path: Path) -> set[str]:
    """Top-level names that a file imports, also inside functions and by `import_module`."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "import_module":
            found |= {one.value for one in node.args if isinstance(one, ast.Constant)}
    return {name.split(".")[0] for name in found}


def test_the_key_has_the_libraries_that_features_and_data_import():
    files = [path for room in ("features", "data") for path in (ROOT / room).rglob("*.py")]
    used = set.union(*(imported(path) for path in files if PEERS not in path.parts))
    outside = used - set(sys.stdlib_module_names) - {"features", "data"} - NOT_COMPUTING
    distributions = packages_distributions()
    assert {distributions[name][0] for name in outside} == set(COMPUTING_LIBRARIES)


@pytest.mark.parametrize("library", COMPUTING_LIBRARIES)
def test_another_version_of_a_library_gives_another_key(library, monkeypatch):
    before = both(SETTINGS)
    monkeypatch.setattr(
        "importlib.metadata.version", lambda name: "0.0" if name == library else version(name)
    )
    assert not set(both(SETTINGS)) & set(before)


def test_another_version_of_mahotas_keeps_the_key(monkeypatch):
    before = both(SETTINGS)
    monkeypatch.setattr(
        "importlib.metadata.version", lambda name: "0.0" if name == "mahotas" else version(name)
    )
    assert both(SETTINGS) == before


def reading(**options) -> MeasurementSettings:
    return replace(SETTINGS, reading=ReadingSettings(**options))


# Whether an option changes the key of an image without and with a mask.
CHANGES = {
    "another column": (replace(SETTINGS, columns=("Nuclei_AreaShape_Area",)), (True, True)),
    "other colours": (replace(SETTINGS, stain="none"), (True, True)),
    "extras": (replace(SETTINGS, keep_extras=True), (True, True)),
    "a pixel size": (reading(pixel_size=0.1), (True, False)),
    "another scale": (reading(pixel_size=0.1, rescale_to=0.2), (True, True)),
    "the scale of the files": (reading(pixel_size=0.2, rescale_to=0.2), (True, False)),
    "a source": (reading(source="field"), (True, False)),
    "a scale": (reading(red_cell=30.0), (True, False)),
    "other kinds": (reading(keep=("broken",)), (True, False)),
    "a scale of the series": (reading(series=Series(other_scale=30.0)), (True, False)),
    "a source of the series": (reading(series=Series("crop")), (False, False)),
    "the meaning of a mask": (reading(mask_is="cell"), (False, True)),
    "a folder of masks": (reading(masks=Path("masks")), (False, False)),
    "limits": (reading(max_pixels=9, max_bytes=9), (False, False)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_an_option_changes_the_key_where_it_changes_numbers(change):
    settings, expected = CHANGES[change]
    pairs = zip(both(settings), both(SETTINGS), strict=True)
    assert tuple(after != before for after, before in pairs) == expected


def test_the_reading_settings_of_a_command_are_its_own():
    options = {"mask_is": "cell", "source": "crop", "pixel_size": 0.1, "max_pixels": 9}
    command = ExtractSettings(preset="minimal", jobs=3, masks=Path("masks"), **options)
    assert command.reading() == ReadingSettings(masks=Path("masks"), **options)
    assert type(command.reading()) is ReadingSettings


def test_a_recorded_configuration_gives_the_reading_settings_back():
    options = {"mask_is": "cell", "source": "crop", "pixel_size": 0.1, "max_bytes": 9}
    options |= {"keep": ("broken", "cut"), "red_cell": 30.0}
    series = Series("field", (("a", "crop"),), (((9, 12), 30.0),), 31.0)
    recorded = ExtractSettings(masks=Path("masks"), **options).recorded()
    sidecar = json.loads(json.dumps({"configuration": recorded, "series": series.record()}))
    assert ReadingSettings.from_sidecar(sidecar) == ReadingSettings(series=series, **options)
    assert ReadingSettings.from_sidecar({}) == ReadingSettings()


def test_a_series_changes_the_key_of_an_image_whose_source_it_decides(tmp_path):
    entry = Entry("a.png", "a/a.png")
    keys = {
        RecordStore.open(tmp_path, SETTINGS).key_of(entry, "00", mask, one)
        for mask in (None, b"mask")
        for one in (ReadingSettings(), ReadingSettings(series=Series("crop")))
    }
    assert len(keys) == 3  # two without a mask, one with it


def test_the_scale_that_the_user_gives_has_priority():
    series = Series(scales=(((480, 640), 70.0),), other_scale=50.0)
    for options, expected in (
        ({}, (70.0, 70.0, 50.0)),
        ({"red_cell": 30.0}, (30.0,) * 3),
        ({"pixel_size": 0.1}, (None,) * 3),
        ({"pixel_size": 0.1, "red_cell": 30.0}, (30.0,) * 3),
    ):
        one = ReadingSettings(series=series, **options)
        shapes = ((480, 640, 3), (640, 480, 3), (99, 99, 3))
        assert tuple(one.red_cell_of(shape) for shape in shapes) == expected


def test_every_option_is_recorded_but_those_of_one_run():
    names = {one.name for one in fields(ExtractSettings)}
    left_out = {"jobs", "memory_limit", "scheduler", "fail_fast", "resume", "series"}
    assert set(ExtractSettings().recorded()) == names - left_out
