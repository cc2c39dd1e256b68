"""An image of a manifest has one name, from wherever and however the manifest is typed."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from data.errors import DataError
from data.listing.list_images import list_images

PARTS = ("a", "b b", "ä", "imgs", "lists")


def draw_folder(rng, root):
    return root.joinpath(*rng.choice(PARTS, rng.integers(0, 4)))


def spellings(rng, path, root):
    """Yield working directories, and the path as it can be typed there."""
    for _ in range(4):
        here = draw_folder(rng, root)
        here.mkdir(parents=True, exist_ok=True)
        typed = Path(os.path.relpath(path, here))
        yield here, typed
        yield here, path
        # Through a folder and back.
        yield here, here / ".." / os.path.relpath(path, here.parent)
    link = root / "link"
    if not link.exists():
        link.symlink_to(path.parent, target_is_directory=True)
    yield root, Path("link") / path.name
    yield path.parent, Path(path.name)
    yield path.parent, link / path.name


@pytest.mark.parametrize("seed", range(40))
def test_one_name_from_every_working_directory(tmp_path, monkeypatch, seed):
    rng = np.random.default_rng(seed)
    folder = draw_folder(rng, tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    rows = ["image,label"]
    expected = set()
    for number in range(6):
        image = draw_folder(rng, tmp_path) / f"{number}.png"
        image.parent.mkdir(parents=True, exist_ok=True)
        image.write_bytes(b"\x89PNG\r\n\x1a\n")
        relative = Path(os.path.relpath(image, folder)).as_posix()
        absolute = bool(rng.integers(0, 2))
        inside = image.is_relative_to(folder)
        expected.add(image.as_posix() if absolute and not inside else relative)
        rows.append(f"{image.as_posix() if absolute else relative},x")
    manifest = folder / "m.csv"
    manifest.write_text("\n".join(rows), "utf-8")
    for here, typed in spellings(rng, manifest, tmp_path):
        monkeypatch.chdir(here)
        listing = list_images(typed)
        assert {entry.name for entry in listing.entries} == expected
        assert all(entry.path.is_file() for entry in listing.entries)


def test_one_image_in_two_spellings_is_refused(tmp_path):
    (tmp_path / "lists").mkdir()
    manifest = tmp_path / "lists/m.csv"
    manifest.write_text(f"image\n../imgs/1.png\n{tmp_path.as_posix()}/imgs/1.png\n", "utf-8")
    with pytest.raises(DataError, match=r"names .*imgs/1\.png twice"):
        list_images(manifest)


@pytest.mark.parametrize("typed", ["C-NMC_test_prelim_phase_data", ".", "../x/../{name}"])
def test_a_table_next_to_the_folder_is_found_from_inside_too(tmp_path, monkeypatch, typed):
    name = "C-NMC_test_prelim_phase_data"
    (tmp_path / "x").mkdir()
    (tmp_path / name).mkdir()
    (tmp_path / name / "1.bmp").write_bytes(b"BM")
    rows = "Patient_ID,new_names,labels\nUID_57_29_1_all.bmp,1.bmp,1\n"
    (tmp_path / f"{name}_labels.csv").write_text(rows, "utf-8")
    monkeypatch.chdir(tmp_path if typed == name else tmp_path / (name if typed == "." else "x"))
    (entry,) = list_images(Path(typed.format(name=name))).entries
    assert (entry.name, entry.label, entry.subject) == ("1.bmp", "blast", "57")
