"""What `extract` prints about labels: by what they were recognised, and a table by folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from data.files.entries import Listing

# Most rows of the table.
MOST_ROWS = 24


def label_lines(listing: Listing) -> list[str]:
    """Return lines for the user: the evidence of a layout, and label and images of each folder.

    Empty for images without labels in one folder.
    """
    from data.listing.label_table import folder_labels

    rows = folder_labels(listing)
    lines = []
    if listing.evidence:
        lines.append(f"recognised as {listing.layout} by {listing.evidence}")
    if len(rows) == 1 and rows[0].label is None:
        return lines
    shown = [("folder", "label", "images")]
    shown += [(one.folder or ".", one.label or "-", str(one.images)) for one in rows[:MOST_ROWS]]
    widths = [max(len(row[place]) for row in shown) for place in range(3)]
    lines += [
        f"  {folder:{widths[0]}}  {label:{widths[1]}}  {images:>{widths[2]}}"
        for folder, label, images in shown
    ]
    if len(rows) > MOST_ROWS:
        rest = sum(one.images for one in rows[MOST_ROWS:])
        lines.append(f"  … and {len(rows) - MOST_ROWS} more rows with {rest} images")
    return lines
