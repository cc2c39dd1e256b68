"""How work is run: the number of workers, and what each of them may use."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """How work is run.

    Parameters
    ----------
    jobs : int
        Worker processes on this machine.
    time_limit : float
        Seconds that one image may take.
    memory_limit : float, optional
        Memory of a worker in GB (10^9 bytes), enforced on Linux only; by default each worker
        gets an equal share of the machine's memory.
    scheduler : str, optional
        Address of a Dask scheduler (``tcp://host:8786``) whose workers do the work instead. They
        must see the images and the output's folder under the same paths. `jobs` and
        `memory_limit` do not apply.
    fail_fast : bool
        Stop at the first image that fails.
    """

    jobs: int = 1
    time_limit: float = 300.0
    memory_limit: float | None = None
    scheduler: str | None = None
    fail_fast: bool = False
