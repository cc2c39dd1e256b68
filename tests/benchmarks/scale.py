"""Peak memory by number of images, and cells per second, local and through Dask.

``python tests/benchmarks/scale.py`` needs the extra [cluster] and takes some minutes. With
``--folder ../shared/data/all_idb2/img --copies 20`` it only measures the speed on real images: of
the whole run, and of its middle 80 %, which includes neither the start nor the writing of the
table. The speed of the machine is measured before and after each run: the time of scikit-image's
local binary patterns (P8R1) of a synthetic cell of 22,236 pixels, on the same number of cores.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]

PROC = Path("/proc")
DISTINCT_IMAGES = 1000


def memory_of(pid: int, file: str = "status", entry: str = "VmRSS") -> float:
    """Return a memory entry of a process in MB: ``VmRSS``, its peak ``VmHWM``, or ``Pss``."""
    try:
        lines = (PROC / str(pid) / file).read_text("ascii").splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) / 1e3 for line in lines if line.startswith(f"{entry}:"))


class MemoryMonitor:
    """Records the peak memory of this process, of any other in its session, and of all together."""

    def __init__(self) -> None:
        self.others = self.together = 0.0
        self._going = True
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while self._going:
            together = 0.0
            for child in PROC.glob("[0-9]*"):
                pid = int(child.name)
                try:
                    if os.getsid(pid) != os.getsid(0):
                        continue
                except ProcessLookupError:
                    continue
                together += memory_of(pid, "smaps_rollup", "Pss")
                if pid != os.getpid():
                    self.others = max(self.others, memory_of(pid))
            self.together = max(self.together, together)
            time.sleep(0.2)

    def end(self) -> tuple[float, float, float]:
        """Stop; return the three peaks in MB."""
        self._going = False
        self._thread.join()
        return memory_of(os.getpid(), entry="VmHWM"), self.others, self.together


def write_crops(folder: Path, size: int) -> Path:
    """Write different synthetic crops."""
    import numpy as np
    from support.files.synthetic_folders import png

    from data.synthetic import synthetic_cell

    folder.mkdir()
    for number in range(DISTINCT_IMAGES):
        cell = synthetic_cell(np.random.default_rng(number), label="blast", size=size)
        (folder / f"{number:06d}.png").write_bytes(png(cell.rgb))
    return folder


def memory(work: Path, count: int, preset: str) -> None:
    """Extract `count` images (every 1,000th is the same) in a new session; print the memory."""
    os.setsid()
    from pipelines.extract import ExtractSettings, extract

    folder = work / f"n{count}"
    folder.mkdir()
    for number in range(count):
        os.link(
            work / "small" / f"{number % DISTINCT_IMAGES:06d}.png", folder / f"{number:06d}.png"
        )
    watch, started = MemoryMonitor(), time.monotonic()
    done = extract(folder, work / f"n{count}.parquet", ExtractSettings(preset=preset, jobs=1))
    own, other, together = watch.end()
    print(
        f"{count:7d} images, {preset}, {done.failed} failed, {time.monotonic() - started:6.0f} s:"
        f" {own:.0f} MB, its largest worker {other:.0f} MB, all processes {together:.0f} MB"
    )
    shutil.rmtree(folder)


def speed(work: Path, preset: str, count: int) -> None:
    """Print the cells per second with local workers and with a cluster."""
    from support.processes.dask_processes import Cluster

    from pipelines.extract import ExtractSettings, extract

    folder = work / "few"
    folder.mkdir(exist_ok=True)
    for number in range(count):
        shutil.copy(work / "large" / f"{number:06d}.png", folder)
    extract(folder, work / "warm.parquet", ExtractSettings(preset=preset, jobs=2))
    for jobs in (1, 2):
        started = time.monotonic()
        done = extract(folder, work / f"j{jobs}.parquet", ExtractSettings(preset=preset, jobs=jobs))
        seconds = time.monotonic() - started
        print(f"{preset}, {jobs} workers: {done.cells / seconds:.1f} cells/s")
    for workers in (1, 2):
        cluster = Cluster(work / f"cluster{workers}", workers)
        try:
            # In the second run the workers have imported everything.
            for turn in ("cold", "warm"):
                started = time.monotonic()
                out = work / f"c{workers}{turn}.parquet"
                done = extract(
                    folder, out, ExtractSettings(preset=preset, scheduler=cluster.address)
                )
                seconds = time.monotonic() - started
                print(f"{preset}, Dask {workers}, {turn}: {done.cells / seconds:.1f} cells/s")
        finally:
            cluster.close()


def pattern_time_of_jobs(jobs: int) -> float:
    """Return the mean time of `patterns_time` in `jobs` simultaneous processes, in ms."""
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        return sum(pool.map(patterns_time, range(jobs), chunksize=1)) / jobs


def patterns_time(_number: int) -> float:
    """Return the median time of scikit-image's patterns of a synthetic cell, in ms."""
    import numpy as np
    from skimage.feature import local_binary_pattern
    from support.cells.example_cells import textured_cell

    plane = textured_cell(rows=200, cols=210).trimmed().plane("Gray")
    times = []
    for _ in range(151):
        started = time.perf_counter()
        local_binary_pattern(plane, 8, 1, "uniform")
        times.append(time.perf_counter() - started)
    return 1e3 * float(np.median(times))


