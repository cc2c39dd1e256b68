"""Fill a template of `templates/`: the one place where pages become text."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .elements import FeatureName
from .number_text import interval, number, percent, pieces

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"


def render(template: str, **values: Any) -> str:  # noqa: ANN401
    """Return a template filled with values; every text in them is escaped.

    Parameters
    ----------
    template : str
        Its path in `TEMPLATES`.
    **values
        Numbers, texts, and collections or dataclasses of them.

    Raises
    ------
    jinja2.UndefinedError
        If the template names a value that was not given.
    """
    return environment().get_template(template).render(**values)


@cache
def environment() -> Environment:
    """Return the environment of all templates: values are escaped, unknown names are errors."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES, encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"number": number, "percent": percent, "pieces": pieces}
    environment.globals |= {"interval": interval}
    environment.tests |= {"feature_name": lambda value: isinstance(value, FeatureName)}
    return environment
