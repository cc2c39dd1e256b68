"""Listings of folders, single images and manifests: complete, and without endless loops."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from data.decoding.images import read_bytes
from data.errors import DataError
from data.files.entries import Facts
from data.listing.list_images import Entry, list_images
from data.printable import printable

PNG = b"\x89PNG\r\n\x1a\n"
POSIX = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names any byte may be in")


def make(root, *names, content=PNG):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


def names(listing):
    return [entry.name for entry in listing.entries]


def labels(listing):
    return {entry.name: entry.label for entry in listing.entries}


def test_class_folders(tmp_path):
    make(tmp_path, "b/2.png", "b/deep/er/1.jpg", "a/Z.tif", "a/ä ö.bmp", "a/x.webp")
    listing = list_images(tmp_path)
    assert listing.layout == "class folders"
    assert labels(listing) == {
        "a/Z.tif": "a",
        "a/x.webp": "a",
        "a/ä ö.bmp": "a",
        "b/2.png": "b",
        "b/deep/er/1.jpg": "b",
    }
    assert names(listing) == sorted(names(listing))
    assert all(entry.original_label == entry.label for entry in listing.entries)
    assert all(entry.path == tmp_path / entry.name for entry in listing.entries)
    assert listing.skipped == listing.notes == ()


def test_one_class_folder_is_still_a_class(tmp_path):
    listing = list_images(make(tmp_path, "blast/1.png", "blast/2.png"))
    assert set(labels(listing).values()) == {"blast"}


def test_images_outside_class_folders_have_no_label(tmp_path):
    listing = list_images(make(tmp_path, "a/1.png", "b/1.png", "loose.png"))
    assert labels(listing) == {"a/1.png": "a", "b/1.png": "b", "loose.png": None}
    assert listing.notes == ("1 images are outside the class folders: no label",)


def test_split_folders_are_not_classes(tmp_path):
    listing = list_images(make(tmp_path, "train/a/1.png", "test/a/2.png", "test/b/3.png"))
    assert list(labels(listing).values()) == ["a", "b", "a"]
    assert [entry.extra["Split"] for entry in listing.entries] == ["test", "test", "train"]


def test_flat_folder(tmp_path):
    listing = list_images(make(tmp_path, "2.png", "1.png", "10.PNG", "A.jpeg"))
    assert listing.layout == "flat folder"
    assert names(listing) == ["1.png", "10.PNG", "2.png", "A.jpeg"]
    assert set(labels(listing).values()) == {None}


def test_a_single_image(tmp_path):
    listing = list_images(make(tmp_path, "x/cell.png", "x/other.png") / "x/cell.png")
    assert listing.layout == "single image"
    assert names(listing) == ["cell.png"]
    assert listing.root == tmp_path / "x"


def test_other_files_are_skipped_with_a_reason(tmp_path):
    make(tmp_path, "1.png", "no_extension")
    make(tmp_path, "Thumbs.db", "notes.txt", "empty", content=b"")
    make(tmp_path, "table.csv", content=b"a,b\n")
    make(tmp_path, ".hidden.png", ".git/x.png")
    listing = list_images(tmp_path)
    assert names(listing) == ["1.png", "no_extension"]
    assert dict(listing.skipped) == {
        ".git": "hidden",
        ".hidden.png": "hidden",
        "Thumbs.db": "not a PNG, JPEG, BMP, TIFF or WebP image",
        "empty": "not a PNG, JPEG, BMP, TIFF or WebP image",
        "notes.txt": "not a PNG, JPEG, BMP, TIFF or WebP image",
        "table.csv": "a table, not an image",
    }


def test_broken_images_are_listed(tmp_path):
    make(tmp_path, "text.png", "zero.jpg", content=b"")
    (tmp_path / "nowhere.bmp").symlink_to(tmp_path / "gone")
    assert names(list_images(tmp_path)) == ["nowhere.bmp", "text.png", "zero.jpg"]


def test_circular_links_end_and_no_file_is_listed_twice(tmp_path):
    make(tmp_path, "b/1.png", "b/c/2.png")
    (tmp_path / "b/c/up").symlink_to(tmp_path)
    (tmp_path / "a_link").symlink_to(tmp_path / "b")
    (tmp_path / "self").symlink_to(tmp_path / "self")
    listing = list_images(tmp_path)
    assert names(listing) == ["b/1.png", "b/c/2.png"]
    assert [name for name, _ in listing.skipped] == ["a_link/", "b/c/up/", "self"]


def test_a_linked_folder_is_read(tmp_path):
    make(tmp_path / "elsewhere", "1.png")
    (tmp_path / "in").mkdir()
    (tmp_path / "in/linked").symlink_to(tmp_path / "elsewhere")
    assert names(list_images(tmp_path / "in")) == ["linked/1.png"]


@POSIX
def test_names_of_any_bytes(tmp_path):
    folder = os.fsencode(tmp_path)
    for name in (b"\xff\xfe.png", b"a\nb.png", "näme 字.png".encode()):
        with open(folder + b"/" + name, "wb") as file:  # noqa: PTH123 (a name of bytes)
            file.write(PNG)
    os.mkfifo(tmp_path / "pipe")
    os.mkfifo(tmp_path / "pipe.png")
    listing = list_images(tmp_path)
    assert names(listing) == ["\\xff\\xfe.png", "a\\x0ab.png", "näme 字.png", "pipe.png"]
    assert listing.skipped == (("pipe", "not a regular file"),)
    for name in names(listing):
        name.encode("utf-8")
    assert sum(entry.path.read_bytes() == PNG for entry in listing.entries[:3]) == 3


@POSIX
def test_errors_are_one_line_for_any_name(tmp_path):
    path = tmp_path / "a\nb\udcff"
    with pytest.raises(DataError) as caught:
        list_images(path)
    assert (
        str(caught.value).encode("utf-8").endswith(b"a\\x0ab\\xff does not exist; correct the path")
    )
    with pytest.raises(DataError, match=r"b\\xff does not exist"):
        read_bytes(path)


@pytest.mark.parametrize(
    ("name", "escaped"),
    [
        ("plain ä字.png", "plain ä字.png"),
        ("\udc80.png", "\\x80.png"),
        ("\ud800", "\\ud800"),
        ("tab\t\x7f", "tab\\x09\\x7f"),
        ("\x85\u2028", "\\u0085\\u2028"),
    ],
)
def test_printable(name, escaped):
    assert printable(name) == escaped


@pytest.mark.parametrize(
    ("files", "reason"),
    [([], "holds no images (seen: nothing)"), (["a.csv", "b.txt"], "(seen: 1 .csv, 1 .txt)")],
)
def test_a_folder_without_images(tmp_path, files, reason):
    make(tmp_path, *files, content=b"x")
    with pytest.raises(DataError) as caught:
        list_images(tmp_path)
    assert reason in caught.value.reason
    assert "CSV manifest" in caught.value.remedy


def test_a_missing_source_is_refused(tmp_path):
    with pytest.raises(DataError, match="does not exist"):
        list_images(tmp_path / "none")
    with pytest.raises(DataError, match=r"cannot be read|does not exist"):
        list_images(tmp_path / ("x" * 300 + ".png"))
    make(tmp_path, "a.txt", content=b"x")
    with pytest.raises(DataError, match="neither a folder, an image nor a CSV"):
        list_images(tmp_path / "a.txt")


def test_masks_next_to_images_are_found(tmp_path):
    make(tmp_path, "images/a/1.jpg", "images/b/2.jpg", "masks/a/1.png", "masks/b/9.png")
    listing = list_images(tmp_path)
    assert labels(listing) == {"images/a/1.jpg": "a", "images/b/2.jpg": "b"}
    assert [entry.mask for entry in listing.entries] == [tmp_path / "masks/a/1.png", None]
    assert listing.notes == (
        "1 of 2 images have a mask",
        "1 masks belong to no image, 9.png for example",
    )


@pytest.mark.parametrize("inside", [True, False])
def test_a_folder_of_masks(tmp_path, inside):
    make(tmp_path, "cells/blast/1.bmp", "cells/normal/2.bmp", "cells/normal/3.bmp")
    masks = tmp_path / ("cells/drawn" if inside else "drawn")
    make(masks, "blast/1.png", "normal/2.tif")
    listing = list_images(tmp_path / "cells", masks=masks)
    assert names(listing) == ["blast/1.bmp", "normal/2.bmp", "normal/3.bmp"]
    assert [entry.mask and entry.mask.name for entry in listing.entries] == ["1.png", "2.tif", None]


def test_relative_paths_of_masks(tmp_path, monkeypatch):
    make(tmp_path, "in/1.png", "in/m/1.png")
    monkeypatch.chdir(tmp_path)
    for masks in (Path("in/m"), tmp_path / "in/m"):
        assert names(list_images(Path("in"), masks=masks)) == ["1.png"]
    with pytest.raises(DataError, match="is the folder of the images"):
        list_images(Path("in"), masks=tmp_path / "in")


def test_masks_without_image_and_duplicate_masks_are_refused(tmp_path):
    make(tmp_path, "in/1.png", "m/other.png", "n/1.png", "n/1.tif")
    with pytest.raises(DataError, match=r"no mask for any image, 1\.png for example"):
        list_images(tmp_path / "in", masks=tmp_path / "m")
    with pytest.raises(DataError, match="two masks for 1"):
        list_images(tmp_path / "in", masks=tmp_path / "n")
    with pytest.raises(DataError, match="none does not exist; correct the path"):
        list_images(tmp_path / "in", masks=tmp_path / "none")
    with pytest.raises(DataError, match=r"1\.png is not a folder"):
        list_images(tmp_path / "in", masks=tmp_path / "in" / "1.png")


def manifest(tmp_path, text, encoding="utf-8", name="list.csv"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


FULL = """image,label,subject,slide,camera,mask,Age,site
b.png,blast,P1,s1,Canon,m/b.png,7,
"sub/a, 1.png",normal,P2,,,,,Oslo
"""


def test_a_manifest(tmp_path):
    listing = list_images(manifest(tmp_path, FULL))
    assert listing.layout == "manifest"
    assert listing.entries == (
        Entry(
            str(tmp_path / "b.png"),
            "b.png",
            label="blast",
            original_label="blast",
            subject="P1",
            slide="s1",
            camera="Canon",
            mask_place=str(tmp_path / "m/b.png"),
            extra={"age": "7", "site": ""},
        ),
        Entry(
            str(tmp_path / "sub/a, 1.png"),
            "sub/a, 1.png",
            label="normal",
            original_label="normal",
            subject="P2",
            extra={"age": "", "site": "Oslo"},
        ),
    )


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("image,label\nä.png,x\n", "utf-8"),
        ("image,label\nä.png,x\n", "utf-8-sig"),
        ("image;label\r\nä.png;x\r\n\r\n", "utf-8-sig"),
        ("Label\t Image \nx\tä.png", "utf-8"),
        ("IMAGE,LABEL\n,\n./other/../ä.png, x \n", "utf-8"),
    ],
)
def test_manifests_in_the_formats_of_programs(tmp_path, text, encoding):
    assert labels(list_images(manifest(tmp_path, text, encoding))) == {"ä.png": "x"}


def test_a_manifest_may_name_missing_and_remote_files(tmp_path):
    make(tmp_path, "far/1.png", "near/win/2.png")
    text = f"image\n{tmp_path / 'far/1.png'}\nwin\\2.png\ngone.png\n../far/1.PNG\n"
    (tmp_path / "near").mkdir(exist_ok=True)
    listing = list_images(manifest(tmp_path / "near", text))
    far = (tmp_path / "far").as_posix()
    assert set(names(listing)) == {f"{far}/1.png", "../far/1.PNG", "win/2.png", "gone.png"}
    assert {entry.name: entry.path.exists() for entry in listing.entries}["win/2.png"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("file,label\na.png,x\n", "has no column 'image'"),
        ("image\n", "has no rows"),
        ("image,label,label\na.png,x,y\n", "column 'label' twice"),
        ("image,label\na.png\n", "row 2: 1 fields, expected 2"),
        ("image\na.png\nsub/../a.png\n", "names a.png twice"),
        ("image,label\n,x\n", "has no name"),
        ('image,label\n"a.png,x\n', "not a CSV table"),
        ("", "empty"),
    ],
)
def test_manifests_that_are_refused(tmp_path, text, reason):
    with pytest.raises(DataError) as caught:
        list_images(manifest(tmp_path, text))
    assert reason in caught.value.reason
    assert "list.csv" in caught.value.reason
    assert caught.value.remedy
    assert "\n" not in str(caught.value)


def test_a_manifest_in_another_encoding(tmp_path):
    with pytest.raises(DataError, match=r"not UTF-8 \(byte 6\)"):
        list_images(manifest(tmp_path, "image\nä.png\n", "latin-1"))


def test_facts_fill_only_what_is_unknown(tmp_path):
    entry = Entry(str(tmp_path), "x", subject="own subject", extra={"age": "7"})
    facts = Facts("theirs", "g01", "Canon", {"Parent": "Im1", "age": "9"}, "a set")
    completed = entry.with_facts(facts)
    assert (completed.subject, completed.slide, completed.camera) == ("own subject", "g01", "Canon")
    assert completed.extra == {"Parent": "Im1", "age": "7"}
