"""The explanation of one cell: probability, reasons, warnings, and nearest training cells."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.errors import ModelError

from ..html.number_text import percent
from ..html.wording import FLAGS, percentile_words, value_words
from ..outputs.thumbnails import read_thumbnails
from ..training.stored_cells import CELLS

if TYPE_CHECKING:
    import pandas as pd

    from features.segmentation.segment import FoundCell, Segmentation
    from models.explanation.contributions import Contributions
    from models.explanation.nearest_cells import NearestCell
    from models.explanation.novelty import Novelty, NoveltyScore
    from models.storage.bundle import Bundle

    from ..measurement.image_record import ImageRecord

MOST_REASONS = 10
# Share of the usual distance below which two cells count as the same cell.
SAME_CELL = 1e-3
_SHOWN = ["title", "plain", "unit", "cluster"]


@dataclass(frozen=True)
class Reason:
    """What one set of correlated features contributes.

    Parameters
    ----------
    title : str
        Standard name of the feature that contributes most.
    words : str
        What the feature means, its value, and the percentiles among the training cells.
    feature : str
        Its column; empty where the set has no names.
    others : int
        The number of other features of the set.
    contribution : float
        To the log odds.
    """

    title: str
    words: str
    feature: str
    others: int
    contribution: float


@dataclass(frozen=True, eq=False)
class CellSheet:
    """The explanation of one cell.

    Parameters
    ----------
    number : int
        Within the image, from 1.
    found : Found
        The cell.
    probabilities : tuple of float
        One for each class.
    decided, of, against : str
        The predicted class; the two classes that the contributions compare.
    calibration : str
        What the probability means.
    reasons : tuple of Reason
        At most ten, the strongest first.
    rest : float
        What all other features contribute; NaN where contributions do not add up.
    explained : Contributions
    novelty : NoveltyScore
    usual : float
        Distance that 99 of 100 training cells do not exceed.
    warnings : tuple of str
    nearest : tuple of NearestCell
    pictures : mapping
        JPEG of those of the nearest cells that have one.
    """

    number: int
    found: FoundCell
    probabilities: tuple[float, ...]
    decided: str
    of: str
    against: str
    calibration: str
    reasons: tuple[Reason, ...]
    rest: float
    explained: Contributions
    novelty: NoveltyScore
    usual: float
    warnings: tuple[str, ...]
    nearest: tuple[NearestCell, ...]
    pictures: Mapping[tuple[str, int], bytes]


@dataclass(frozen=True, eq=False)
class ModelRecords:
    """Records of a model, in addition to the bundle, that explanations need.

    Parameters
    ----------
    folder : Path
    evaluation : mapping
        As ``evaluation.json`` holds it.
    features : DataFrame
        Title, plain name, unit and cluster of each column of the model.
    sets : mapping of str to (k,) int64
        Columns of each cluster of correlated features.
    plain : mapping of str to str
        Clusters in plain words.
    novelty : Novelty
    """

    folder: Path
    evaluation: Mapping[str, Any]
    features: pd.DataFrame
    sets: Mapping[str, Any]
    plain: Mapping[str, str]
    novelty: Novelty

    @classmethod
    def read(cls, model: Path, bundle: Bundle) -> ModelRecords:
        """Read a model's folder.

        Raises
        ------
        ModelError
            If a file is missing or does not fit the bundle.
        """
        import numpy as np
        import pandas as pd

        from models.explanation.novelty import load_novelty

        remedy = "train the model again"
        try:
            evaluation = json.loads((model / "evaluation.json").read_bytes())
            single = pd.read_csv(model / "importances.csv", keep_default_na=False)
            groups = pd.read_csv(model / "importance_groups.csv", keep_default_na=False)
            single = single.set_index("feature").loc[list(bundle.columns), _SHOWN]
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
        part: ImageRecord,
        chosen: Sequence[int],
    ) -> tuple[CellSheet, ...]:
        """Explain every chosen cell; each has a row in the table."""
        from models.explanation.contributions import explain as contributions
        from models.storage.bundle import predict_classes, predict_probabilities

        probabilities = predict_probabilities(bundle, table)
        decided = predict_classes(bundle, probabilities)
        medians = self.novelty.reference.medians(bundle.columns)
        explained = contributions(bundle, table, list(self.sets.values()), medians)
        scores = self.novelty.scores(table)
        nearest = self.novelty.nearest_cells.nearest(table)
        keys = {(one.image, one.cell) for near in nearest for one in near}
        pictures = read_thumbnails(self.folder / CELLS, keys)
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
                novelty=scores[row],
                usual=self.novelty.nearest_cells.usual,
                warnings=cell_warnings(
                    scores[row], self.novelty, nearest[row], decided[row], part.quality[place]
                ),
                nearest=tuple(nearest[row]),
                pictures=pictures,
            )
            for row, place in enumerate(chosen)
        )

    def _reasons(
        self, bundle: Bundle, cell: pd.Series[Any], explained: Contributions
    ) -> tuple[Reason, ...]:
        import numpy as np

        compared = [bundle.classes[code] for code in (explained.against, explained.of)]
        reasons = []
        for place in _strongest(explained):
            name, columns = list(self.sets.items())[place]
            own = np.abs(explained.columns[columns])
            feature = name if np.isnan(own).all() else bundle.columns[columns[int(own.argmax())]]
            if name in self.features.index:
                title = str(self.features.loc[feature, "title"])
                words = self._words(feature, float(cell[feature]), compared)
            else:  # values of a network, which have no names
                title, words, feature = name, self.plain[name], ""
            reasons.append(
                Reason(title, words, feature, len(columns) - 1, float(explained.sets[place]))
            )
        return tuple(reasons)

    def _words(self, feature: str, value: float, classes: Sequence[str]) -> str:
        known = self.features.loc[feature]
        wording = value_words(feature, str(known["plain"]), str(known["unit"]), value)
        if isnan(value):
            return wording
        reference = self.novelty.reference
        placed = [
            percentile_words(reference.percentile(feature, name, value), name) for name in classes
        ]
        placed[1:] = [text.replace(" percentile of ", " of ") for text in placed[1:]]
        return f"{wording}: {', '.join(placed)}"


def _strongest(explained: Contributions) -> list[int]:
    """Places of the sets that contribute most, and at all."""
    import numpy as np

    order = np.argsort(-np.abs(explained.sets), kind="stable")[:MOST_REASONS]
    return [int(place) for place in order if explained.sets[place] != 0]


def _rest(explained: Contributions) -> float:
    """Return the log odds without the base value and the sets that are shown."""
    shown = sum(float(explained.sets[place]) for place in _strongest(explained))
    return explained.log_odds - explained.base - shown


def calibration_words(
    evaluation: Mapping[str, Any], bundle: Bundle, probabilities: Sequence[float]
) -> str:
    """Say how often unseen training cells with about this probability were of the class."""
    from models.metrics.wilson import wilson

    if bundle.positive is None:
        chance, were = max(probabilities), "were of the predicted class"
    else:
        chance = probabilities[bundle.classes.index(bundle.positive)]
        were = f"were {bundle.positive}"
    bins = evaluation["calibrated"]["bins"]
    own = min(bins, key=lambda one: abs(one["probability"] - chance))
    hits = round(own["share"] * own["cells"])
    low, high = wilson(hits, own["cells"])
    return (
        f"Of the {own['cells']} training cells with about this probability (mean "
        f"{own['probability']:.2f}) from a model that had not seen them, {hits} {were}: "
        f"{percent(own['share'])} (95 % interval {percent(low)} to {percent(high)}, Wilson)."
    )


def cell_warnings(
    score: NoveltyScore,
    novelty: Novelty,
    nearest: Sequence[NearestCell],
    decided: str,
    flags: Mapping[str, bool],
) -> tuple[str, ...]:
    """Return the reasons not to trust the probability of a cell, a sentence or two each."""
    found = []
    if score.unlike:
        found.append(
            f"This cell is unlike the training cells: {percent(score.share)} of its measurements "
            "are outside the range of 99 % of the training cells (usual: at most "
            f"{percent(novelty.reference.usual)}), and its distance to the nearest training cells "
            f"is {score.distance:.1f} times the usual maximum. The probability is not reliable."
        )
    if nearest[0].distance < SAME_CELL * novelty.nearest_cells.usual:
        found.append(
            "A training cell has the same measurements. If it is this cell, the model was trained "
            "on it, and the probability is too optimistic."
        )
    same = sum(one.label == decided for one in nearest)
    if 2 * same < len(nearest):
        found.append(
            f"The nearest training cells disagree: {same} of {len(nearest)} are {decided}."
        )
    found += [FLAGS[name] for name, raised in flags.items() if raised]
    return tuple(found)
