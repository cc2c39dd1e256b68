"""The labels of cells in a table: of crops, of fields, of marked and of masked cells."""

from __future__ import annotations

import cv2
import numpy as np
import pandas as pd
import pytest
from support.files.synthetic_folders import pngs_of_tiles

from data.files.entries import Entry, Listing
from pipelines.extract import ExtractSettings, extract
from pipelines.measurement.label_lines import MOST_ROWS, label_lines

SETTINGS = {"features": ("Cells_AreaShape_Area",), "jobs": 1}


@pytest.fixture(scope="module")
def fields(tmp_path_factory):
    """Return a folder with two fields of four cells each, and the side of a cell's square."""
    folder = tmp_path_factory.mktemp("fields")
    return folder, pngs_of_tiles(folder, ("blast/f.png", "normal/g.png"))


def labels(folder, out, **options):
    done = extract(folder, out, ExtractSettings(**SETTINGS, **options))
    return pd.read_parquet(out), done


def test_the_label_of_a_field_is_not_that_of_its_cells(fields, tmp_path):
    folder, _ = fields
    table, done = labels(folder, tmp_path / "t.parquet", source="field")
    assert len(table) == 8
    assert table["Metadata_Label"].isna().all()
    assert table["Metadata_OriginalLabel"].isna().all()
    expected = [name.split("/")[0] for name in table["Metadata_Image"]]
    assert table["Metadata_ImageLabel"].tolist() == expected
    (note,) = [note for note in done.listing.notes if "--cell-labels" in note]
    assert note.startswith("the labels of 2 images are of fields, not of cells: their 8 cells")
    crops, done = labels(folder, tmp_path / "c.parquet", source="crop")
    assert crops["Metadata_Label"].tolist() == crops["Metadata_ImageLabel"].tolist()
    assert not any("--cell-labels" in note for note in done.listing.notes)


def test_marked_cells_have_their_own_labels(fields, tmp_path):
    folder, side = fields
    marks = tmp_path / "marks.csv"
    half, beyond = side / 2, 3 * side / 2
    rows = ["image,label,x,y", f"blast/f.png,blast,{half},{half}", f"f.png,lymph,{beyond},{half}"]
    marks.write_text("\n".join([*rows, f"f.png,blast,{half},{beyond}"]), "utf-8")
    out = tmp_path / "t.parquet"
    table, done = labels(folder, out, source="field", cell_labels=marks)
    of_f = table[table["Metadata_Image"] == "blast/f.png"]
    places = of_f[["Metadata_CentroidRow", "Metadata_CentroidCol"]].to_numpy() // side
    found = zip(map(tuple, places), of_f["Metadata_Label"], strict=True)
    assert {place: label for place, label in found if isinstance(label, str)} == {
        (0, 0): "blast",
        (0, 1): "lymph",
        (1, 0): "blast",
    }
    assert set(of_f["Metadata_ImageLabel"]) == {"blast"}
    assert "3 of 4 cells in 1 images with labelled places have a label" in done.listing.notes[-1]
    assert done.cells == 8
    assert str(marks.absolute()) in out.with_suffix(".json").read_text("utf-8")


def test_cells_of_a_mask_have_the_label_of_their_image(fields, tmp_path):
    folder, side = fields
    mask = np.zeros((2 * side, 2 * side), np.uint8)
    for centre in ((side // 2, side // 2), (3 * side // 2, side // 2)):
        cv2.circle(mask, centre, side // 4, 128, -1)
        cv2.circle(mask, centre, side // 6, 255, -1)
    (tmp_path / "masks/blast").mkdir(parents=True)
    cv2.imwrite(str(tmp_path / "masks/blast/f.png"), mask)
    out = tmp_path / "t.parquet"
    table, done = labels(folder, out, source="field", masks=tmp_path / "masks")
    counts = table.groupby("Metadata_ImageLabel")["Metadata_Label"].agg(["size", "count"])
    assert counts.loc["blast"].tolist() == [2, 2]
    assert counts.loc["normal"].tolist() == [4, 0]
    assert any("1 fields have masks: each of their 2 cells" in one for one in done.listing.notes)


def test_a_set_that_knows_its_pictures_are_crops_gives_one_cell_each(tmp_path):
    names = ("UID_1_1_1_all.png", "UID_H2_1_1_hem.png", "mine/other.png")
    pngs_of_tiles(tmp_path / "in", names, tiles=3)
    out = tmp_path / "t.parquet"
    table, _ = labels(tmp_path / "in", out)
    found = table.groupby("Metadata_Image")["Metadata_Source"].agg(["first", "size"])
    assert found["first"].tolist() == ["crop", "crop", "field"]
    assert found["size"].tolist() == [1, 1, 9]
    assert table["Metadata_Label"].fillna("").tolist() == ["blast", "normal", *[""] * 9]
    table, done = labels(tmp_path / "in", out, source="field")
    assert (len(table), done.reused) == (27, 0)


def test_the_table_of_labels_by_folder(tmp_path):
    entries = tuple(
        Entry("", f"{folder}/{number}.png", label=label)
        for folder, label, count in (("a", "x", 2), ("b/c", None, 1), ("b/c", "y", 10))
        for number in range(count)
    )
    listing = Listing(tmp_path, "PBC", entries, evidence="its names")
    assert label_lines(listing) == [
        "recognised as PBC by its names",
        "  folder  label  images",
        "  a       x           2",
        "  b/c     -           1",
        "  b/c     y          10",
    ]
    many = tuple(Entry("", f"{place}/1.png", label="x") for place in range(MOST_ROWS + 3))
    lines = label_lines(Listing(tmp_path, "class folders", many))
    assert len(lines) == MOST_ROWS + 2
    assert lines[-1] == "  … and 3 more rows with 3 images"
    assert label_lines(Listing(tmp_path, "flat folder", (Entry("", "1.png"),))) == []
