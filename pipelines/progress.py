"""Progress of long work: the steps that a command reports, and how they are shown."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

# Seconds between two lines where standard error is no terminal, and between two drawings of a bar.
LINE_INTERVAL, BAR_INTERVAL = 10.0, 0.1
# Seconds between two looks whether the line is old, while the work reports nothing.
TICK_INTERVAL = 1.0
_BAR_CELLS = 20


class Progress(Protocol):
    """What long work reports; one object serves all steps of a command, one after the other."""

    def begin(self, step: str, total: int | None = None, unit: str = "images") -> None:
        """Begin a step, and finish the one before.

        Parameters
        ----------
        step : str
            Its name, for the user.
        total : int, optional
            How many units it has, where that is known by now.
        unit : str
            What is counted, in the plural: ``images``, ``fits``.
        """

    def note(self, text: str) -> None:
        """Say what the current step works on; an empty text for nothing in particular."""

    def advance(self, done: int, total: int, failed: int = 0) -> None:
        """Report how many units of the current step are done, of how many, and how many failed."""

    def finish(self) -> None:
        """Finish the current step."""


class Silence:
    """Progress that is not shown."""

    def begin(self, step: str, total: int | None = None, unit: str = "images") -> None:
        """Show nothing."""

    def note(self, text: str) -> None:
        """Show nothing."""

    def advance(self, done: int, total: int, failed: int = 0) -> None:
        """Show nothing."""

    def finish(self) -> None:
        """Show nothing."""


SILENCE = Silence()


@dataclass(frozen=True)
class Step:
    """How far a step is.

    Parameters
    ----------
    name, unit, note : str
        As in `Progress`.
    done, failed : int
    total : int or None
    seconds : float
        Since it began.
    first_done : int
    first_seconds : float
        Counts and time of the first report: what came before holds the start of workers and the
        compiler, so that no rate is taken from it while the step runs.
    last_seconds : float
        Time of the last report of a changed count: the rate does not fall while a unit is in work.
    """

    name: str
    unit: str = "images"
    note: str = ""
    done: int = 0
    total: int | None = None
    failed: int = 0
    seconds: float = 0.0
    first_done: int = 0
    first_seconds: float = 0.0
    last_seconds: float = 0.0

    @property
    def running_text(self) -> str:
        """Counts, rate since the first report, time that is left at this rate, time so far.

        Examples
        --------
        >>> Step("extract", done=30, total=90, failed=1, seconds=12, last_seconds=10).running_text
        'extract: 30 of 90 images, 1 failed, 3.0/s, 60 left, about 20 s, 12 s so far'
        >>> Step("train", "fits", "fold 4", 3, 12, seconds=75, last_seconds=60).running_text
        'train: 3 of 12 fits, 20.0 s each, 9 left, about 3 min 0 s, 1 min 15 s so far (fold 4)'
        >>> Step("train", "fits", total=9).running_text
        'train: 0 of 9 fits, 9 left'
        >>> Step("train", "fits", "", 2, 9, seconds=90, first_done=2, last_seconds=90).running_text
        'train: 2 of 9 fits, 7 left, 1 min 30 s so far'
        >>> Step("importances", seconds=40).running_text
        'importances: 40 s so far'
        """
        note = f" ({self.note})" if self.note else ""
        so_far = f"{in_words(self.seconds)} so far" if self.seconds >= 1 else ""
        if self.total is None:
            return f"{self.name}{so_far and f': {so_far}'}{note}"
        parts = [f"{self.name}: {self.done} of {self.total} {self.unit}"]
        if self.failed:
            parts.append(f"{self.failed} failed")
        done, seconds = self.done - self.first_done, self.last_seconds - self.first_seconds
        left = self.total - self.done
        known = done > 0 and seconds > 0
        if known:
            parts.append(_rate(done, seconds))
        if left:
            estimate = f", about {in_words(seconds / done * left)}" if known else ""
            parts.append(f"{left} left{estimate}")
        if so_far:
            parts.append(so_far)
        return ", ".join(parts) + note

    @property
    def final_text(self) -> str:
        """Counts, duration and rate.

        Examples
        --------
        >>> Step("extract", done=90, total=90, failed=1, seconds=30).final_text
        'extract: 90 of 90 images in 30 s, 1 failed, 3.0/s'
        >>> Step("importances", seconds=8).final_text
        'importances: 8 s'
        """
        if self.total is None:
            return f"{self.name}: {in_words(self.seconds)}"
        parts = [
            f"{self.name}: {self.done} of {self.total} {self.unit} in {in_words(self.seconds)}"
        ]
        if self.failed:
            parts.append(f"{self.failed} failed")
        if self.done and self.seconds > 0:
            parts.append(_rate(self.done, self.seconds))
        return ", ".join(parts)


def _rate(done: int, seconds: float) -> str:
    """Return units per second, or seconds per unit of slow work."""
    return f"{done / seconds:.1f}/s" if done >= seconds else f"{seconds / done:.1f} s each"


def in_words(seconds: float) -> str:
    """Return a duration in words.

    Examples
    --------
    >>> in_words(0.4), in_words(75), in_words(7260)
    ('0 s', '1 min 15 s', '2 h 1 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


class ShownProgress:
    """Progress on standard error: a bar on a terminal, elsewhere a plain line every ten seconds.

    Its methods may be called from several threads.

    Parameters
    ----------
    write : callable
        Writes a text as it is, and flushes.
    terminal : bool
        Whether a line can be drawn over.
    clock : callable
        Returns seconds since any fixed moment.
    """

    def __init__(
        self,
        write: Callable[[str], object],
        *,
        terminal: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._write, self._terminal, self._clock = write, terminal, clock
        self._lock = threading.Lock()
        self._step: Step | None = None
        self._began = self._last = 0.0
        self._drawn = 0

    def begin(self, step: str, total: int | None = None, unit: str = "images") -> None:
        """Begin a step and show its name."""
        with self._lock:
            self._finish()
            self._step = Step(step, unit, total=total)
            self._began = self._clock()
            self._show(self._step)

    def note(self, text: str) -> None:
        """Take what the current step works on into its line."""
        self._update(note=text)

    def advance(self, done: int, total: int, failed: int = 0) -> None:
        """Show the counts if the last line is old enough."""
        self._update(done=done, total=total, failed=failed)

    def finish(self) -> None:
        """Show the final counts of the current step; without a terminal, of short ones nothing."""
        with self._lock:
            self._finish()

    def tick(self) -> None:
        """Show the current step, if there is one and its last line is old enough."""
        with self._lock:
            if self._step is not None:
                self._show_if_due(self._step)

    def _finish(self) -> None:
        if self._step is None:
            return
        step = replace(self._step, note="", seconds=self._clock() - self._began)
        self._step = None
        if self._terminal:
            self._draw(step.final_text)
            self._write("\n")
            self._drawn = 0
        elif step.total is not None or step.seconds >= LINE_INTERVAL:
            self._write(f"{step.final_text}\n")

    def _update(self, **changed: Any) -> None:  # noqa: ANN401
        with self._lock:
            if self._step is None:
                raise RuntimeError("progress of no step: begin one first")
            before, step = self._step.done, replace(self._step, **changed)
            if step.done != before:
                step = replace(step, last_seconds=self._clock() - self._began)
            if step.done and not before:
                step = replace(step, first_done=step.done, first_seconds=step.last_seconds)
            self._step = step
            self._show_if_due(step)

    def _show_if_due(self, step: Step) -> None:
        """Write the line of a step if the last line is old enough."""
        if self._clock() - self._last >= (BAR_INTERVAL if self._terminal else LINE_INTERVAL):
            self._show(step)

    def _show(self, step: Step) -> None:
        """Write the line of a step."""
        self._last = self._clock()
        step = replace(step, seconds=self._last - self._began)
        if self._terminal:
            self._draw(f"{bar(step)}{step.running_text}")
        else:
            self._write(f"{step.running_text}\n")

    def _draw(self, text: str) -> None:
        """Draw over the last line, cut to the width of the terminal."""
        text = text[: shutil.get_terminal_size().columns - 1]
        self._write("\r" + text.ljust(self._drawn))
        self._drawn = len(text)


@contextmanager
def shown_progress(write: Callable[[str], object], *, terminal: bool) -> Iterator[ShownProgress]:
    """Show progress during a block, also while its work reports nothing; finish at its end.

    Parameters
    ----------
    write, terminal
        As in `ShownProgress`. A thread calls `write` too, until the block ends.
    """
    progress, ended = ShownProgress(write, terminal=terminal), threading.Event()

    def tick() -> None:
        while not ended.wait(TICK_INTERVAL):
            progress.tick()

    # A daemon, so that it keeps no process alive. Workers are new processes, which do not have it.
    thread = threading.Thread(target=tick, name="progress", daemon=True)
    thread.start()
    try:
        yield progress
    finally:
        ended.set()
        progress.finish()
        thread.join()


def bar(step: Step) -> str:
    """Return a step's bar, or nothing where its size is not known.

    Examples
    --------
    >>> bar(Step("extract", done=45, total=90))
    '[##########----------] '
    """
    if not step.total:
        return ""
    filled = _BAR_CELLS * step.done // step.total
    return f"[{'#' * filled}{'-' * (_BAR_CELLS - filled)}] "
