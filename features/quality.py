"""Doubts about a cell's masks, as flags that later stages can filter on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Quality:
    """What is doubtful about a found cell.

    Parameters
    ----------
    touches_border : bool
        The cell reaches the edge of the image: it may be cut off.
    two_nuclei : bool
        The nucleus has two parts of like size that may be two cells' nuclei.
    no_cytoplasm, no_nucleus : bool
        The compartment is missing or too small to be measured.
    out_of_focus : bool
        The outline of the nucleus is blurred.
    saturated : bool
        A good part of the cell lies at the end of the scale of a channel.
    smudge : bool
        A crushed cell: pale, ragged, without a membrane.
    """

    touches_border: bool = False
    two_nuclei: bool = False
    no_cytoplasm: bool = False
    no_nucleus: bool = False
    out_of_focus: bool = False
    saturated: bool = False
    smudge: bool = False
