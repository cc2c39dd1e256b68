"""Estimators, and everything that learns inside a fold: selection, tuning, calibration.

May import `models.metrics`, `models.errors`.
"""
