"""From a feature table to a matrix, targets and groups.

May import `models.errors`.
"""
