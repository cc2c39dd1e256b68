"""Limit the memory of a worker, so that a hostile image fails without harm to the others."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup/memory.max")
_SHARE = 0.9


def machine_memory() -> int | None:
    """Return the memory of this machine or container in bytes, None where it is unknown."""
    if sys.platform == "win32" or "SC_PHYS_PAGES" not in os.sysconf_names:
        return None
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        allowed = _CGROUP.read_text("ascii").strip()
    except OSError:
        return memory
    return min(memory, int(allowed)) if allowed.isdigit() else memory


def worker_memory(gigabytes: float | None, jobs: int) -> int | None:
    """Return the memory that each worker may use, in bytes.

    Parameters
    ----------
    gigabytes : float, optional
        Limit of each worker in GB (10^9 bytes); by default an equal share of nine tenths of the
        machine's memory.
    jobs : int
        Number of workers.
    """
    if gigabytes is not None:
        return int(gigabytes * 1e9)
    memory = machine_memory()
    return None if memory is None else int(memory * _SHARE / jobs)


def limit_memory(limit: int | None) -> None:
    """Limit the memory of this process to a number of bytes, on Linux only.

    Linux counts all private memory (``RLIMIT_DATA``). An allocation beyond the limit fails at
    once, with a MemoryError or the abort of a native library.
    """
    if limit is None or sys.platform != "linux":
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
