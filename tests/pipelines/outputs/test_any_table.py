"""Tables in any spelling, separator, encoding and index form: read as meant, or refused.

10,000 of them: ``PYTHONPATH=.:tests python tests/benchmarks/tables.py --tables 10000``.
"""

from __future__ import annotations

from collections import Counter

import pytest
from support.tables.drawn_outcomes import READ, outcome_of_seed

BATCHES, SIZE = 8, 25


@pytest.mark.parametrize("batch", range(BATCHES))
def test_drawn_tables_are_read_as_meant_or_refused(tmp_path, batch):
    outcomes = Counter(
        outcome_of_seed(seed, tmp_path)[1] for seed in range(batch * SIZE, (batch + 1) * SIZE)
    )
    assert outcomes[READ] >= SIZE // 5
