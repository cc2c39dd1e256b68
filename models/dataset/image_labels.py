"""Labels of images that show several cells: they are not the labels of each of these cells."""

from __future__ import annotations

import pandas as pd

from ..errors import ModelError

IMAGE_LABEL = "Metadata_ImageLabel"
CELL_LABEL = "Metadata_Label"
IMAGE_LEVEL = f"--label {IMAGE_LABEL} --group Metadata_Image"
_SOURCE, _IMAGE = "Metadata_Source", "Metadata_Image"


def check_own_labels(table: pd.DataFrame, labels: pd.Series, label: str) -> list[str]:
    """Note the cells that only their image has a label for.

    Parameters
    ----------
    table : DataFrame
        One row per cell.
    labels : Series
        The column `label`, missing where it is empty.
    label : str

    Raises
    ------
    ModelError
        If all labels are of images.
    """
    if label != CELL_LABEL or IMAGE_LABEL not in table.columns:
        return []
    of_image = table[IMAGE_LABEL]
    only = labels.isna() & of_image.notna() & (of_image.astype(str).str.strip() != "")
    if not only.any():
        return []
    if labels.isna().all():
        raise ModelError(
            f"{CELL_LABEL} is empty: the labels of this table are of images with several cells"
            f" ({IMAGE_LABEL} of {int(only.sum())} cells)",
            "give the cells labels (extract --cell-labels, or masks), or learn and judge the labels"
            f" of images with {IMAGE_LEVEL}",
        )
    return [
        f"{int(only.sum())} of these are cells of fields that only their image has a label for; to"
        f" learn and judge the labels of images: {IMAGE_LEVEL}"
    ]


def note_image_labels(rows: pd.DataFrame, labels: pd.Series, label: str) -> list[str]:
    """Note that a column has one value for all cells of each field.

    Parameters
    ----------
    rows : DataFrame
        The cells with a label.
    labels : Series
        Their labels.
    label : str
        Name of the column.
    """
    if {_SOURCE, _IMAGE} - {*rows.columns} or (label == CELL_LABEL and IMAGE_LABEL in rows.columns):
        return []
    in_field = (rows[_SOURCE].astype(str) == "field").to_numpy()
    images = rows[_IMAGE].astype(str).to_numpy()[in_field]
    found = pd.Series(labels.to_numpy()[in_field]).groupby(images).agg(["size", "nunique"])
    several = found[found["size"] > 1]
    if len(several) < 2 or (several["nunique"] > 1).any():
        return []
    return [
        f"{label} has one value for all cells of each of {len(several)} fields: it is the label of"
        f" images; some of these {int(several['size'].sum())} cells may be of another class"
    ]
