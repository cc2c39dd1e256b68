"""From feature tables to validated classifiers, their explanation and their storage."""
