"""Explain: one cell and a model in, a page out that says why the model says what it says."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from data.errors import DataError
from models.errors import ModelError

from .measuring import Measuring, PartNames, Refused, Settings, picture_and_cells, read_entry, stage
from .parts import whole_file
from .predict import named_columns, open_model
from .source import list_source
from .thumbnails import thumbnails
from .training_cells import CELLS
from .wording import FLAGS, percentile_words, value_words

if TYPE_CHECKING:
    import pandas as pd

    from features.segmentation import Found, Segmentation
    from models.bundle import Bundle
    from models.explanation import Contributions
    from models.neighbours import Near
    from models.novelty import Novelty, Strangeness

    from .parts import Part

SHOWN = 10


@dataclass(frozen=True)
class Reason:
    """What one set of correlated features contributes.

    Parameters
    ----------
    words : str
        The value of the leading feature, and where it stands among the training cells.
    feature : str
        Its column.
    others : int
        Features of the set beside it.
    contribution : float
        To the log odds.
    """

    words: str
    feature: str
    others: int
    contribution: float


@dataclass(frozen=True, eq=False)
class CellSheet:
    """What is said of one cell.

    Parameters
    ----------
    number : int
        Within the image, from 1.
    found : Found
        The cell.
    probabilities : tuple of float
        One for each class.
    decided, of, against : str
        The class that it is called; the two that the contributions set against each other.
    calibration : str
        What the probability means.
    reasons : tuple of Reason
        At most ten, the strongest first.
    rest : float
        What all other features contribute; NaN where contributions do not add up.
    explained : Contributions
    strange : Strangeness
    usual : float
        Distance of the training cells that is not remarkable.
    warnings : tuple of str
    nearest : tuple of Near
    pictures : mapping
        JPEG of those of the nearest cells that have one.
    """

    number: int
    found: Found
    probabilities: tuple[float, ...]
    decided: str
    of: str
    against: str
    calibration: str
    reasons: tuple[Reason, ...]
    rest: float
    explained: Contributions
    strange: Strangeness
    usual: float
    warnings: tuple[str, ...]
    nearest: tuple[Near, ...]
    pictures: Mapping[tuple[str, int], bytes]


@dataclass(frozen=True)
class Explanation:
    """What was written.

    Parameters
    ----------
    page : Path
    cells : tuple of CellSheet
    """

    page: Path
    cells: tuple[CellSheet, ...]


def explain(
    model: Path,
    image: Path,
    out: Path,
    *,
    cell: int | None = None,
    masks: Path | None = None,
    mask_is: Literal["nucleus", "cell"] | None = None,
    source: Literal["auto", "crop", "field"] = "auto",
    embedding: str | None = None,
    pixel_size: float | None = None,
    max_pixels: int = 100_000_000,
    max_bytes: int = 1_000_000_000,
) -> Explanation:
    """Write a page with a section for each cell of an image.

    Parameters
    ----------
    model : Path
        Folder of a bundle that `train` wrote.
    image : Path
        One image.
    out : Path
        The page, ``.html``.
    cell : int, optional
        Only this one of several cells, as `extract` numbers them.
    masks, mask_is, source, pixel_size, max_pixels, max_bytes
        As for `extract`.
    embedding : str, optional
        As for `predict`.

    Raises
    ------
    DataError, CellError, ModelError
        If the image, the options or the bundle cannot be used.
    """
    import pandas as pd

    from .explain_page import sheet

    if out.suffix not in {".html", ".htm"}:
        raise DataError(f"{out} ends in {out.suffix!r}", "give .html")
    bundle, network, stain = open_model(model, embedding)
    stored = _Stored.read(model, bundle)
    entries = list_source(image, masks=masks, shared=False).entries
    if len(entries) != 1 or image.is_dir():
        raise DataError(f"{image} is {len(entries)} images", "name one image")
    columns = named_columns(bundle, network)
    settings = Settings(columns, source, mask_is, pixel_size, max_pixels, max_bytes, network, stain)
    try:
        with stage("read"):
            content, mask = read_entry(entries[0], max_bytes)
        rgb, found = picture_and_cells(content, mask, settings)
        part = Measuring(settings, PartNames(Path(), ("", ""))).measure(content, mask)
    except Refused as refused:
        raise DataError(
            f"{image}: {refused.failure.stage}: {refused.failure.reason}", refused.failure.remedy
        ) from refused
    chosen = _chosen(found, cell)
    table = pd.DataFrame(part.values[chosen], columns=list(settings.all_columns))
    cells = stored.sheets(bundle, table, found, part, chosen)
    page = sheet(entries[0].name, rgb, found, cells, bundle, stored.evaluation)
    with whole_file(out) as temporary:
        temporary.write_text(page, encoding="utf-8")
    return Explanation(out, cells)


def _chosen(found: Segmentation, cell: int | None) -> list[int]:
    if cell is None:
        return list(range(len(found.cells)))
    if not 1 <= cell <= len(found.cells):
        raise DataError(
            f"there is no cell {cell}", f"the image has {len(found.cells)}, numbered from 1"
        )
    return [cell - 1]


@dataclass(frozen=True, eq=False)
class _Stored:
    """What a model's folder knows beside the bundle."""

    folder: Path
    evaluation: Mapping[str, Any]
    features: pd.DataFrame
    sets: Mapping[str, Any]
    plain: Mapping[str, str]
    novelty: Novelty

    @classmethod
    def read(cls, model: Path, bundle: Bundle) -> _Stored:
        import numpy as np
        import pandas as pd

        from models.novelty import load_novelty

        remedy = "train the model again"
        try:
            evaluation = json.loads((model / "evaluation.json").read_bytes())
            single = pd.read_csv(model / "importances.csv", keep_default_na=False)
            groups = pd.read_csv(model / "importance_groups.csv", keep_default_na=False)
            single = single.set_index("feature").loc[list(bundle.columns)]
            names = single["cluster"].to_numpy()
            where = {str(name): np.flatnonzero(names == name) for name in dict.fromkeys(names)}
            plain = dict(groups.loc[groups["level"] == "cluster", ["name", "plain"]].to_numpy())
        except (OSError, ValueError, KeyError) as error:
            raise ModelError(f"{model} cannot be read as a model: {error}", remedy) from error
        return cls(model, evaluation, single, where, plain, load_novelty(model))

    def sheets(
        self,
        bundle: Bundle,
        table: pd.DataFrame,
        found: Segmentation,
        part: Part,
        chosen: Sequence[int],
    ) -> tuple[CellSheet, ...]:
        """Say everything of every chosen cell; a row of the table each."""
        from models.bundle import predict_classes, predict_probabilities
        from models.explanation import explain as contributions

        probabilities = predict_probabilities(bundle, table)
        decided = predict_classes(bundle, probabilities)
        medians = self.novelty.reference.medians(bundle.columns)
        explained = contributions(bundle, table, list(self.sets.values()), medians)
        strange = self.novelty.judge(table)
        nearest = self.novelty.neighbours.nearest(table)
        keys = {(one.image, one.cell) for near in nearest for one in near}
        pictures = thumbnails(self.folder / CELLS, keys)
        return tuple(
            CellSheet(
                number=place + 1,
                found=found.cells[place],
                probabilities=tuple(float(share) for share in probabilities[row]),
                decided=decided[row],
                of=bundle.classes[explained[row].of],
                against=bundle.classes[explained[row].against],
                calibration=calibration_words(self.evaluation, bundle, probabilities[row]),
                reasons=self._reasons(bundle, table.iloc[row], explained[row]),
                rest=_rest(explained[row]),
                explained=explained[row],
                strange=strange[row],
                usual=self.novelty.neighbours.usual,
                warnings=_warnings(strange[row], self.novelty, nearest[row], part.quality[place]),
                nearest=tuple(nearest[row]),
                pictures=pictures,
            )
            for row, place in enumerate(chosen)
        )

    def _reasons(
        self, bundle: Bundle, cell: pd.Series[Any], explained: Contributions
    ) -> tuple[Reason, ...]:
        import numpy as np

        duel = [bundle.classes[code] for code in (explained.against, explained.of)]
        reasons = []
        for place in _strongest(explained):
            name, columns = list(self.sets.items())[place]
            own = np.abs(explained.columns[columns])
            feature = name if np.isnan(own).all() else bundle.columns[columns[int(own.argmax())]]
            if name in self.features.index:
                words = self._words(feature, float(cell[feature]), duel)
            else:  # values of a network, which have no names
                words = self.plain[name]
            reasons.append(Reason(words, feature, len(columns) - 1, float(explained.sets[place])))
        return tuple(reasons)

    def _words(self, feature: str, value: float, classes: Sequence[str]) -> str:
        known = self.features.loc[feature]
        said = value_words(feature, str(known["plain"]), str(known["unit"]), value)
        if isnan(value):
            return said
        reference = self.novelty.reference
        placed = [
            percentile_words(reference.percentile(feature, name, value), name) for name in classes
        ]
        placed[1:] = [text.replace(" percentile of ", " of ") for text in placed[1:]]
        return f"{said}: {', '.join(placed)}"


