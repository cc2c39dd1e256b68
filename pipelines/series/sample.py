"""The images of a sample: what each of them shows on its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING, TypeVar

from ..measurement.measure_image import RefusedImage, decode_and_segment, read_entry, stage
from ..measurement.series import Series, Shape, sides
from ..progress import Progress
from ..workers.pool import LostTask
from ..workers.run_all import run_tasks

if TYPE_CHECKING:
    from data.files.entries import Entry
    from features.segmentation.crop_or_field import ImageEvidence

    from ..measurement.settings import ReadingSettings
    from ..workers.settings import RunSettings

Item = TypeVar("Item")

_NAMED = 3  # images in a message


@dataclass(frozen=True)
class SampledImage:
    """What an image of the sample shows.

    Parameters
    ----------
    entry : Entry
    shape : (int, int)
        Shorter and longer side in pixels.
    evidence : ImageEvidence or None
        None for a cell that is cut out on black, which is a crop without a scale.
    """

    entry: Entry
    shape: Shape
    evidence: ImageEvidence | None

    def is_crop(self, series: Series) -> bool:
        """Whether the image is a crop, with the scale of its series where that is known."""
        if self.evidence is None:
            return True
        return self._at_scale(series, self.evidence).is_crop

    def is_silent(self, series: Series) -> bool:
        """Whether the image is as small as a crop, but no object was found in it."""
        if self.evidence is None or isfinite(self.evidence.off_centre):
            return False
        return self._at_scale(series, self.evidence)._replace(off_centre=0.0).is_crop

    def area(self, series: Series) -> float | None:
        """Return the area in squares of a red cell's diameter."""
        return None if self.evidence is None else self._at_scale(series, self.evidence).area

    def _at_scale(self, series: Series, own: ImageEvidence) -> ImageEvidence:
        red_cell = series.red_cell_of(self.shape) or own.red_cell
        return own._replace(red_cell=red_cell, area=own.area * (own.red_cell / red_cell) ** 2)


@dataclass(frozen=True)
class ImageSampler:
    """The work of a worker: call it with an entry.

    Parameters
    ----------
    reading : ReadingSettings
        Without a series.
    """

    reading: ReadingSettings

    def __call__(self, entry: Entry) -> SampledImage | None:
        """Segment an image on its own; None if it cannot be used: the run itself reports it."""
        try:
            with stage("read"):
                content, _ = read_entry(entry, self.reading.max_bytes)
            rgb, found = decode_and_segment(content, None, replace(self.reading, source="auto"))
        except RefusedImage:
            return None
        return SampledImage(entry, sides(rgb.shape), found.evidence)


def spread(items: Sequence[Item], most: int) -> list[Item]:
    """Return at most so many items, at equal distances in their order."""
    count = min(most, len(items))
    return [items[place * len(items) // count] for place in range(count)]


def examine(
    sampler: ImageSampler, entries: Sequence[Entry], run: RunSettings, progress: Progress
) -> list[SampledImage]:
    """Segment the images of a sample in workers, each on its own; leave out unusable ones."""
    progress.begin("look at a sample", len(entries))
    found: dict[int, SampledImage] = {}
    for done, (index, answer) in enumerate(run_tasks(sampler, entries, run), start=1):
        if answer is not None and not isinstance(answer, LostTask):
            found[index] = answer
        progress.advance(done, len(entries))
    return [found[index] for index in sorted(found)]


def listed(names: Sequence[str]) -> str:
    """Return the first few names, for a message."""
    return ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
