"""Progress of long work: plain lines, bars, and what is left, by a clock that the tests move."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import nullcontext
from itertools import pairwise

import cv2
import numpy as np
import pytest
from support.shared import ROOT

from data.errors import DataError
from pipelines import progress as shown
from pipelines.progress import SILENCE, ShownProgress, Step, bar, in_words, shown_progress


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
        "extract: 20 of 50 images, 1 failed, 2.0/s, 30 left, about 15 s, 10 s so far",
        "extract: 40 of 50 images, 2 failed, 2.0/s, 10 left, about 5 s, 20 s so far",
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
        "train: 0 of 12 fits, 12 left",
        # The first one includes the start, so that no rate is taken from it.
        "train: 1 of 12 fits, 11 left, 30 s so far (fold 1 of 5)",
        "train: 2 of 12 fits, 30.0 s each, 10 left, about 5 min 0 s, 1 min 0 s so far"
        " (fold 1 of 5)",
        "train: 2 of 12 fits in 1 min 0 s, 30.0 s each",
        "report",  # and no second line of a step that took 3 s
    ]


def test_work_that_reports_nothing_is_shown_every_ten_seconds():
    screen = Screen()
    progress = screen.progress(terminal=False)
    progress.tick()  # no step has begun
    progress.begin("read the table")
    for _ in range(12):
        screen.now += 1
        progress.tick()
    progress.begin("train", 3, "fits")
    progress.advance(1, 3)
    screen.now += 8
    progress.advance(2, 3)
    for _ in range(25):
        screen.now += 1
        progress.tick()
    progress.finish()
    screen.now += 100
    progress.tick()  # nothing comes after the end
    assert screen.text.splitlines() == [
        "read the table",
        "read the table: 10 s so far",
        "read the table: 12 s",
        "train: 0 of 3 fits, 3 left",
        # While the third fit lasts, the rate remains that of the fits that are done.
        "train: 2 of 3 fits, 8.0 s each, 1 left, about 8 s, 10 s so far",
        "train: 2 of 3 fits, 8.0 s each, 1 left, about 8 s, 20 s so far",
        "train: 2 of 3 fits, 8.0 s each, 1 left, about 8 s, 30 s so far",
        "train: 2 of 3 fits in 33 s, 16.5 s each",
    ]


def test_the_clock_of_a_bar_moves_while_work_reports_nothing():
    screen = Screen()
    progress = screen.progress(terminal=True)
    progress.begin("train", 3, "fits")
    for _ in range(2):
        screen.now += 1
        progress.tick()
    empty = f"[{'-' * 20}] train: 0 of 3 fits, 3 left"
    drawn = [text.rstrip() for text in screen.text.split("\r")[1:]]
    assert drawn == [empty, f"{empty}, 1 s so far", f"{empty}, 2 s so far"]


@pytest.mark.parametrize("stop", [None, KeyboardInterrupt(), DataError("no disk", "buy one")])
def test_a_thread_shows_the_step_until_the_block_ends(monkeypatch, stop):
    monkeypatch.setattr(shown, "TICK_INTERVAL", 0.0)
    monkeypatch.setattr(shown, "LINE_INTERVAL", 0.0)
    lines: list[str] = []
    several = threading.Event()

    def write(text: str) -> None:
        lines.append(text)
        if len(lines) == 4:
            several.set()

    expected = nullcontext() if stop is None else pytest.raises(type(stop))
    with expected, shown_progress(write, terminal=False) as progress:
        progress.begin("train", 3, "fits")
        assert several.wait(1800)  # only the thread writes further lines
        if stop is not None:
            raise stop
    assert len(lines) >= 5
    assert all(line.startswith("train: 0 of 3 fits, 3 left") for line in lines[:-1])
    assert lines[-1].startswith("train: 0 of 3 fits in ")
    assert "progress" not in {thread.name for thread in threading.enumerate()}


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
    assert Step("extract", total=0, seconds=3).running_text == "extract: 0 of 0 images, 3 s so far"
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
    assert done.returncode == 3  # a white image is blank
    lines = [line for line in done.stderr.splitlines() if not line.startswith("look at a sample")]
    assert "\r" not in done.stderr
    if quiet:
        assert [line for line in lines if "segment" in line] == []
    else:
        assert lines[0] == "segment: 0 of 3 images, 3 left"
        # A slow machine prints further lines in between.
        last = [line for line in lines if line.startswith("segment: ")][-1]
        assert last.startswith("segment: 3 of 3 images in ")
        assert ", 3 failed" in last
