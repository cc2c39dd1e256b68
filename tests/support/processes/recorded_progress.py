"""Progress that keeps what was reported, for tests."""

from __future__ import annotations


class RecordedProgress:
    """Keeps the steps, the notes and the counts in the order in which they were reported."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, int | None, str]] = []
        self.notes: list[str] = []
        self.counts: list[tuple[int, int, int]] = []

    def begin(self, step: str, total: int | None = None, unit: str = "images") -> None:
        """Keep a step."""
        self.steps.append((step, total, unit))

    def note(self, text: str) -> None:
        """Keep a note."""
        self.notes.append(text)

    def advance(self, done: int, total: int, failed: int = 0) -> None:
        """Keep the counts."""
        self.counts.append((done, total, failed))

    def finish(self) -> None:
        """Do nothing: the next step begins or there is none."""
