"""The model folder on disk."""
