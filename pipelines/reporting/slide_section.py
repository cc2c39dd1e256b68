"""Section of the report: pairs of slides that the model has not seen."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from ..html.markup import folded, heading, note, paragraph, raw_table, shown, table

# By how much the AUROC may be lower where both slides come from one camera.
FALL = 0.05


def slide_pairs(found: dict[str, Any]) -> Iterator[str]:
    """Yield the section: what is told apart on slides held out in pairs, by camera."""
    from models.evaluation.slide_pairs import DIFFERENT, KINDS, SAME

    most, of_slide, learnt = found["limits"]
    every = found["features"]
    whole = every[0]["figures"]
    kinds = [kind for kind in KINDS if kind in whole]
    counts = ", ".join(f"{whole[kind]['pairs']} of them: {kind}" for kind in kinds)
    yield heading("Slides that it has not seen", name="slides")
    yield paragraph(
        "Each slide has cells of one class only, so whatever differs between two slides also tells "
        "the classes apart. Here two slides, one of each class, are held out together, and the "
        f"model learns from the others: {found['tried']} of {found['existing']} pairs ({counts}). "
        "Two slides from one camera differ in their cells and their stain; those from different "
        "cameras differ in the camera as well. A mean over both kinds would say nothing, so none "
        "is given."
    )
    rows = []
    for one in every:
        values = [one["columns"]]
        for kind in kinds:
            reached = one["figures"].get(kind, {})
            values += [reached.get("pairs"), reached.get("mean"), reached.get("least")]
        name = f'<span class="whole">{escape(one["name"])}</span>'
        rows.append([name, *(escape(shown(value)) for value in values)])
    head = ["fed", "columns"]
    for kind in kinds:
        head += [f"{kind}: pairs", "mean AUROC", "lowest"]
    yield raw_table(head, rows, range(1, len(head)))
    yield paragraph(
        f"All features: {found['estimators']['all features']}; each family by itself: "
        f"{found['estimators']['families']}. At most {most} pairs of a kind at even steps, "
        f"{of_slide} cells of a slide, and {learnt} cells to learn from."
    )
    if SAME not in whole:
        yield note(
            "No two slides of different classes are known to come from one camera: whether the "
            "model tells cells or cameras apart cannot be seen from these slides.",
            warning=True,
        )
    elif DIFFERENT in whole and whole[DIFFERENT]["mean"] - whole[SAME]["mean"] > FALL:
        yield note(
            f"Where the camera cannot help, the mean AUROC of all features is "
            f"{whole[SAME]['mean']:.3f}, and {whole[DIFFERENT]['mean']:.3f} where it can: expect "
            "the lower one of new slides.",
            warning=True,
        )
    yield folded(
        "every pair",
        table(
            ["positive slide", "other slide", "cameras", "AUROC of all features"],
            [
                [one["positive"], one["negative"], one["kind"], one["auroc"]]
                for one in found["pairs"]
            ],
        ),
    )
