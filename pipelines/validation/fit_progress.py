"""Progress of a command that fits models, counted in fits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..progress import Progress
    from .cross_validate import Fitted


class FitProgress:
    """Counts the fits of a step whose total is known when it begins.

    Parameters
    ----------
    progress : Progress
    step : str
        Name of the step.
    total : int
        Number of fits.
    """

    def __init__(self, progress: Progress, step: str, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0
        progress.begin(step, total, "fits")

    @contextmanager
    def stage(self, name: str, fits: int = 0) -> Iterator[Fitted]:
        """Show the name of a stage; yield a function to call with the number of fits just done.

        Fits of the stage that turn out to be unnecessary count as done at its end.
        """
        end = self._done + fits
        self._progress.note(name)
        yield self._advance
        self._advance(end - self._done)

    def _advance(self, fits: int) -> None:
        if fits:
            self._done += fits
            self._progress.advance(self._done, self._total)
