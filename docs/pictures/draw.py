"""Draw the pictures of README.md: run this file to write them again.

Both show synthetic cells, which the program draws itself; they say nothing about blood.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from matplotlib.figure import Figure

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from data.synthetic import synthetic_smear
from features.segmentation.segment import segment
from pipelines.demo import demo

WINDOW = "1100,1000"
DOTS = 110  # dots an inch: the pictures stay under 300 kB


def draw_overlay(out: Path) -> None:
    """Draw eight synthetic cells with the outlines that the segmentation finds."""
    smear = list(synthetic_smear(2, subjects=4, cells_per_subject=12))
    chosen = [
        *[cell for cell in smear if cell.label == "blast"][::5][:4],
        *[cell for cell in smear if cell.label == "normal"][::5][:4],
    ]
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    for axes, cell in zip(figure.subplots(2, 4).flat, chosen, strict=True):
        labels = segment(cell.rgb).labels()
        axes.imshow(cell.rgb)
        axes.contour(labels > 0, [0.5], colors="#0072b2", linewidths=1.6)
        axes.contour(labels == 255, [0.5], colors="#e69f00", linewidths=1.6)
        axes.set_title(f"synthetic {cell.label}", size=10)
        axes.set_axis_off()
    heading = "Outlines found in synthetic images: nucleus (orange), whole cell (blue)"
    figure.suptitle(heading, size=11)
    figure.savefig(out, dpi=DOTS, pil_kwargs={"quality": 88})


def draw_report(out: Path) -> None:
    """Photograph the top of the report of the demonstration's model, in Chromium."""
    with tempfile.TemporaryDirectory() as folder:
        demo(Path(folder) / "demo")
        photograph(Path(folder) / "demo" / "model" / "report.html", out)


def photograph(page: Path, out: Path) -> None:
    """Save the top of an HTML page as PNG.

    Raises
    ------
    FileNotFoundError
        If neither `chromium` nor `google-chrome` is installed.
    """
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        raise FileNotFoundError("no chromium or google-chrome on the PATH: install one of them")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    target = [f"--window-size={WINDOW}", f"--screenshot={out}", page.absolute().as_uri()]
    subprocess.run([program, *options, *target], check=True, capture_output=True, timeout=300)


if __name__ == "__main__":
    draw_overlay(HERE / "overlay.jpg")
    draw_report(HERE / "report.png")
