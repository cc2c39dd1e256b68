"""Read many drawn tables and manifests; print what came of them, and stop at a silent change.

PYTHONPATH=.:tests python tests/benchmarks/tables.py --tables 10000
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from pathlib import Path

from support.tables.drawn_outcomes import outcome_of_seed

# Tables after which a line is printed.
_REPORT = 500


def main() -> None:
    """Print the number of each outcome, and the seeds that crash or change something."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="First seed.")
    options = parser.parse_args()
    outcomes: Counter[str] = Counter()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(options.first, options.first + options.tables):
            if (done := seed - options.first) and done % _REPORT == 0:
                print(f"{done} tables in {time.monotonic() - started:.0f} s: {dict(outcomes)}")
            try:
                outcomes[outcome_of_seed(seed, Path(folder))[1]] += 1
            except Exception as error:  # noqa: BLE001  (every failure is to be listed)
                outcomes["WRONG"] += 1
                print(f"seed {seed}: {type(error).__name__}: {str(error)[:300]}")
    for name, count in outcomes.most_common():
        print(f"{count:7d} {name}")
    print(f"{time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
