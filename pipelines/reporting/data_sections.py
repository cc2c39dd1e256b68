"""Sections of the report: what was measured, what became of it, and how to do it again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path, PurePosixPath
from typing import Any

from ..html.flow_diagram import flow_diagram
from ..html.markup import figure, folded, heading, image, note, paragraph, table
from ..outputs.thumbnails import read_thumbnails
from ..training.stored_cells import CELLS

# Options of extract that are told whatever they are, and those that are told where unusual.
SETTINGS = ("preset", "source", "stain", "embedding", "mask_is", "pixel_size")
USUAL = {"max_pixels": 100_000_000, "max_bytes": 1_000_000_000, "time_limit": 300.0}


def measured(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield the section: images, cells, classes and features, with all that was left out."""
    data = found["data"]
    flow, source = data["flow"], data["table"] or {}
    yield heading("What was measured", name="measured")
    if data["layout"]:
        yield paragraph(f"Images: {data['layout']}. Table: {source.get('name', 'not named')}.")
    yield paragraph(balance(flow))
    yield figure(
        flow_diagram(flow, found["training"]["class_counts"]),
        "From image files to the cells that the model learnt from; on the right what was left out.",
    )
    if data["skipped"]:
        yield folded(
            f"{flow['skipped']} files that are no images to measure",
            table(["reason", "files"], data["skipped"]),
        )
    if data["failures"]:
        yield table(["images that failed at", "because", "images"], data["failures"])
    yield heading("Classes", 3)
    names = list(dict.fromkeys(name for one in data["classes"] for name in one))
    counted = {"subject": "subjects", "slide": "slides", "camera": "cameras", "image": "images"}
    yield table(
        [counted.get(name, name) for name in names],
        [[one.get(name) for name in names] for one in data["classes"]],
    )
    raised = {name: count for name, count in data["flags"].items() if count}
    if data["flags"]:
        flags = ", ".join(f"{_words(name)} {count}" for name, count in raised.items()) or "none"
        yield paragraph(f"Cells with a doubt about their picture or outline, all kept: {flags}.")
    yield from _features(found)
    for text in found["notes"]:
        yield note(text)


def balance(flow: Mapping[str, Any]) -> str:
    """Say that nothing was lost on the way.

    Examples
    --------
    >>> balance({"images": 9, "measured": 7, "failed": 1, "excluded": 1, "skipped": 2,
    ...          "cells": 12, "learnt": 10, "unlabelled": 2})
    '9 images found = 7 measured + 1 failed + 1 excluded; 2 other files. 12 cells = 10 learnt \
from + 2 without a label.'
    """
    cells = (
        f"{flow['cells']} cells = {flow['learnt']} learnt from + {flow['unlabelled']} without a "
        "label."
    )
    if flow["images"] is None:
        return f"The table does not say how many images it is from. {cells}"
    return (
        f"{flow['images']} images found = {flow['measured']} measured + {flow['failed']} failed + "
        f"{flow['excluded']} excluded; {flow['skipped']} other files. {cells}"
    )


def _words(flag: str) -> str:
    """Part a flag's name: ``OutOfFocus`` is 'out of focus'."""
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in flag).strip()


def _features(found: Mapping[str, Any]) -> Iterator[str]:
    data = found["data"]
    settings, columns, missing = data["configuration"], data["columns"], data["missing"]
    yield heading("Features", 3)
    yield paragraph(
        f"{columns['described']} columns described, {columns['used']} used (constant and empty "
        f"ones are left out). Preset {settings.get('preset', 'not recorded')}, colours "
        f"{settings.get('stain', 'not recorded')}, pixel size "
        f"{settings.get('pixel_size') or 'not given'}. Values missing in {missing['cells']} cells "
        f"and {missing['columns']} columns, {missing['share']:.2%} of all: trees take them as they "
        "are, other models see the training median.".replace("%", " %")
    )
    yield table(
        ["family", "columns", "features", "compartments", "channels"],
        [
            [
                one["family"],
                one["columns"],
                one["features"],
                ", ".join(one["compartments"]),
                ", ".join(one["channels"]) or "-",
            ]
            for one in data["families"]
        ],
    )


