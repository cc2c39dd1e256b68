"""Figures of merit of classifiers and probabilities, and their confidence intervals.

Imports no other room.
"""
