"""Verify: the published phantom and closed forms, on the user's own machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from features.verification.verify import Agreement


@dataclass(frozen=True)
class Verification:
    """What was compared.

    Parameters
    ----------
    rows : tuple of Agreement
        Features beside their oracles.
    """

    rows: tuple[Agreement, ...]

    @property
    def disagreements(self) -> int:
        """How many differ."""
        return sum(not row.agrees for row in self.rows)

    def text(self) -> str:
        """Return a line a comparison: feature, oracle, expected, got, agreement."""
        lines = [f"{'feature':55} {'oracle':22} {'expected':>10} {'got':>12}"]
        lines += [
            f"{row.feature:55} {row.oracle:22} {row.expected:10.4g} {row.got:12.6g}"
            f"  {'agrees' if row.agrees else 'DIFFERS'}"
            for row in self.rows
        ]
        agreed = len(self.rows) - self.disagreements
        return "\n".join([*lines, f"{agreed} of {len(self.rows)} values agree"])


def verify() -> Verification:
    """Run the IBSI digital phantom and the analytic forms through this installation."""
    from features.verification.verify import forms, phantom

    return Verification((*phantom(), *forms()))
