"""The error that `models` raises."""

from __future__ import annotations


class ModelError(ValueError):
    """A table or a bundle cannot be used; holds the reason and the remedy."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason, remedy)
        self.reason = reason
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.reason}; {self.remedy}"
