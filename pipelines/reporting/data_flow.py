"""The steps from image files to training cells, and what each leaves out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FlowStep:
    """A box of the flow diagram.

    Parameters
    ----------
    text : str
    left_out : str
        What goes no further; empty for nothing.
    classes : str
        Cells of each class, at the last step only.
    """

    text: str
    left_out: str = ""
    classes: str = ""


def flow_steps(flow: Mapping[str, Any], classes: Mapping[str, int]) -> list[FlowStep]:
    """Return the boxes of the flow diagram, from the first to the last.

    Parameters
    ----------
    flow : mapping
        Counts as `provenance` gathers them; without images it begins at the cells.
    classes : mapping of str to int
        Cells of each class.
    """
    steps = []
    if flow["images"] is not None:
        left_out = f"{flow['failed']} failed, {flow['excluded']} excluded"
        steps.append(FlowStep(f"{flow['images']} images found", left_out))
        empty = flow.get("without_cells")
        left_out = f"{empty} without a white cell" if empty else ""
        steps.append(FlowStep(f"{flow['measured']} images measured", left_out))
    steps.append(
        FlowStep(f"{flow['cells']} cells measured", f"{flow['unlabelled']} without a label")
    )
    counts = ", ".join(f"{count} {name}" for name, count in classes.items())
    steps.append(FlowStep(f"{flow['used']} cells for training and testing", classes=counts))
    return steps


def balance(flow: Mapping[str, Any]) -> str:
    """Say in sums that every image and every cell is accounted for.

    Examples
    --------
    >>> balance({"images": 9, "measured": 7, "failed": 1, "excluded": 1, "skipped": 2,
    ...          "cells": 12, "used": 10, "unlabelled": 2})
    '9 images found = 7 measured + 1 failed + 1 excluded; 2 other files. 12 cells = 10 for \
training and testing + 2 without a label.'
    """
    cells = (
        f"{flow['cells']} cells = {flow['used']} for training and testing + "
        f"{flow['unlabelled']} without a label."
    )
    if flow["images"] is None:
        named = flow.get("named_images")
        rows = "" if named is None else f"Its rows name {named} images. "
        return f"The table does not record how many images it is from. {rows}{cells}"
    return (
        f"{flow['images']} images found = {flow['measured']} measured + {flow['failed']} failed + "
        f"{flow['excluded']} excluded; {flow['skipped']} other files. {cells}"
    )
