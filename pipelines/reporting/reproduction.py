"""How to reproduce a model: its commands, settings, versions and hashes."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from data.printable import printable

from ..html.elements import Table
from ..measurement.settings import FolderSettings
from .section import Section

# Options of extract that are always printed, and the defaults of those printed where they differ.
ALWAYS = (
    "preset",
    "source",
    "stain",
    "embedding",
    "mask_is",
    "pixel_size",
    "rescale_to",
    "red_cell",
)
DEFAULTS = {
    one.name: one.default
    for one in fields(FolderSettings)
    if one.name in {"max_pixels", "max_bytes", "time_limit"}
}


def reproduction(found: Mapping[str, Any], bundle: Mapping[str, Any]) -> Section:
    """Return the section with commands, settings, versions and hashes."""
    data = found["data"]
    versions = {**data["versions"], **bundle["versions"]}
    identity = [
        ["bundle format", str(bundle["format"])],
        ["content of the pipeline, SHA-256", bundle["pipeline"]["content_sha256"]],
        ["feature table, SHA-256", (data["table"] or {}).get("sha256", "not recorded")],
        ["threshold", f"{bundle['threshold']:.4f}"],
        ["calibration", _calibration(bundle)],
        ["training settings", _settings(found["training"])],
        ["measurement settings", _settings(data["configuration"])],
    ]
    return Section(
        "reproduction",
        "Reproduction",
        "report/reproduction.html",
        {
            "commands": commands(found, bundle),
            "identity": Table("Identity and settings", ["item", "value"], identity),
            "versions": Table("Versions", ["library", "version"], sorted(versions.items())),
        },
    )


def commands(found: Mapping[str, Any], bundle: Mapping[str, Any]) -> list[str]:
    """Return the command lines that measure and train as it was done here.

    A word in capitals stands for a path that differs between machines. Options that change no
    number (``--jobs``, ``--quiet``) are left out. A comment says where the table was changed.
    """
    table = found["data"]["table"] or {}
    name = table.get("name", "cells.parquet")
    measured = table.get("described") or name
    merged = found["data"].get("merged") or []
    options = list(_measuring(found["data"]["configuration"]))
    made = [["extract", "IMAGES", "-o", one, *options] for one in merged or [measured]]
    if merged:
        made.append(["merge", *merged, "-o", measured])
    learn = ["train", name, "-o", "model", *_learning(found, bundle)]
    lines = [shlex.join(["python", "cli.py", *words]) for words in (*made, learn)]
    if not table.get("unchanged", True):
        lines.insert(-1, f"# {printable(name)} was changed after this command")
    return lines


def _measuring(settings: Mapping[str, Any]) -> Iterator[str]:
    for key, value in settings.items():
        if (key in ALWAYS and value) or value != DEFAULTS.get(key, value):
            yield from (f"--{key.replace('_', '-')}", str(value))
    if settings.get("features"):
        yield from ("--features", ",".join(settings["features"]))
    if settings.get("keep"):
        yield from ("--keep", ",".join(settings["keep"]))
    for one in settings.get("embedding_set", []):
        yield from ("--embedding-set", one)
    for key, word in (("masks", "MASKS"), ("cell_labels", "CELL_LABELS")):
        if settings.get(key):
            yield from (f"--{key.replace('_', '-')}", word)


def _learning(found: Mapping[str, Any], bundle: Mapping[str, Any]) -> Iterator[str]:
    facts, options = found["training"], found.get("options", {})
    yield from ("--estimator", bundle["estimator"], "--label", facts["label"])
    yield from ("--group", facts["group"]) if facts["group"] else ("--no-groups",)
    if bundle["positive"] is not None:
        yield from ("--positive", bundle["positive"])
    for key in ("folds", "repeats", "seed"):
        yield from (f"--{key}", str(facts[key]))
    for key in ("tune", "select"):
        if facts.get(key):
            yield from (f"--{key}", str(facts[key]))
    if "audit_cells" in options:  # earlier versions did not keep it
        yield from ("--audit-cells", str(options["audit_cells"]))
    for key, word in (("images", "IMAGES"), ("scheduler", "ADDRESS")):
        if options.get(key):
            yield from (f"--{key}", word)
    if found.get("external"):
        yield from ("--external", "OTHER_TABLE")
    stated = bundle["training"].get("operating")
    if stated and bundle["threshold"] == stated["threshold"]:
        yield from ("--sensitivity", str(stated["stated"]))


def _calibration(bundle: Mapping[str, Any]) -> str:
    known = bundle["calibration"]
    offsets = ", ".join(f"{offset:.4f}" for offset in known["offsets"])
    return f"softmax({known['scale']:.4f} x scores + ({offsets}))"


def _settings(values: Mapping[str, Any]) -> str:
    """Put settings in a line; paths on this machine are left out."""
    known = {
        name: value
        for name, value in values.items()
        if name not in {"masks", "cell_labels", "class_counts"} and value not in (None, [], "")
    }
    return ", ".join(
        f"{name} {' '.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in known.items()
    )
