"""The settings of the documentation's build: see CONTRIBUTING.md for the command."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE), str(HERE.parent / "tests")]

from build_steps.catalogue_page import catalogue_page
from build_steps.commands_page import commands_page
from build_steps.floors import draw_floors

from pipelines.program_version import program_version

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "blastometry"
author = "the blastometry authors"
project_copyright = "2026, the blastometry authors"
release = program_version()

extensions = [
    "myst_parser",
    "sphinx_design",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["build", "examples"]
default_role = "code"

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
autosummary_generate = True
autodoc_typehints = "none"  # numpydoc's tables state the types, with shapes and units
numpydoc_show_class_members = False

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "gallery",
    "filename_pattern": "/example_",
    "within_subsection_order": "FileNameSortKey",
    "abort_on_example_error": True,
    "capture_repr": (),
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "min_reported_time": 1_000,
    "write_computation_times": False,
}

html_theme = "pydata_sphinx_theme"
html_title = f"blastometry {release}"
html_static_path = ["static"]
html_css_files = ["docs.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "navbar_end": ["theme-switcher"],
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_prev_next": True,
    "header_links_before_dropdown": 6,
}

# Pages are built from what this installation computes: no second copy to keep up to date.
GENERATED = HERE / "generated"


def write_generated(_app: Sphinx) -> None:
    """Write the pages and the picture that come from the code itself."""
    GENERATED.mkdir(exist_ok=True)
    (GENERATED / "catalogue.md").write_text(catalogue_page(), encoding="utf-8")
    (GENERATED / "commands.md").write_text(commands_page(), encoding="utf-8")
    draw_floors(GENERATED / "floors.svg")


def setup(app: Sphinx) -> None:
    """Connect the build's own steps."""
    app.connect("builder-inited", write_generated)
