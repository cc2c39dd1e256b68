"""Progress of long work: plain lines, bars, and what is left, by a clock that the tests move."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise

import cv2
import numpy as np
import pytest
from support.shared import ROOT

from pipelines.progress import SILENCE, ShownProgress, Step, bar, in_words


class Screen:
    """Keeps what is written, and is the clock."""

    def __init__(self) -> None:
        self.text, self.now = "", 100.0

    def write(self, text: str) -> None:
        self.text += text

    def clock(self) -> float:
        return self.now

    def progress(self, *, terminal: bool) -> ShownProgress:
        return ShownProgress(self.write, terminal=terminal, clock=self.clock)


def test_without_a_terminal_a_line_comes_every_ten_seconds_and_at_the_end():
    screen = Screen()
    progress = screen.progress(terminal=False)
    progress.begin("extract")
    for done in range(1, 51):
        screen.now += 0.5
        progress.advance(done, 50, done // 20)
    progress.finish()
    assert screen.text.splitlines() == [
        "extract",
        "extract: 20 of 50 images, 1 failed, 2.0/s, 30 left, about 15 s",
        "extract: 40 of 50 images, 2 failed, 2.0/s, 10 left, about 5 s",
        "extract: 50 of 50 images in 25 s, 2 failed, 2.0/s",
    ]


def test_fits_that_remain_are_counted_and_their_time_is_estimated():
    screen = Screen()
    progress = screen.progress(terminal=False)
    progress.begin("train", 12, "fits")
    progress.note("fold 1 of 5")
    for done in (1, 2):
        screen.now += 30
        progress.advance(done, 12)
    progress.begin("report")
    screen.now += 3
    progress.finish()
    assert screen.text.splitlines() == [
        "train: 0 of 12 fits",
        "train: 1 of 12 fits, 11 left (fold 1 of 5)",  # the first one includes the start
        "train: 2 of 12 fits, 30.0 s each, 10 left, about 5 min 0 s (fold 1 of 5)",
        "train: 2 of 12 fits in 1 min 0 s, 30.0 s each",
        "report",  # and no second line of a step that took 3 s
    ]


def test_a_long_step_without_counts_says_how_long_it_took():
    screen = Screen()
    progress = screen.progress(terminal=False)
    progress.begin("importances")
    screen.now += 11
    progress.finish()
    progress.finish()
    assert screen.text == "importances\nimportances: 11 s\n"


def test_on_a_terminal_one_line_is_drawn_over(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    screen = Screen()
    progress = screen.progress(terminal=True)
    progress.begin("segment")
    for done in range(1, 101):
        screen.now += 1 / 16
        progress.advance(done, 100)
    progress.finish()
    drawn = screen.text.split("\r")[1:]
    assert drawn[0] == "segment"
    assert drawn[1].startswith("[--------------------] segment: 2 of 100 images, 16.0/s")
    assert len(drawn) == 2 + 50  # an eighth of a second apart
    assert " ".join(drawn[-1].split()) == "segment: 100 of 100 images in 6 s, 16.0/s"
    assert all(len(text.rstrip("\n")) < 60 for text in drawn)
    for before, text in pairwise(drawn):
        assert len(text.rstrip("\n")) >= len(before.rstrip(" "))  # nothing of it stays to be seen


def test_counts_of_no_step_are_an_error_and_silence_takes_all():
    with pytest.raises(RuntimeError, match="begin one first"):
        Screen().progress(terminal=False).advance(1, 2)
    for call in (SILENCE.begin, SILENCE.note):
        call("step")
    SILENCE.advance(1, 2)
    SILENCE.finish()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (3599, "59 min 59 s"), (3600, "1 h 0 min")],
)
def test_durations_are_in_words(seconds, words):
    assert in_words(seconds) == words


def test_an_empty_step_has_no_bar_and_no_rate():
    assert bar(Step("extract", total=0)) == bar(Step("extract")) == ""
    assert Step("extract", total=0, seconds=3).running_text == "extract: 0 of 0 images"
    assert bar(Step("extract", done=7, total=7)) == f"[{'#' * 20}] "


@pytest.mark.parametrize("quiet", [False, True])
def test_a_pipe_gets_plain_lines_or_nothing(tmp_path, quiet):
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(3):
        white = np.full((64, 64, 3), 255 - number, dtype=np.uint8)
        cv2.imwrite(str(folder / f"{number}.png"), white)
    done = subprocess.run(
        [sys.executable, ROOT / "cli.py", "segment", folder, "-o", tmp_path / "masks"]
        + ["--quiet"] * quiet,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3  # a white image has no cell
    lines = done.stderr.splitlines()
    assert "\r" not in done.stderr
    if quiet:
        assert [line for line in lines if "segment" in line] == []
    else:
        assert lines[0] == "segment: 0 of 3 images"
        # A slow machine prints further lines in between.
        last = [line for line in lines if line.startswith("segment: ")][-1]
        assert last.startswith("segment: 3 of 3 images in ")
        assert ", 3 failed" in last
