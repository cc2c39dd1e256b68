"""A section of a page: its heading, its template, and what the template takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Section:
    """A section of a page.

    Parameters
    ----------
    name : str
        The address of the heading within the page.
    title : str
        The heading.
    template : str
        File in ``pipelines/html/templates/``; it knows `given`.
    given : mapping
        Numbers, texts, tables and pictures.
    """

    name: str
    title: str
    template: str
    given: Mapping[str, Any]
