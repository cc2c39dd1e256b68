"""HTML and wording helpers."""
