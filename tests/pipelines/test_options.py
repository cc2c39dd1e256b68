"""Options of an earlier run, words that name nothing, and tables that are read back as written."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner
from support.files.synthetic_folders import png, write_smear

from cli import main
from data.files.csv_tables import read_table as read_manifest
from data.listing.list_images import list_images
from data.synthetic import synthetic_cell
from features.primitives.channels import CHANNELS
from pipelines.extract import ExtractSettings, extract
from pipelines.outputs.read_table import read_table


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def smear(tmp_path_factory):
    return write_smear(tmp_path_factory.mktemp("smear"))


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_a_table_is_read_back_as_it_was_written(tmp_path, suffix):
    names = ("NA", "None", "+", "=1", "'quoted", "'+", "007")
    for number, name in enumerate(names):
        folder = tmp_path / "images" / name
        folder.mkdir(parents=True)
        cell = synthetic_cell(np.random.default_rng(number), label="normal", size=64)
        (folder / f"{name}.png").write_bytes(png(cell.rgb))
    done = extract(
        tmp_path / "images", tmp_path / f"cells{suffix}", ExtractSettings(preset="minimal")
    )
    table = read_table(done.table)
    assert sorted(table["Metadata_Label"]) == sorted(names)
    assert sorted(table["Metadata_Image"]) == sorted(f"{name}/{name}.png" for name in names)
    assert table["Nuclei_AreaShape_Area"].dtype == float


def test_config_runs_an_earlier_extraction_again(smear, tmp_path):
    out = tmp_path / "cells.csv"
    extract(smear, out, ExtractSettings(features=["AreaShape"]))
    before = out.read_bytes()
    out.unlink()
    again = run("extract", "--config", out.with_suffix(".json"))
    assert again.exit_code == 0, again.output
    assert out.read_bytes() == before


@pytest.mark.parametrize(
    "content",
    ["[]", '{"configuration": []}', '{"configuration": {}, "input": {}}', "nothing"],
)
def test_a_config_that_is_not_a_sidecar_is_refused(smear, tmp_path, content):
    path = tmp_path / "odd.json"
    path.write_text(content, "utf-8")
    done = run("extract", smear, "--config", path)
    assert done.exit_code == 2
    assert "is not a sidecar; give the .json" in done.output


def test_a_config_whose_features_are_not_names_is_refused(smear, tmp_path):
    out = tmp_path / "cells.csv"
    extract(smear, out, ExtractSettings(preset="minimal"))
    path = out.with_suffix(".json")
    record = json.loads(path.read_text("utf-8"))
    for value in (3, [3]):
        record["configuration"]["features"] = value
        path.write_text(json.dumps(record), "utf-8")
        done = run("extract", smear, "--config", path)
        assert done.exit_code == 2
        assert f"{value!r} is no list of names" in done.output


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--features", ""], "'' names nothing; leave the option out"),
        (["--features", " , "], "names nothing"),
        (["--features", "GLSZM", "--preset", "minimal"], "use the preset 'full'"),
        (["--features", "Nonsense", "--preset", "minimal"], "choose from Haematology, "),
    ],
)
def test_unknown_features_get_a_suggestion(smear, tmp_path, options, words):
    done = run("extract", smear, "-o", tmp_path / "cells.csv", *options)
    assert done.exit_code == 2
    assert words in done.output
    assert ("GLSZM" in done.output) == ("GLSZM" in options)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_manifest_may_have_the_line_ends_of_any_system(tmp_path, end):
    path = tmp_path / "manifest.csv"
    path.write_bytes(end.join(("image;label", "a.png;x", 'b.png;"y; z"', "")).encode())
    rows = [{"image": "a.png", "label": "x"}, {"image": "b.png", "label": "y; z"}]
    assert read_manifest(path, "image") == rows


def test_masks_that_are_measured_as_images_give_a_note(smear, tmp_path):
    picture = min(smear.glob("normal/*")).read_bytes()
    for name in ("images/a.png", "masks/a.png", "overlays/a.png", "images/b_mask.png"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(picture + name.encode())
    (note,) = list_images(tmp_path / "in").notes[:1]
    assert note.startswith("3 pictures that are called masks or overlays are measured as images")
    (tmp_path / "in" / "overlays" / "a.png").unlink()
    (tmp_path / "in" / "images" / "b_mask.png").unlink()
    assert list_images(tmp_path / "in").notes == ("1 of 1 images have a mask",)
    assert not any("called masks" in note for note in list_images(smear).notes)


def test_a_column_is_described_with_all_facts_of_the_catalogue(smear, tmp_path):
    shown = run("features", "Nuclei_GLSZM_SmallZoneEmphasis_Gray_32").output
    facts = dict(line.split(":", 1) for line in shown.splitlines())
    assert set(facts) >= {
        "title",
        "unit",
        "range",
        "definition",
        "plain",
        "nan",
        "invariances",
        "ibsi",
    }
    done = extract(smear, tmp_path / "cells.csv", ExtractSettings(features=["AreaShape"]))
    columns = json.loads(done.sidecar.read_text("utf-8"))["columns"]
    for name, found in columns.items():
        for fact in (
            "title",
            "unit",
            "range",
            "definition",
            "plain",
            "nan",
            "invariances",
            "vetted",
        ):
            assert found[fact], (name, fact)


def test_columns_are_listed_by_pattern():
    lines = run("features", "Nuclei_LBP_*_P8R1_0?").output.splitlines()
    assert lines[0].startswith("LBP frequency, nucleus (Gray, P=8, R=1, bin 0): ")
    assert [line.split()[0] for line in lines[1::2]] == [
        f"Nuclei_LBP_Frequency_{channel}_P8R1_0{code}"
        for channel in CHANNELS
        if channel != "Hue"
        for code in range(10)
    ]
