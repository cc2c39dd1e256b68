"""The error class of `data`."""

from __future__ import annotations


class DataError(ValueError):
    """A file, folder or table cannot be used; `reason` says why, `remedy` what to do."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason, remedy)
        self.reason = reason
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.reason}; {self.remedy}"
