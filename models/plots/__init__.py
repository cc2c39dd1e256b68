"""Pictures of importances, evaluations and comparisons, as PNG or SVG.

Imports no other room.
"""
