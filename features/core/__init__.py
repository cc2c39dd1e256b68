"""The cell, the registry of features, and the recipe that says which columns to measure.

May import `features.primitives`, `features.errors`.
"""
