"""How all contenders are judged."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Protocol:
    """How all contenders are judged: arguments of `models.learning.cross_validation`."""

    folds: int
    repeats: int
    seed: int
    jobs: int
