"""Check values against the ranges that feature records declare."""

from __future__ import annotations

import re

import numpy as np

from features.primitives.channels import level_values


def range_end(text: str, levels: int) -> float:
    """Return the value of one end of a declared range, e.g. ``2 log2 levels``."""
    words = {
        "4 levels^4 / 3": 4 * levels**4 / 3,
        "levels": levels,
        "-levels^3": -(levels**3),
        "levels^2 / 4": levels**2 / 4,
        "2 levels": 2 * levels,
        "log2 levels": np.log2(levels),
        "2 log2 levels": 2 * np.log2(levels),
        "log2 (2 levels - 1)": np.log2(2 * levels - 1),
    } | {f"levels^{power}": levels**power for power in (2, 3, 4)}
    return words[text] if text in words else float(text)


def in_range(value: float, declared: str, column) -> bool:
    """Whether a value is in the declared range; closed ends have a tolerance for rounding."""
    tolerance = 1e-9 * max(1.0, abs(value))
    if "the channel's" in declared:
        least, greatest = level_values((column.channel,))[0][[0, -1]]
        width = greatest - least
        low, high = {
            "the channel's": (least, greatest),
            "minus the channel's width to plus it": (-width, width),
        }[declared]
        return low - tolerance <= value <= high + tolerance
    if whole := re.fullmatch(r"(even )?integers( from (\d+))?", declared):
        step = 2 if whole[1] else 1
        return value % step == 0 and value >= float(whole[3] or -np.inf)
    opening, low, high, closing = re.match(r"([\[(])(.+), (.+)([\])])", declared).groups()
    levels = int(re.search(r"(?<!\d)(32|256)(?!\d)", f"{column.parameter} 32").group())
    least, greatest = range_end(low, levels), range_end(high, levels)
    above = value > least if opening == "(" else value >= least - tolerance
    return above and (value < greatest if closing == ")" else value <= greatest + tolerance)
