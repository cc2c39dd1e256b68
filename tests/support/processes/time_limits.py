"""A time limit that only one task can reach, so that a slow machine loses no other task."""

from __future__ import annotations

import pytest

from pipelines.workers import pool


def limit_only_task(index: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Apply the time limit of a pool to the task with this index only."""
    is_overdue = pool._Worker.is_overdue

    def is_overdue_with_task(worker: pool._Worker[object], time_limit: float) -> bool:
        return is_overdue(worker, time_limit) and worker.queue[0] == index

    monkeypatch.setattr(pool._Worker, "is_overdue", is_overdue_with_task)
