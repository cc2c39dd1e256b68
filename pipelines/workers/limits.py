"""How much memory a worker may use: a fair share, so that a hostile image costs itself only."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup/memory.max")
_SHARE = 0.9


def machine_memory() -> int | None:
    """Return the bytes of memory that this machine or container has, None where it is not told."""
    if sys.platform == "win32" or "SC_PHYS_PAGES" not in os.sysconf_names:
        return None
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        allowed = _CGROUP.read_text("ascii").strip()
    except OSError:
        return memory
    return min(memory, int(allowed)) if allowed.isdigit() else memory


def worker_memory(gigabytes: float | None, jobs: int) -> int | None:
    """Return the bytes that each of several workers may use.

    Parameters
    ----------
    gigabytes : float, optional
        What the user allows a worker, in units of 10^9 bytes; an equal share of nine tenths of
        the machine's memory if left out.
    jobs : int
        Number of workers.
    """
    if gigabytes is not None:
        return int(gigabytes * 1e9)
    memory = machine_memory()
    return None if memory is None else int(memory * _SHARE / jobs)


def limit_memory(limit: int | None) -> None:
    """Let this process allocate no more than so many bytes, where the system can hold it to that.

    Linux counts all private memory (``RLIMIT_DATA``), so that an allocation beyond the limit
    fails at once, as a MemoryError or as the abort of a native library. Other systems do not.
    """
    if limit is None or sys.platform != "linux":
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
