"""Layouts of public data sets, with synthetic trees and with the real files."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import PurePath

import cv2
import numpy as np
import pytest
from support.shared import SHARED, needs_shared

from data.decoding.images import read_bytes
from data.errors import DataError
from data.files.entries import Facts
from data.fingerprints.perceptual_hash import sha256
from data.layouts.all_idb import known_facts
from data.layouts.cnmc import SAME_SUBJECTS, merged_subject
from data.listing.list_images import list_images

DATA = SHARED / "data"
LABELS_CSV = "C-NMC_test_prelim_phase_data_labels.csv"


def make(root, *names, content=b"\x89PNG\r\n\x1a\n"):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


def fields(listing, *attributes):
    return {
        entry.name: tuple(getattr(entry, name) for name in attributes) for entry in listing.entries
    }


@pytest.mark.parametrize(
    ("subject", "merged"),
    [
        *((subject, "+".join(group)) for group in SAME_SUBJECTS for subject in group),
        ("h3", "H3+H10"),
        ("H1", "H1"),
        ("h12", "H12"),
        ("2", "2"),
        ("201", "201"),
    ],
)
def test_cnmc_subjects(subject, merged):
    assert merged_subject(subject) == merged


def test_cnmc_training_folds(tmp_path):
    make(
        tmp_path,
        "fold_0/all/UID_20_1_2_all.bmp",
        "fold_1/all/UID_21_1_2_all.png",
        "fold_2/hem/UID_h3_10_1_hem.bmp",
        "fold_2/hem/UID_H12_3_1_hem.BMP",
        "AugmentedImg_10_UID_H24_33_11_hem.bmp",
        "readme.png",
    )
    listing = list_images(tmp_path)
    assert listing.layout == "C-NMC 2019"
    assert fields(listing, "label", "original_label", "subject") == {
        "fold_0/all/UID_20_1_2_all.bmp": ("blast", "all", "20+21"),
        "fold_1/all/UID_21_1_2_all.png": ("blast", "all", "20+21"),
        "fold_2/hem/UID_h3_10_1_hem.bmp": ("normal", "hem", "H3+H10"),
        "fold_2/hem/UID_H12_3_1_hem.BMP": ("normal", "hem", "H12"),
        "AugmentedImg_10_UID_H24_33_11_hem.bmp": ("normal", "hem", "H24"),
        "readme.png": (None, None, None),
    }
    by_name = {entry.name: entry for entry in listing.entries}
    assert by_name["fold_2/hem/UID_h3_10_1_hem.bmp"].extra == {"OriginalSubject": "h3"}
    assert listing.notes == (
        "C-NMC 2019: subjects 20 and 21 hold the same cells: merged as 20+21",
        "C-NMC 2019: subjects H3 and H10 hold the same cells: merged as H3+H10",
        "C-NMC 2019: 1 files have other names and no label",
    )


ROWS = (
    b"Patient_ID,new_names,labels\n"
    b"UID_57_29_1_all.bmp,1.bmp,1\nUID_H49_35_1_hem.bmp,2.bmp,0\nUID_9_1_1_all.bmp,9.bmp,1\n"
)


@pytest.mark.parametrize(
    ("table", "folder", "source"),
    [
        (LABELS_CSV, "C-NMC_test_prelim_phase_data", "."),
        (LABELS_CSV, "C-NMC_test_prelim_phase_data", "C-NMC_test_prelim_phase_data"),
        ("phase2/phase2.csv", "phase2/phase2", "."),
        ("phase2/anything.csv", "phase2", "phase2"),
    ],
)
def test_cnmc_preliminary_phase(tmp_path, table, folder, source):
    make(tmp_path, f"{folder}/1.bmp", f"{folder}/2.bmp", f"{folder}/3.bmp")
    make(tmp_path, table, content=ROWS)
    listing = list_images(tmp_path / source)
    assert listing.layout == "C-NMC 2019"
    found = [(entry.path.name, entry.label, entry.subject) for entry in listing.entries]
    assert found == [
        ("1.bmp", "blast", "57"),
        ("2.bmp", "normal", "H49"),
        ("3.bmp", None, None),
    ]
    assert listing.entries[0].extra["OriginalName"] == "UID_57_29_1_all.bmp"
    assert any(
        "1 test-phase files (N.bmp) have neither label nor subject" in n for n in listing.notes
    )


def test_cnmc_labels_apply_to_their_own_phase_only(tmp_path):
    root = tmp_path / "C-NMC_Leukemia"
    make(root, "validation_data/C-NMC_test_prelim_phase_data/1.bmp")
    make(root, "testing_data/C-NMC_test_final_phase_data/1.bmp")
    make(root, f"validation_data/{LABELS_CSV}", content=ROWS)
    assert fields(list_images(root), "label") == {
        "testing_data/C-NMC_test_final_phase_data/1.bmp": (None,),
        "validation_data/C-NMC_test_prelim_phase_data/1.bmp": ("blast",),
    }


def test_cnmc_final_phase_has_a_note_about_missing_labels(tmp_path):
    root = make(tmp_path / "C-NMC_test_final_phase_data", "1.bmp", "2.bmp")
    listing = list_images(root)
    assert listing.layout == "C-NMC 2019"
    assert {entry.label for entry in listing.entries} == {
        entry.subject for entry in listing.entries
    }
    assert "2 test-phase files" in listing.notes[0]


def test_a_number_alone_is_not_cnmc(tmp_path):
    assert list_images(make(tmp_path, "1.bmp", "2.bmp")).layout == "flat folder"


def publish(monkeypatch, root, *names):
    """Make these files of a tree those whose checksums are known; return their facts."""
    facts = {
        sha256((root / name).read_bytes()): Facts(
            "parent", "g00", "camera", {}, f"{layout} {PurePath(name).name}"
        )
        for name, layout in names
    }
    monkeypatch.setattr("data.layouts.all_idb._facts", lambda: facts)
    return facts


def make_different(root, *names):
    for name in names:
        make(root, name, content=b"\x89PNG\r\n\x1a\n" + name.encode())
    return root


@pytest.mark.parametrize(
    ("names", "layout", "subject"),
    [
        (("img/Im001_1.tif", "img/Im131_0.tif", "masks/Im001_1.tif"), "ALL-IDB2", None),
        (("Im001_1.tif", "Im260_0.jpg"), "ALL-IDB2", None),
        (("im/Im001_1.jpg", "im/Im108_0.JPG"), "ALL-IDB1", "Im001_1"),
    ],
)
def test_all_idb_is_recognised_by_checksum(tmp_path, monkeypatch, names, layout, subject):
    root = make_different(tmp_path, *names)
    publish(monkeypatch, root, (names[0], layout))
    listing = list_images(root)
    assert listing.layout == layout
    assert "SHA-256 of 1 of 1 files" in listing.evidence
    assert [(e.label, e.original_label) for e in listing.entries] == [
        ("blast", "1"),
        ("normal", "0"),
    ]
    assert listing.entries[0].subject == subject
    assert {e.source for e in listing.entries} == {"field" if layout == "ALL-IDB1" else "crop"}
    assert "names no patients" in listing.notes[0]
    publish(monkeypatch, root)
    other = list_images(root)
    assert other.layout == "flat folder"
    assert {entry.label for entry in other.entries} == {None}
    assert "2 files are called as in ALL-IDB (Im001_1), but their SHA-256" in other.notes[0]


def test_class_folders_of_a_user_win_over_the_labels_of_a_set(tmp_path, monkeypatch):
    root = make_different(tmp_path, "blast/Im001_1.tif", "doubtful/Im002_1.tif")
    publish(monkeypatch, root, ("blast/Im001_1.tif", "ALL-IDB2"))
    listing = list_images(root)
    assert listing.layout == "ALL-IDB2"
    assert fields(listing, "label", "original_label") == {
        "blast/Im001_1.tif": ("blast", "blast"),
        "doubtful/Im002_1.tif": ("doubtful", "doubtful"),
    }
    assert "1 images of ALL-IDB2 have the label of their folder" in listing.notes[-1]


def test_only_images_that_are_in_no_class_folder_have_a_note_about_missing_labels(tmp_path):
    root = make(tmp_path, "UID_1_1_1_all.bmp", "UID_2_1_1_hem.bmp", "mine/cell.bmp", "x.bmp")
    make(root, "UID_H3_1_1_hem.bmp")
    listing = list_images(root)
    assert fields(listing, "label")["mine/cell.bmp"] == ("mine",)
    assert "C-NMC 2019: 1 files have other names and no label" in listing.notes


def test_pbc_label_is_the_folder(tmp_path):
    make(tmp_path, "ig/MMY_1.jpg", "ig/PMY_2.jpg", "basophil/BA_3.jpg", "platelet/PLATELET_4.jpg")
    listing = list_images(tmp_path)
    assert listing.layout == "PBC"
    assert [entry.label for entry in listing.entries] == ["basophil", "ig", "ig", "platelet"]


def test_folders_next_to_those_of_pbc_are_classes_too(tmp_path):
    make(tmp_path, *(f"PBC/basophil/BA_{number}.jpg" for number in range(4)))
    make(tmp_path, "PBC/ig/MY_1.jpg", "PBC/monocyte/MO_1.jpg", "PBC/blast/deep/1.jpg", "x.jpg")
    listing = list_images(tmp_path)
    assert listing.layout == "PBC"
    labels = fields(listing, "label", "source")
    assert labels["PBC/blast/deep/1.jpg"] == ("blast", None)
    assert labels["PBC/ig/MY_1.jpg"] == ("ig", "crop")
    assert labels["x.jpg"] == (None, None)
    assert "6 of 8 files in folders of 3 classes (basophil/BA_0.jpg)" in listing.evidence


def test_seg_wbc_masks_are_paired(tmp_path):
    make(
        tmp_path, "Dataset 1/001.bmp", "Dataset 1/001.png", "Dataset 1/002.bmp", "Dataset 1/002.png"
    )
    table = "Class Labels of Dataset 1.csv"
    make(tmp_path, table, content=b"image ID,class label\n1,2\n2,5\n")
    listing = list_images(tmp_path)
    assert listing.layout == "seg_wbc"
    assert fields(listing, "label", "original_label", "mask") == {
        "Dataset 1/001.bmp": ("lymphocyte", "2", tmp_path / "Dataset 1/001.png"),
        "Dataset 1/002.bmp": ("basophil", "5", tmp_path / "Dataset 1/002.png"),
    }
    make(tmp_path, table, content=b"image ID,class label\n1,7\n")
    with pytest.raises(DataError, match="class '7' for image 1, expected 1 to 5"):
        list_images(tmp_path)


def test_seg_wbc_without_its_table_has_a_note(tmp_path):
    make(tmp_path, "001.bmp")
    for levels, layout in (((0, 128, 255), "seg_wbc"), (range(256), "flat folder")):
        mask = np.resize(np.array(levels, np.uint8), (60, 60))
        make(tmp_path, "001.png", content=cv2.imencode(".png", mask)[1].tobytes())
        listing = list_images(tmp_path)
        assert listing.layout == layout
        assert [entry.label for entry in listing.entries] == [None] * len(listing.entries)
        if layout == "seg_wbc":
            assert "1 of 1 cells have no label" in listing.notes[1]


@needs_shared
def test_the_real_cnmc_sample_agrees_with_its_manifest():
    listing = list_images(DATA / "cnmc_sample")
    with (DATA / "cnmc_sample/manifest.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["file"]: row for row in csv.DictReader(file)}
    assert {entry.name for entry in listing.entries} == set(rows)
    assert Counter(entry.original_label for entry in listing.entries) == {"all": 32, "hem": 35}
    for entry in listing.entries:
        assert entry.original_label == rows[entry.name]["label"]
        assert entry.subject == merged_subject(rows[entry.name]["subject"])
    groups = {merged_subject(row["subject"]) for row in rows.values()}
    assert {entry.subject for entry in listing.entries} == groups


@needs_shared
def test_merged_subjects_follow_from_the_official_checksums():
    with (DATA / "cnmc2019_manifest.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["subject"]]
    holders: dict[str, set[str]] = {}
    for row in rows:
        holders.setdefault(row["sha256"], set()).add(row["subject"])
    shared = [subjects for subjects in holders.values() if len(subjects) > 1]
    assert len(shared) == 99
    joined = {subject for subjects in shared for subject in subjects}
    assert joined == {subject for group in SAME_SUBJECTS for subject in group}
    for subjects in shared:
        assert len({merged_subject(subject) for subject in subjects}) == 1


@needs_shared
def test_the_real_all_idb2():
    listing = list_images(DATA / "all_idb2")
    assert listing.layout == "ALL-IDB2"
    assert Counter(entry.label for entry in listing.entries) == {"blast": 130, "normal": 130}
    assert all(entry.mask and entry.mask.parent.name == "masks" for entry in listing.entries)
    assert listing.entries == tuple(sorted(listing.entries, key=lambda entry: entry.name))
    with (DATA / "all_idb2/groups.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["crop"]: row for row in csv.DictReader(file)}
    for entry in listing.entries:
        row = rows[entry.path.name]
        facts = known_facts(sha256(read_bytes(entry.path)))
        assert facts is not None
        completed = entry.with_facts(facts)
        assert completed.subject == row["parent"].removesuffix(".jpg")
        assert (completed.slide, completed.camera) == (row["group"], row["camera"])
        assert facts.source.startswith("ALL-IDB2 Im")


@needs_shared
def test_the_real_all_idb1():
    listing = list_images(DATA / "all_idb1")
    assert listing.layout == "ALL-IDB1"
    assert Counter(entry.label for entry in listing.entries) == {"blast": 9, "normal": 9}
    for entry in listing.entries:
        facts = known_facts(sha256(read_bytes(entry.path)))
        assert facts is not None
        assert facts.subject == entry.subject == entry.path.stem
        assert (facts.camera == "C2500L") <= (entry.label == "blast")


def test_unknown_files_have_no_facts():
    assert known_facts(sha256(b"")) is None


@needs_shared
@pytest.mark.parametrize("folder", ["pbc", "pbc/images"])
def test_the_real_pbc(folder):
    listing = list_images(DATA / folder)
    assert listing.layout == "PBC"
    assert set(Counter(entry.label for entry in listing.entries).values()) == {250}
    assert len(listing.entries) == 2000


@needs_shared
@pytest.mark.parametrize("folder", ["seg_wbc", "seg_wbc/dataset1"])
def test_the_real_seg_wbc(folder):
    listing = list_images(DATA / folder)
    assert listing.layout == "seg_wbc"
    assert Counter(entry.label for entry in listing.entries) == {
        "neutrophil": 176,
        "lymphocyte": 53,
        "monocyte": 48,
        "eosinophil": 22,
        "basophil": 1,
    }
    assert all(entry.mask == entry.path.with_suffix(".png") for entry in listing.entries)
    assert not any(name.endswith(".png") for name, _ in listing.skipped)
