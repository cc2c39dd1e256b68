"""What images that belong together share: crop or field, and the diameter of a red cell."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Source: TypeAlias = Literal["auto", "crop", "field"]

Shape: TypeAlias = tuple[int, int]


@dataclass(frozen=True)
class Series:
    """What was decided once for a folder; the default leaves everything to each image.

    Parameters
    ----------
    source : {"auto", "crop", "field"}
        Of images whose folder is not in `folders`.
    folders : tuple of (str, source)
        Of the images in a folder and its sub-folders, by its path relative to the input.
    scales : tuple of (shape, float or None)
        Diameter of a red cell in pixels, by the shorter and longer side of the image. None: each
        image measures its own.
    other_scale : float or None
        That of images of other shapes.
    """

    source: Source = "auto"
    folders: tuple[tuple[str, Source], ...] = ()
    scales: tuple[tuple[Shape, float | None], ...] = ()
    other_scale: float | None = None

    def source_of(self, name: str) -> Source:
        """Return whether an image is a crop or a field, by its name relative to the input."""
        known = dict(self.folders)
        for folder in PurePosixPath(name).parents:
            if str(folder) in known:
                return known[str(folder)]
        return self.source

    def red_cell_of(self, shape: Sequence[int]) -> float | None:
        """Return the diameter of a red cell in pixels in an image with some rows and columns."""
        return dict(self.scales).get(sides(shape), self.other_scale)

    def record(self) -> dict[str, Any]:
        """Return this decision as JSON values."""
        return {
            "source": self.source,
            "folders": dict(self.folders),
            "scales": [
                {"sides": list(shape), "red_cell": red_cell} for shape, red_cell in self.scales
            ],
            "other_scale": self.other_scale,
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any] | None) -> Series:
        """Return the decision that a sidecar holds; the default one if it holds none."""
        if record is None:
            return cls()
        return cls(
            record["source"],
            tuple(record["folders"].items()),
            tuple((sides(one["sides"]), one["red_cell"]) for one in record["scales"]),
            record["other_scale"],
        )


# Each image decides for itself.
UNDECIDED = Series()


def sides(shape: Sequence[int]) -> Shape:
    """Return the shorter and the longer side: an image that is turned has the same scale."""
    return min(shape[:2]), max(shape[:2])
