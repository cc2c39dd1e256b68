"""Estimators and everything that learns inside a fold."""
