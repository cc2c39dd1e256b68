"""Decide once for a folder whether its images are crops or fields, and how large a red cell is.

A sample of the images is segmented, each on its own. What most of them show counts for all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from ..measurement.series import Series, Source
from ..progress import SILENCE, Progress
from .sample import ImageSampler, SampledImage, examine, listed, spread
from .scale import LEAST, SeriesDecision, decide_scales

if TYPE_CHECKING:
    from data.files.entries import Entry, Listing

    from ..measurement.settings import ReadingSettings
    from ..workers.settings import RunSettings

SAMPLE = 48  # images of a folder
_SAMPLE_OF_FOLDER = 12  # if the folders must be told apart
_MOST_FOLDERS = 20
_AGREED = 0.9  # share of the sampled images


def decide_series(
    listing: Listing,
    reading: ReadingSettings,
    run: RunSettings,
    progress: Progress = SILENCE,
) -> SeriesDecision:
    """Decide what the images of a listing share.

    What the user, a data set or a mask states is not decided here. The sample is spread evenly
    over the listing; it depends on nothing else, so that the decision is the same for any number
    of workers.

    Parameters
    ----------
    listing : Listing
    reading : ReadingSettings
    run : RunSettings
    progress : Progress
        Shows a step for the sample.

    Returns
    -------
    SeriesDecision
        Without lines if fewer than 3 images can be sampled, or nothing is left to decide.
    """
    free = [entry for entry in listing.entries if entry.mask_place is None]
    scale_is_free = reading.red_cell is None and reading.pixel_size is None
    unknown = {entry.name for entry in free if reading.of_image(entry).source == "auto"}
    if not scale_is_free:
        free = [entry for entry in free if entry.name in unknown]
    if len(free) < LEAST:
        return SeriesDecision()
    sampler = ImageSampler(reading.reading())
    sample = examine(sampler, spread(free, SAMPLE), run, progress)
    if len(sample) < LEAST:
        return SeriesDecision()
    decision = decide_scales(sample) if scale_is_free else SeriesDecision()
    undecided = _that_show_something(
        [one for one in sample if one.entry.name in unknown], decision.series
    )
    if not undecided:
        return decision
    source = agreed_source(undecided, decision.series)
    if source != "auto":
        series = replace(decision.series, source=source)
        line = _source_line(source, undecided, decision.series)
        return replace(decision, series=series, lines=(line, *decision.lines))
    rest = [entry for entry in free if entry.name in unknown]
    return _decide_by_folder(decision, rest, undecided, sampler, run, progress)


def _that_show_something(sample: list[SampledImage], series: Series) -> list[SampledImage]:
    """Leave out small images without an object, which may be crops of a pale cell, or empty."""
    return [one for one in sample if not one.is_silent(series)]


def agreed_source(sample: Sequence[SampledImage], series: Series) -> Source:
    """Return what at least nine of ten images are; ``auto`` if they disagree."""
    crops = sum(one.is_crop(series) for one in sample)
    if crops >= _AGREED * len(sample):
        return "crop"
    return "field" if len(sample) - crops >= _AGREED * len(sample) else "auto"


def _source_line(source: Source, sample: Sequence[SampledImage], series: Series) -> str:
    """Say what the images are, and by what evidence."""
    crops = sum(one.is_crop(series) for one in sample)
    areas = [area for one in sample if (area := one.area(series)) is not None]
    low, high = np.percentile(areas, (25, 75)) if areas else (0, 0)
    size = f" (quartiles {low:.0f} to {high:.0f} squares of a red cell's diameter)" if areas else ""
    if source == "crop":
        return (
            f"crop: {crops} of {len(sample)} sampled images are small{size} with a cell in the"
            " middle"
        )
    return (
        f"field: {len(sample) - crops} of {len(sample)} sampled images are large{size} or have no"
        " cell in the middle"
    )


def _decide_by_folder(
    decision: SeriesDecision,
    entries: Sequence[Entry],
    known: Sequence[SampledImage],
    sampler: ImageSampler,
    run: RunSettings,
    progress: Progress,
) -> SeriesDecision:
    """Decide crop or field for each folder, as the images of all folders disagree."""
    whole = decision.series
    folders = _folders(entries)
    if not 1 < len(folders) <= _MOST_FOLDERS:
        series = replace(whole, source="field")
        line = _source_line("field", known, whole)
        warnings = (*decision.warnings, _mixed_words("the sampled images", known, whole))
        return SeriesDecision(series, (line, *decision.lines), warnings)
    names = {one.entry.name for one in known}
    more = [
        entry
        for inside in folders.values()
        for entry in spread(inside, _SAMPLE_OF_FOLDER)
        if entry.name not in names
    ]
    seen_now = examine(sampler, more, run, progress) if more else []
    sample = [*known, *_that_show_something(seen_now, whole)]
    sources: list[tuple[str, Source]] = []
    lines: list[str] = []
    doubts = list(decision.warnings)
    for folder, inside in folders.items():
        own = {entry.name for entry in inside}
        seen = [one for one in sample if one.entry.name in own]
        source = agreed_source(seen, whole) if seen else "auto"
        if source == "auto" and seen:
            doubts.append(_mixed_words(f"the sampled images of {folder}", seen, whole))
            source = "field"
        sources.append((folder, source))
        if seen:
            lines.append(f"{folder}: {_source_line(source, seen, whole)}")
    series = replace(whole, folders=tuple(sources))
    return SeriesDecision(series, (*lines, *decision.lines), tuple(doubts))


def _folders(entries: Sequence[Entry]) -> dict[str, list[Entry]]:
    """Group images by their folder, or by the first folder of their path if there are many."""
    by_folder: dict[str, list[Entry]] = {}
    by_first: dict[str, list[Entry]] = {}
    for entry in entries:
        path = PurePosixPath(entry.name)
        by_folder.setdefault(str(path.parent), []).append(entry)
        by_first.setdefault(path.parts[0] if len(path.parts) > 1 else ".", []).append(entry)
    return by_folder if len(by_folder) <= _MOST_FOLDERS else by_first


def _mixed_words(what: str, sample: Sequence[SampledImage], series: Series) -> str:
    crops = [one.entry.name for one in sample if one.is_crop(series)]
    fields = [one.entry.name for one in sample if not one.is_crop(series)]
    return (
        f"{what} are {len(crops)} crops ({listed(crops)}) and {len(fields)} fields"
        f" ({listed(fields)}); all are treated as fields: give --source, or separate them"
    )
