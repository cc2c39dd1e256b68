"""Columns computed by a neural network."""