def real_images_speed(work: Path, folder: Path, copies: int, preset: str) -> None:
    """Print the cells per second on real images, each copied under different checksums."""
    from data.listing.list_images import list_images
    from pipelines.extract import ExtractSettings, extract
    from pipelines.progress import Silence

    class Moments(Silence):
        """Keeps the time of each report of progress."""

        def __init__(self) -> None:
            self.times: list[float] = []

        def advance(self, done: int, total: int, failed: int = 0) -> None:  # noqa: ARG002
            self.times.append(time.monotonic())

    copies_folder = work / "real"
    copies_folder.mkdir()
    images = [entry.path for entry in list_images(folder).entries] * copies
    for number, image in enumerate(images):
        # Equal files are measured once only; decoders ignore bytes after the image.
        content = image.read_bytes() + b"%08d" % number
        (copies_folder / f"{number:06d}{image.suffix}").write_bytes(content)
    for jobs in (1, 2):
        progress = Moments()
        before = pattern_time_of_jobs(jobs)
        started = time.monotonic()
        done = extract(
            copies_folder,
            work / f"real_images_speed{jobs}.parquet",
            ExtractSettings(preset=preset, jobs=jobs),
            progress,
        )
        seconds = time.monotonic() - started
        moments = progress.times
        tenth = len(moments) // 10
        share = (len(moments) - 2 * tenth) / len(moments)
        steady = share * done.cells / (moments[-tenth - 1] - moments[tenth - 1])
        print(
            f"{preset}, {jobs} workers, {done.cells} cells, {done.failed} failed,"
            f" {done.reused} not measured: {done.cells / seconds:.1f} cells/s in the whole run,"
            f" {steady:.1f} in its middle 80 %"
        )
        after = pattern_time_of_jobs(jobs)
        each = 2e3 * jobs / steady / (before + after)
        print(
            f"  scikit-image's patterns took {before:.2f} ms before and {after:.2f} ms after:"
            f" a worker needs {each:.2f} times that per image, from file to row"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, nargs="*", default=[1000, 17_000])
    parser.add_argument("--cells", type=int, default=300)
    parser.add_argument("--preset", default="standard")
    parser.add_argument(
        "--folder", type=Path, help="real_images_speed images, to measure nothing else"
    )
    parser.add_argument("--copies", type=int, default=20)
    chosen = parser.parse_args()
    work_folder = Path(tempfile.mkdtemp())
    if chosen.folder:
        real_images_speed(work_folder, chosen.folder, chosen.copies, chosen.preset)
        shutil.rmtree(work_folder)
        sys.exit()
    write_crops(work_folder / "small", 64)
    for preset in ("minimal", "standard"):
        for images in chosen.images:
            task = (work_folder, images, preset)
            one = multiprocessing.get_context("spawn").Process(target=memory, args=task)
            one.start()
            one.join()
    write_crops(work_folder / "large", 160)
    speed(work_folder, chosen.preset, chosen.cells)
    shutil.rmtree(work_folder)
