"""Trees, entries, CSV."""
