"""Extract: the rows and the sidecar, the same bytes however the work is divided, and resuming."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from support.files.synthetic_folders import png, write_smear
from support.shared import SHARED, needs_shared

from cli import main
from data.errors import DataError
from features import Recipe, preset_columns
from features.colour.standardisation import background_colour, standardise
from features.segmentation.segment import segment
from pipelines.extract import ExtractSettings, extract

MINIMAL = ["--preset", "minimal", "-q"]


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def smear(tmp_path_factory):
    return write_smear(tmp_path_factory.mktemp("smear"))


@pytest.fixture(scope="module")
def extracted(smear, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "cells.parquet"
    return extract(smear, out, ExtractSettings(preset="minimal", jobs=2))


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_row_holds_the_values_of_the_features_package(smear, extracted):
    table = pd.read_parquet(extracted.table)
    columns = preset_columns("minimal")
    assert list(table.columns[-len(columns) :]) == list(columns)
    for row in table.to_dict("records"):
        bgr = cv2.imread(str(smear / row["Metadata_Image"]))
        rgb = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
        red_cell = extracted.series.series.red_cell_of(rgb.shape)
        (found,) = segment(rgb, source="crop", red_cell=red_cell).cells
        shown = standardise(found.cell, "standard", background_colour(rgb))
        expected = Recipe(columns).measure(shown)
        assert [row[name] for name in columns] == expected.tolist()
        assert (row["Metadata_CentroidRow"], row["Metadata_CentroidCol"]) == found.centroid
        assert row["Metadata_Label"] == row["Metadata_Image"].split("/")[0]
        assert row["Metadata_SHA256"] == digest(smear / row["Metadata_Image"])


def test_the_sidecar_describes_the_table(extracted):
    record = json.loads(extracted.sidecar.read_text("utf-8"))
    table = pd.read_parquet(extracted.table)
    assert record["counts"] == {
        "images": 6,
        "failed": 0,
        "without_cells": 0,
        "cells": len(table),
        "objects": {"white cell": len(table), "broken cell": 0, "platelet": 0, "cut cell": 0},
    }
    assert record["table"]["sha256"] == digest(extracted.table)
    kept_out = [
        name for name in table.columns if name.startswith(("Background_", "Metadata_File_"))
    ]
    assert sorted(record["kept_out"]) == sorted(kept_out)
    assert all(one["definition"] for one in record["kept_out"].values())
    assert list(record["columns"]) == [
        name
        for name in table.columns
        if not name.startswith("Metadata_") and name not in record["kept_out"]
    ]
    assert record["configuration"]["preset"] == "minimal"


def test_config_from_a_sidecar_gives_the_same_bytes(smear, extracted, tmp_path):
    out = tmp_path / "cells.parquet"
    assert run("extract", smear, "-o", out, "--config", extracted.sidecar, "-q").exit_code == 0
    assert digest(out) == digest(extracted.table)


@pytest.mark.parametrize("jobs", [1, 3])
def test_the_bytes_do_not_depend_on_the_number_of_workers(smear, extracted, tmp_path, jobs):
    again = extract(smear, tmp_path / "cells.parquet", ExtractSettings(preset="minimal", jobs=jobs))
    assert digest(again.table) == digest(extracted.table)


def test_stain_none_measures_the_colours_of_the_photograph(smear, extracted, tmp_path):
    raw = extract(
        smear, tmp_path / "cells.parquet", ExtractSettings(preset="minimal", stain="none", jobs=2)
    )
    first, second = pd.read_parquet(raw.table), pd.read_parquet(extracted.table)
    assert (first["Cells_AreaShape_Area"] == second["Cells_AreaShape_Area"]).all()
    assert (first["Nuclei_Intensity_Mean_Gray"] != second["Nuclei_Intensity_Mean_Gray"]).all()


def test_csv_and_parquet_hold_the_same_numbers(smear, extracted, tmp_path):
    written = extract(smear, tmp_path / "cells.csv", ExtractSettings(preset="minimal", jobs=2))
    text = pd.read_csv(written.table)
    exact = pd.read_parquet(extracted.table)
    numbers = list(preset_columns("minimal"))
    assert list(text.columns) == list(exact.columns)
    pd.testing.assert_frame_equal(text[numbers], exact[numbers], check_exact=True)


def test_a_second_run_measures_only_what_changed(tmp_path):
    folder = write_smear(tmp_path / "images")
    # With a given scale, a changed image cannot change that of the others.
    settings = ExtractSettings(preset="minimal", source="crop", red_cell=60)
    first = extract(folder, tmp_path / "cells.parquet", settings)
    assert first.reused == 0
    changed = min(folder.glob("*/*.png"))
    changed.write_bytes(png(np.rot90(cv2.imread(str(changed))[..., ::-1])))
    second = extract(folder, tmp_path / "cells.parquet", settings)
    images = len(first.results)
    assert (second.reused, len(second.results)) == (images - 1, images)
    other = extract(folder, tmp_path / "cells.parquet", replace(settings, source="field"))
    assert other.reused == 0
    size = extract(folder, tmp_path / "cells.parquet", replace(settings, pixel_size=0.2))
    assert size.reused == images
    overwritten = extract(folder, tmp_path / "cells.parquet", replace(settings, resume=False))
    assert overwritten.reused == 0


def test_names_with_spaces_letters_and_wrong_bytes(tmp_path):
    (picture,) = [
        path.read_bytes() for path in write_smear(tmp_path / "one", subjects=1, cells=1).glob("*/*")
    ]
    folder = tmp_path / "Ausstrich Müller 白血"
    folder.mkdir()
    (folder / "Zelle 1 ä.png").write_bytes(picture)
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff\xfe.png")).write_bytes(picture)
    out = tmp_path / "out folder ö" / "cells.csv"
    assert run("extract", folder, "-o", out, *MINIMAL).exit_code == 0
    assert sorted(pd.read_csv(out)["Metadata_Image"]) == ["Zelle 1 ä.png", "\\xff\\xfe.png"]


def test_columns_of_a_manifest_become_metadata_and_a_missing_file_is_a_failure(tmp_path):
    folder = write_smear(tmp_path / "images", subjects=2, cells=1)
    names = sorted(str(path.relative_to(folder)) for path in folder.glob("*/*.png"))
    lines = ["image,label,subject,ward", f"{names[0]},blast,007,=A1", f"{names[1]},normal,8,east"]
    (folder / "list.csv").write_text("\n".join([*lines, "gone.png,blast,9,west"]), "utf-8")
    out = tmp_path / "cells.csv"
    result = run("extract", folder / "list.csv", "-o", out, *MINIMAL)
    assert result.exit_code == 3
    table = pd.read_csv(out, dtype=str)
    assert list(table["Metadata_Subject"]) == ["007", "8"]
    assert list(table["Metadata_ward"]) == ["'=A1", "east"]  # no formula for a spreadsheet
    errors = pd.read_csv(tmp_path / "cells.errors.csv")
    assert list(errors["image"]) == ["gone.png"]


def test_given_masks_are_used(tmp_path):
    folder = write_smear(tmp_path / "images", subjects=1, cells=1)
    (image,) = folder.glob("*/*.png")
    mask = np.zeros((160, 160), np.uint8)
    mask[50:90, 40:80] = 128
    mask[60:80, 50:70] = 255
    where = tmp_path / "masks" / image.relative_to(folder)
    where.parent.mkdir(parents=True)
    cv2.imwrite(str(where), mask)
    done = extract(
        folder,
        tmp_path / "cells.parquet",
        ExtractSettings(masks=tmp_path / "masks", preset="minimal"),
    )
    (row,) = pd.read_parquet(done.table).to_dict("records")
    assert (row["Cells_AreaShape_Area"], row["Nuclei_AreaShape_Area"]) == (1600.0, 400.0)


@needs_shared
def test_all_idb2_has_its_known_metadata(tmp_path):
    done = extract(
        SHARED / "data" / "all_idb2" / "img",
        tmp_path / "t.parquet",
        ExtractSettings(preset="minimal", jobs=2, keep=("broken", "platelets")),
    )
    table = pd.read_parquet(done.table)
    assert (len(table), done.failed) == (260, 0)
    assert table["Metadata_Label"].value_counts().to_dict() == {"blast": 130, "normal": 130}
    assert table["Metadata_Slide"].nunique() == 11
    assert table["Metadata_Subject"].nunique() == 102
    g08 = table[table["Metadata_Slide"] == "g08"]
    assert set(g08["Metadata_Camera"]) == {"Canon PowerShot G5"}
    assert len(g08) == 57


def test_the_sidecar_of_another_table_is_not_replaced(tmp_path):
    """The sidecar would describe this table, not the other one."""
    smear = write_smear(tmp_path / "images", subjects=1, cells=3)
    first, second = tmp_path / "cells.parquet", tmp_path / "cells.csv"
    extract(smear, first, ExtractSettings(preset="minimal"))
    extract(
        smear, second, ExtractSettings(preset="minimal")
    )  # the same numbers: one sidecar serves both
    with pytest.raises(DataError, match=r"cells\.json belongs to cells\.csv, which was extracted"):
        extract(smear, first, ExtractSettings(preset="minimal", stain="none"))
    second.unlink()
    extract(smear, first, ExtractSettings(preset="minimal", stain="none"))
    record = json.loads((tmp_path / "cells.json").read_text("utf-8"))
    assert (record["table"]["name"], record["configuration"]["stain"]) == ("cells.parquet", "none")
