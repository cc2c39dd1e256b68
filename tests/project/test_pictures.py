"""The pictures of README.md can be drawn again, and stay small."""

from __future__ import annotations

import re
import shutil

import numpy as np
import pytest
from pictures.draw import draw_overlay, photograph
from PIL import Image
from support.shared import ROOT

MOST_BYTES = 300_000


def test_the_overlay_is_drawn_and_is_the_one_that_is_shown(tmp_path):
    draw_overlay(tmp_path / "overlay.jpg")
    with Image.open(tmp_path / "overlay.jpg") as drawn:
        with Image.open(ROOT / "docs/pictures/overlay.jpg") as shown:
            assert drawn.size == shown.size
        assert len(np.unique(np.asarray(drawn).reshape(-1, 3), axis=0)) > 1_000


@pytest.mark.skipif(
    not (shutil.which("chromium") or shutil.which("google-chrome")), reason="no Chromium here"
)
def test_a_page_is_photographed(tmp_path):
    page = tmp_path / "page.html"
    page.write_text("<!doctype html><title>red</title><body style='background: #f00'>")
    photograph(page, tmp_path / "page.png")
    with Image.open(tmp_path / "page.png") as picture:
        assert picture.convert("RGB").getpixel((5, 5)) == (255, 0, 0)


def test_the_pictures_of_the_readme_exist_and_are_small():
    named = re.findall(r"!\[[^]]*\]\(([^)]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(named) == 2
    for name in named:
        assert (ROOT / name).stat().st_size < MOST_BYTES
