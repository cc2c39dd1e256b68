"""Figures of a cross-validation: by class, subject, slide and shortcut, with intervals.

May import `models.dataset`, `models.learning`, `models.metrics`, `models.errors`.
"""
