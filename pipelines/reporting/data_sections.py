"""Sections of the report: images, cells, classes and features; and the hardest cells."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from ..html.elements import Table, jpeg
from ..outputs.thumbnails import read_thumbnails
from ..training.stored_cells import CELLS
from .data_flow import balance, flow_steps
from .section import Section

_COUNTED = {"subject": "subjects", "slide": "slides", "camera": "cameras", "image": "images"}


def data(found: Mapping[str, Any]) -> Section:
    """Return the section on images, cells, classes and features, with all that was left out."""
    record = found["data"]
    flow, settings = record["flow"], record["configuration"]
    names = list(dict.fromkeys(name for one in record["classes"] for name in one))
    raised = {name: count for name, count in record["flags"].items() if count}
    return Section(
        "data",
        "Data",
        "report/data.html",
        {
            "layout": record["layout"],
            "table_name": (record["table"] or {}).get("name", "not named"),
            "balance": balance(flow),
            "flow": flow_steps(flow, found["training"]["class_counts"]),
            "skipped_count": flow["skipped"],
            "skipped": record["skipped"]
            and Table("Files that are not images", ["reason", "files"], record["skipped"]),
            "failures": record["failures"]
            and Table(
                "Images that failed",
                ["images that failed at", "because", "images"],
                record["failures"],
            ),
            "classes": Table(
                "Counts by class",
                [_COUNTED.get(name, name) for name in names],
                [[one.get(name) for name in names] for one in record["classes"]],
            ),
            "flags": ", ".join(f"{_flag_words(name)} {count}" for name, count in raised.items())
            if record["flags"]
            else None,
            "columns": record["columns"],
            "settings": {
                "preset": settings.get("preset", "not recorded"),
                "stain": settings.get("stain", "not recorded"),
                "pixel_size": _pixel_size(settings),
            },
            "missing": record["missing"],
            "families": _families(record["families"]),
            "notes": found["notes"],
        },
    )


def _pixel_size(settings: Mapping[str, Any]) -> str:
    """Name the size of a pixel in the files, and the one that they were resized to."""
    size, resized = settings.get("pixel_size"), settings.get("rescale_to")
    if size is None:
        return "not given"
    return f"{size:g} µm" + (f", resized to {resized:g} µm" if resized else "")


def _families(families: list[Mapping[str, Any]]) -> Table:
    return Table(
        "Families of features in use",
        ["family", "columns", "features", "compartments", "channels"],
        [
            [
                one["family"],
                one["columns"],
                one["features"],
                ", ".join(one["compartments"]),
                ", ".join(one["channels"]) or "-",
            ]
            for one in families
        ],
    )


def _flag_words(flag: str) -> str:
    """Split a flag's name: ``OutOfFocus`` is 'out of focus'."""
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in flag).strip()


def hardest_cells(found: Mapping[str, Any], model: Path) -> Section:
    """Return the section on the cells with the lowest probability of their true class."""
    cells = found["hardest_cells"]
    pictures = read_thumbnails(model / CELLS, [(one["image"], one["cell"]) for one in cells])
    shown = [
        {
            **one,
            "file": PurePosixPath(one["image"]).name,
            "picture": jpeg(pictures[key], f"cell, {one['label']}")
            if (key := (one["image"], one["cell"])) in pictures
            else None,
        }
        for one in cells
    ]
    names = ("image", "cell", "subject", "label", "decided", "probability")
    return Section(
        "hardest-cells",
        "Hardest cells",
        "report/hardest_cells.html",
        {
            "cells": shown,
            "wrong": sum(one["decided"] != one["label"] for one in cells),
            "has_pictures": bool(pictures),
            "table": Table(
                "Hardest cells",
                [
                    "image",
                    "cell",
                    "subject",
                    "true class",
                    "predicted class",
                    "probability of the true class",
                ],
                [[one[name] for name in names] for one in cells],
            ),
        },
    )
