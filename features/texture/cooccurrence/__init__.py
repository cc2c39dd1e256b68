"""Grey-level co-occurrence matrices and their features."""
