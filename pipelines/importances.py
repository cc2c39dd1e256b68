"""Importances: print and draw which features matter to a stored model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from models.errors import ModelError

from .html.wording import measure_name
from .outputs.atomic import whole_file

if TYPE_CHECKING:
    import pandas as pd

    from models.plots.importance_plot import FileFormat

Level = Literal["cluster", "family", "compartment", "feature"]
_HEADINGS: dict[Level, str] = {
    "cluster": "Clusters of correlated features [number of features]",
    "family": "Families [number of features]",
    "compartment": "Compartments [number of features]",
    "feature": "Single features",
}
_FILES: dict[Level, str] = {
    "cluster": "importance_groups.csv",
    "family": "importance_groups.csv",
    "compartment": "importance_groups.csv",
    "feature": "importances.csv",
}

_FORMATS: dict[str, FileFormat] = {".png": "png", ".svg": "svg", ".pdf": "pdf"}


@dataclass(frozen=True, eq=False)
class Importances:
    """The leading rows of what `train` stored.

    Parameters
    ----------
    level : {"cluster", "family", "compartment", "feature"}
    measures : mapping of str to str
        Each measure's name and its meaning, the one that the rows are sorted by first.
    table : DataFrame
        All rows of the level, largest first: ``title, plain``; ``feature`` of single features,
        ``members`` of groups; ``<measure>_mean``, ``<measure>_sd`` (over folds) and
        ``<measure>_rank`` (1 is the largest).
    top : int
        How many rows are shown.
    plot : Path or None
        The figure that was written.
    """

    level: Level
    measures: dict[str, str]
    table: pd.DataFrame
    top: int
    plot: Path | None

    def text(self) -> str:
        """Return the rows as text for a terminal."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        names = [measure_name(name) for name in self.measures]
        yield f"{_HEADINGS[self.level]}, by {names[0]}"
        yield "Mean +- standard deviation over folds (rank) of:"
        for name, meaning in zip(names, self.measures.values(), strict=True):
            yield f"  {name}: {meaning}"
        yield ""
        shown = self.table.head(self.top)
        values = [_values(shown, measure) for measure in self.measures]
        for number, row in enumerate(shown.to_dict("records")):
            count = f" [{row['members']}]" if "members" in row else ""
            gloss = "" if row["plain"] == row["title"] else f": {row['plain']}"
            yield f"{row['title']}{count}{gloss}"
            texts = (f"{name} {each[number]}" for name, each in zip(names, values, strict=True))
            yield f"    {'   '.join(texts)}".rstrip()
            if "feature" in row:
                yield f"    {row['feature']}"
        more = len(self.table) - len(shown)
        if more:
            yield f"{more} not shown: --top {len(self.table)} shows all"


def _values(shown: pd.DataFrame, measure: str) -> list[str]:
    """Return mean, standard deviation and rank of each row, in equal widths."""
    columns = (shown[f"{measure}_{part}"] for part in ("mean", "sd", "rank"))
    texts = [f"{mean:7.4f} +-{sd:.4f} ({rank})" for mean, sd, rank in zip(*columns, strict=True)]
    width = max(map(len, texts), default=0)
    return [text.ljust(width) for text in texts]


def importances(
    model: Path, *, by: Level = "cluster", top: int = 15, plot: Path | None = None
) -> Importances:
    """Read the importances that `train` stored, and draw the leading ones.

    Parameters
    ----------
    model : Path
        Folder of a model.
    by : {"cluster", "family", "compartment", "feature"}
        What to rank: clusters of correlated features, families, compartments, or single features.
    top : int
        Rows to show.
    plot : Path, optional
        Figure to write, ``.png``, ``.svg`` or ``.pdf``.

    Raises
    ------
    ModelError
        If the folder is no model, or an earlier version stored it without what is shown here.
    DataError
        If the figure cannot be written.
    """
    from models.plots.importance_plot import AXIS_LABELS, importance_picture

    file_format = None if plot is None else _file_format(plot)
    table = _read(model, by)
    measures = [name.removesuffix("_mean") for name in table.columns if name.endswith("_mean")]
    for name in measures:
        ranks = table[f"{name}_mean"].rank(ascending=False, method="min")
        table[f"{name}_rank"] = ranks.astype(int)
    if plot is not None and file_format is not None:
        title = f"{_HEADINGS[by]}: mean and standard deviation over folds"
        picture = importance_picture(table, title=title, top=top, file_format=file_format)
        with whole_file(plot) as temporary:
            temporary.write_bytes(picture)
    return Importances(by, {name: AXIS_LABELS[name] for name in measures}, table, top, plot)


def _read(model: Path, level: Level) -> pd.DataFrame:
    """Read the rows of a level."""
    import pandas as pd

    from models.storage.bundle import stored_training

    stored_training(model)
    path = model / _FILES[level]
    remedy = "train the model again with this version"
    try:
        table = pd.read_csv(path, keep_default_na=False)
    except FileNotFoundError as error:
        raise ModelError(f"{path} is missing", remedy) from error
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read: {error}", remedy) from error
    wanted = ["title", "plain", *(["feature"] if level == "feature" else ["level", "members"])]
    lacking = [name for name in wanted if name not in table.columns]
    if lacking:
        raise ModelError(
            f"{path} was written by an earlier version and has no column {lacking[0]!r}", remedy
        )
    if level == "feature":
        return table
    rows = table[table["level"] == level].reset_index(drop=True)
    return rows if level != "family" else _with_family_titles(rows)


def _with_family_titles(rows: pd.DataFrame) -> pd.DataFrame:
    """Add what each family measures."""
    from features import FAMILIES

    glosses = [
        FAMILIES[name].title if name in FAMILIES else plain
        for name, plain in zip(rows["name"], rows["plain"], strict=True)
    ]
    return rows.assign(plain=glosses)


def _file_format(plot: Path) -> FileFormat:
    """Return the format that the ending of a file stands for."""
    try:
        return _FORMATS[plot.suffix.lower()]
    except KeyError as error:
        raise ModelError(f"{plot} ends in {plot.suffix!r}", "give .png, .svg or .pdf") from error
