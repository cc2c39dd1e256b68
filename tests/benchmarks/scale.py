"""Peak memory over the number of images, and cells a second alone and through Dask.

``python tests/benchmarks/scale.py`` needs the extra [cluster] and takes some minutes. With
``--folder ../shared/data/all_idb2/img --copies 20`` it only measures cells a second on real
pictures: of the whole run, and between a tenth and nine tenths of it, when it neither starts nor
writes the table. How fast the machine is just then is told by scikit-image's local binary patterns
(P8R1) of a made-up cell of 22,236 pixels, on as many cores at once, before and after each run.
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
DIFFERENT = 1000


def memory_of(pid: int, file: str = "status", entry: str = "VmRSS") -> float:
    """Resident memory of a process in MB; ``VmHWM`` is its peak, ``Pss`` shares what is shared."""
    try:
        lines = (PROC / str(pid) / file).read_text("ascii").splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) / 1e3 for line in lines if line.startswith(f"{entry}:"))


class Watch:
    """Peak memory of this process, of any other in its session, and of all of them together."""

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
        """Stop watching."""
        self._going = False
        self._thread.join()
        return memory_of(os.getpid(), entry="VmHWM"), self.others, self.together


def crops(folder: Path, size: int) -> Path:
    """Write different synthetic crops."""
    import numpy as np
    from support.synthetic_folders import png

    from data.synthetic import synthetic_cell

    folder.mkdir()
    for number in range(DIFFERENT):
        cell = synthetic_cell(np.random.default_rng(number), label="blast", size=size)
        (folder / f"{number:06d}.png").write_bytes(png(cell.rgb))
    return folder


def memory(work: Path, count: int, preset: str) -> None:
    """Extract so many images, every thousandth the same one again, in a fresh session."""
    os.setsid()
    from pipelines.extract import ExtractSettings, extract

    folder = work / f"n{count}"
    folder.mkdir()
    for number in range(count):
        os.link(work / "small" / f"{number % DIFFERENT:06d}.png", folder / f"{number:06d}.png")
    watch, started = Watch(), time.monotonic()
    done = extract(folder, work / f"n{count}.parquet", ExtractSettings(preset=preset, jobs=1))
    own, other, together = watch.end()
    print(
        f"{count:7d} images, {preset}, {done.failed} failed, {time.monotonic() - started:6.0f} s:"
        f" {own:.0f} MB, its largest worker {other:.0f} MB, all processes {together:.0f} MB"
    )
    shutil.rmtree(folder)


def speed(work: Path, preset: str, count: int) -> None:
    """Cells a second, by this machine's workers and by a cluster's."""
    from support.dask_processes import Cluster

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
            # The second time the workers have imported everything.
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


def pace(jobs: int) -> float:
    """Milliseconds of scikit-image's local binary patterns of a cell, so many at once: the mean."""
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        return sum(pool.map(patterns_time, range(jobs), chunksize=1)) / jobs


def patterns_time(_number: int) -> float:
    """Median of half a second or more, in milliseconds."""
    import numpy as np
    from skimage.feature import local_binary_pattern
    from support.example_cells import textured_cell

    plane = textured_cell(rows=200, cols=210).trimmed().plane("Gray")
    times = []
    for _ in range(151):
        started = time.perf_counter()
        local_binary_pattern(plane, 8, 1, "uniform")
        times.append(time.perf_counter() - started)
    return 1e3 * float(np.median(times))


def real(work: Path, folder: Path, copies: int, preset: str) -> None:
    """Cells a second on real pictures, each of them many times under another checksum."""
    from data.listing.list_images import list_images
    from pipelines.extract import ExtractSettings, extract

    many = work / "real"
    many.mkdir()
    pictures = [entry.path for entry in list_images(folder).entries] * copies
    for number, picture in enumerate(pictures):
        # Equal files are measured once; no decoder minds what follows the picture.
        content = picture.read_bytes() + b"%08d" % number
        (many / f"{number:06d}{picture.suffix}").write_bytes(content)
    for jobs in (1, 2):
        moments: list[float] = []
        before = pace(jobs)
        started = time.monotonic()
        done = extract(
            many,
            work / f"real{jobs}.parquet",
            ExtractSettings(preset=preset, jobs=jobs),
            progress=lambda *_, moments=moments: moments.append(time.monotonic()),
        )
        seconds = time.monotonic() - started
        tenth = len(moments) // 10
        share = (len(moments) - 2 * tenth) / len(moments)
        steady = share * done.cells / (moments[-tenth - 1] - moments[tenth - 1])
        print(
            f"{preset}, {jobs} workers, {done.cells} cells, {done.failed} failed,"
            f" {done.reused} not measured: {done.cells / seconds:.1f} cells/s of the whole run,"
            f" {steady:.1f} in the steady state"
        )
        after = pace(jobs)
        each = 2e3 * jobs / steady / (before + after)
        print(
            f"  scikit-image's patterns took {before:.2f} ms before and {after:.2f} after:"
            f" from file to row a picture takes a worker the time of {each:.2f} of them"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, nargs="*", default=[1000, 17_000])
    parser.add_argument("--cells", type=int, default=300)
    parser.add_argument("--preset", default="standard")
    parser.add_argument("--folder", type=Path, help="real pictures, to measure nothing else")
    parser.add_argument("--copies", type=int, default=20)
    chosen = parser.parse_args()
    place = Path(tempfile.mkdtemp())
    if chosen.folder:
        real(place, chosen.folder, chosen.copies, chosen.preset)
        shutil.rmtree(place)
        sys.exit()
    crops(place / "small", 64)
    for preset in ("minimal", "standard"):
        for images in chosen.images:
            task = (place, images, preset)
            one = multiprocessing.get_context("spawn").Process(target=memory, args=task)
            one.start()
            one.join()
    crops(place / "large", 160)
    speed(place, chosen.preset, chosen.cells)
    shutil.rmtree(place)
