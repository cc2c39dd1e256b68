"""Files, folders, labels and pictures: everything between a path and an RGB array."""
