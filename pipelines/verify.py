"""Verify: published values, analytic cells and other packages, on the user's own machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import DataError

if TYPE_CHECKING:
    from features import Cell
    from features.verification.peers import PeerComparison
    from features.verification.verify import Agreement

    from .workers.run_all import Failure


@dataclass(frozen=True)
class Verification:
    """Features compared with reference values.

    Parameters
    ----------
    rows : tuple of Agreement
        One for each value.
    """

    rows: tuple[Agreement, ...]

    @property
    def disagreements(self) -> int:
        """Number of values that differ."""
        return sum(not row.agrees for row in self.rows)

    def text(self) -> str:
        """Return one line for each value: feature, oracle, expected and computed value."""
        lines = [f"{'feature':55} {'oracle':22} {'expected':>10} {'computed':>12}"]
        lines += [
            f"{row.title:55} {row.oracle:22} {row.expected:10.4g} {row.computed:12.6g}"
            f"  {'agrees' if row.agrees else 'DIFFERS'}"
            for row in self.rows
        ]
        agreed = len(self.rows) - self.disagreements
        return "\n".join([*lines, f"{agreed} of {len(self.rows)} values agree"])


@dataclass(frozen=True)
class PeerVerification:
    """Features compared with those of mahotas and scikit-image.

    Parameters
    ----------
    cells : int
        Number of cells that were measured.
    source : str
        Where the cells come from.
    comparisons : tuple of PeerComparison
        One for each function of a package.
    missing : tuple of str
        Packages that cannot be imported here.
    refused : tuple of (str, Failure)
        Images that could not be used, by name.
    """

    cells: int
    source: str
    comparisons: tuple[PeerComparison, ...]
    missing: tuple[str, ...] = ()
    refused: tuple[tuple[str, Failure], ...] = field(default=())

    @property
    def disagreements(self) -> int:
        """Number of features that disagree with a package."""
        return self._count("DIFFERS")

    def _count(self, verdict: str) -> int:
        return sum(row.verdict == verdict for one in self.comparisons for row in one.rows)

    def text(self) -> str:
        """Return a table for each function: feature, both values, difference and verdict."""
        lines = [
            f"{self.cells} cell{'s' * (self.cells > 1)} of {self.source}. A row has the values of"
            " the largest relative difference; times are medians for one cell and its nucleus.",
            *(f"not measured: {name}: {one.reason}" for name, one in self.refused),
            *(
                f"{name} cannot be imported here and is left out: pip install {name}"
                for name in self.missing
            ),
        ]
        for comparison in self.comparisons:
            lines += ["", *_comparison_lines(comparison)]
        total = sum(len(one.rows) for one in self.comparisons)
        return "\n".join(
            [
                *lines,
                "",
                f"{self._count('OK')} of {total} comparisons agree,"
                f" {self._count('differs by convention')} differ by convention,"
                f" {self.disagreements} disagree",
            ]
        )


def _comparison_lines(comparison: PeerComparison) -> Iterator[str]:
    """Yield the lines of one function of a package."""
    from importlib.metadata import version

    package = comparison.function.package
    yield (
        f"{package} {version(package)}, {comparison.function.function}:"
        f" ours {comparison.ours:.2f} ms, {package} {comparison.peer:.2f} ms"
    )
    yield f"  {'feature':66} {'peer':35} {'ours':>11} {package:>12} {'difference':>10}"
    for row in comparison.rows:
        yield (
            f"  {row.title:66} {row.row.name:35} {row.ours:11.6g} {row.peer:12.6g}"
            f" {row.difference:10.1g}  {row.verdict}"
        )
        if row.verdict == "differs by convention":
            yield f"    {row.row.convention}"


def verify() -> Verification:
    """Measure the IBSI digital phantom and the analytic cells with this installation."""
    from features.verification.verify import check_analytic_cells, check_phantom

    return Verification((*check_phantom(), *check_analytic_cells()))


def verify_peers(images: Path | str | None, sample: int) -> PeerVerification:
    """Measure cells with this installation and with mahotas and scikit-image.

    Parameters
    ----------
    images : Path, str or None
        As for `extract`: a folder, a manifest, an image or a URL. None: synthetic cells.
    sample : int
        Largest number of cells, from images drawn at random with a fixed seed.

    Raises
    ------
    DataError
        If there are no images, or none has a cell.
    """
    import cv2

    from features.verification.peers import compare_with_peers, missing_packages

    refused: list[tuple[str, Failure]] = []
    found = _synthetic_cells(sample) if images is None else _cells_of(images, refused)
    cells = list(islice(found, sample))
    if not cells:
        reasons = "; ".join(f"{name}: {one.reason}" for name, one in refused[:3])
        raise DataError(f"no cell was found in {images} ({reasons})", "give other images")
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)  # one thread each, as in a worker of `extract`
    try:
        comparisons = compare_with_peers(cells)
    finally:
        cv2.setNumThreads(threads)
    source = "data/synthetic.py" if images is None else str(images)
    return PeerVerification(len(cells), source, comparisons, missing_packages(), tuple(refused))


def _synthetic_cells(count: int) -> Iterator[Cell]:
    """Yield synthetic cells with their true masks, one of each subject."""
    from data.synthetic import synthetic_smear
    from features import Cell
    from features.colour.standardisation import background_colour, standardise

    for drawn in synthetic_smear(0, subjects=count, cells_per_subject=1):
        cell = Cell(drawn.rgb, drawn.nucleus, drawn.cell)
        yield standardise(cell, "standard", background_colour(drawn.rgb))


def _cells_of(images: Path | str, refused: list[tuple[str, Failure]]) -> Iterator[Cell]:
    """Yield the cells of images in random order, in the colours that `extract` measures.

    Images that cannot be used are added to `refused`.
    """
    import numpy as np

    from features.colour.standardisation import background_colour, standardise

    from .measurement.measure_image import RefusedImage, decode_and_segment, read_entry, stage
    from .measurement.settings import MeasurementSettings, ReadingSettings
    from .measurement.source import list_source
    from .series.decision import decide_series
    from .workers.settings import RunSettings

    listing = list_source(images, masks=None, shared=False)
    decision = decide_series(listing, ReadingSettings(), RunSettings())
    settings = MeasurementSettings((), ReadingSettings(series=decision.series))
    entries = listing.entries
    for place in np.random.default_rng(0).permutation(len(entries)):
        entry = entries[place]
        try:
            with stage("read"):
                content, mask = read_entry(entry, settings.reading.max_bytes)
            rgb, found = decode_and_segment(content, mask, settings.reading.of_image(entry))
        except RefusedImage as error:
            refused.append((entry.name, error.failure))
            continue
        slide = background_colour(rgb)
        for one in found.kept(settings.reading.kinds).cells:
            yield standardise(one.cell, settings.stain, slide)
