"""The error of `features`."""

from __future__ import annotations


class CellError(ValueError):
    """Pixels, masks or columns that cannot be measured.

    Parameters
    ----------
    reason : str
        The value seen, and what is wrong with it.
    remedy : str
        The value expected, or what to do.
    """

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason, remedy)
        self.reason = reason
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.reason}; {self.remedy}"
