"""Saving of figures whose texts are names that users gave."""

from __future__ import annotations

import warnings
from typing import Any, BinaryIO, TextIO

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.text import Text


def save_figure(figure: Figure, stream: BinaryIO | TextIO, **options: Any) -> None:  # noqa: ANN401
    """Write a figure to a stream; equal figures give equal bytes.

    A dollar sign in a name begins no formula, and a letter that the font lacks is drawn as a box,
    without a warning.

    Parameters
    ----------
    figure : Figure
    stream : file object
    options
        Of `matplotlib.figure.Figure.savefig`.
    """
    for text in figure.findobj(Text):
        text.set_parse_math(False)
    with warnings.catch_warnings(), mpl.rc_context({"svg.hashsalt": "blastometry"}):
        warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
        figure.savefig(stream, **options)
