"""From a feature table to numbers, targets and groups."""
