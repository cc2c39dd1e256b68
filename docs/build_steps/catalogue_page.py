"""The page of the features: every entry of the registry."""

from __future__ import annotations

from itertools import groupby

from features import FAMILIES, preset_columns
from features.core.catalogue import FeatureRecord, catalogue

INTRODUCTION = """# Feature catalogue

This page is written from the registry when the documentation is built. It lists {features}
features in {families} families, which fill {full:,} columns of the preset `full`, {standard:,} of
`standard` (the default) and {minimal:,} of `minimal`. A column is named

```text
<Compartment>_<Family>_<Feature>[_<Channel>][_<parameters>]
```

The compartments are `Cells`, `Nuclei` and `Cytoplasm`. `python cli.py features NAME` prints what
one column means; `python cli.py features --format json` prints everything.

"Checked against" names where the expected values of the tests come from: another program, a
published value, a formula written out with other primitives ("formula in scipy"), or a value
worked out by hand. [](../features.md) explains the conventions.
"""


def catalogue_page() -> str:
    """Return the page as Markdown: a section for each family, a row for each feature."""
    records = list(catalogue())
    sizes = {preset: len(preset_columns(preset)) for preset in ("minimal", "standard", "full")}
    parts = [INTRODUCTION.format(features=len(records), families=len(FAMILIES), **sizes)]
    ordered = sorted(records, key=_family)
    for family, rows in groupby(ordered, key=_family):
        parts.append(f"## {family}\n\n{FAMILIES[family].title}.\n")
        parts.append("| feature | definition | unit, range, preset | source | checked against |")
        parts.append("|---|---|---|---|---|")
        parts.extend(_row(record) for record in rows)
        parts.append("")
    return "\n".join(parts)


def _family(record: FeatureRecord) -> str:
    return record["name"].partition("_")[0]


def _row(record: FeatureRecord) -> str:
    word = record["name"].partition("_")[2]
    cells = (
        f"**{_plain(record['title'])}** <br> `{word}` <br> {_plain(record['plain'])}",
        f"{_plain(record['definition'])} NaN: {_plain(record['nan'])}.",
        f"{_plain(record['unit'])} <br> {_plain(record['range'])} <br> {record['preset']}",
        ", ".join(_plain(part) for part in (record["reference"], record["ibsi"]) if part),
        _plain(record["vetted"]),
    )
    return f"| {' | '.join(cells)} |"


def _plain(text: str) -> str:
    """Return the text without what Markdown would take for its own signs."""
    return "".join(f"&#{ord(sign)};" if sign in "*_`|<>[]$~\\" else sign for sign in text)