def _strongest(explained: Contributions) -> list[int]:
    """Places of the sets that contribute most, and at all."""
    import numpy as np

    order = np.argsort(-np.abs(explained.sets), kind="stable")[:SHOWN]
    return [int(place) for place in order if explained.sets[place] != 0]


def _rest(explained: Contributions) -> float:
    """Return what is left of the log odds beside the base and the sets that are shown."""
    shown = sum(float(explained.sets[place]) for place in _strongest(explained))
    return explained.log_odds - explained.base - shown


def calibration_words(
    evaluation: Mapping[str, Any], bundle: Bundle, probabilities: Sequence[float]
) -> str:
    """Say what became of cells with about this probability when the model had not seen them."""
    from models.proportion import wilson

    if bundle.positive is None:
        chance, were = max(probabilities), "were of the class that they were called"
    else:
        chance = probabilities[bundle.classes.index(bundle.positive)]
        were = f"were {bundle.positive}"
    bins = evaluation["calibrated"]["bins"]
    own = min(bins, key=lambda one: abs(one["probability"] - chance))
    hits = round(own["share"] * own["cells"])
    low, high = wilson(hits, own["cells"])
    return (
        (
            f"Of the {own['cells']} training cells that were given about this probability (mean "
            f"{own['probability']:.2f}) by a model that had not seen them, {hits} {were}: "
            f"{own['share']:.0%} (95 % interval {low:.0%} to {high:.0%}, Wilson)."
        )
        .replace("%", " %")
        .replace("  %", " %")
    )


def _warnings(
    strange: Strangeness, novelty: Novelty, nearest: Sequence[Near], flags: Mapping[str, bool]
) -> tuple[str, ...]:
    """Say what speaks against trusting the probability of a cell."""
    found = []
    if strange.unlike:
        found.append(
            f"This cell is unlike the training cells: {strange.share:.0%} of its measurements lie "
            f"beyond 99 % of theirs (usual: at most {novelty.reference.usual:.0%}), and its "
            f"distance to the nearest is {strange.distance:.1f} times what is usual. The "
            "probability has no ground to stand on.".replace("%", " %").replace("  %", " %")
        )
    if nearest[0].distance < COPY * novelty.neighbours.usual:
        found.append(
            "A training cell has the same measurements. If it is this cell, the model has learnt "
            "it, and its probability looks better than it is."
        )
    found += [FLAGS[name] for name, raised in flags.items() if raised]
    return tuple(found)


# Share of the usual distance below which two cells are taken for one.
COPY = 1e-3
