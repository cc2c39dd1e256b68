"""Names of masks, as written by segment and as found by --masks."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import DataError
from data.files.entries import Entry, Listing
from data.files.tree import TreeFile
from data.listing.list_images import _with_masks, list_images
from data.listing.mask_names import mask_names

PARTS = st.sampled_from(["a", "A", "b", "images", "..", "C:"])
ENDINGS = st.sampled_from(["", ".jpg", ".png", ".PNG", ".jpg.png", ".png.png", ".tar.gz"])
FILES = st.builds("{}{}".format, st.sampled_from(["a", "A", "b", "ß", "ss"]), ENDINGS)
NAMES = st.builds(
    lambda root, parts, file: root + "/".join([*parts, file]),
    st.sampled_from(["", "/", "../", "s3://bucket/"]),
    st.lists(PARTS, max_size=2),
    FILES,
)


def paired(images: list[str], masks: list[str]) -> dict[str, str | None]:
    listing = Listing(Path(), "flat folder", tuple(Entry(name, name) for name in images))
    found = _with_masks(listing, tuple(TreeFile(f"m/{name}", name) for name in masks))
    return {entry.name: entry.mask_place for entry in found.entries}


@given(st.lists(NAMES, unique=True, max_size=8), st.sets(st.integers(0, 7)))
def test_every_image_has_its_own_mask_and_finds_it(images, missing):
    masks = mask_names(images)
    assert len({name.casefold() for name in masks}) == len(images)
    for name in masks:
        path = PurePosixPath(name)
        assert not path.is_absolute()
        assert not {"..", "C:"} & set(path.parts)
    there = [name for index, name in enumerate(masks) if index not in missing]
    own = dict(zip(images, masks, strict=True))
    assert paired(images, there) == {
        name: f"m/{mask}" if mask in there else None for name, mask in own.items()
    }


@pytest.mark.parametrize(
    ("images", "masks"),
    [
        (["x/a.jpg", "y/a.jpg"], ["x/a.png", "y/a.png"]),
        (["a.jpg", "a.png", "b.jpg"], ["a.jpg.png", "a.png.png", "b.png"]),
        (["a.jpg", "a.png", "a.jpg.png"], ["a.jpg.png", "a.png.png", "a.jpg.png.png"]),
        (["a.jpg", "A.png"], ["a.jpg.png", "A.png.png"]),
        (["a.jpg", "A.jpg"], ["a.jpg~509b0d46.png", "A.jpg~c88c8fca.png"]),
        (["../a.png", "/x/b.png", "C:/x/c.png"], ["a.png", "x/b.png", "C/x/c.png"]),
    ],
)
def test_names(images, masks):
    assert mask_names(images) == masks


def test_the_longer_matching_name_has_priority():
    images = ["a.jpg", "images/a.jpg", "a.png", "a.png.png"]
    assert paired(images, ["a.png.png", "a.jpg.png"]) == {
        "a.jpg": "m/a.jpg.png",
        "images/a.jpg": None,
        "a.png": "m/a.png.png",
        "a.png.png": None,
    }
    assert paired(["a.jpg", "images/a.jpg"], ["a.png"])["images/a.jpg"] is None


def test_masks_may_have_the_stem_or_the_whole_name():
    assert paired(["a.jpg", "b.jpg", "c.jpg"], ["a.tif", "b.jpg.png"]) == {
        "a.jpg": "m/a.tif",
        "b.jpg": "m/b.jpg.png",
        "c.jpg": None,
    }
    # Two pictures of one cell may share a mask.
    assert set(paired(["a.jpg", "a.png"], ["a.png"]).values()) == {"m/a.png"}


def test_the_whole_name_is_used_below_a_folder_of_images(tmp_path):
    for name in ("images/a/1.jpg", "images/a/1.png", "masks/a/1.jpg.png", "masks/a/1.png.png"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\x89PNG\r\n\x1a\n")
    entries = list_images(tmp_path).entries
    assert [entry.mask and entry.mask.name for entry in entries] == ["1.jpg.png", "1.png.png"]


FOLDERS = st.sampled_from(["blast", "normal", "Lymphozyt ä", "1", "a.b"])


@given(
    folders=st.lists(FOLDERS, min_size=1, max_size=3, unique=True),
    above=st.integers(0, 2),
    kind=st.sampled_from(["image", "folder"]),
    flat=st.booleans(),
)
def test_masks_in_class_folders_are_found_for_one_image_or_one_class(
    tmp_path_factory, folders, above, kind, flat
):
    root = tmp_path_factory.mktemp("smears")
    classes = PurePosixPath(*folders)
    image = root / "smears" / classes / "1.jpg"
    mask = root / "masks" / PurePosixPath(*folders[min(above, len(folders) - 1) :]) / "1.png"
    others = [root / "masks" / "other" / "1.png"] + [root / "masks" / "1.png"] * flat
    for path in (image, mask, *others):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\x89PNG\r\n\x1a\n")
    source = image if kind == "image" else image.parent
    (entry,) = list_images(source, masks=root / "masks").entries
    assert entry.mask == mask


def test_masks_of_other_folders_only_are_named(tmp_path):
    for name in ("smears/blast/1.jpg", "masks/normal/1.png"):
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(DataError, match=r"no mask for any image, 1.jpg .*only normal/1.png"):
        list_images(tmp_path / "smears" / "blast" / "1.jpg", masks=tmp_path / "masks")