def worst(found: Mapping[str, Any], model: Path) -> Iterator[str]:
    """Yield the section: the cells left out that were read worst, as pictures where there are."""
    cells = found["hardest_cells"]
    pictures = read_thumbnails(model / CELLS, [(one["image"], one["cell"]) for one in cells])
    yield heading("Worst cells", name="worst")
    wrong = sum(one["decided"] != one["label"] for one in cells)
    yield paragraph(
        f"The {len(cells)} cells whose true class was given the least probability by a model that "
        f"had not seen them (mean over repeats); {wrong} of them were called something else. Look "
        "for what they share: a wrong label, a bad outline, a rare form."
    )
    if pictures:
        yield '<div class="cells">' + "".join(_miss(one, pictures) for one in cells) + "</div>"
        return
    yield paragraph(
        "There are no pictures: the table came without its file of thumbnails, which extract "
        "writes beside it."
    )
    yield table(
        ["image", "cell", "subject", "true class", "called", "probability of the true class"],
        [
            [
                one["image"],
                str(one["cell"]),
                one["subject"],
                one["label"],
                one["decided"],
                one["probability"],
            ]
            for one in cells
        ],
    )


def _miss(one: Mapping[str, Any], pictures: Mapping[tuple[str, int], bytes]) -> str:
    picture = pictures.get((one["image"], one["cell"]))
    shown = "<p>no picture</p>" if picture is None else image(picture, f"cell, {one['label']}")
    words = [
        f"<b>{escape(one['label'])}</b>, called {escape(one['decided'])}",
        f"probability of {escape(one['label'])} {one['probability']:.3f}",
        f"subject {escape(one['subject'] or 'not known')}",
        f"{escape(PurePosixPath(one['image']).name)}, cell {one['cell']}",
    ]
    return f"<figure>{shown}<figcaption>{'<br>'.join(words)}</figcaption></figure>"


def again(found: Mapping[str, Any], bundle: Mapping[str, Any]) -> Iterator[str]:
    """Yield the section: commands, configuration, versions and hashes."""
    data = found["data"]
    yield heading("To run it again", name="again")
    yield paragraph(
        "With the images and this program, in this order; the numbers are the same on the same "
        "versions."
    )
    yield "<pre>" + "\n".join(escape(line) for line in commands(found, bundle)) + "</pre>"
    source = data["table"] or {}
    yield table(
        ["what", "value"],
        [
            ["bundle format", str(bundle["format"])],
            ["content of the pipeline, SHA-256", bundle["pipeline"]["content_sha256"]],
            ["feature table, SHA-256", source.get("sha256", "not recorded")],
            ["threshold", f"{bundle['threshold']:.4f}"],
            ["calibration", _calibration(bundle)],
            ["settings of the training", _settings(found["training"])],
            ["settings of the measuring", _settings(data["configuration"])],
        ],
    )
    versions = {**data["versions"], **bundle["versions"]}
    yield folded(
        "versions of the program and of the libraries",
        table(["library", "version"], [list(pair) for pair in sorted(versions.items())]),
    )


def commands(found: Mapping[str, Any], bundle: Mapping[str, Any]) -> list[str]:
    """Return the command lines that measure and train as it was done here.

    A word in capitals stands for what lies elsewhere on every machine. Options that change no
    number (``--jobs``, ``--quiet``) are left out.
    """
    name = (found["data"]["table"] or {}).get("name", "cells.parquet")
    measure = ["extract", "IMAGES", "-o", name, *_measuring(found["data"]["configuration"])]
    learn = ["train", name, "-o", "model", *_learning(found, bundle)]
    return [shlex.join(["python", "cli.py", *words]) for words in (measure, learn)]


def _measuring(settings: Mapping[str, Any]) -> Iterator[str]:
    for key, value in settings.items():
        if (key in SETTINGS and value) or value != USUAL.get(key, value):
            yield from (f"--{key.replace('_', '-')}", str(value))
    if settings.get("features"):
        yield from ("--features", ",".join(settings["features"]))
    for one in settings.get("embedding_set", []):
        yield from ("--embedding-set", one)
    if settings.get("masks"):
        yield from ("--masks", "MASKS")


def _learning(found: Mapping[str, Any], bundle: Mapping[str, Any]) -> Iterator[str]:
    facts, asked = found["training"], found.get("asked", {})
    yield from ("--estimator", bundle["estimator"], "--label", facts["label"])
    yield from ("--group", facts["group"]) if facts["group"] else ("--no-groups",)
    if bundle["positive"] is not None:
        yield from ("--positive", bundle["positive"])
    for key in ("folds", "repeats", "seed"):
        yield from (f"--{key}", str(facts[key]))
    for key in ("tune", "select"):
        if facts.get(key):
            yield from (f"--{key}", str(facts[key]))
    if "audit_cells" in asked:  # earlier versions did not keep it
        yield from ("--audit-cells", str(asked["audit_cells"]))
    for key, word in (("images", "IMAGES"), ("scheduler", "ADDRESS")):
        if asked.get(key):
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
        if name not in {"masks", "class_counts"} and value not in (None, [], "")
    }
    return ", ".join(
        f"{name} {' '.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in known.items()
    )
